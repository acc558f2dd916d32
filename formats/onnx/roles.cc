#include "formats/onnx/roles.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <optional>

#include "ir/ops/encode.h"
#include "ir/ops/linear.h"
#include "ir/ops/scale.h"
#include "ir/ops/svm.h"
#include "ir/ops/tensor_elementwise.h"
#include "ir/ops/tensor_reduce.h"
#include "ir/ops/tensor_shape.h"
#include "ir/ops/tree.h"

namespace panmodel::onnx {
namespace {

constexpr double kInfinity = std::numeric_limits<double>::infinity();

// Bounds of the elements of a value; unknown bounds are infinite.
struct Bounds {
  double low = -kInfinity, high = kInfinity;
  bool unit() const { return low >= -1e-6 && high <= 1 + 1e-6; }
};

Bounds hull(Bounds a, Bounds b) { return {std::min(a.low, b.low), std::max(a.high, b.high)}; }

// Elements pass through these unchanged (but for their place or type).
bool passes(const Node& n) {
  return n.as<tensor::Cast>() || n.as<tensor::Identity>() || n.as<tensor::Reshape>() ||
         n.as<tensor::Flatten>() || n.as<tensor::Squeeze>() || n.as<tensor::Unsqueeze>() ||
         n.as<tensor::Transpose>() || n.as<tensor::Slice>() || n.as<ml::ZipMap>();
}

class Meaning {
 public:
  explicit Meaning(const Model& model) : g_(model.graph) {}

  // Those of all values are found when the first are asked for, which a file with roles never does.
  Bounds bounds(ValueId v) {
    if (bounds_.empty()) {
      bounds_.resize(g_.values.size());
      for (const Node& n : g_.nodes) {
        for (ValueId made : n.outputs) bounds_[made.v] = of(n);
      }
    }
    return bounds_[v.v];
  }

  // The classes among which an output chooses; nullopt when it is no label.
  std::optional<Tensor> label(ValueId v) const {
    while (const Node* n = g_.producer(v)) {
      if (const auto* labels = n->as<ml::Labels>()) return labels->classes;
      if (const auto* map = n->as<ml::LabelMap>()) {
        return chosen(n->inputs[0]) ? std::optional(map->values) : std::nullopt;
      }
      if (n->as<tensor::Gather>()) {
        const Tensor* classes = constant(n->inputs[0]);
        if (classes == nullptr || !chosen(n->inputs[1])) return std::nullopt;
        return classes->reshaped({static_cast<int64_t>(classes->size())});
      }
      if (n->as<tensor::ArgReduce>()) return Tensor();
      if (n->as<tensor::Where>()) return label_of_where(*n);
      if (!passes(*n)) return std::nullopt;
      v = n->inputs[0];
    }
    return std::nullopt;
  }

  const Tensor* map_keys(ValueId v) const {
    const Node* n = g_.producer(v);
    const auto* map = n ? n->as<ml::ZipMap>() : nullptr;
    return map ? &map->keys : nullptr;
  }

  // Whether a predictor of numbers stands behind the value.
  bool predicts(ValueId v) const {
    std::vector<ValueId> stack{v};
    std::vector<uint8_t> seen(g_.values.size(), 0);
    while (!stack.empty()) {
      ValueId at = stack.back();
      stack.pop_back();
      if (!at.valid() || seen[at.v]++) continue;
      const Node* n = g_.producer(at);
      if (n == nullptr) continue;
      if (n->as<ml::TreeEnsemble>() || n->as<ml::Linear>() || n->as<ml::SvmRegressor>()) return true;
      stack.insert(stack.end(), n->inputs.begin(), n->inputs.end());
    }
    return false;
  }

 private:
  const Tensor* constant(ValueId v) const {
    while (const Node* n = v.valid() ? g_.producer(v) : nullptr) {
      if (const auto* c = n->as<tensor::Constant>()) return &c->value;
      if (!passes(*n) || n->inputs.empty()) return nullptr;
      v = n->inputs[0];
    }
    return nullptr;
  }
  // The place of an extreme, or a label, behind nodes that pass elements through.
  bool chosen(ValueId v) const {
    while (const Node* n = v.valid() ? g_.producer(v) : nullptr) {
      if (n->as<tensor::ArgReduce>() || n->as<ml::Labels>()) return true;
      if (!passes(*n)) return false;
      v = n->inputs[0];
    }
    return false;
  }
  // One of two integers or texts by a comparison: the label of an outlier detector.
  std::optional<Tensor> label_of_where(const Node& n) const {
    const Tensor* a = constant(n.inputs[1]);
    const Tensor* b = constant(n.inputs[2]);
    bool pair = a && b && a->size() == 1 && b->size() == 1 && a->dtype() == b->dtype();
    if (!pair || (a->dtype() != DType::i64 && a->dtype() != DType::string)) return std::nullopt;
    return Tensor();
  }

  Bounds in(const Node& n, size_t i) const {
    return i < n.inputs.size() && n.inputs[i].valid() ? bounds_[n.inputs[i].v] : Bounds{};
  }

  Bounds of_constant(const Tensor& t) const {
    if (!is_floating(t.dtype()) && !is_integer(t.dtype())) return {};
    if (byte_size(t.dtype()) < 2 || t.empty() || t.size() > 4096) return {};
    Bounds b{kInfinity, -kInfinity};
    for (size_t i = 0; i < t.size(); ++i) b = hull(b, {t.real(i), t.real(i)});
    return b;
  }

  static Bounds of_trees(const ml::TreeEnsemble& op) {
    // The sum of the extremes of the trees.
    const Forest& f = op.forest;
    std::vector<uint32_t> stack;
    std::vector<uint32_t> seen(f.nodes(), 0);  // nodes may be shared: the tree that came by, from 1
    Bounds sum{0, 0};
    for (uint32_t t = 1; t <= f.roots.size(); ++t) {
      Bounds tree{kInfinity, -kInfinity};
      stack.assign(1, f.roots[t - 1]);
      while (!stack.empty()) {
        uint32_t i = stack.back();
        stack.pop_back();
        if (seen[i] == t) continue;
        if (seen[i] != 0) return {};  // trees that share are not worth a walk each
        seen[i] = t;
        if (!f.is_leaf(i)) {
          stack.push_back(f.yes[i]);
          stack.push_back(f.no[i]);
          continue;
        }
        size_t leaf = f.yes[i];
        size_t begin = f.leaf_begin.empty() ? leaf : f.leaf_begin[leaf];
        size_t end = f.leaf_begin.empty() ? leaf + 1 : f.leaf_begin[leaf + 1];
        for (size_t w = begin; w < end; ++w) tree = hull(tree, {f.leaf_weight[w], f.leaf_weight[w]});
      }
      if (tree.low > tree.high) continue;
      sum.low += std::min(0.0, tree.low), sum.high += std::max(0.0, tree.high);
    }
    if (op.aggregate == ml::Aggregate::mean && !f.roots.empty()) {
      sum.low /= static_cast<double>(f.roots.size());
      sum.high /= static_cast<double>(f.roots.size());
    }
    for (double b : op.base) sum.low += std::min(0.0, b), sum.high += std::max(0.0, b);
    return sum;
  }

  Bounds of_binary(const Node& n, tensor::BinaryFn fn) const {
    Bounds a = in(n, 0), b = in(n, 1);
    switch (fn) {
      case tensor::BinaryFn::add: return {a.low + b.low, a.high + b.high};
      case tensor::BinaryFn::sub: return {a.low - b.high, a.high - b.low};
      case tensor::BinaryFn::mul:
        if (a.low >= 0 && b.low >= 0) return {a.low * b.low, product(a.high, b.high)};
        return {};
      case tensor::BinaryFn::div: return of_quotient(n, a, b);
      default: return {};
    }
  }
  static double product(double a, double b) { return a == 0 || b == 0 ? 0 : a * b; }

  // x / sum(x) of numbers that are not negative stays within [0, 1].
  Bounds of_quotient(const Node& n, Bounds a, Bounds b) const {
    if (a.low < 0 || b.low < 0) return {};
    ValueId by = n.inputs[1];
    while (const Node* d = g_.producer(by)) {
      if (const auto* reduce = d->as<tensor::Reduce>()) {
        bool own = d->inputs[0] == n.inputs[0] && (reduce->fn == tensor::ReduceFn::sum ||
                                                   reduce->fn == tensor::ReduceFn::l1);
        return own ? Bounds{0, 1} : Bounds{0, kInfinity};
      }
      if (d->as<tensor::Variadic>() || d->as<tensor::Where>()) return {0, 1};
      if (d->as<tensor::Binary>()) return {0, 1};  // the sum with zeros taken out of the way
      if (!passes(*d)) break;
      by = d->inputs[0];
    }
    return {0, b.low > 0 ? a.high / b.low : kInfinity};
  }

  Bounds of_clip(const Node& n) const {
    Bounds x = in(n, 0);
    if (const Tensor* low = n.inputs.size() > 1 ? constant(n.inputs[1]) : nullptr) {
      x.low = std::max(x.low, of_constant(*low).low);
    }
    if (const Tensor* high = n.inputs.size() > 2 ? constant(n.inputs[2]) : nullptr) {
      x.high = std::min(x.high, of_constant(*high).high);
    }
    return x;
  }

  Bounds of_unary(const Node& n, tensor::UnaryFn fn) const {
    Bounds x = in(n, 0);
    switch (fn) {
      case tensor::UnaryFn::sigmoid: return {0, 1};
      case tensor::UnaryFn::exp: return {0, std::exp(x.high)};
      case tensor::UnaryFn::abs: return {0, std::max(std::abs(x.low), std::abs(x.high))};
      case tensor::UnaryFn::neg: return {-x.high, -x.low};
      case tensor::UnaryFn::reciprocal:
        return x.low >= 0 ? Bounds{0, x.low > 0 ? 1 / x.low : kInfinity} : Bounds{};
      default: return {};
    }
  }

  Bounds of(const Node& n) const {
    if (const auto* c = n.as<tensor::Constant>()) return of_constant(c->value);
    if (passes(n) || n.as<tensor::Gather>()) return in(n, 0);
    if (n.as<tensor::Concat>()) {
      Bounds all = in(n, 0);
      for (size_t i = 1; i < n.inputs.size(); ++i) all = hull(all, in(n, i));
      return all;
    }
    if (n.as<tensor::Where>()) return hull(in(n, 1), in(n, 2));
    if (const auto* softmax = n.as<tensor::Softmax>()) return softmax->log ? Bounds{} : Bounds{0, 1};
    if (const auto* normalize = n.as<ml::Normalize>()) {
      return normalize->norm == ml::Norm::l1 && in(n, 0).low >= 0 ? Bounds{0, 1} : Bounds{-1, 1};
    }
    if (const auto* trees = n.as<ml::TreeEnsemble>()) return of_trees(*trees);
    if (const auto* svm = n.as<ml::SvmClassifier>()) return svm->proba_a.empty() ? Bounds{} : Bounds{0, 1};
    if (const auto* unary = n.as<tensor::Unary>()) return of_unary(n, unary->fn);
    if (const auto* binary = n.as<tensor::Binary>()) return of_binary(n, binary->fn);
    if (n.as<tensor::Clip>()) return of_clip(n);
    if (const auto* variadic = n.as<tensor::Variadic>()) {
      Bounds all = in(n, 0);
      for (size_t i = 1; i < n.inputs.size(); ++i) {
        Bounds next = in(n, i);
        all = variadic->fn == tensor::VariadicFn::sum
                  ? Bounds{all.low + next.low, all.high + next.high}
                  : hull(all, next);
      }
      return all;
    }
    if (const auto* reduce = n.as<tensor::Reduce>()) {
      Bounds x = in(n, 0);
      if (reduce->fn == tensor::ReduceFn::mean) return x;
      return x.low >= 0 ? Bounds{0, kInfinity} : Bounds{};
    }
    return {};
  }

  const Graph& g_;
  std::vector<Bounds> bounds_;
};

bool holds_numbers(const Type& type) {
  const TensorType* t = type.tensor();
  return std::holds_alternative<SeqType>(type.v) || (t != nullptr && is_floating(t->dtype));
}

}  // namespace

void find_roles(Model& model) {
  Meaning meaning(model);
  Tensor classes;
  bool labelled = false;
  for (Output& o : model.outputs) {
    if (o.role != Role::none) {
      labelled = labelled || o.role == Role::label;
      continue;
    }
    auto label = meaning.label(o.value);
    if (!label || holds_numbers(model.graph.type(o.value))) continue;
    o.role = Role::label;
    labelled = true;
    classes = *label;
  }
  for (Output& o : model.outputs) {
    const Type& type = model.graph.type(o.value);
    if (o.role != Role::none || !holds_numbers(type)) continue;
    if (!labelled) {
      if (type.tensor() != nullptr && meaning.predicts(o.value)) o.role = Role::value;
      continue;
    }
    Bounds b = meaning.bounds(o.value);
    o.role = b.unit() ? Role::probability : Role::decision;
    if (const Tensor* keys = meaning.map_keys(o.value)) {
      o.keys = *keys;
      continue;
    }
    const TensorType* t = type.tensor();
    bool wide = t->dims && t->dims->size() == 2 &&
                (*t->dims)[1].size == static_cast<int64_t>(classes.size());
    if (wide && classes.size() > 1) o.keys = classes;
  }
}

}  // namespace panmodel::onnx
