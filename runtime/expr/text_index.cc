// How often a term occurs in a text: PMML's TextIndex.
#include <unicode/uchar.h>
#include <unicode/utf8.h>

#include <algorithm>
#include <cmath>
#include <map>

#include "base/text.h"
#include "runtime/expr/call.h"
#include "runtime/expr/text.h"

namespace panmodel::runtime {
namespace {

constexpr size_t kMaxText = size_t{1} << 24;  // bytes after normalisation
constexpr int kMaxPasses = 100;               // of a recursive normalisation

struct Rule {
  std::shared_ptr<const Pattern> pattern;
  std::string replacement;
};

struct Normalization {
  std::vector<Rule> rules;
  bool recursive = false;
};

struct TextIndex {
  std::shared_ptr<const Pattern> separator, word;  // one of them
  bool case_sensitive = false, best_hits = false;
  int64_t max_distance = 0;
  enum class Weights { frequency, binary, logarithmic } weights = Weights::frequency;
  std::vector<Normalization> normalizations;
};

// The text with all rules applied; false when it grows or loops beyond bounds.
bool normalize(const Normalization& n, std::string* text, std::string* why) {
  for (int pass = 0; pass < (n.recursive ? kMaxPasses : 1); ++pass) {
    std::string before = *text, after;
    for (const Rule& rule : n.rules) {
      if (!rule.pattern->replace(*text, rule.replacement, kMaxText, &after, why)) return false;
      std::swap(*text, after);
    }
    if (*text == before) return true;
  }
  if (n.recursive) *why = "a recursive normalisation does not come to an end";
  return !n.recursive;
}

// A replacement without groups.
std::string escaped(std::string_view text) {
  std::string out;
  for (char c : text) {
    if (c == '$' || c == '\\') out += '\\';
    out += c;
  }
  return out;
}

// The categories P of Unicode; signs such as $ and + belong to a word.
std::string_view trim_punctuation(std::string_view s) {
  const auto* text = reinterpret_cast<const uint8_t*>(s.data());
  auto begin = int32_t{0}, end = static_cast<int32_t>(s.size());
  UChar32 c = 0;
  for (int32_t next = begin; begin < end; begin = next) {
    U8_NEXT(text, next, end, c);
    if (!u_ispunct(c)) break;
  }
  for (int32_t next = end; begin < end; end = next) {
    U8_PREV(text, begin, next, c);
    if (!u_ispunct(c)) break;
  }
  return s.substr(static_cast<size_t>(begin), static_cast<size_t>(end - begin));
}

// The word with one byte per character, characters named in the order in which they come up.
std::string renamed(std::string_view word, std::map<UChar32, char>& names) {
  const auto* text = reinterpret_cast<const uint8_t*>(word.data());
  std::string out;
  for (int32_t at = 0, end = static_cast<int32_t>(word.size()); at < end;) {
    UChar32 c = 0;
    U8_NEXT(text, at, end, c);
    out += names.emplace(c, static_cast<char>(names.size())).first->second;
  }
  return out;
}

// Levenshtein distance in characters. Words of more than 256 different characters are not told
// apart exactly.
int64_t distance_of(std::string_view a, std::string_view b) {
  std::map<UChar32, char> names;
  const std::string x = renamed(a, names), y = renamed(b, names);
  return static_cast<int64_t>(edit_distance(x, y));
}

std::vector<std::string_view> tokens(const TextIndex& index, std::string_view text) {
  if (index.word) return index.word->matches(text);
  std::vector<std::string_view> all = index.separator->split(text);
  for (std::string_view& t : all) t = trim_punctuation(t);
  std::erase_if(all, [](std::string_view t) { return t.empty(); });
  return all;
}

}  // namespace

std::shared_ptr<const void> prepare_text_index(const expr::Expr& e) {
  auto index = std::make_shared<TextIndex>();
  const expr::Table& table = *e.table;
  auto flag = [&](const std::string& name) {
    const Tensor* t = table.find(name);
    return t != nullptr && t->integer(0) != 0;
  };
  if (const Tensor* t = table.find("word_re")) {
    index->word = compile_pattern(t->text(0), true);
  } else {
    index->separator = compile_pattern(table.find("word_separator")->text(0), true);
  }
  index->case_sensitive = flag("case_sensitive");
  if (const Tensor* t = table.find("max_levenshtein")) index->max_distance = t->integer(0);
  if (const Tensor* t = table.find("count_hits")) index->best_hits = t->text(0) == "best_hits";
  if (const Tensor* t = table.find("local_term_weights")) {
    if (t->text(0) == "binary") index->weights = TextIndex::Weights::binary;
    if (t->text(0) == "logarithmic") index->weights = TextIndex::Weights::logarithmic;
  }
  for (size_t n = 0;; ++n) {
    const std::string prefix = fmt::format("norm{}_", n);
    const Tensor* texts = table.find(prefix + "string");
    if (texts == nullptr) break;
    Normalization& made = index->normalizations.emplace_back();
    made.recursive = flag(prefix + "recursive");
    const bool sensitive = flag(prefix + "case_sensitive");
    for (size_t r = 0; r < texts->size(); ++r) {
      const bool regex = table.find(prefix + "regex")->integer(r) != 0;
      const std::string& stem = table.find(prefix + "stem")->text(r);
      made.rules.push_back(regex ? Rule{compile_pattern(texts->text(r), sensitive), stem}
                                 : Rule{Pattern::literal(texts->text(r), sensitive), escaped(stem)});
    }
  }
  return index;
}

Datum scalar::text_index(Call& c) {
  const auto& index = c.prepared<TextIndex>();
  std::string text = to_text(c[0]), term = to_text(c[1]), why;
  for (const Normalization& n : index.normalizations) {
    if (!normalize(n, &text, &why)) return c.refuse("{}", why);
  }
  if (!index.case_sensitive) {
    text = lower_case(text);
    term = lower_case(term);
  }
  const std::vector<std::string_view> words = tokens(index, text), wanted = tokens(index, term);
  int64_t hits = 0, best = index.max_distance;
  for (size_t i = 0; !wanted.empty() && i + wanted.size() <= words.size(); ++i) {
    int64_t distance = 0;
    for (size_t k = 0; k < wanted.size() && distance <= best; ++k) {
      if (words[i + k] == wanted[k]) continue;
      distance += best == 0 ? 1 : distance_of(words[i + k], wanted[k]);
    }
    if (distance > best) continue;
    if (index.best_hits && distance < best) {
      best = distance;
      hits = 0;
    }
    ++hits;
  }
  switch (index.weights) {
    case TextIndex::Weights::frequency: return Datum::of(hits);
    case TextIndex::Weights::binary: return Datum::of(int64_t{hits > 0 ? 1 : 0});
    default: return Datum::of(std::log10(1 + static_cast<double>(hits)));
  }
}

}  // namespace panmodel::runtime
