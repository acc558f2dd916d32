// Decision trees over predicates with three truth values.
#include "ir/ops/decision_tree.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "runtime/kernels/util.h"

namespace panmodel::runtime {
namespace {

using ml::TreeTest;
using ml::UnknownSplit;

enum class Truth : uint8_t { no, yes, unknown };
Truth truth(bool b) { return b ? Truth::yes : Truth::no; }

// One input: numbers (NaN = missing) or text.
struct Column {
  Tensor tensor;
  const double* numbers = nullptr;
  const std::string* texts = nullptr;
  const uint8_t* valid = nullptr;

  bool missing(size_t row) const {
    return (valid != nullptr && valid[row] == 0) || (numbers != nullptr && std::isnan(numbers[row]));
  }
};

Column column_of(KernelContext& context, size_t i) {
  const Value& value = context.in(i);
  matrix_of(context, i, 1);
  Column column;
  bool text = value.tensor.dtype() == DType::string;
  column.tensor = text ? value.tensor : convert(context, value.tensor, DType::f64);
  if (text) {
    column.texts = data<std::string>(column.tensor);
  } else {
    column.numbers = data<double>(column.tensor);
  }
  if (value.valid) column.valid = value.valid->data();
  return column;
}

template <class T>
bool compare(TreeTest test, const T& x, std::span<const T> operands) {
  switch (test) {
    case TreeTest::equal: return x == operands[0];
    case TreeTest::not_equal: return x != operands[0];
    case TreeTest::less: return x < operands[0];
    case TreeTest::less_or_equal: return x <= operands[0];
    case TreeTest::greater: return x > operands[0];
    case TreeTest::greater_or_equal: return x >= operands[0];
    case TreeTest::in: return std::find(operands.begin(), operands.end(), x) != operands.end();
    default: return std::find(operands.begin(), operands.end(), x) == operands.end();  // not_in
  }
}

struct Place {
  size_t node;
  double weight;
};
constexpr size_t kNoNode = SIZE_MAX;

class Walk {
 public:
  Walk(const ml::DecisionTree& op, const std::vector<Column>& columns) : op_(op), columns_(columns) {}

  // The node where the row ends, or kNoNode; `penalty` is multiplied per default child. A blend
  // adds its rows to `blend` and gives kNoNode.
  size_t run(size_t row, double& penalty, double* blend) {
    row_ = row;
    blended_ = false;
    total_ = 0;
    Truth root = eval(op_.predicate[0]);
    // An unknown root has no parent, sibling or default: only `blends` may go on with it.
    places_.clear();
    if (root == Truth::yes || (root == Truth::unknown && op_.blends())) places_.push_back({0, 1.0});
    size_t end = kNoNode;
    while (!places_.empty()) {
      Place at = places_.back();
      places_.pop_back();
      end = descend(at, penalty);
      if (end != kNoNode && blended_) add(end, at.weight, blend);
    }
    if (!blended_) {
      if (end != kNoNode && blend != nullptr) add(end, 1, blend);
    } else {
      end = kNoNode;
    }
    size_t classes = op_.blends() ? static_cast<size_t>(op_.distribution.shape()[1]) : 0;
    bool aggregate = op_.unknown == UnknownSplit::aggregate_nodes;
    for (size_t k = 0; k < classes; ++k) {
      if (total_ == 0) blend[k] = std::numeric_limits<double>::quiet_NaN();
      if (aggregate && total_ != 0) blend[k] /= total_;
    }
    return end;
  }

 private:
  // Follows true predicates from a node that was reached; where one is unknown, does what the
  // strategy says.
  size_t descend(Place at, double& penalty) {
    size_t node = at.node;
    while (true) {
      size_t begin = static_cast<size_t>(op_.child_begin[node]);
      size_t end = static_cast<size_t>(op_.child_begin[node + 1]);
      if (begin == end) return node;
      size_t next = kNoNode;
      for (size_t k = begin; k < end && next == kNoNode; ++k) {
        size_t child = static_cast<size_t>(op_.children[k]);
        Truth t = eval(op_.predicate[child]);
        if (t == Truth::yes) next = child;
        if (t != Truth::unknown || op_.unknown == UnknownSplit::none) continue;
        switch (op_.unknown) {
          case UnknownSplit::last_prediction: return node;
          case UnknownSplit::default_child:
            if (op_.default_child.empty() || op_.default_child[node] < 0) return kNoNode;
            next = static_cast<size_t>(op_.default_child[node]);
            penalty *= op_.penalty;
            break;
          case UnknownSplit::weighted_confidence:
          case UnknownSplit::aggregate_nodes: split(k, end, at.weight); return kNoNode;
          default: return kNoNode;
        }
      }
      if (next == kNoNode) return op_.last_if_none ? node : kNoNode;
      node = next;
    }
  }

  // The children [k, end) that are not false, as places to go on from; the first comes first.
  void split(size_t k, size_t end, double weight) {
    blended_ = true;
    size_t first = places_.size();
    double records = 0;
    for (; k < end; ++k) {
      size_t child = static_cast<size_t>(op_.children[k]);
      if (eval(op_.predicate[child]) == Truth::no) continue;
      places_.push_back({child, weight});
      records += op_.records[child];
    }
    if (op_.unknown == UnknownSplit::weighted_confidence) {
      for (size_t i = first; i < places_.size(); ++i) {
        places_[i].weight *= op_.records[places_[i].node] / records;
      }
    }
    std::reverse(places_.begin() + static_cast<ptrdiff_t>(first), places_.end());
  }

  void add(size_t node, double weight, double* blend) {
    size_t classes = static_cast<size_t>(op_.distribution.shape()[1]);
    const double* from = op_.distribution.as<double>().data() + node * classes;
    if (op_.unknown == UnknownSplit::aggregate_nodes) weight = op_.records[node];
    for (size_t k = 0; k < classes; ++k) blend[k] += weight * from[k];
    total_ += weight;
  }

  Truth eval(int64_t index) const {
    size_t p = static_cast<size_t>(index);
    auto test = static_cast<TreeTest>(op_.test[p]);
    if (test == TreeTest::always) return Truth::yes;
    if (test == TreeTest::never) return Truth::no;
    size_t begin = static_cast<size_t>(op_.operand_begin[p]);
    size_t end = static_cast<size_t>(op_.operand_end[p]);
    if (test >= TreeTest::all_of) return compound(test, begin, end);
    const Column& column = columns_[static_cast<size_t>(op_.input[p])];
    bool missing = column.missing(row_);
    if (test == TreeTest::missing) return truth(missing);
    if (test == TreeTest::not_missing) return truth(!missing);
    if (missing) return Truth::unknown;
    if (column.texts != nullptr) {
      return truth(compare(test, column.texts[row_], std::span(op_.texts).subspan(begin, end - begin)));
    }
    return truth(compare(test, column.numbers[row_], std::span(op_.numbers).subspan(begin, end - begin)));
  }

  Truth compound(TreeTest test, size_t begin, size_t end) const {
    bool unknown = false, odd = false;
    for (size_t k = begin; k < end; ++k) {
      Truth t = eval(op_.operands[k]);
      if (test == TreeTest::surrogate && t != Truth::unknown) return t;
      if (test == TreeTest::all_of && t == Truth::no) return t;
      if (test == TreeTest::any_of && t == Truth::yes) return t;
      unknown = unknown || t == Truth::unknown;
      odd = odd != (t == Truth::yes);
    }
    if (unknown || test == TreeTest::surrogate) return Truth::unknown;
    return truth(test == TreeTest::exclusive ? odd : test == TreeTest::all_of);
  }

  const ml::DecisionTree& op_;
  const std::vector<Column>& columns_;
  std::vector<Place> places_;
  size_t row_ = 0;
  bool blended_ = false;
  double total_ = 0;
};

}  // namespace

void run(const ml::DecisionTree& op, KernelContext& context) {
  std::vector<Column> columns;
  for (size_t i = 0; i < context.inputs(); ++i) columns.push_back(column_of(context, i));
  size_t rows = matrix_of(context, 0).rows;
  for (size_t i = 1; i < columns.size(); ++i) {
    if (columns[i].tensor.size() == rows) continue;
    fail(context.loc(), "run-shape", "inputs 0 and {} have {} and {} rows", i, rows,
         columns[i].tensor.size());
  }
  Shape one{static_cast<int64_t>(rows), 1};
  Shape wide{one[0], op.blends() ? op.distribution.shape()[1] : 0};
  auto nodes = allocate<int64_t>(context, one);
  auto valid = std::make_shared<std::vector<uint8_t>>(rows);
  std::vector<double> penalties(rows, 1.0);
  auto blends = allocate<double>(context, wide);
  Walk walk(op, columns);
  for (size_t r = 0; r < rows; ++r) {
    double* blend = op.blends() ? blends.data() + r * static_cast<size_t>(wide[1]) : nullptr;
    size_t node = walk.run(r, penalties[r], blend);
    (*valid)[r] = node != kNoNode;
    nodes[r] = node == kNoNode ? 0 : static_cast<int64_t>(node);
  }
  Value chosen(Tensor::of(one, std::move(nodes)));
  chosen.valid = std::move(valid);
  context.set(0, std::move(chosen));
  size_t next = 1;
  if (op.penalty != 1) context.set(next++, Tensor::of(one, std::move(penalties)));
  if (op.blends()) context.set(next, Tensor::of(wide, std::move(blends)));
}

}  // namespace panmodel::runtime
