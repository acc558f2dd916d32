// The parts of ai.onnx.ml's fused operators that become nodes of their own.
#include "formats/onnx/read_ml.h"
#include "ir/ops/tensor_elementwise.h"
#include "ir/ops/tensor_reduce.h"
#include "ir/ops/tensor_shape.h"

namespace panmodel::onnx {
namespace {

using tensor::Binary;
using tensor::BinaryFn;
using tensor::Unary;
using tensor::UnaryFn;

ValueId binary(NodeReader& r, BinaryFn fn, ValueId a, ValueId b) {
  return r.builder.add(Binary{fn}, {a, b});
}
ValueId binary(NodeReader& r, BinaryFn fn, ValueId a, double b) {
  return binary(r, fn, a, number_like(r, b, a));
}
ValueId unary(NodeReader& r, UnaryFn fn, ValueId a) { return r.builder.add(Unary{fn}, {a}); }
ValueId reduce(NodeReader& r, tensor::ReduceFn fn, ValueId a) {
  return r.builder.add(tensor::Reduce{fn, {1}, true}, {a});
}

// sqrt(2) erfinv(2 p - 1), with the approximation of erfinv by Winitzki (2008) and the constants
// that onnxruntime and the reference implementation of ONNX share.
ValueId probit(NodeReader& r, ValueId p) {
  ValueId x = binary(r, BinaryFn::sub, binary(r, BinaryFn::mul, p, 2), 1.0);
  ValueId one = number_like(r, 1, x);
  ValueId product = binary(r, BinaryFn::mul, binary(r, BinaryFn::sub, one, x),
                           binary(r, BinaryFn::add, one, x));
  ValueId log = unary(r, UnaryFn::log, product);
  ValueId v = binary(r, BinaryFn::add, binary(r, BinaryFn::mul, log, 0.5), 2 / (3.14159 * 0.147));
  ValueId square = binary(r, BinaryFn::sub, binary(r, BinaryFn::mul, v, v),
                          binary(r, BinaryFn::mul, log, 1 / 0.147));
  ValueId root = unary(r, UnaryFn::sqrt,
                       binary(r, BinaryFn::sub, unary(r, UnaryFn::sqrt, square), v));
  ValueId negative = binary(r, BinaryFn::less, x, 0.0);
  ValueId signed_root = r.builder.add(tensor::Where{}, {negative, unary(r, UnaryFn::neg, root), root});
  return binary(r, BinaryFn::mul, signed_root, 1.41421356);
}

// Softmax over the elements that are not 0; an element within 1e-7 of 0 keeps its share of 0.
ValueId softmax_zero(NodeReader& r, ValueId x) {
  ValueId top = reduce(r, tensor::ReduceFn::max, x);
  ValueId counts = binary(r, BinaryFn::greater, unary(r, UnaryFn::abs, x), 1e-7);
  ValueId e = unary(r, UnaryFn::exp, binary(r, BinaryFn::sub, x, top));
  ValueId small = binary(r, BinaryFn::mul, x, unary(r, UnaryFn::exp, unary(r, UnaryFn::neg, top)));
  ValueId zero = number_like(r, 0, x);
  ValueId sum = reduce(r, tensor::ReduceFn::sum, r.builder.add(tensor::Where{}, {counts, e, zero}));
  return binary(r, BinaryFn::div, r.builder.add(tensor::Where{}, {counts, e, small}), sum);
}

ValueId columns(NodeReader& r, ValueId first, ValueId second) {
  return r.builder.add(tensor::Concat{1}, {first, second});
}

}  // namespace

PostTransform post_transform_of(const NodeReader& r) {
  constexpr std::pair<std::string_view, PostTransform> kNames[] = {
      {"NONE", PostTransform::none},
      {"SOFTMAX", PostTransform::softmax},
      {"LOGISTIC", PostTransform::logistic},
      {"SOFTMAX_ZERO", PostTransform::softmax_zero},
      {"PROBIT", PostTransform::probit}};
  std::string name = r.text("post_transform", "NONE");
  for (auto [known, transform] : kNames) {
    if (name == known) return transform;
  }
  r.refuse("post_transform", "NONE, SOFTMAX, LOGISTIC, SOFTMAX_ZERO or PROBIT", name);
}

ValueId post_transform(NodeReader& r, PostTransform transform, ValueId scores) {
  switch (transform) {
    case PostTransform::none: return scores;
    case PostTransform::softmax: return r.builder.add(tensor::Softmax{1}, {scores});
    case PostTransform::logistic: return unary(r, UnaryFn::sigmoid, scores);
    case PostTransform::softmax_zero: return softmax_zero(r, scores);
    case PostTransform::probit: return probit(r, scores);
  }
  return scores;
}

ValueId mirrored(NodeReader& r, ValueId scores, bool logistic) {
  ValueId both = columns(r, unary(r, UnaryFn::neg, scores), scores);
  return logistic ? unary(r, UnaryFn::sigmoid, both) : both;
}

ValueId complemented(NodeReader& r, ValueId p) {
  return columns(r, binary(r, BinaryFn::sub, number_like(r, 1, p), p), p);
}

ValueId real_matrix(NodeReader& r) {
  ValueId x = r.in(0);
  const TensorType* type = r.builder.type(x).tensor();
  if (type == nullptr) fail(r.loc, "onnx-node", "{} takes a tensor", r.proto.op_type.str());
  DType dtype = type->dtype;
  if (type->dims && type->dims->size() == 1) {
    ValueId shape = r.builder.constant(Tensor::vector(std::vector<int64_t>{1, -1}));
    x = r.builder.add(tensor::Reshape{}, {x, shape});
  }
  if (dtype == DType::f32 || dtype == DType::f64) return x;
  return r.builder.add(tensor::Cast{DType::f32}, {x});
}

ValueId float_matrix(NodeReader& r) {
  ValueId x = real_matrix(r);
  if (r.builder.type(x).tensor()->dtype == DType::f32) return x;
  return r.builder.add(tensor::Cast{DType::f32}, {x});
}

ValueId number_like(NodeReader& r, double value, ValueId like) {
  if (r.builder.type(like).tensor()->dtype == DType::f64) {
    return r.builder.constant(Tensor::scalar(value));
  }
  return r.builder.constant(Tensor::scalar(static_cast<float>(value)));
}

std::optional<Tensor> text_list(const NodeReader& r, std::string_view name) {
  const AttributeProto* a = find_attribute(r.proto, name);
  if (a == nullptr || a->strings.empty()) return std::nullopt;
  std::vector<std::string> v;
  for (const Text& t : a->strings) v.push_back(t.str());
  return Tensor::vector(std::move(v));
}

std::optional<Tensor> integer_list(const NodeReader& r, std::string_view name) {
  std::vector<int64_t> v = r.integers(name);
  if (v.empty()) return std::nullopt;
  return Tensor::vector(std::move(v));
}

Tensor class_labels(const NodeReader& r, std::string_view ints) {
  if (auto texts = text_list(r, "classlabels_strings")) return *texts;
  return Tensor::vector(r.integers(ints));
}

Tensor select(const Tensor& from, const std::vector<int64_t>& places) {
  auto pick = [&]<class T>() {
    std::vector<T> out;
    for (int64_t p : places) out.push_back(from.as<T>()[static_cast<size_t>(p)]);
    return Tensor::vector(std::move(out));
  };
  switch (from.dtype()) {
    case DType::string: return pick.template operator()<std::string>();
    case DType::f64: return pick.template operator()<double>();
    case DType::f32: return pick.template operator()<float>();
    default: return pick.template operator()<int64_t>();
  }
}

}  // namespace panmodel::onnx
