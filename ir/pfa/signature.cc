#include "ir/pfa/signature.h"

#include <algorithm>
#include <memory>
#include <mutex>
#include <stdexcept>
#include <utility>

namespace panmodel::pfa {
namespace {

constexpr std::string_view kDeprecated = "deprecated ";

const std::vector<FunctionRow>& table() {
  static const std::vector<FunctionRow> rows = [] {
    std::vector<FunctionRow> made = {
#define PFA_FUNCTION(name, ...) {name, {__VA_ARGS__}, false, true},
#define PFA_VARYING(name, ...) {name, {__VA_ARGS__}, false, false},
#include "ir/pfa/functions.def"
    };
    for (FunctionRow& row : made) {
      row.deprecated = std::all_of(row.signatures.begin(), row.signatures.end(),
                                   [](std::string_view s) { return s.starts_with(kDeprecated); });
    }
    return made;
  }();
  return rows;
}

// --- the language of signatures ---------------------------------------------------------------

enum class Shape : uint8_t { primitive, array, map, alternatives, any, record, enumeration, fixed, fields, function };

struct Pattern {
  Shape shape = Shape::primitive;
  Kind kind = Kind::null;              // primitive
  uint32_t label = 0;                  // any, record, enumeration, fixed, fields
  uint32_t record = 0;                 // fields: label of the record
  std::vector<std::string_view> names; // record: of the fields that it needs
  std::vector<Pattern> parts;          // array, map: one; function: parameters, then the result
};

struct Label {
  std::string_view name;
  Shape shape = Shape::any;            // of its first mention
  std::vector<Kind> of;                // any: kinds that it is limited to; empty = all
};

struct Signature {
  bool deprecated = false;
  std::vector<std::string_view> names;
  std::vector<Pattern> parameters;
  Pattern result;
  std::vector<Label> labels;
};

class Parser {
 public:
  explicit Parser(std::string_view text) : text_(text), rest_(text) {}

  Signature signature() {
    out_.deprecated = take(kDeprecated);
    expect("(");
    list(")", [&] {
      out_.names.push_back(word());
      expect(":");
      out_.parameters.push_back(pattern());
    });
    expect("->");
    out_.result = pattern();
    if (!rest_.empty()) wrong();
    return std::move(out_);
  }

 private:
  [[noreturn]] void wrong() const {
    throw std::logic_error("functions.def: cannot read \"" + std::string(text_) + "\" at \"" +
                           std::string(rest_) + "\"");
  }
  bool take(std::string_view token) {
    if (!rest_.starts_with(token)) return false;
    rest_.remove_prefix(token.size());
    rest_.remove_prefix(std::min(rest_.find_first_not_of(' '), rest_.size()));
    return true;
  }
  void expect(std::string_view token) {
    if (!take(token)) wrong();
  }
  std::string_view word() {
    size_t n = std::min(rest_.find_first_of(" ,:(){}"), rest_.size());
    if (n == 0) wrong();
    std::string_view found = rest_.substr(0, n);
    take(found);
    return found;
  }
  template <class Item>
  void list(std::string_view end, Item&& item) {
    while (!take(end)) {
      item();
      if (!take(",") && !rest_.starts_with(end)) wrong();
    }
  }
  std::optional<uint32_t> find_label(std::string_view name) const {
    for (size_t i = 0; i < out_.labels.size(); ++i) {
      if (out_.labels[i].name == name) return static_cast<uint32_t>(i);
    }
    return std::nullopt;
  }
  // The label that is declared here.
  Pattern declare(Shape shape) {
    Pattern p;
    p.shape = shape;
    std::string_view name = word();
    if (find_label(name)) wrong();
    p.label = static_cast<uint32_t>(out_.labels.size());
    out_.labels.push_back({name, shape, {}});
    return p;
  }

  Pattern pattern() {
    Pattern p;
    if (take("(")) {
      p.shape = Shape::function;
      list(")", [&] { p.parts.push_back(pattern()); });
      expect("->");
      p.parts.push_back(pattern());
      return p;
    }
    for (auto [name, shape] : {std::pair{"array(", Shape::array}, {"map(", Shape::map}, {"union(", Shape::alternatives}}) {
      if (!take(name)) continue;
      p.shape = shape;
      list(")", [&] { p.parts.push_back(pattern()); });
      return p;
    }
    if (take("any record ")) return record();
    if (take("any enum ")) return declare(Shape::enumeration);
    if (take("any fixed ")) return declare(Shape::fixed);
    if (take("any ")) return any();
    if (take("enum ")) {
      p = declare(Shape::fields);
      expect("of fields of ");
      std::optional<uint32_t> label = find_label(word());
      if (!label || out_.labels[*label].shape != Shape::record) wrong();
      p.record = *label;
      return p;
    }
    std::string_view name = word();
    if (std::optional<uint32_t> label = find_label(name)) {
      p.shape = out_.labels[*label].shape;
      p.label = *label;
      return p;
    }
    const Type* type = find_primitive(name);
    if (!type) wrong();
    p.kind = type->kind;
    return p;
  }
  Pattern record() {
    Pattern p = declare(Shape::record);
    if (take("{")) {
      list("}", [&] {
        p.names.push_back(word());
        expect(":");
        p.parts.push_back(pattern());
      });
    }
    return p;
  }
  Pattern any() {
    Pattern p = declare(Shape::any);
    if (take("of {")) {
      list("}", [&] {
        const Type* type = find_primitive(word());
        if (!type) wrong();
        out_.labels[p.label].of.push_back(type->kind);
      });
    }
    return p;
  }

  std::string_view text_, rest_;
  Signature out_;
};

// The signatures of a function, read when they are first needed.
const std::vector<Signature>& signatures(const FunctionRow& row) {
  struct Entry {
    std::once_flag once;
    std::vector<Signature> read;
  };
  static const std::unique_ptr<Entry[]> entries = std::make_unique<Entry[]>(table().size());
  Entry& entry = entries[static_cast<size_t>(&row - table().data())];
  std::call_once(entry.once, [&] {
    for (std::string_view text : row.signatures) entry.read.push_back(Parser(text).signature());
  });
  return entry.read;
}

// --- matching ---------------------------------------------------------------------------------

// Which numbers stand for which depends on the place: an argument may be narrower than its
// parameter, a parameter of a function that is passed may be wider; within records and unions, which
// are passed as they are, types are equal.
struct Place {
  bool strict = false, reversed = false;
};

// What has been found for the labels.
struct Binding {
  std::vector<std::vector<const Type*>> found;  // by label: types of the arguments that name it
  std::vector<const Type*> fields_of;           // by label: the enumeration of its fields
};

class Matcher {
 public:
  Matcher(const Signature& signature, Types& types) : signature_(signature), types_(types) {
    binding_.found.resize(signature.labels.size());
    binding_.fields_of.resize(signature.labels.size());
  }

  std::optional<Match> match(std::span<const Type* const> arguments) {
    if (arguments.size() != signature_.parameters.size()) return std::nullopt;
    for (size_t i = 0; i < arguments.size(); ++i) {
      if (!fits(signature_.parameters[i], *arguments[i], {})) return std::nullopt;
    }
    if (!assign()) return std::nullopt;
    Match match;
    for (size_t i = 0; i < arguments.size(); ++i) {
      const Type* type = resolve(signature_.parameters[i]);
      if (!type || !accepts(*type, *arguments[i])) return std::nullopt;
      match.parameters.push_back(type);
    }
    match.result = resolve(signature_.result);
    if (!match.result) return std::nullopt;
    match.deprecated = signature_.deprecated;
    return match;
  }

  // The type of a pattern; null when a label in it has none.
  const Type* resolve(const Pattern& pattern) {
    switch (pattern.shape) {
      case Shape::primitive: return primitive(pattern.kind);
      case Shape::array:
      case Shape::map: {
        const Type* element = resolve(pattern.parts[0]);
        if (!element) return nullptr;
        return pattern.shape == Shape::array ? types_.array(element) : types_.map(element);
      }
      case Shape::alternatives: {
        std::vector<const Type*> members;
        for (const Pattern& part : pattern.parts) {
          members.push_back(resolve(part));
          if (!members.back()) return nullptr;
        }
        return types_.narrowest(members);
      }
      case Shape::function: {
        std::vector<const Type*> parts;
        for (const Pattern& part : pattern.parts) {
          parts.push_back(resolve(part));
          if (!parts.back()) return nullptr;
        }
        const Type* result = parts.back();
        parts.pop_back();
        return types_.function(std::move(parts), result);
      }
      default: return assigned_.empty() ? nullptr : assigned_[pattern.label];
    }
  }

 private:
  bool fits(const Pattern& pattern, const Type& type, Place place) {
    if (type.kind == Kind::none) return false;
    switch (pattern.shape) {
      case Shape::primitive: return fits_primitive(pattern.kind, type.kind, place);
      case Shape::array: return type.kind == Kind::array && fits(pattern.parts[0], *type.element, place);
      case Shape::map: return type.kind == Kind::map && fits(pattern.parts[0], *type.element, place);
      case Shape::alternatives:
        if (type.kind == Kind::alternatives) {
          std::vector<bool> used(pattern.parts.size());
          return fits_union(pattern, type, 0, used, place);
        }
        return fits_one_of(pattern, type, place);
      case Shape::function: return fits_function(pattern, type, place);
      case Shape::any: return type.kind != Kind::function && bind(pattern.label, type);
      case Shape::record: return fits_record(pattern, type, place);
      case Shape::enumeration: return type.kind == Kind::enumeration && bind(pattern.label, type);
      case Shape::fixed: return type.kind == Kind::fixed && bind(pattern.label, type);
      case Shape::fields:
        if (type.kind != Kind::enumeration || !bind(pattern.label, type)) return false;
        binding_.fields_of[pattern.record] = &type;
        return true;
    }
    return false;
  }

  static bool fits_primitive(Kind pattern, Kind type, Place place) {
    if (pattern == type) return true;
    auto number = [](Kind k) { return k >= Kind::int32 && k <= Kind::float64; };
    if (place.strict || !number(pattern) || !number(type)) return false;
    return place.reversed ? type > pattern : type < pattern;
  }

  // Binds a label; one of a named type has one type.
  bool bind(uint32_t label, const Type& type) {
    std::vector<const Type*>& found = binding_.found[label];
    if (signature_.labels[label].shape != Shape::any && !found.empty()) return found[0] == &type;
    found.push_back(&type);
    return true;
  }

  // Each member of the union, from `at` on, has a part of the pattern for itself.
  bool fits_union(const Pattern& pattern, const Type& type, size_t at, std::vector<bool>& used, Place place) {
    if (at == type.members.size()) return true;
    for (size_t i = 0; i < pattern.parts.size(); ++i) {
      if (used[i]) continue;
      Binding before = binding_;
      if (fits(pattern.parts[i], *type.members[at], {true, place.reversed})) {
        used[i] = true;
        if (fits_union(pattern, type, at + 1, used, place)) return true;
        used[i] = false;
      }
      binding_ = std::move(before);
    }
    return false;
  }
  bool fits_one_of(const Pattern& pattern, const Type& type, Place place) {
    for (const Pattern& part : pattern.parts) {
      Binding before = binding_;
      if (fits(part, type, place)) return true;
      binding_ = std::move(before);
    }
    return false;
  }

  bool fits_function(const Pattern& pattern, const Type& type, Place place) {
    if (type.kind != Kind::function || type.members.size() + 1 != pattern.parts.size()) return false;
    for (size_t i = 0; i < type.members.size(); ++i) {
      if (!fits(pattern.parts[i], *type.members[i], {place.strict, true})) return false;
    }
    return fits(pattern.parts.back(), *type.element, {place.strict, false});
  }

  bool fits_record(const Pattern& pattern, const Type& type, Place place) {
    if (type.kind != Kind::record || !bind(pattern.label, type)) return false;
    for (size_t i = 0; i < pattern.names.size(); ++i) {
      std::optional<uint32_t> field = type.field(pattern.names[i]);
      if (!field || !fits(pattern.parts[i], *type.fields[*field].type, {true, place.reversed})) return false;
    }
    return true;
  }

  // Gives each label the narrowest type of all that were found for it.
  bool assign() {
    assigned_.resize(signature_.labels.size());
    for (size_t i = 0; i < assigned_.size(); ++i) {
      if (binding_.found[i].empty()) continue;
      assigned_[i] = types_.narrowest(binding_.found[i]);
      if (!assigned_[i]) return false;
      const std::vector<Kind>& of = signature_.labels[i].of;
      if (!of.empty() && std::find(of.begin(), of.end(), assigned_[i]->kind) == of.end()) return false;
      const Type* enumeration = binding_.fields_of[i];
      if (enumeration && !std::equal(enumeration->symbols.begin(), enumeration->symbols.end(),
                                     assigned_[i]->fields.begin(), assigned_[i]->fields.end(),
                                     [](const std::string& s, const Field& f) { return s == f.name; })) {
        return false;
      }
    }
    return true;
  }

  const Signature& signature_;
  Types& types_;
  Binding binding_;
  std::vector<const Type*> assigned_;  // by label
};

}  // namespace

const FunctionRow* find_function(std::string_view name) {
  const std::vector<FunctionRow>& rows = table();
  auto at = std::lower_bound(rows.begin(), rows.end(), name,
                             [](const FunctionRow& row, std::string_view n) { return row.name < n; });
  return at != rows.end() && at->name == name ? &*at : nullptr;
}
std::span<const FunctionRow> functions() { return table(); }

std::optional<Match> match(const FunctionRow& row, std::span<const Type* const> arguments, Types& types) {
  const std::vector<Signature>& all = signatures(row);
  for (size_t i = 0; i < all.size(); ++i) {
    if (std::optional<Match> found = Matcher(all[i], types).match(arguments)) {
      found->signature = static_cast<uint32_t>(i);
      return found;
    }
  }
  return std::nullopt;
}

const Type* reference_type(const FunctionRow& row, Types& types) {
  const std::vector<Signature>& all = signatures(row);
  if (all.size() != 1) return nullptr;
  Matcher unbound(all[0], types);
  std::vector<const Type*> parameters;
  for (const Pattern& p : all[0].parameters) parameters.push_back(unbound.resolve(p));
  const Type* result = unbound.resolve(all[0].result);
  if (!result || std::count(parameters.begin(), parameters.end(), nullptr)) return nullptr;
  return types.function(std::move(parameters), result);
}

std::vector<std::string> parameter_names(const FunctionRow& row) {
  const std::vector<std::string_view>& names = signatures(row)[0].names;
  return {names.begin(), names.end()};
}

std::string describe(const FunctionRow& row) {
  std::string out;
  for (std::string_view signature : row.signatures) {
    if (!out.empty()) out += '\n';
    bool deprecated = signature.starts_with(kDeprecated);
    if (deprecated) signature.remove_prefix(kDeprecated.size());
    out += row.name;
    out += signature;
    if (deprecated) out += "  (deprecated)";
  }
  return out;
}

}  // namespace panmodel::pfa
