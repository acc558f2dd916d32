// Lists, maps and small matrices of known size on symbols.
#include <algorithm>

#include "converters/program/raiser.h"
#include "ir/ops/linear.h"
#include "ir/ops/tensor_reduce.h"

namespace panmodel::converters {

using pfa::Kind;
using tensor::BinaryFn;

namespace {

const pfa::Type* real() { return pfa::primitive(Kind::float64); }

bool all_trees(const std::vector<Sym>& parts) {
  return !parts.empty() && std::all_of(parts.begin(), parts.end(), [](const Sym& s) { return s->kind == Symbol::Kind::tree; });
}

Sym length(const SymbolicCall& call) {
  if (call[0]->kind == Symbol::Kind::bag) {
    auto n = std::make_shared<Symbol>(*call.raiser.scalar(call[0]->value, call.type()));
    n->bounded = true;
    return n;
  }
  size_t n = call.raiser.opened(call[0])->parts.size();
  return call.raiser.constant(pfa::Value::int32(static_cast<int32_t>(n)), call.type());
}

// A list or a map with each part replaced.
template <class F>
Sym mapped(const SymbolicCall& call, F&& f) {
  Sym open = call.raiser.opened(call[0]);
  if (open->kind != Symbol::Kind::list && open->kind != Symbol::Kind::map) stay("a list whose length depends on the row");
  auto result = std::make_shared<Symbol>(*open);
  result->type = call.type();
  for (size_t i = 0; i < result->parts.size(); ++i) result->parts[i] = f(result->parts[i], i);
  return result;
}
Sym map_each(const SymbolicCall& call) {
  return mapped(call, [&](const Sym& part, size_t) { return call.raiser.apply(call.function(1), {part}); });
}
Sym map_with_index(const SymbolicCall& call) {
  return mapped(call, [&](const Sym& part, size_t i) {
    Sym index = call.raiser.constant(pfa::Value::int32(static_cast<int32_t>(i)), pfa::primitive(Kind::int32));
    return call.raiser.apply(call.function(1), {index, part});
  });
}

Sym zip(const SymbolicCall& call) {
  Raiser& r = call.raiser;
  if (call.size() != 3) stay("it zips more than two lists");
  Sym a = r.opened(call[0]), b = r.opened(call[1]);
  if (a->kind != b->kind || a->parts.size() != b->parts.size()) stay("it zips lists of different lengths");
  auto result = std::make_shared<Symbol>(*a);
  result->type = call.type();
  for (size_t i = 0; i < a->parts.size(); ++i) {
    const Sym& other = a->kind == Symbol::Kind::map ? r.member(b, a->keys[i]) : b->parts[i];
    result->parts[i] = r.apply(call.function(2), {a->parts[i], other});
  }
  return result;
}

Sym reduce(const SymbolicCall& call) {
  std::vector<Sym> parts = call.raiser.items(call[0]);
  if (parts.empty()) stay("it reduces an empty list");
  Sym total = parts[0];
  for (size_t i = 1; i < parts.size(); ++i) total = call.raiser.apply(call.function(1), {total, parts[i]});
  return total;
}
Sym fold(const SymbolicCall& call) {
  Sym total = call[1];
  for (const Sym& part : call.raiser.items(call[0])) total = call.raiser.apply(call.function(2), {total, part});
  return total;
}

Sym total(const SymbolicCall& call) {
  std::vector<Sym> parts = call.raiser.items(call[0]);
  if (all_trees(parts)) return call.raiser.trees_sum(parts, false);
  if (call.type()->kind != Kind::float64 && call.type()->kind != Kind::float32) stay("it sums integers of the row");
  return call.raiser.sum(parts);
}
Sym mean(const SymbolicCall& call) {
  Raiser& r = call.raiser;
  std::vector<Sym> parts = r.items(call[0]);
  if (all_trees(parts)) return r.trees_sum(parts, true);
  if (parts.empty()) stay("the mean of an empty list");
  return r.binary(BinaryFn::div, r.sum(parts), r.number(static_cast<double>(parts.size())));
}
template <tensor::VariadicFn kFn>
Sym extreme(const SymbolicCall& call) {
  std::vector<ValueId> columns;
  for (const Sym& part : call.raiser.items(call[0])) {
    if (!part->type->is_number()) stay("it compares values of type {}", to_string(*part->type));
    columns.push_back(call.raiser.column(part));
  }
  if (columns.empty()) stay("the extreme of an empty list");
  return call.raiser.scalar(call.raiser.builder().add(tensor::Variadic{kFn}, std::move(columns)), call.type());
}
template <bool kLargest>
Sym position(const SymbolicCall& call) {
  tensor::ArgReduce op;
  op.largest = kLargest;
  op.axis = 1;
  ValueId index = call.raiser.builder().add(std::move(op), {call.raiser.matrix(call.raiser.items(call[0]))});
  return call.raiser.scalar(call.raiser.builder().add(tensor::Cast{DType::f64}, {index}), call.type());
}
template <bool kLargest>
Sym key_of_extreme(const SymbolicCall& call) {
  Raiser& r = call.raiser;
  Sym open = r.opened(call[0]);
  if (open->kind != Symbol::Kind::map || open->parts.empty()) stay("a map whose keys depend on the row");
  ValueId scores = r.matrix(open->parts);
  if (!kLargest) scores = r.builder().add(tensor::Unary{tensor::UnaryFn::neg}, {scores});
  return r.winner(scores, open->keys);
}

Sym append(const SymbolicCall& call) {
  std::vector<Sym> parts = call.raiser.items(call[0]);
  parts.push_back(call[1]);
  return call.raiser.list(std::move(parts), call.type());
}
Sym concat(const SymbolicCall& call) {
  std::vector<Sym> parts = call.raiser.items(call[0]);
  for (const Sym& part : call.raiser.items(call[1])) parts.push_back(part);
  return call.raiser.list(std::move(parts), call.type());
}
Sym remove(const SymbolicCall& call) {
  if (call.size() != 2) stay("it removes a range");
  std::vector<Sym> parts = call.raiser.items(call[0]);
  int64_t at = call.raiser.known(call[1]).whole();
  if (at < 0) at += static_cast<int64_t>(parts.size());
  if (at < 0 || at >= static_cast<int64_t>(parts.size())) stay("it removes an item that is not there");
  parts.erase(parts.begin() + at);
  return call.raiser.list(std::move(parts), call.type());
}
Sym head(const SymbolicCall& call) {
  std::vector<Sym> parts = call.raiser.items(call[0]);
  if (parts.empty()) stay("the head of an empty list");
  return parts.front();
}
Sym last(const SymbolicCall& call) {
  std::vector<Sym> parts = call.raiser.items(call[0]);
  if (parts.empty()) stay("the last item of an empty list");
  return parts.back();
}
Sym tail(const SymbolicCall& call) {
  std::vector<Sym> parts = call.raiser.items(call[0]);
  if (parts.empty()) stay("the tail of an empty list");
  parts.erase(parts.begin());
  return call.raiser.list(std::move(parts), call.type());
}
Sym subsequence(const SymbolicCall& call) {
  std::vector<Sym> parts = call.raiser.items(call[0]);
  auto n = static_cast<int64_t>(parts.size());
  auto bound = [&](const Sym& s) {
    int64_t at = call.raiser.known(s).whole();
    return std::clamp<int64_t>(at < 0 ? at + n : at, 0, n);
  };
  int64_t from = bound(call[1]), to = std::max(bound(call[1]), bound(call[2]));
  return call.raiser.list({parts.begin() + from, parts.begin() + to}, call.type());
}
// log(sum of exp), from the largest.
Sym log_sum_exp(const SymbolicCall& call) {
  Raiser& r = call.raiser;
  tensor::Reduce reduce;
  reduce.fn = tensor::ReduceFn::log_sum_exp;
  reduce.axes = {1};
  return r.scalar(r.builder().add(std::move(reduce), {r.matrix(r.items(call[0]))}), call.type());
}
void set(std::vector<std::string>& keys, std::vector<Sym>& parts, const std::string& key, const Sym& value) {
  auto at = std::find(keys.begin(), keys.end(), key);
  if (at != keys.end()) {
    parts[static_cast<size_t>(at - keys.begin())] = value;
    return;
  }
  keys.push_back(key);
  parts.push_back(value);
}
Sym add_member(const SymbolicCall& call) {
  if (call.size() != 3) stay("it adds to a set");
  Sym open = call.raiser.opened(call[0]);
  if (open->kind != Symbol::Kind::map || !is_known(*call[1])) stay("a map whose keys depend on the row");
  std::vector<std::string> keys = open->keys;
  std::vector<Sym> parts = open->parts;
  set(keys, parts, call.raiser.text_of(call[1]), call[2]);
  return call.raiser.map(std::move(keys), std::move(parts), call.type());
}
// Maps one after another; of a key that two have, the later value.
Sym join(const SymbolicCall& call) {
  std::vector<std::string> keys;
  std::vector<Sym> parts;
  for (const Sym& each : call.raiser.items(call[0])) {
    Sym map = call.raiser.opened(each);
    if (map->kind != Symbol::Kind::map) stay("a map whose keys depend on the row");
    for (size_t i = 0; i < map->keys.size(); ++i) set(keys, parts, map->keys[i], map->parts[i]);
  }
  return call.raiser.map(std::move(keys), std::move(parts), call.type());
}
Sym flatten(const SymbolicCall& call) {
  std::vector<Sym> parts;
  for (const Sym& inner : call.raiser.items(call[0])) {
    for (const Sym& part : call.raiser.items(inner)) parts.push_back(part);
  }
  return call.raiser.list(std::move(parts), call.type());
}
Sym values(const SymbolicCall& call) {
  Sym open = call.raiser.opened(call[0]);
  if (open->kind != Symbol::Kind::map) stay("a map whose keys depend on the row");
  return call.raiser.list(open->parts, call.type());
}
Sym keys(const SymbolicCall& call) {
  Sym open = call.raiser.opened(call[0]);
  if (open->kind != Symbol::Kind::map) stay("a map whose keys depend on the row");
  std::vector<Sym> parts;
  for (const std::string& key : open->keys) parts.push_back(call.raiser.constant(pfa::Value::string(key), pfa::primitive(Kind::string)));
  return call.raiser.list(std::move(parts), call.type());
}

// How many items are equal to a known text.
Sym count(const SymbolicCall& call) {
  Raiser& r = call.raiser;
  std::vector<Sym> parts = r.items(call[0]);
  if (!call[1] || !is_known(*call[1]) || !is_text(*call[1]->type)) stay("it counts other than known texts");
  if (all_trees(parts)) return r.count(call[0], r.text_of(call[1]));
  std::vector<Sym> hits;
  for (const Sym& part : parts) {
    ValueId same = r.builder().add(tensor::Binary{BinaryFn::equal}, {r.column(part), r.column(call[1])});
    hits.push_back(r.scalar(r.builder().add(tensor::Cast{DType::f64}, {same}), real()));
  }
  return r.scalar(r.column(r.sum(hits)), call.type());
}

// Texts by themselves: a bag for every text that is surely there.
Sym group(const SymbolicCall& call) {
  Raiser& r = call.raiser;
  std::vector<Sym> parts = r.items(call[0]);
  std::vector<std::string> sure, possible;
  for (const Sym& part : parts) {
    Sym key = r.apply(call.function(1), {part});
    if (key != part || !is_text(*part->type)) stay("it groups by other than the items themselves");
    std::optional<std::vector<std::string>> domain = r.domain(part);
    if (!domain) stay("it groups texts of which not all are known");
    possible.insert(possible.end(), domain->begin(), domain->end());
    if (is_known(*part)) sure.push_back((*domain)[0]);
  }
  for (const std::string& text : possible) {
    if (std::find(sure.begin(), sure.end(), text) == sure.end()) stay("which groups there are depends on the row");
  }
  std::vector<std::string> keys;
  std::vector<Sym> bags;
  for (const std::string& text : sure) {
    if (std::find(keys.begin(), keys.end(), text) != keys.end()) continue;
    Sym wanted = r.constant(pfa::Value::string(text), pfa::primitive(Kind::string));
    std::vector<Sym> hits;
    double fixed = 0;
    for (const Sym& part : parts) {
      if (is_known(*part)) {
        fixed += r.text_of(part) == text;
        continue;
      }
      ValueId same = r.builder().add(tensor::Binary{BinaryFn::equal}, {r.column(part), r.column(wanted)});
      hits.push_back(r.scalar(r.builder().add(tensor::Cast{DType::f64}, {same}), real()));
    }
    hits.push_back(r.number(fixed));
    auto bag = std::make_shared<Symbol>();
    bag->kind = Symbol::Kind::bag;
    bag->type = call.type()->element;
    bag->value = r.column(r.sum(hits));
    keys.push_back(text);
    bags.push_back(bag);
  }
  return r.map(std::move(keys), std::move(bags), call.type());
}

// la: matrices as lists of rows

std::vector<std::vector<Sym>> rows_of(Raiser& r, const Sym& s) {
  std::vector<std::vector<Sym>> rows;
  for (const Sym& row : r.items(s)) {
    rows.push_back(r.items(row));
    if (rows.back().size() != rows[0].size()) stay("a ragged matrix");
  }
  return rows;
}
bool is_matrix(const pfa::Type& type) { return type.kind == Kind::array && type.element->kind == Kind::array; }
Sym of_rows(Raiser& r, std::vector<std::vector<Sym>> rows, const pfa::Type* type) {
  std::vector<Sym> parts;
  for (std::vector<Sym>& row : rows) parts.push_back(r.list(std::move(row), type->element));
  return r.list(std::move(parts), type);
}

template <BinaryFn kFn>
Sym elementwise(const SymbolicCall& call) {
  Raiser& r = call.raiser;
  auto line = [&](const std::vector<Sym>& a, const std::vector<Sym>& b) {
    if (a.size() != b.size()) stay("matrices of different sizes");
    std::vector<Sym> out;
    for (size_t i = 0; i < a.size(); ++i) out.push_back(r.binary(kFn, a[i], b[i]));
    return out;
  };
  if (call[0]->type->kind != Kind::array) stay("matrices as maps");
  if (!is_matrix(*call[0]->type)) return r.list(line(r.items(call[0]), r.items(call[1])), call.type());
  auto a = rows_of(r, call[0]), b = rows_of(r, call[1]);
  if (a.size() != b.size()) stay("matrices of different sizes");
  for (size_t i = 0; i < a.size(); ++i) a[i] = line(a[i], b[i]);
  return of_rows(r, std::move(a), call.type());
}

Sym scale(const SymbolicCall& call) {
  Raiser& r = call.raiser;
  auto times = [&](const Sym& x) { return r.binary(BinaryFn::mul, x, call[1]); };
  Sym open = r.opened(call[0]);
  auto result = std::make_shared<Symbol>(*open);
  result->type = call.type();
  for (Sym& part : result->parts) {
    if (part->type->is_number()) {
      part = times(part);
      continue;
    }
    Sym inner = r.opened(part);
    auto row = std::make_shared<Symbol>(*inner);
    for (Sym& x : row->parts) x = times(x);
    part = row;
  }
  return result;
}

Sym transpose(const SymbolicCall& call) {
  if (!is_matrix(*call[0]->type)) stay("matrices as maps");
  auto a = rows_of(call.raiser, call[0]);
  if (a.empty() || a[0].empty()) stay("an empty matrix");
  std::vector<std::vector<Sym>> out(a[0].size());
  for (size_t j = 0; j < out.size(); ++j) {
    for (const auto& row : a) out[j].push_back(row[j]);
  }
  return of_rows(call.raiser, std::move(out), call.type());
}
Sym truncate(const SymbolicCall& call) {
  if (!is_matrix(*call[0]->type)) stay("it truncates other than rows of a matrix");
  auto a = rows_of(call.raiser, call[0]);
  int64_t keep = call.raiser.known(call[1]).whole();
  if (keep >= 0 && keep < static_cast<int64_t>(a.size())) a.resize(static_cast<size_t>(keep));
  return of_rows(call.raiser, std::move(a), call.type());
}

// Row times matrix of constants: ml.linear; else products one by one.
std::vector<Sym> row_times(Raiser& r, const std::vector<Sym>& row, const std::vector<std::vector<Sym>>& m, bool known) {
  size_t width = m[0].size();
  bool fixed = std::all_of(row.begin(), row.end(), [](const Sym& s) { return is_known(*s); });
  if (known && !fixed) {
    std::vector<double> coef;
    for (size_t k = 0; k < width; ++k) {
      for (const auto& from : m) coef.push_back(r.number_of(from[k]));
    }
    ml::Linear op;
    op.coef = Tensor::of({static_cast<int64_t>(width), static_cast<int64_t>(row.size())}, std::move(coef));
    op.intercept = Tensor::of({static_cast<int64_t>(width)}, std::vector<double>(width, 0));
    return r.split_all(r.builder().add(std::move(op), {r.matrix(row)}), width, real());
  }
  std::vector<Sym> out;
  for (size_t k = 0; k < width; ++k) {
    std::vector<Sym> products;
    for (size_t i = 0; i < row.size(); ++i) products.push_back(r.binary(BinaryFn::mul, row[i], m[i][k]));
    out.push_back(r.sum(products));
  }
  return out;
}

Sym dot(const SymbolicCall& call) {
  Raiser& r = call.raiser;
  if (!is_matrix(*call[0]->type)) stay("matrices as maps");
  auto a = rows_of(r, call[0]);
  bool vector = !is_matrix(*call[1]->type);
  std::vector<std::vector<Sym>> b;
  if (vector) {
    for (const Sym& x : r.items(call[1])) b.push_back({x});
  } else {
    b = rows_of(r, call[1]);
  }
  if (a.empty() || b.empty() || a[0].size() != b.size()) stay("matrices that do not fit each other");
  bool known = std::all_of(b.begin(), b.end(), [](const auto& row) {
    return std::all_of(row.begin(), row.end(), [](const Sym& s) { return is_known(*s); });
  });
  std::vector<std::vector<Sym>> out;
  for (const auto& row : a) out.push_back(row_times(r, row, b, known));
  if (!vector) return of_rows(r, std::move(out), call.type());
  std::vector<Sym> flat;
  for (auto& row : out) flat.push_back(row[0]);
  return r.list(std::move(flat), call.type());
}

Sym map_matrix(const SymbolicCall& call) {
  Raiser& r = call.raiser;
  if (!is_matrix(*call[0]->type)) stay("matrices as maps");
  auto a = rows_of(r, call[0]);
  for (auto& row : a) {
    for (Sym& x : row) x = r.apply(call.function(1), {x});
  }
  return of_rows(r, std::move(a), call.type());
}

constexpr SymbolicRow kRows[] = {
    {"a.append", append}, {"a.argmax", position<true>}, {"a.argmin", position<false>}, {"a.concat", concat},
    {"a.count", count}, {"a.flatten", flatten}, {"a.fold", fold}, {"a.groupby", group}, {"a.head", head},
    {"a.last", last}, {"a.logsumexp", log_sum_exp}, {"a.subseq", subsequence}, {"a.tail", tail}, {"a.len", length}, {"a.map", map_each}, {"a.mapWithIndex", map_with_index},
    {"a.max", extreme<tensor::VariadicFn::max>}, {"a.mean", mean}, {"a.min", extreme<tensor::VariadicFn::min>},
    {"a.reduce", reduce}, {"a.remove", remove}, {"a.sum", total}, {"a.zipmap", zip},
    {"la.add", elementwise<BinaryFn::add>}, {"la.dot", dot}, {"la.map", map_matrix}, {"la.scale", scale},
    {"la.sub", elementwise<BinaryFn::sub>}, {"la.transpose", transpose}, {"la.truncate", truncate},
    {"map.argmax", key_of_extreme<true>}, {"map.argmin", key_of_extreme<false>}, {"map.fromset", values},
    {"map.add", add_member}, {"map.join", join}, {"map.keys", keys}, {"map.len", length}, {"map.map", map_each}, {"map.values", values}, {"map.zipmap", zip},
};

}  // namespace

std::span<const SymbolicRow> array_rows() { return kRows; }

}  // namespace panmodel::converters
