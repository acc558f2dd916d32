// 200 random models per operator: what they are and what they predict survives the text form bit
// for bit, and ONNX within the declared accuracy.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <limits>

#include "converters/convert.h"
#include "converters/phases.h"
#include "formats/format.h"
#include "ir/op.h"
#include "ir/text/parse.h"
#include "ir/text/print.h"
#include "ir/verify.h"
#include "runtime/compare.h"
#include "runtime/frame.h"
#include "runtime/session.h"
#include "tests/ops/sample.h"

namespace panmodel::random {
namespace {

constexpr uint64_t kModels = 200;
constexpr int64_t kRows = 6;

using runtime::Prediction;
using runtime::Session;
using runtime::Value;

Value random_value(Rng& rng, const Type& type) {
  if (const ColumnType* c = type.column()) {
    Value value(random_tensor(rng, c->dtype, {kRows, 1}));
    if (c->dtype == DType::string) {
      // The empty text is what ONNX has for a missing cell.
      auto texts = value.tensor.as<std::string>();
      std::vector<std::string> told(texts.begin(), texts.end());
      for (std::string& t : told) t = t.empty() ? "e" : t;
      value.tensor = Tensor::of({kRows, 1}, std::move(told));
    }
    auto valid = std::make_shared<std::vector<uint8_t>>();
    for (int64_t r = 0; r < kRows; ++r) valid->push_back(!c->optional || rng.between(0, 3) != 0);
    if (c->optional) value.valid = std::move(valid);
    return value;
  }
  if (const auto* map = std::get_if<MapType>(&type.v)) {
    Value value;
    Tensor keys = map->key == DType::i64 ? Tensor::vector(std::vector<int64_t>{0, 2, 5, 7})
                                         : distinct_keys(rng, map->key, 4);
    value.maps = std::make_shared<const runtime::MapRows>(runtime::MapRows{
        std::move(keys), random_tensor(rng, map->value->tensor()->dtype, {1, 4})});
    return value;
  }
  const TensorType& t = *type.tensor();
  Shape shape;
  for (const Dim& d : *t.dims) shape.push_back(d.fixed() ? d.size : kRows);
  return random_tensor(rng, t.dtype, std::move(shape));
}

// Why the runtime refuses the model, or its prediction.
Prediction predict(std::shared_ptr<const Model> model, const std::vector<Value>& inputs,
                   std::string* refused) {
  try {
    return Session(std::move(model), {}).run(inputs);
  } catch (const Failure& f) {
    *refused = std::string(f.diagnostic.code) + ": " + f.diagnostic.message;
    return {};
  }
}

std::string model_of(const Model& model) { return print_model(model, {.full = false}); }

void expect_same_bits(const Prediction& a, const Prediction& b) {
  ASSERT_EQ(a.outputs.size(), b.outputs.size());
  for (size_t o = 0; o < a.outputs.size(); ++o) {
    const Value &x = a.outputs[o], &y = b.outputs[o];
    EXPECT_TRUE(x.tensor.same_bits(y.tensor));
    ASSERT_EQ(x.maps == nullptr, y.maps == nullptr);
    if (x.maps) {
      EXPECT_TRUE(x.maps->values.same_bits(y.maps->values));
    }
  }
  ASSERT_EQ(a.errors.size(), b.errors.size());
  for (size_t e = 0; e < a.errors.size(); ++e) EXPECT_EQ(a.errors[e].row, b.errors[e].row);
}

class RandomModels : public testing::TestWithParam<size_t> {
 protected:
  const Sample& sample() const { return samples()[GetParam()]; }
};

TEST_P(RandomModels, SurviveTheTextForm) {
  for (uint64_t seed = 0; seed < kModels; ++seed) {
    auto model = std::make_shared<const Model>(sample_model(sample(), seed));
    std::string text = print_model(*model);
    Diagnostics out;
    auto back = std::make_shared<const Model>(parse_model(text, {}, out));
    verify(*back, {.infer = true}, out);
    for (const Diagnostic& d : out.list()) ADD_FAILURE() << to_string(d) << "\n" << text;
    ASSERT_EQ(print_model(*back), text);
    ASSERT_EQ(back->graph.nodes.size(), model->graph.nodes.size());
    for (size_t i = 0; i < model->graph.nodes.size(); ++i) {
      const Node &a = model->graph.nodes[i], &b = back->graph.nodes[i];
      ASSERT_EQ(a.op, b.op);
      ASSERT_TRUE(op_info(a.op).equal(a.payload.get(), b.payload.get())) << text;
      ASSERT_EQ(a.inputs, b.inputs);
    }
    Rng rng(seed);
    std::vector<Value> inputs;
    for (const Input& i : model->inputs) inputs.push_back(random_value(rng, model->graph.type(i.value)));
    std::string refused, refused_back;
    Prediction before = predict(model, inputs, &refused);
    Prediction after = predict(back, inputs, &refused_back);
    ASSERT_EQ(refused, refused_back);
    if (sample().op != OpId::foreign_Op) {
      ASSERT_EQ(refused, "") << text;
    }
    expect_same_bits(before, after);
    if (HasFailure()) FAIL() << "seed " << seed << "\n" << text;
  }
}

// The rows as the written model takes them; columns have become tensors there.
std::vector<Value> given_to(const Model& model, const Model& written, const std::vector<Value>& inputs) {
  bool columns = false;
  for (const Input& i : model.inputs) columns = columns || model.graph.type(i.value).column();
  if (!columns) return inputs;
  Diagnostics ignored;
  return runtime::bind(written, runtime::frame_of(model, inputs), {}, ignored);
}

// The cells of a column as ONNX has them: a missing text is empty, a missing number NaN, and integers
// and booleans that may be missing are reals.
Tensor as_written(const Value& value, DType dtype) {
  const Tensor& t = value.tensor;
  if (t.dtype() == dtype && !value.valid) return t;
  if (t.dtype() == DType::string) {
    std::vector<std::string> texts(t.as<std::string>().begin(), t.as<std::string>().end());
    for (size_t i = 0; i < texts.size(); ++i) texts[i] = value.is_valid(i) ? texts[i] : "";
    return Tensor::of(t.shape(), std::move(texts));
  }
  std::vector<double> reals = t.reals();
  for (size_t i = 0; i < reals.size(); ++i) {
    if (!value.is_valid(i)) reals[i] = std::numeric_limits<double>::quiet_NaN();
  }
  return Tensor::of(t.shape(), std::move(reals));
}

// Losses of operators on columns that only tell of rows that the source refuses, which are not
// compared, and of empty texts, which these models are not given.
bool harmless(OpId op, const Diagnostic& loss) {
  constexpr OpId kOfColumns[] = {OpId::expr_Map,  OpId::ml_Combine, OpId::ml_DecisionTree,
                                 OpId::ml_Winner, OpId::table_Pick, OpId::table_Prepare};
  if (std::find(std::begin(kOfColumns), std::end(kOfColumns), op) == std::end(kOfColumns)) return false;
  return loss.code == "convert-missing-text" || loss.code == "convert-refused-value" ||
         loss.code == "convert-missing-row";
}

void expect_close(const Model& model, const Prediction& a, const Prediction& b) {
  ASSERT_EQ(a.outputs.size(), b.outputs.size());
  std::vector<uint8_t> refused(kRows, 0);
  for (const auto& e : a.errors) refused[e.row] = 1;
  for (size_t o = 0; o < a.outputs.size(); ++o) {
    const Value &va = a.outputs[o], &vb = b.outputs[o];
    ASSERT_EQ(va.maps == nullptr, vb.maps == nullptr);
    const Tensor& y = vb.maps ? vb.maps->values : vb.tensor;
    const bool column = model.graph.type(model.outputs[o].value).column() != nullptr;
    const Tensor x = va.maps ? va.maps->values : column ? as_written(va, y.dtype()) : va.tensor;
    if (!column) {
      ASSERT_EQ(to_string(x.dtype()), to_string(y.dtype()));
    }
    ASSERT_EQ(x.shape(), y.shape());
    runtime::Tolerance t = runtime::default_tolerance(model, model.outputs[o]);
    for (size_t i = 0; i < x.size(); ++i) {
      if (x.rank() > 0 && x.shape()[0] == kRows && refused[i / (x.size() / kRows)]) continue;
      if (!is_floating(x.dtype())) {
        bool same = x.dtype() == DType::string ? x.text(i) == y.text(i) : x.integer(i) == y.integer(i);
        ASSERT_TRUE(same) << "element " << i;
        continue;
      }
      double p = x.real(i), q = y.real(i);
      if (p == q || (std::isnan(p) && std::isnan(q))) continue;
      double scale = std::max(std::abs(p), std::abs(q));
      ASSERT_LE(std::abs(p - q), t.absolute + t.relative * scale) << "element " << i << ": " << p << " and " << q;
    }
  }
}

class Everything : public Target {
 public:
  std::string name() const override { return "everything"; }
  Support check(const Node&, const Graph&) const override { return Support::yes(); }
};

// Operators that are found again among those that ONNX has for them.
bool is_raised(OpId op) {
  return op == OpId::ml_Linear || op == OpId::ml_Labels || op == OpId::ml_TreeEnsemble || op == OpId::ml_Normalize ||
         op == OpId::ml_Discretize;
}
bool contains(const Model& model, OpId op) {
  return std::any_of(model.graph.nodes.begin(), model.graph.nodes.end(), [&](const Node& n) { return n.op == op; });
}

TEST_P(RandomModels, PredictTheSameAsOnnx) {
  const Format& onnx = *find_format("onnx");
  std::unique_ptr<Target> target = onnx.make_target({});
  for (uint64_t seed = 0; seed < kModels; ++seed) {
    auto model = std::make_shared<const Model>(sample_model(sample(), seed));
    Diagnostics out;
    std::string bytes;
    try {
      converters::ConvertOptions options;
      options.rename_outputs = false;
      bytes = written(onnx, converters::convert(*model, *target, options, out), {}, out);
    } catch (const Failure& f) {
      // Refused by name; docs/coverage.md counts these. Any other failure is a bug.
      ASSERT_EQ(f.diagnostic.kind, CodeKind::unsupported)
          << f.diagnostic.code << f.diagnostic.message << "\n" << model_of(*model);
      continue;
    }
    bool told = std::any_of(out.list().begin(), out.list().end(), [&](const Diagnostic& d) {
      return d.severity == Severity::loss && !harmless(sample().op, d);
    });
    if (told) continue;  // by name
    auto written = std::make_shared<const Model>(onnx.read(Bytes::copy_of(bytes), {}, out));
    Rng rng(seed);
    std::vector<Value> inputs;
    for (const Input& i : model->inputs) inputs.push_back(random_value(rng, model->graph.type(i.value)));
    std::string refused;
    Prediction before = predict(model, inputs, &refused);
    Prediction after = predict(written, given_to(*model, *written, inputs), &refused);
    ASSERT_EQ(refused, "") << model_of(*model) << model_of(*written);
    expect_close(*model, before, after);
    if (HasFailure()) FAIL() << "seed " << seed << "\n" << model_of(*model) << model_of(*written);
    auto raised = std::make_shared<const Model>(converters::drop_dead(converters::raise(*written, Everything())));
    Prediction models = predict(raised, given_to(*model, *raised, inputs), &refused);
    expect_close(*model, before, models);
    EXPECT_TRUE(!is_raised(sample().op) || contains(*raised, sample().op));
    if (HasFailure()) FAIL() << "seed " << seed << ", raised\n" << model_of(*written) << model_of(*raised);
  }
}

INSTANTIATE_TEST_SUITE_P(Operators, RandomModels, testing::Range(size_t{0}, kOpCount),
                         [](const auto& test) {
                           std::string name(op_info(samples()[test.param].op).meta.name);
                           for (char& c : name) c = c == '.' ? '_' : c;
                           return name;
                         });

}  // namespace
}  // namespace panmodel::random
