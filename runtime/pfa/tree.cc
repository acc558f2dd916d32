// model.tree: tests of a record's field against a value, and walks from a node to a leaf.
// Source: PFA 0.8.1, function library, "model.tree".
#include <algorithm>
#include <vector>

#include "runtime/pfa/library.h"

namespace panmodel::pfa {
namespace {

enum class Operator : uint8_t {
  less, less_equal, greater, greater_equal, equals, differs, in, not_in,
  always_true, always_false, is_missing, not_missing, invalid,
};

Operator read_operator(std::string_view text) {
  if (text == "<") return Operator::less;
  if (text == "<=") return Operator::less_equal;
  if (text == ">") return Operator::greater;
  if (text == ">=") return Operator::greater_equal;
  if (text == "==") return Operator::equals;
  if (text == "!=") return Operator::differs;
  if (text == "in") return Operator::in;
  if (text == "notIn") return Operator::not_in;
  if (text == "alwaysTrue") return Operator::always_true;
  if (text == "alwaysFalse") return Operator::always_false;
  if (text == "isMissing") return Operator::is_missing;
  if (text == "notMissing") return Operator::not_missing;
  return Operator::invalid;
}

bool is_of(const Value& value, const Type& type) {
  return value.is(type.kind) && (!type.named() || value.type() == &type);
}

// How records of one type test the fields of records of another. The enumeration of the node's
// "field" has the fields' names in their order, so that its position is the field's.
struct Test {
  uint32_t field, operation, value;  // positions in the node
  const Type* value_type;
  struct Column {
    bool ordered;  // <, == ... are defined between the field and the value
    bool member;   // "in" is
    bool number;
  };
  std::vector<Column> columns;
};

struct Codes {
  int invalid_operator, bad_value;
};

// A type without its null, as its parts.
std::vector<const Type*> parts_of(const Type& type, bool with_null) {
  if (type.kind != Kind::alternatives) return {&type};
  std::vector<const Type*> parts = type.members;
  if (!with_null) std::erase_if(parts, [](const Type* t) { return t->kind == Kind::null; });
  return parts;
}

bool accepts_all(const Type& to, const std::vector<const Type*>& parts) {
  return std::ranges::all_of(parts, [&](const Type* part) { return accepts(to, *part); });
}

Test make_test(const Type& datum, const Type& node, bool null_is_a_value) {
  Test test;
  test.field = *node.field("field");
  test.operation = *node.field("operator");
  test.value = *node.field("value");
  test.value_type = node.fields[test.value].type;
  for (const Field& field : datum.fields) {
    const std::vector<const Type*> parts = parts_of(*field.type, null_is_a_value);
    Test::Column column;
    column.number = parts.size() == 1 && parts[0]->is_number();
    column.ordered = accepts_all(*test.value_type, parts) ||
                     (column.number && test.value_type->is_number());
    column.member = std::ranges::any_of(parts_of(*test.value_type, true), [&](const Type* set) {
      return set->kind == Kind::array && accepts_all(*set->element, parts);
    });
    test.columns.push_back(column);
  }
  return test;
}

template <class T>
bool holds(const Call& call, int invalid_operator, Operator operation, T a, T b) {
  switch (operation) {
    case Operator::less: return a < b;
    case Operator::less_equal: return a <= b;
    case Operator::greater: return a > b;
    case Operator::greater_equal: return a >= b;
    case Operator::equals: return a == b;
    case Operator::differs: return a != b;
    default: call.fail(invalid_operator, "invalid comparison operator");
  }
}

bool is_whole(const Value& v) { return v.is(Kind::int32) || v.is(Kind::int64); }

// Position of the member of a union that holds the value.
size_t member(const Type& alternatives, const Value& value) {
  size_t widened = 0;
  for (size_t i = 0; i < alternatives.members.size(); ++i) {
    if (is_of(value, *alternatives.members[i])) return i;
    if (value.is_number() && alternatives.members[i]->is_number()) widened = i;
  }
  return widened;
}

// Avro's order between values of the type: different members of a union by position.
int order(const Type& type, const Value& a, const Value& b) {
  if (type.kind == Kind::alternatives) {
    const size_t left = member(type, a), right = member(type, b);
    if (left != right) return left < right ? -1 : 1;
  }
  return compare(a, b);
}

// Numbers are equal as numbers, a NaN to nothing.
bool same(const Value& a, const Value& b) {
  if (is_whole(a) && is_whole(b)) return a.whole() == b.whole();
  if (a.is_number() && b.is_number()) return a.real() == b.real();
  return a.kind() == b.kind() && equal(a, b);
}

bool contains(const Array& set, const Value& value) {
  return std::ranges::any_of(set, [&](const Value& item) { return same(item, value); });
}

enum class Outcome : uint8_t { no, yes, unknown };

// `null_is_a_value`: null is asked for by isMissing; otherwise its outcome is unknown.
template <bool null_is_a_value>
Outcome run_test(const Call& call, const Test& test, Codes codes, const Value& datum,
                 const Value& node) {
  const Array& parts = node.items();
  const Operator operation = read_operator(parts[test.operation].text());
  const uint32_t position = parts[test.field].symbol();
  const Value& field = datum.items()[position];
  const Value& value = parts[test.value];
  const Test::Column& column = test.columns[position];
  const auto outcome = [](bool passes) { return passes ? Outcome::yes : Outcome::no; };
  const auto compared = [&](auto a, auto b) {
    return outcome(holds(call, codes.invalid_operator, operation, a, b));
  };

  if (operation == Operator::always_true) return Outcome::yes;
  if (operation == Operator::always_false) return Outcome::no;
  if (null_is_a_value && operation == Operator::is_missing) return outcome(field.is_null());
  if (null_is_a_value && operation == Operator::not_missing) return outcome(!field.is_null());

  const bool set = operation == Operator::in || operation == Operator::not_in;
  if (!(set ? column.member : column.ordered)) call.fail(codes.bad_value, "bad value type");
  if (!null_is_a_value && field.is_null()) return Outcome::unknown;
  if (set) {
    if (!value.is(Kind::array)) call.fail(codes.bad_value, "bad value type");
    return outcome(contains(value.items(), field) == (operation == Operator::in));
  }
  if (!column.number) return compared(order(*test.value_type, field, value), 0);
  if (!value.is_number()) call.fail(codes.bad_value, "bad value type");
  if (is_whole(field) && is_whole(value)) return compared(field.whole(), value.whole());
  return compared(field.real(), value.real());
}

const Test& make_test_once(const Call& call, bool null_is_a_value) {
  return call.once<Test>([&] {
    return make_test(call.parameter(0), call.parameter(1), null_is_a_value);
  });
}

Value simple_test(const Call& call) {
  const Test& test = make_test_once(call, true);
  const Outcome outcome = run_test<true>(call, test, {32000, 32001}, call[0], call[1]);
  return Value::boolean(outcome == Outcome::yes);
}

Value missing_test(const Call& call) {
  const Test& test = make_test_once(call, false);
  const Outcome outcome = run_test<false>(call, test, {32010, 32011}, call[0], call[1]);
  return outcome == Outcome::unknown ? Value::null() : Value::boolean(outcome == Outcome::yes);
}

Value compound_test(const Call& call) {
  const std::string& operation = call.text(1);
  const auto passes = [&](const Value& comparison) {
    return call.apply(3, call[0], comparison).truth();
  };
  if (operation == "and") return Value::boolean(std::ranges::all_of(call.items(2), passes));
  if (operation == "or") return Value::boolean(std::ranges::any_of(call.items(2), passes));
  if (operation == "xor") {
    return Value::boolean(std::ranges::count_if(call.items(2), passes) % 2 == 1);
  }
  call.fail(32020, "unrecognized logical operator");
}

Value surrogate_test(const Call& call) {
  for (const Value& comparison : call.items(1)) {
    Value passes = call.apply(2, call[0], comparison);
    if (!passes.is_null()) return passes;
  }
  call.fail(32030, "no successful surrogate");
}

// Where the branches of a node are, and which leaves are held differently in the result: an int
// where another leaf is a double.
struct Walk {
  const Type* node = nullptr;
  uint32_t pass = 0, fail = 0, missing = 0;
  std::vector<const Type*> promoted;
};

// `missing`: the walk has a branch for it; a field of that name may be anything else.
Walk make_walk(const Call& call, bool missing = false) {
  Walk walk;
  walk.node = &call.parameter(1);
  walk.pass = *walk.node->field("pass");
  walk.fail = *walk.node->field("fail");
  walk.missing = missing ? *walk.node->field("missing") : walk.fail;
  for (const uint32_t branch : {walk.pass, walk.fail, walk.missing}) {
    for (const Type* part : parts_of(*walk.node->fields[branch].type, true)) {
      if (part != walk.node && needs_promotion(*part, call.type())) walk.promoted.push_back(part);
    }
  }
  return walk;
}

Value leaf(const Call& call, const Walk& walk, const Value& value) {
  for (const Type* from : walk.promoted) {
    if (is_of(value, *from)) return promote(value, *from, call.type());
  }
  return value;
}

// Goes down from argument 1 by what `branch` gives for a node: the position of the branch to take.
template <class Branch>
Value descend(const Call& call, const Walk& walk, Branch&& branch) {
  const Value* at = &call[1];
  uint64_t nodes = 0;
  do {
    at = &at->items()[branch(*at)];
    ++nodes;
  } while (at->is(Kind::record) && at->type() == walk.node);
  call.steps(nodes);
  return leaf(call, walk, *at);
}

Value simple_walk(const Call& call) {
  const Walk& walk = call.once<Walk>([&] { return make_walk(call); });
  return descend(call, walk, [&](const Value& node) {
    return call.apply(2, call[0], node).truth() ? walk.pass : walk.fail;
  });
}

Value missing_walk(const Call& call) {
  const Walk& walk = call.once<Walk>([&] { return make_walk(call, true); });
  return descend(call, walk, [&](const Value& node) {
    const Value passes = call.apply(2, call[0], node);
    if (passes.is_null()) return walk.missing;
    return passes.truth() ? walk.pass : walk.fail;
  });
}

Value simple_tree(const Call& call) {
  struct Plan {
    Walk walk;
    Test test;
  };
  const Plan& plan = call.once<Plan>([&] {
    return Plan{make_walk(call), make_test(call.parameter(0), call.parameter(1), true)};
  });
  return descend(call, plan.walk, [&](const Value& node) {
    const Outcome outcome = run_test<true>(call, plan.test, {32060, 32061}, call[0], node);
    return outcome == Outcome::yes ? plan.walk.pass : plan.walk.fail;
  });
}

constexpr LibraryRow kRows[] = {
    {"model.tree.compoundTest", compound_test},
    {"model.tree.missingTest", missing_test},
    {"model.tree.missingWalk", missing_walk},
    {"model.tree.simpleTest", simple_test},
    {"model.tree.simpleTree", simple_tree},
    {"model.tree.simpleWalk", simple_walk},
    {"model.tree.surrogateTest", surrogate_test},
};

}  // namespace

std::span<const LibraryRow> tree_library() { return kRows; }

}  // namespace panmodel::pfa
