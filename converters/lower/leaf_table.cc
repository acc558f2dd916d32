// Forests as leaf numbers and a table. A target whose trees cannot sum f64 leaves, or leaves of
// several columns, can still say which leaf a row reaches: each tree gives the number of its leaf as
// a column of its own, where nothing is rounded, and the leaf weights are rows of a table that are
// gathered and summed in tree order.
#include <algorithm>
#include <unordered_map>

#include "base/number.h"
#include "converters/lower/lower.h"
#include "converters/tree_copy.h"
#include "ir/ops/tensor_reduce.h"
#include "ir/ops/tree.h"
#include "ir/unshare.h"

namespace panmodel::converters {
namespace {

constexpr size_t kMaxLeaves = size_t{1} << 24;  // numbers that are exact in f32
constexpr size_t kRowBytes = 2048;              // of intermediate values per row and group of trees

// Some trees of a forest, their leaves replaced by row numbers of a table.
class Group {
 public:
  Group(const ml::TreeEnsemble& op, DType x) : op_(op), f_(op.forest) {
    numbers.accumulate = x;
    numbers.targets = 0;
  }
  // Returns why the tree cannot be told by leaf numbers, or an empty string.
  std::string add(uint32_t root, bool with_base) {
    std::string why;
    copy_tree(f_, root, numbers.forest, [&](uint32_t leaf) {
      if (why.empty()) why = add_row(leaf, with_base);
      const uint32_t node = numbers.forest.add_leaf();
      numbers.forest.add_weight(static_cast<uint32_t>(numbers.targets), static_cast<double>(number_));
      return node;
    });
    if (!why.empty()) return why;
    ++numbers.targets;
    return {};
  }

  ml::TreeEnsemble numbers;
  std::vector<double> table;  // rows of op.targets weights

 private:
  std::string add_row(uint32_t leaf, bool with_base) {
    size_t width = static_cast<size_t>(op_.targets);
    row_.assign(width, 0.0);
    if (with_base && !op_.base.empty()) row_ = op_.base;
    uint32_t begin = f_.leaf_begin.empty() ? leaf : f_.leaf_begin[leaf];
    uint32_t end = f_.leaf_begin.empty() ? leaf + 1 : f_.leaf_begin[leaf + 1];
    for (uint32_t w = begin; w < end; ++w) {
      uint32_t target = f_.leaf_target.empty() ? 0 : f_.leaf_target[w];
      for (uint32_t before = begin; before < w; ++before) {
        if (f_.leaf_target.empty() || f_.leaf_target[before] == target) {
          return "a leaf with two weights for one target";
        }
      }
      double& sum = row_[target];
      sum += f_.leaf_weight[w];
      if (op_.accumulate == DType::f32) sum = static_cast<double>(round_nearest(sum));
    }
    // Leaves of several columns repeat: pure classes, above all.
    std::string key;
    if (width > 1) {
      key.assign(reinterpret_cast<const char*>(row_.data()), width * sizeof(double));
      if (auto at = known_.find(key); at != known_.end()) {
        number_ = at->second;
        return {};
      }
    }
    number_ = table.size() / width;
    if (number_ >= kMaxLeaves) return "more leaves than f32 can number";
    table.insert(table.end(), row_.begin(), row_.end());
    if (width > 1) known_.emplace(std::move(key), number_);
    return {};
  }

  const ml::TreeEnsemble& op_;
  const Forest& f_;
  std::vector<double> row_;
  size_t number_ = 0;
  std::unordered_map<std::string, size_t> known_;
};

bool several_targets(const Forest& f) {
  for (size_t i = 0; i + 1 < f.leaf_begin.size(); ++i) {
    if (f.leaf_begin[i + 1] - f.leaf_begin[i] > 1) return true;
  }
  return false;
}

bool widened(const PatternContext& c) {
  const Node* maker = c.from.producer(c.node.inputs[0]);
  if (maker == nullptr || maker->as<tensor::Cast>() == nullptr) return false;
  const TensorType* t = c.from.type(maker->inputs[0]).tensor();
  return t != nullptr && t->dtype == DType::f32;
}

bool all_f32(const std::vector<double>& values) { return !rounds(DType::f32, values); }

}  // namespace

// f64 leaves that are f32 numbers, one tree per target: the trees may as well give f32.
std::string narrow_leaves(PatternContext& c, Results& results) {
  const auto& op = *c.node.as<ml::TreeEnsemble>();
  if (op.accumulate != DType::f64) return "leaves are f32 already";
  if (op.aggregate == ml::Aggregate::mean || !op.base.empty()) return "a mean or a base";
  if (!all_f32(op.forest.leaf_weight)) return "leaves wider than f32";
  if (!ml::one_tree_per_target(op)) return "a sum of trees";
  ml::TreeEnsemble narrow = op;
  narrow.accumulate = DType::f32;
  if (dtype_of(c.builder, c.inputs[0]) == DType::f32 && !narrow_thresholds(narrow.forest)) {
    return "a test of equality with a value that is no f32";
  }
  ValueId leaves = c.builder.add(std::move(narrow), {c.inputs[0]});
  results = {c.builder.add(tensor::Cast{DType::f64}, {leaves})};
  return {};
}

std::string leaf_table(PatternContext& c, Results& results) {
  const auto& op = *c.node.as<ml::TreeEnsemble>();
  Builder& b = c.builder;
  if (op.aggregate != ml::Aggregate::sum) return "not a sum";
  if (op.base_last && !op.base.empty()) return "its base comes after the trees";
  if (op.forest.roots.empty()) return "no trees";
  if (!can_unshare(op.forest)) return "shared nodes, more than can be written one by one";
  if (all_f32(op.forest.leaf_weight) && ml::one_tree_per_target(op)) return "nothing to sum";
  if (widened(c)) return "its features are f32";
  DType x = dtype_of(b, c.inputs[0]);
  int64_t width = op.targets;
  size_t per_tree = (static_cast<size_t>(width) + 4) * sizeof(double);
  size_t size = std::max<size_t>(8, kRowBytes / per_tree);
  const std::vector<uint32_t>& roots = op.forest.roots;
  ValueId total;
  for (size_t from = 0; from < roots.size(); from += size) {
    Group group(op, x);
    for (size_t t = from; t < std::min(from + size, roots.size()); ++t) {
      std::string why = group.add(roots[t], t == 0);
      if (!why.empty()) return why;
    }
    if (x == DType::f32 && !narrow_thresholds(group.numbers.forest)) {
      return "a test of equality with a value that is no f32";
    }
    int64_t rows = static_cast<int64_t>(group.table.size()) / width;
    ValueId table = real_constant(b, op.accumulate, {rows, width}, std::move(group.table));
    ValueId leaf = b.add(std::move(group.numbers), {c.inputs[0]});
    ValueId index = b.add(tensor::Cast{DType::i64}, {leaf});
    if (roots.size() == 1) {
      index = b.add(tensor::Reshape{}, {index, int_constant(b, {-1})});
      results = {b.add(tensor::Gather{0}, {table, index})};
      return {};
    }
    // [trees,N,targets], the sum so far before them: reduced from the first to the last.
    index = b.add(tensor::Transpose{{1, 0}}, {index});
    ValueId weights = b.add(tensor::Gather{0}, {table, index});
    if (total.valid()) {
      total = b.add(tensor::Unsqueeze{{0}}, {total});
      weights = b.add(tensor::Concat{0}, {total, weights});
    }
    total = b.add(tensor::Reduce{tensor::ReduceFn::sum, {0}, false}, {weights});
  }
  results = {total};
  return {};
}

std::string leaf_table_of_many(PatternContext& c, Results& results) {
  if (!several_targets(c.node.as<ml::TreeEnsemble>()->forest)) return "one weight per leaf";
  return leaf_table(c, results);
}

}  // namespace panmodel::converters
