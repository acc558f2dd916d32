// model.neural and model.svm: feedforward networks and support vector machines.
// Source: PFA 0.8.1, function library, "model.neural", "model.svm".
#include <algorithm>

#include "runtime/pfa/library.h"

namespace panmodel::pfa {
namespace {

Value simple_layers(const Call& call) {
  struct Fields {
    uint32_t weights, bias;
  };
  const Fields& fields = call.once<Fields>([&] {
    const Type& layer = *call.parameter(1).element;
    return Fields{*layer.field("weights"), *layer.field("bias")};
  });
  const Array& layers = call.items(1);
  if (layers.empty()) call.fail(11000, "no layers");
  std::vector<double> input, output;
  for (const Value& v : call.items(0)) input.push_back(v.real());
  for (const Value& layer : layers) {
    const Array& weights = layer.items()[fields.weights].items();
    const Array& bias = layer.items()[fields.bias].items();
    if (weights.size() != bias.size() || std::ranges::any_of(weights, [&](const Value& row) {
          return row.items().size() != input.size();
        })) {
      call.fail(11001, "weights, bias, or datum misaligned");
    }
    output.clear();
    for (size_t i = 0; i < weights.size(); ++i) {
      const Array& row = weights[i].items();
      double sum = 0;
      for (size_t j = 0; j < row.size(); ++j) sum += row[j].real() * input[j];
      output.push_back(sum + bias[i].real());
    }
    call.steps(weights.size() * input.size());
    if (&layer != &layers.back()) {
      for (double& v : output) v = call.apply(2, Value::float64(v)).real();
    }
    std::swap(input, output);
  }
  Array out;
  for (const double v : input) out.push_back(Value::float64(v));
  return Value::array(std::move(out));
}

Value svm_score(const Call& call) {
  struct Side {
    uint32_t vectors, vector, coefficient;
  };
  struct Fields {
    uint32_t constant;
    Side negative, positive;
  };
  const Fields& fields = call.once<Fields>([&] {
    const Type& model = call.parameter(1);
    const auto side = [&](std::string_view name) {
      const uint32_t position = *model.field(name);
      const Type& item = *model.fields[position].type->element;
      return Side{position, *item.field("supVec"), *item.field("coeff")};
    };
    return Fields{*model.field("const"), side("negClass"), side("posClass")};
  });
  const Array& model = call.items(1);
  if (model[fields.negative.vectors].items().empty() &&
      model[fields.positive.vectors].items().empty()) {
    call.fail(12000, "no support vectors");
  }
  const auto score = [&](const Side& side) {
    double sum = 0;
    for (const Value& support : model[side.vectors].items()) {
      const Value& vector = support.items()[side.vector];
      if (vector.items().size() != call.items(0).size()) {
        call.fail(12001, "support vectors must have same length as datum");
      }
      sum += call.apply(2, vector, call[0]).real() * support.items()[side.coefficient].real();
    }
    return sum;
  };
  const double negative = score(fields.negative);
  return Value::float64(negative + score(fields.positive) + model[fields.constant].real());
}

constexpr LibraryRow kRows[] = {
    {"model.neural.simpleLayers", simple_layers},
    {"model.svm.score", svm_score},
};

}  // namespace

std::span<const LibraryRow> network_library() { return kRows; }

}  // namespace panmodel::pfa
