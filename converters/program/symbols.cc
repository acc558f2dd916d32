// Symbols: making them, opening constants, and going over to columns of the graph.
#include <algorithm>

#include "converters/program/raiser.h"
#include "ir/ops/encode.h"
#include "ir/ops/table.h"
#include "ir/ops/tensor_shape.h"
#include "ir/pfa/data.h"

namespace panmodel::converters {

using pfa::Kind;

namespace {

std::shared_ptr<Symbol> make(Symbol::Kind kind, const pfa::Type* type) {
  auto s = std::make_shared<Symbol>();
  s->kind = kind;
  s->type = type;
  return s;
}

// A constant as a tensor [1,1].
Tensor tensor_of(const pfa::Value& v) {
  if (v.is_number()) return Tensor::of({1, 1}, std::vector<double>{v.real()});
  if (v.is(Kind::boolean)) return Tensor::of_bools({1, 1}, {static_cast<uint8_t>(v.truth())});
  if (v.is(Kind::string)) return Tensor::of({1, 1}, std::vector<std::string>{v.text()});
  if (v.is(Kind::enumeration)) return Tensor::of({1, 1}, std::vector<std::string>{v.symbol_name()});
  stay("a constant is no number, boolean or text");
}

}  // namespace

Sym Raiser::constant(pfa::Value value, const pfa::Type* type) const {
  auto s = make(Symbol::Kind::constant, type);
  s->constant = std::move(value);
  return s;
}
Sym Raiser::number(double v) const { return constant(pfa::Value::float64(v), pfa::primitive(Kind::float64)); }
Sym Raiser::scalar(ValueId value, const pfa::Type* type) const {
  auto s = make(Symbol::Kind::scalar, type);
  s->value = value;
  return s;
}
Sym Raiser::list(std::vector<Sym> parts, const pfa::Type* type) const {
  auto s = make(Symbol::Kind::list, type);
  s->parts = std::move(parts);
  return s;
}
Sym Raiser::map(std::vector<std::string> keys, std::vector<Sym> parts, const pfa::Type* type) const {
  auto s = make(Symbol::Kind::map, type);
  s->keys = std::move(keys);
  s->parts = std::move(parts);
  return s;
}

const pfa::Value& Raiser::known(const Sym& s) {
  if (s->kind == Symbol::Kind::constant) return s->constant;
  if (s->kind != Symbol::Kind::data) stay("a value that depends on the row stands where only a known one can be followed");
  Sym& kept = opened_[s.get()];
  if (!kept || kept->kind != Symbol::Kind::constant) {
    kept_.push_back(s);
    kept = constant(pfa::decode(s->data, *s->type), s->type);
  }
  return kept->constant;
}

Sym Raiser::opened(const Sym& s) {
  if (s->kind == Symbol::Kind::data && (s->type->kind == Kind::array || s->type->kind == Kind::map)) {
    std::vector<Sym> parts;
    std::vector<std::string> keys;
    auto add = [&](json::Ref ref) {
      auto part = make(Symbol::Kind::data, s->type->element);
      part->data = ref;
      parts.push_back(part);
    };
    if (s->type->kind == Kind::array && s->data.is(json::Kind::array)) {
      for (json::Ref item : s->data.items()) add(item);
      return list(std::move(parts), s->type);
    }
    if (s->type->kind == Kind::map && s->data.is(json::Kind::object)) {
      for (auto [key, value] : s->data.members()) {
        if (key.text() == "@") continue;
        keys.emplace_back(key.text());
        add(value);
      }
      return map(std::move(keys), std::move(parts), s->type);
    }
  }
  if (!is_known(*s)) return s;
  const pfa::Value& v = known(s);
  if (v.is(Kind::array)) {
    std::vector<Sym> parts;
    for (const pfa::Value& item : v.items()) parts.push_back(constant(item, s->type->element));
    return list(std::move(parts), s->type);
  }
  if (v.is(Kind::map)) {
    std::vector<Sym> parts;
    std::vector<std::string> keys;
    for (const auto& [key, value] : v.members()) {
      keys.push_back(key);
      parts.push_back(constant(value, s->type->element));
    }
    return map(std::move(keys), std::move(parts), s->type);
  }
  if (v.is(Kind::record)) {
    auto record = make(Symbol::Kind::record, v.type());
    for (size_t i = 0; i < v.items().size(); ++i) record->parts.push_back(constant(v.items()[i], v.type()->fields[i].type));
    return record;
  }
  return s;
}

ValueId Raiser::column(const Sym& s) {
  switch (s->kind) {
    case Symbol::Kind::scalar:
    case Symbol::Kind::bag: return s->value;
    case Symbol::Kind::constant:
    case Symbol::Kind::data: {
      auto at = columns_.find(s.get());
      if (at != columns_.end()) return at->second;
      ValueId v = b_.constant(tensor_of(known(s)));
      kept_.push_back(s);
      columns_.emplace(s.get(), v);
      return v;
    }
    case Symbol::Kind::tree: {
      auto at = columns_.find(s.get());
      if (at != columns_.end()) return at->second;
      ValueId v = tree_column(*s);
      kept_.push_back(s);
      columns_.emplace(s.get(), v);
      return v;
    }
    default: stay("a value of type {} is no single column", to_string(*s->type));
  }
}

ValueId Raiser::matrix(const std::vector<Sym>& parts) {
  if (std::optional<ValueId> whole = joined(parts)) return *whole;
  std::vector<ValueId> columns;
  for (const Sym& part : parts) columns.push_back(column(part));
  if (columns.empty()) stay("an empty list is no matrix");
  for (size_t i = 0; i < parts.size(); ++i) {
    if (is_known(*parts[i])) columns[i] = with_rows(columns[i]);
  }
  if (columns.size() == 1) return columns[0];
  return b_.add(tensor::Concat{1}, std::move(columns));
}

ValueId Raiser::with_rows(ValueId value) {
  if (!any_column_.valid()) stay("the result is the same for every row");
  ValueId same = b_.add(tensor::Binary{tensor::BinaryFn::equal}, {any_column_, any_column_});
  return b_.add(tensor::Where{}, {same, value, value});
}

std::optional<std::vector<double>> Raiser::numbers(const Sym& s) {
  if (!is_known(*s)) {
    Sym open = opened(s);
    if (open->kind != Symbol::Kind::list) return std::nullopt;
    std::vector<double> out;
    for (const Sym& part : open->parts) {
      if (!is_known(*part)) return std::nullopt;
      out.push_back(known(part).real());
    }
    return out;
  }
  const pfa::Value& v = known(s);
  std::vector<double> out;
  for (const pfa::Value& item : v.items()) out.push_back(item.real());
  return out;
}

std::vector<Sym> Raiser::items(const Sym& s) {
  Sym open = opened(s);
  if (open->kind != Symbol::Kind::list) stay("a list whose length depends on the row");
  return open->parts;
}

const Sym& Raiser::member(const Sym& s, std::string_view key) {
  for (size_t i = 0; i < s->keys.size(); ++i) {
    if (s->keys[i] == key) return s->parts[i];
  }
  stay("a map has no key '{}'", key);
}

Sym Raiser::field(const Sym& record, std::string_view name) {
  if (record->kind == Symbol::Kind::data && record->type->kind == Kind::record && record->data.is(json::Kind::object)) {
    // Only this field is read: a tree is a record in a record.
    std::optional<uint32_t> at = record->type->field(name);
    std::optional<json::Ref> value = record->data.find(name);
    if (!at || !value) stay("record '{}' has no field '{}'", record->type->name, name);
    auto part = make(Symbol::Kind::data, record->type->fields[*at].type);
    part->data = *value;
    return part;
  }
  Sym open = opened(record);
  if (open->kind != Symbol::Kind::record) stay("a record whose fields depend on the row");
  std::optional<uint32_t> at = open->type->field(name);
  if (!at) stay("record '{}' has no field '{}'", open->type->name, name);
  return open->parts[*at];
}

// A missing cell refuses the row: PFA has no null but in a union. (A NaN counts as missing.)
ValueId Raiser::input_column(const std::string& name, DType dtype) {
  ValueId v = b_.input(name, ColumnType{dtype, true});
  v = b_.add(table::Require{}, {v, v});
  any_column_ = v;
  return v;
}

Sym Raiser::input_key(std::string_view key) {
  auto at = input_keys_.find(key);
  if (at != input_keys_.end()) return at->second;
  const pfa::Type* type = p_.input->element;
  Sym s;
  if (type->is_number()) {
    s = scalar(input_column(std::string(key), DType::f64), type);
  } else if (is_text(*type)) {
    s = scalar(input_column(std::string(key), DType::string), type);
  } else {
    stay("the input is a map of values of type {}", to_string(*type));
  }
  return input_keys_.emplace(std::string(key), s).first->second;
}

// A step of a path: constant[key], list[constant], map[text that depends on the row].
Sym Raiser::index(const Sym& s, const Sym& key) {
  if (s->kind == Symbol::Kind::open_map) return input_key(known(key).text());
  Sym open = opened(s);
  if (open->kind == Symbol::Kind::list && is_known(*key)) {
    int64_t i = known(key).whole();
    if (i < 0 || i >= static_cast<int64_t>(open->parts.size())) stay("index {} is outside of an array", i);
    return open->parts[static_cast<size_t>(i)];
  }
  if (open->kind == Symbol::Kind::map && is_known(*key)) return member(open, known(key).text());
  if (is_known(*key)) stay("a value of type {} is indexed", to_string(*open->type));
  // By something that depends on the row: every part is known, and becomes a table.
  if (open->kind != Symbol::Kind::map && open->kind != Symbol::Kind::list) stay("a value of type {} is indexed by the row", to_string(*open->type));
  if (open->parts.empty()) stay("an empty array or map is indexed by the row");
  std::vector<std::string> texts;
  std::vector<double> positions;
  for (size_t i = 0; i < open->parts.size(); ++i) {
    if (open->kind == Symbol::Kind::map) texts.push_back(open->keys[i]);
    else positions.push_back(static_cast<double>(i));
  }
  bool whole = false;
  if (std::optional<std::vector<std::string>> texts_of_key = is_text(*key->type) ? domain(key) : std::nullopt) {
    whole = std::all_of(texts_of_key->begin(), texts_of_key->end(), [&](const std::string& t) {
      return std::find(texts.begin(), texts.end(), t) != texts.end();
    });
  }
  auto lookup = [&](const std::vector<Sym>& values, const pfa::Type* type) {
    ml::LabelMap map;
    map.keys = texts.empty() ? Tensor::vector(positions) : Tensor::vector(texts);
    if (type->is_number()) {
      std::vector<double> v;
      for (const Sym& part : values) v.push_back(known(part).real());
      map.values = Tensor::vector(std::move(v));
    } else if (is_text(*type)) {
      std::vector<std::string> v;
      for (const Sym& part : values) v.push_back(text_of(part));
      map.values = Tensor::vector(std::move(v));
    } else {
      stay("values of type {} are looked up by the row", to_string(*type));
    }
    if (whole) {  // every key is in the table: nothing falls back
      if (map.values.dtype() == DType::string) map.fallback = Tensor::scalar(std::string(map.values.text(0)));
      else map.fallback = Tensor::scalar(map.values.real(0));
    }
    Sym found = scalar(b_.add(std::move(map), {column(key)}), type);
    if (is_text(*type)) {
      std::vector<std::string>& texts_of = domain_[found->value];
      for (const Sym& part : values) texts_of.push_back(text_of(part));
    }
    return found;
  };
  const pfa::Type* type = open->type->element;
  if (type->is_number() || is_text(*type)) return lookup(open->parts, type);
  // Parts that have parts: one table for each, when all have the same.
  std::vector<Sym> inner;
  for (const Sym& part : open->parts) inner.push_back(opened(part));
  auto result = std::make_shared<Symbol>(*inner[0]);
  for (const Sym& part : inner) {
    if (part->kind != inner[0]->kind || part->keys != inner[0]->keys || part->parts.size() != inner[0]->parts.size()) {
      stay("values of different shapes are looked up by the row");
    }
  }
  for (size_t k = 0; k < inner[0]->parts.size(); ++k) {
    std::vector<Sym> values;
    for (const Sym& part : inner) values.push_back(part->parts[k]);
    result->parts[k] = lookup(values, inner[0]->parts[k]->type);
  }
  return result;
}

Sym Raiser::split(ValueId of, size_t k, size_t width, const pfa::Type* type) {
  if (width == 1) return scalar(of, type);
  ValueId v = b_.add(tensor::Gather{1}, {of, b_.constant(Tensor::vector(std::vector<int64_t>{static_cast<int64_t>(k)}))});
  split_.emplace(v, Part{of, k, width});
  return scalar(v, type);
}
std::vector<Sym> Raiser::split_all(ValueId of, size_t width, const pfa::Type* type) {
  std::vector<Sym> out;
  for (size_t k = 0; k < width; ++k) out.push_back(split(of, k, width, type));
  return out;
}
std::optional<ValueId> Raiser::joined(const std::vector<Sym>& parts) const {
  std::optional<ValueId> of;
  for (size_t k = 0; k < parts.size(); ++k) {
    auto at = parts[k]->kind == Symbol::Kind::scalar ? split_.find(parts[k]->value) : split_.end();
    if (at == split_.end() || at->second.index != k || at->second.width != parts.size()) return std::nullopt;
    if (of && *of != at->second.matrix) return std::nullopt;
    of = at->second.matrix;
  }
  return of;
}

Sym Raiser::winner(ValueId scores, const std::vector<std::string>& classes) {
  ml::Labels op;
  op.classes = Tensor::vector(classes);
  ValueId labels = b_.add(std::move(op), {scores});
  ValueId as_column = b_.add(tensor::Reshape{}, {labels, b_.constant(Tensor::vector(std::vector<int64_t>{-1, 1}))});
  labels_.emplace(as_column, labels);
  Sym s = scalar(as_column, pfa::primitive(Kind::string));
  domain_[as_column] = classes;
  return s;
}

std::optional<std::vector<std::string>> Raiser::domain(const Sym& s) {
  if (is_known(*s)) return std::vector<std::string>{text_of(s)};
  auto at = domain_.find(s->kind == Symbol::Kind::tree ? column(s) : s->value);
  if (at == domain_.end()) return std::nullopt;
  return at->second;
}

// `yes` where the test is true, else `no`: part by part.
Sym Raiser::choose(const Sym& test, const Sym& yes, const Sym& no, const pfa::Type* type) {
  if (yes == no) return yes;
  if (is_known(*test)) return known(test).truth() ? yes : no;
  auto single = [](const Symbol& s) {
    return s.kind == Symbol::Kind::scalar || s.kind == Symbol::Kind::tree ||
           (is_known(s) && (s.type->is_number() || is_text(*s.type) || s.type->kind == Kind::boolean));
  };
  if (single(*yes) && single(*no)) {
    Sym s = scalar(b_.add(tensor::Where{}, {column(test), column(yes), column(no)}), type);
    if (is_text(*type)) {
      auto a = domain(yes), b = domain(no);
      if (a && b) {
        a->insert(a->end(), b->begin(), b->end());
        domain_[s->value] = std::move(*a);
      }
    }
    return s;
  }
  Sym a = opened(yes), b = opened(no);
  if (a->kind != b->kind || a->parts.size() != b->parts.size() || a->keys != b->keys || a->parts.empty()) {
    stay("the branches of a test on the row give values of different shapes");
  }
  auto result = std::make_shared<Symbol>(*a);
  for (size_t i = 0; i < a->parts.size(); ++i) result->parts[i] = choose(test, a->parts[i], b->parts[i], a->parts[i]->type);
  return result;
}

}  // namespace panmodel::converters
