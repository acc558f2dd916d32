// Decision trees with predicates and what combines several models: random models.
#include "ir/ops/combine.h"
#include "ir/ops/decision_tree.h"
#include "tests/ops/sample.h"

namespace panmodel::random {
namespace {

DType column_type(Rng& rng) {
  return rng.pick({DType::f64, DType::f32, DType::i64, DType::boolean, DType::string});
}

// A predicate on one of the columns; the last one has nothing of its own.
void add_predicate(Rng& rng, ml::DecisionTree& op, const std::vector<DType>& columns) {
  auto made = static_cast<int64_t>(op.test.size());
  auto test = static_cast<ml::TreeTest>(rng.between(0, made < 2 ? 11 : 15));
  int64_t input = rng.between(0, static_cast<int64_t>(columns.size()) - 1);
  bool text = columns[static_cast<size_t>(input)] == DType::string;
  bool ordered = test >= ml::TreeTest::less && test <= ml::TreeTest::greater_or_equal;
  if (text && ordered) test = ml::TreeTest::equal;
  bool compound = test >= ml::TreeTest::all_of;
  bool single = test >= ml::TreeTest::equal && test <= ml::TreeTest::greater_or_equal;
  int64_t count = test < ml::TreeTest::equal ? 0 : single ? 1 : rng.between(1, 3);
  if (test == ml::TreeTest::missing || test == ml::TreeTest::not_missing) count = 0;
  size_t size = compound ? op.operands.size() : text ? op.texts.size() : op.numbers.size();
  if (count == 0) size = 0;
  op.test.push_back(static_cast<int64_t>(test));
  op.input.push_back(compound ? 0 : input);
  op.operand_begin.push_back(static_cast<int64_t>(size));
  op.operand_end.push_back(static_cast<int64_t>(size) + count);
  for (; count > 0; --count) {
    if (compound) {
      op.operands.push_back(rng.between(0, made - 1));
    } else if (text) {
      op.texts.push_back(rng.pick<std::string>({"a", "b", "c d"}));
    } else {
      op.numbers.push_back(rng.coin() ? rng.real() : static_cast<double>(rng.between(0, 3)));
    }
  }
}

}  // namespace

template <>
void sample<ml::DecisionTree>(Rng& rng, Builder& b) {
  ml::DecisionTree op;
  std::vector<DType> columns;
  std::vector<ValueId> inputs;
  for (int64_t i = rng.between(1, 3); i > 0; --i) {
    columns.push_back(column_type(rng));
    bool optional = columns.back() != DType::i64 && columns.back() != DType::boolean;
    inputs.push_back(b.input("c" + std::to_string(i), ColumnType{columns.back(), optional}));
  }
  op.test = {0};
  op.input = op.operand_begin = op.operand_end = {0};
  for (int64_t i = rng.between(1, 8); i > 0; --i) add_predicate(rng, op, columns);
  // Each level hangs below the nodes of the level above.
  int64_t nodes = rng.between(1, 12);
  std::vector<std::vector<int64_t>> below(static_cast<size_t>(nodes));
  for (int64_t n = 1; n < nodes; ++n) below[static_cast<size_t>(rng.between(0, n - 1))].push_back(n);
  op.child_begin = {0};
  for (int64_t n = 0; n < nodes; ++n) {
    const auto& own = below[static_cast<size_t>(n)];
    op.predicate.push_back(n == 0 ? 0 : rng.between(0, static_cast<int64_t>(op.test.size()) - 1));
    op.children.insert(op.children.end(), own.begin(), own.end());
    op.child_begin.push_back(static_cast<int64_t>(op.children.size()));
    op.default_child.push_back(own.empty() || rng.coin() ? -1 : own[0]);
  }
  op.unknown = rng.any<ml::UnknownSplit>();
  op.last_if_none = rng.coin();
  if (rng.coin()) op.penalty = 0.5;
  if (op.blends()) {
    for (int64_t n = 0; n < nodes; ++n) op.records.push_back(static_cast<double>(rng.between(1, 9)));
    op.distribution = random_tensor(rng, DType::f64, {nodes, 2});
  }
  size_t count = 1 + (op.penalty != 1) + op.blends();
  auto made = b.add_all(std::move(op), inputs);
  for (size_t i = 0; i < count; ++i) b.output("out" + std::to_string(i), made[i], Role::none);
}

template <>
void sample<ml::Combine>(Rng& rng, Builder& b) {
  ml::Combine op;
  op.method = rng.any<ml::CombineMethod>();
  bool vote = op.method == ml::CombineMethod::vote;
  DType labels = rng.pick({DType::i64, DType::string});
  DType part = vote || (op.method == ml::CombineMethod::first && rng.coin()) ? labels : real_type(rng);
  if (vote && labels == DType::string) op.classes = Tensor::vector(std::vector<std::string>{"a", "b", "c d"});
  if (vote && labels == DType::i64) op.classes = distinct_keys(rng, labels, 3);
  op.dtype = real_type(rng);
  op.missing = vote ? rng.any<ml::MissingPart>()
                    : rng.pick({ml::MissingPart::propagate, ml::MissingPart::skip});
  op.threshold = rng.coin() ? 1 : 0.5;
  op.masked = rng.coin();
  int64_t parts = rng.between(1, 4);
  if (rng.coin()) {
    for (int64_t i = 0; i < parts; ++i) op.weights.push_back(static_cast<double>(rng.between(1, 4)) / 2);
  }
  std::vector<ValueId> inputs;
  int64_t width = rng.between(1, 3);
  for (int64_t i = 0; i < parts; ++i) {
    std::string name = "x" + std::to_string(i);
    bool column = part == DType::string || part == DType::i64;
    inputs.push_back(column ? b.input(name, ColumnType{part, part == DType::string})
                            : b.input(name, tensor_type(part, {"N", width})));
  }
  for (int64_t i = 0; op.masked && i < parts; ++i) {
    inputs.push_back(b.input("m" + std::to_string(i), ColumnType{DType::boolean, false}));
  }
  outputs(b, {b.add(std::move(op), inputs)});
}

template <>
void sample<ml::Winner>(Rng& rng, Builder& b) {
  int64_t classes = rng.between(1, 4);
  ml::Winner op{distinct_keys(rng, rng.pick({DType::string, DType::i64}), classes)};
  outputs(b, {b.add(std::move(op), {matrix(b, real_type(rng), classes)})});
}

template <>
void sample<table::Pick>(Rng& rng, Builder& b) {
  // The random indices are 0 to 5.
  table::Pick op;
  int64_t rows = rng.coin() ? 6 : 3;
  op.values = rng.coin() ? random_tensor(rng, DType::f64, {rows, 2})
                         : random_tensor(rng, rng.pick({DType::string, DType::f32, DType::i64}), {rows});
  if (rows == 3) op.rows = rng.integers(6, -1, 2);
  bool column = rng.coin();
  ValueId x = column ? b.input("c", ColumnType{DType::i64, false}) : matrix(b, DType::i64, 1);
  outputs(b, {b.add(std::move(op), {x})});
}

}  // namespace panmodel::random
