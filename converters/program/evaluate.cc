// The forms of the language on symbols.
#include <algorithm>

#include "base/stack.h"
#include "converters/program/raiser.h"
#include "ir/ops/encode.h"
#include "ir/ops/table.h"
#include "ir/pfa/columns.h"
#include "ir/pfa/data.h"

namespace panmodel::converters {

using pfa::Form;
using pfa::Kind;
using pfa::Node;

namespace {

constexpr uint64_t kMaxSteps = 400'000;
constexpr uint32_t kMaxDepth = 200;

std::shared_ptr<Symbol> data(json::Ref ref, const pfa::Type* type) {
  auto s = std::make_shared<Symbol>();
  s->kind = Symbol::Kind::data;
  s->type = type;
  s->data = ref;
  return s;
}

}  // namespace

void Raiser::run() {
  if (p_.method != pfa::Method::map) stay("its method is 'emit' or 'fold'");
  if (!p_.begin.body.parts.empty() || !p_.end.body.parts.empty()) stay("it has a 'begin' or an 'end'");
  for (const pfa::Cell& cell : p_.cells) {
    if (cell.written) stay("cell '{}' is written", cell.name);
    if (!cell.source.empty()) stay("cell '{}' is not in the document", cell.name);
  }
  if (!p_.pools.empty()) stay("it has pools");
  Frame frame(p_.action.frame);
  frame_ = &frame;
  b_.at(p_.document.place(p_.action.body.place));
  inputs();
  frame[pfa::kName] = constant(pfa::Value::string(p_.name), pfa::primitive(Kind::string));
  if (p_.version) frame[pfa::kVersion] = constant(pfa::Value::int32(static_cast<int32_t>(*p_.version)), pfa::primitive(Kind::int32));
  outputs(eval(p_.action.body));
}

void Raiser::inputs() {
  auto symbol = std::make_shared<Symbol>();
  symbol->type = p_.input;
  auto one = [&](const std::string& name, const pfa::Type* type) -> Sym {
    const pfa::Type* of = &pfa::value_type(*type);
    bool number = of->is_number(), text = is_text(*of), boolean = of->kind == Kind::boolean;
    if (!number && !text && !boolean) stay("input '{}' has type {}", name, to_string(*type));
    DType dtype = number ? DType::f64 : text ? DType::string : DType::boolean;
    if (of == type) {
      Sym s = scalar(input_column(name, dtype), type);
      if (type->kind == Kind::enumeration) domain_[s->value] = type->symbols;
      return s;
    }
    if (boolean) stay("input '{}' is a boolean that may be null", name);
    auto s = std::make_shared<Symbol>();
    s->kind = Symbol::Kind::optional;
    s->type = type;
    s->value = b_.input(name, ColumnType{dtype, true});
    return s;
  };
  if (p_.input->kind == Kind::record) {
    symbol->kind = Symbol::Kind::record;
    for (const pfa::Field& field : p_.input->fields) symbol->parts.push_back(one(field.name, field.type));
    (*frame_)[pfa::kInput] = symbol;
  } else if (p_.input->kind == Kind::map) {
    symbol->kind = Symbol::Kind::open_map;
    (*frame_)[pfa::kInput] = symbol;
  } else {
    (*frame_)[pfa::kInput] = one("input", p_.input);
  }
}

void Raiser::count_step() {
  if (++steps_ > kMaxSteps) stay("following it takes more than {} steps", kMaxSteps);
}

Sym Raiser::eval(const Node& node) {
  count_step();
  if (stack_low()) stay("it is nested too deep to be followed");
  place_ = node.place;
  return eval_form(node);
}

Sym Raiser::eval_form(const Node& node) {
  switch (node.form) {
    case Form::constant: {
      const pfa::Constant& c = p_.constants[node.slots[0]];
      if (c.word) {
        if (c.type->kind == Kind::string) return constant(pfa::Value::string(*c.word), c.type);
        return constant(pfa::Value::int64(std::stoll(*c.word)), c.type);
      }
      if (c.base64) stay("it computes with bytes");
      return data(c.value, c.type);
    }
    case Form::symbol:
      if (!(*frame_)[node.slots[0]]) stay("a symbol has no value yet");
      return (*frame_)[node.slots[0]];
    case Form::let:
    case Form::set: {
      std::vector<Sym> values;
      for (const Node& part : node.parts) values.push_back(eval(part));
      for (size_t i = 0; i < values.size(); ++i) (*frame_)[node.slots[i]] = values[i];
      return constant({}, node.type);
    }
    case Form::block: return eval_block(node);
    case Form::call: {
      std::vector<Sym> arguments;
      for (const Node& part : node.parts) arguments.push_back(part.type->kind == Kind::function ? nullptr : eval(part));
      place_ = node.place;
      return eval_call(node, std::move(arguments));
    }
    case Form::logical_and:
    case Form::logical_or: {
      Sym a = eval(node.parts[0]), b = eval(node.parts[1]);
      bool stop = node.form == Form::logical_or;
      if (is_known(*a)) return known(a).truth() == stop ? a : b;
      if (is_known(*b)) return known(b).truth() == stop ? b : a;
      auto fn = stop ? tensor::BinaryFn::logical_or : tensor::BinaryFn::logical_and;
      return scalar(b_.add(tensor::Binary{fn}, {column(a), column(b)}), node.type);
    }
    case Form::user_call: {
      if (node.slots[0] == pfa::kEmit) stay("it emits");
      std::vector<Sym> arguments;
      for (const Node& part : node.parts) arguments.push_back(eval(part));
      return call_user(node.slots[0], std::move(arguments));
    }
    case Form::new_record: {
      auto s = std::make_shared<Symbol>();
      s->kind = Symbol::Kind::record;
      s->type = node.type;
      for (const Node& part : node.parts) s->parts.push_back(eval(part));
      return s;
    }
    case Form::new_array: {
      std::vector<Sym> parts;
      for (const Node& part : node.parts) parts.push_back(eval(part));
      return list(std::move(parts), node.type);
    }
    case Form::new_map: {
      std::vector<Sym> parts;
      for (const Node& part : node.parts) parts.push_back(eval(part));
      return map(node.names, std::move(parts), node.type);
    }
    case Form::attr: return eval_path(node, eval(node.parts[0]), 1);
    case Form::cell: {
      const pfa::Cell& cell = p_.cells[node.slots[0]];
      Sym& kept = input_keys_["\n" + cell.name];  // one symbol per cell
      if (!kept) kept = data(*cell.init, cell.type);
      return eval_path(node, kept, 0);
    }
    case Form::condition: return eval_condition(node, 0);
    case Form::while_loop:
    case Form::do_until:
    case Form::for_loop: return eval_loop(node);
    case Form::foreach_loop: return eval_foreach(node);
    case Form::cast: return eval_cast(node);
    case Form::upcast: return eval_upcast(node);
    case Form::if_not_null: return eval_if_not_null(node);
    case Form::doc:
    case Form::log: return constant({}, pfa::primitive(Kind::null));
    case Form::attr_to: stay("it changes a part of a value");
    case Form::error: stay("it may end in an error of its own");
    case Form::attempt: stay("it catches errors");
    case Form::dispatch: stay("it chooses a function by a value");
    case Form::pack:
    case Form::unpack: stay("it computes with bytes");
    default: stay("it keeps state");
  }
}

Sym Raiser::eval_block(const Node& node) {
  Sym last;
  for (const Node& part : node.parts) last = eval(part);
  return last;
}

Sym Raiser::eval_condition(const Node& node, size_t from) {
  if (from == node.parts.size()) return constant({}, pfa::primitive(Kind::null));
  if (from + 1 == node.parts.size()) return eval(node.parts[from]);
  Sym test = eval(node.parts[from]);
  if (is_known(*test)) return known(test).truth() ? eval(node.parts[from + 1]) : eval_condition(node, from + 2);
  // Both branches, each on symbols of its own; what they assign is chosen like their result.
  Frame before = *frame_;
  Sym yes = eval(node.parts[from + 1]);
  Frame after_yes = std::move(*frame_);
  *frame_ = before;
  Sym no = eval_condition(node, from + 2);
  for (size_t i = 0; i < before.size(); ++i) {
    if (before[i] && after_yes[i] != (*frame_)[i]) {
      (*frame_)[i] = choose(test, after_yes[i], (*frame_)[i], before[i]->type);
    }
  }
  if (node.type->kind == Kind::null) return constant({}, node.type);
  return choose(test, yes, no, node.type);
}

Sym Raiser::eval_path(const Node& node, Sym value, size_t from) {
  for (size_t i = from; i < node.parts.size(); ++i) {
    const Node& step = node.parts[i];
    if (step.form == Form::field) {
      value = field(value, node.types[i - from]->fields[step.slots[0]].name);
    } else {
      value = index(value, eval(step));
    }
  }
  return value;
}

Sym Raiser::eval_loop(const Node& node) {
  size_t test = node.form == Form::for_loop ? 1 : 0;
  size_t body = node.form == Form::for_loop ? 3 : 1;
  if (node.form == Form::for_loop) eval(node.parts[0]);
  for (bool first = true;; first = false) {
    if (node.form != Form::do_until || !first) {
      Sym go = eval(node.parts[test]);
      if (!is_known(*go)) stay("how often a loop runs depends on the row");
      if (known(go).truth() == (node.form == Form::do_until)) break;
    }
    eval(node.parts[body]);
    if (node.form == Form::for_loop) eval(node.parts[2]);
  }
  return constant({}, node.type);
}

Sym Raiser::eval_foreach(const Node& node) {
  for (const Sym& item : items(eval(node.parts[0]))) {
    (*frame_)[node.slots[0]] = item;
    eval(node.parts[1]);
  }
  return constant({}, node.type);
}

// By the type of the value, when that is known.
Sym Raiser::eval_cast(const Node& node) {
  Sym value = eval(node.parts[0]);
  const pfa::Type* type = value->type;
  if (is_known(*value) && type->kind == Kind::alternatives) {
    const pfa::Value& v = known(value);
    for (const pfa::Type* member : type->members) {
      if (member->kind == v.kind() && (!member->named() || member->name == v.type()->name)) type = member;
    }
  }
  if (type->kind == Kind::alternatives) stay("it branches on the type of a value of the row");
  for (size_t i = 0; i < node.types.size(); ++i) {
    if (node.types[i] != type) continue;
    (*frame_)[node.slots[i]] = is_known(*value) ? constant(known(value), type) : value;
    return eval(node.parts[i + 1]);
  }
  stay("no case of \"cast\" takes the value");
}

Sym Raiser::eval_upcast(const Node& node) {
  Sym value = eval(node.parts[0]);
  if (is_known(*value)) return constant(pfa::promote(known(value), *value->type, *node.type), node.type);
  if (value->kind == Symbol::Kind::scalar && (node.type->is_number() || is_text(*node.type))) return scalar(value->value, node.type);
  return value;
}

Sym Raiser::eval_if_not_null(const Node& node) {
  std::optional<Sym> test;
  size_t n = node.slots.size();
  for (size_t i = 0; i < n; ++i) {
    Sym value = eval(node.parts[i]);
    Sym there;
    if (is_known(*value)) {
      there = constant(pfa::Value::boolean(!known(value).is_null()), pfa::primitive(Kind::boolean));
      (*frame_)[node.slots[i]] = value;
    } else if (value->kind == Symbol::Kind::optional) {
      const pfa::Type* of = &pfa::value_type(*value->type);
      if (!of->is_number()) stay("it asks whether a text is null");
      ValueId missing = b_.add(table::IsMissing{}, {value->value});
      there = scalar(b_.add(tensor::Unary{tensor::UnaryFn::logical_not}, {missing}), pfa::primitive(Kind::boolean));
      (*frame_)[node.slots[i]] = scalar(b_.add(table::Assemble{}, {value->value}), of);
    } else {
      stay("it asks whether a value is null that is no input");
    }
    if (!test) test = there;
    else if (is_known(**test)) test = known(*test).truth() ? there : *test;
    else if (!is_known(*there)) test = scalar(b_.add(tensor::Binary{tensor::BinaryFn::logical_and}, {column(*test), column(there)}), there->type);
    else if (!known(there).truth()) test = there;
  }
  bool has_else = node.parts.size() > n + 1;
  if (is_known(**test)) {
    if (known(*test).truth()) return eval(node.parts[n]);
    return has_else ? eval(node.parts[n + 1]) : constant({}, node.type);
  }
  if (!has_else) stay("what it does when a value is not null has no other side");
  Sym yes = eval(node.parts[n]);
  Sym no = eval(node.parts[n + 1]);
  return choose(*test, yes, no, node.type);
}

Sym Raiser::call_user(uint32_t index, std::vector<Sym> arguments) {
  if (++depth_ > kMaxDepth) stay("functions call each other more than {} deep", kMaxDepth);
  const pfa::Function& f = p_.functions[index];
  Frame frame(f.frame);
  for (size_t i = 0; i < arguments.size(); ++i) frame[f.parameters[i]] = std::move(arguments[i]);
  Frame* caller = frame_;
  frame_ = &frame;
  Sym result = eval(f.body);
  frame_ = caller;
  --depth_;
  return result;
}

Sym Raiser::apply(const Node& function, std::vector<Sym> arguments) {
  switch (function.form) {
    case Form::user_reference:
      if (function.slots[0] == pfa::kEmit) stay("it emits");
      return call_user(function.slots[0], std::move(arguments));
    case Form::inline_function: {
      const pfa::Function& f = p_.inlines[function.slots[0]];
      for (size_t i = 0; i < arguments.size(); ++i) (*frame_)[f.parameters[i]] = std::move(arguments[i]);
      return eval(f.body);
    }
    case Form::library_reference: {
      Node call = function;
      call.form = Form::call;
      call.type = function.type->element;
      return eval_call(call, std::move(arguments));
    }
    case Form::fill: {
      std::vector<Sym> all;
      for (uint32_t slot : function.slots) all.push_back(slot >= pfa::kFree ? arguments[slot - pfa::kFree] : eval(function.parts[slot + 1]));
      return apply(function.parts[0], std::move(all));
    }
    default: stay("a function is no function");
  }
}

Sym Raiser::fold(const Node& call, const std::vector<Sym>& arguments) {
  std::vector<pfa::Value> values;
  for (size_t i = 0; i < arguments.size(); ++i) {
    values.push_back(pfa::promote(known(arguments[i]), *arguments[i]->type, *call.types[i]));
  }
  std::optional<pfa::Value> result = hooks_.call ? hooks_.call(call, values) : std::nullopt;
  if (!result) stay("function '{}' fails for its constant arguments", call.function->name);
  return constant(std::move(*result), call.type);
}

Sym Raiser::eval_call(const Node& node, std::vector<Sym> arguments) {
  bool all_known = std::all_of(arguments.begin(), arguments.end(), [](const Sym& s) { return s && is_known(*s); });
  if (all_known && !arguments.empty() && node.function->deterministic) return fold(node, arguments);
  for (std::span<const SymbolicRow> rows : {arithmetic_rows(), array_rows(), model_rows()}) {
    for (const SymbolicRow& row : rows) {
      if (row.name == node.function->name) return row.run(SymbolicCall{*this, node, std::move(arguments)});
    }
  }
  stay("function '{}' depends on the row", node.function->name);
}

// outputs

// The same text as the winner among all that it may be, which classifiers of every target know.
Sym Raiser::chosen(const Sym& text, std::vector<std::string> texts) {
  std::sort(texts.begin(), texts.end());
  texts.erase(std::unique(texts.begin(), texts.end()), texts.end());
  std::vector<Sym> scores;
  for (const std::string& t : texts) {
    Sym wanted = constant(pfa::Value::string(t), pfa::primitive(Kind::string));
    ValueId same = b_.add(tensor::Binary{tensor::BinaryFn::equal}, {column(text), column(wanted)});
    scores.push_back(scalar(b_.add(tensor::Cast{DType::f64}, {same}), pfa::primitive(Kind::float64)));
  }
  if (texts.size() < 2) return text;
  return winner(matrix(scores), texts);
}

void Raiser::output(const pfa::TableColumn& as, const Sym& s) {
  const std::string& name = as.name;
  auto number = [&](const pfa::Type& type) { return type.is_number(); };
  Sym open = s->kind == Symbol::Kind::constant || s->kind == Symbol::Kind::data ? opened(s) : s;
  if (open->kind == Symbol::Kind::scalar || open->kind == Symbol::Kind::tree || open->kind == Symbol::Kind::bag) {
    ValueId value = column(open);
    std::optional<std::vector<std::string>> texts = is_text(*open->type) ? domain(open) : std::nullopt;
    if (texts && !labels_.contains(value)) value = column(chosen(open, *texts));
    if (auto labels = labels_.find(value); labels != labels_.end()) value = labels->second;
    b_.output(name, value, as.role);
    return;
  }
  if (is_known(*open) && (open->type->is_number() || is_text(*open->type))) {
    b_.output(name, with_rows(column(open)), as.role);
    return;
  }
  bool numbers = !open->parts.empty() && std::all_of(open->parts.begin(), open->parts.end(), [&](const Sym& part) { return number(*part->type); });
  if (!numbers || (open->kind != Symbol::Kind::map && open->kind != Symbol::Kind::list)) {
    stay("output '{}' of type {} is no column and no list of numbers", name, to_string(*s->type));
  }
  if (open->kind == Symbol::Kind::list) {
    b_.output(name, matrix(open->parts), as.role == Role::none ? Role::value : as.role, as.keys);
    return;
  }
  // In the order of the keys that the document states, if it does.
  std::vector<Sym> parts = open->parts;
  if (as.keys.size() == parts.size()) {
    for (size_t k = 0; k < parts.size(); ++k) {
      parts[k] = member(open, as.keys.dtype() == DType::string ? as.keys.text(k) : std::to_string(as.keys.integer(k)));
    }
  }
  Tensor keys = as.keys.size() == parts.size() ? as.keys : Tensor::vector(open->keys);
  b_.output(name, matrix(parts), as.role == Role::none ? Role::probability : as.role, std::move(keys));
}

void Raiser::outputs(const Sym& result) {
  const pfa::TableLayout layout = pfa::output_layout(p_);
  Sym open = opened(result);
  if (!layout.fields) return output(layout.columns[0], result);
  if (open->kind != Symbol::Kind::record) stay("the result is no record of known fields");
  for (size_t i = 0; i < open->parts.size(); ++i) output(layout.columns[i], open->parts[i]);
}

}  // namespace panmodel::converters
