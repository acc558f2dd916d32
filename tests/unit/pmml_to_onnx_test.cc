// PMML as ONNX where the two differ: rows that are refused, missing cells, functions that ONNX lacks.
#include <gtest/gtest.h>

#include <cmath>

#include "api/evaluate.h"
#include "converters/convert.h"
#include "formats/format.h"
#include "formats/pmml/format.h"
#include "ir/ops/tensor_elementwise.h"
#include "runtime/frame.h"
#include "runtime/session.h"

namespace panmodel::runtime {
namespace {

struct Converted {
  std::shared_ptr<const Model> model;  // as it is read back
  Diagnostics said;

  bool says(std::string_view code, std::string_view part) const {
    return std::any_of(said.list().begin(), said.list().end(), [&](const Diagnostic& d) {
      return d.code == code && d.message.find(part) != std::string::npos;
    });
  }
  // The cells of an output, "-" for NaN and the empty text.
  std::string cells(std::string_view csv, size_t output) const {
    std::string found;
    read_csv(Bytes::copy_of(csv), {}, 100, [&](Frame frame) {
      Diagnostics out;
      Prediction p = Session(model, {}).run(bind(*model, frame, {}, out));
      const Tensor& t = p.outputs[output].tensor;
      for (size_t i = 0; i < t.size(); ++i) {
        const bool text = t.dtype() == DType::string;
        const bool gap = text ? t.text(i).empty() : std::isnan(t.real(i));
        found += (i == 0 ? "" : " ") + (gap ? "-" : text ? t.text(i) : fmt::format("{}", t.real(i)));
      }
    });
    return found;
  }
};

// A regression on x, i, c and the fields that `derived` defines, and these fields as outputs.
std::string document(std::string_view c_values, std::string_view derived, std::string_view outputs) {
  return fmt::format(R"(<PMML version="4.4"><Header/><DataDictionary>
<DataField name="x" optype="continuous" dataType="double"><Interval closure="closedClosed" leftMargin="0" rightMargin="9"/></DataField>
<DataField name="i" optype="continuous" dataType="integer"/>
<DataField name="c" optype="categorical" dataType="string">{}</DataField>
<DataField name="y" optype="continuous" dataType="double"/></DataDictionary>
<TransformationDictionary>{}</TransformationDictionary>
<RegressionModel functionName="regression"><MiningSchema><MiningField name="x"/><MiningField name="i"/>
<MiningField name="c"/><MiningField name="y" usageType="target"/></MiningSchema>
<Output>{}</Output>
<RegressionTable intercept="1"><NumericPredictor name="x" coefficient="2"/></RegressionTable></RegressionModel></PMML>)",
                     c_values, derived, outputs);
}

Converted convert(const std::string& text) {
  Converted result;
  const Format& onnx = *find_format("onnx");
  Model model = pmml::format().read(Bytes::copy_of(text), {}, result.said);
  converters::ConvertOptions options;
  options.evaluate = evaluate;
  std::unique_ptr<Target> target = onnx.make_target({});
  const std::string bytes =
      written(onnx, converters::convert(model, *target, options, result.said), {}, result.said);
  result.model = std::make_shared<const Model>(onnx.read(Bytes::copy_of(bytes), {}, result.said));
  return result;
}

constexpr std::string_view kOutputs = R"(<OutputField name="y" feature="predictedValue"/>
<OutputField name="next" feature="transformedValue" dataType="integer"><Apply function="+"><FieldRef field="i"/><Constant dataType="integer">1</Constant></Apply></OutputField>)";

TEST(PmmlToOnnx, RefusedRowHasNoResult) {
  const Converted made = convert(document("", "", kOutputs));
  EXPECT_TRUE(made.says("convert-refused-value", "its value of 'x'"));
  constexpr std::string_view kRows = "x,i,c\n3,1,a\n10,2,a\n,3,a\n4,,a\n";
  EXPECT_EQ(made.cells(kRows, 0), "7 - - 9");
  // A missing x is no invalid one; a missing i gives a missing sum.
  EXPECT_EQ(made.cells(kRows, 1), "2 - 4 -");
}

std::string upper(std::string_view type) {
  return fmt::format(R"(<DerivedField name="u" optype="categorical" dataType="{}"><Apply function="concat">
<Apply function="uppercase"><FieldRef field="c"/></Apply><Constant>1</Constant></Apply></DerivedField>)", type);
}
constexpr std::string_view kDerived = R"(<OutputField name="u" feature="transformedValue" dataType="string"><FieldRef field="u"/></OutputField>)";

TEST(PmmlToOnnx, TextFunctionOfDeclaredValuesIsATable) {
  const Converted made = convert(document(R"(<Value value="a"/><Value value="bc"/>)", upper("string"), kDerived));
  EXPECT_EQ(made.cells("x,i,c\n1,1,a\n1,1,bc\n1,1,A\n", 1), "A1 BC1 -");
  // A number that a text spells: values of the table, or none.
  const Converted numbers = convert(document(R"(<Value value="2"/><Value value="x"/>)", upper("double"),
      R"(<OutputField name="u" feature="transformedValue" dataType="double"><FieldRef field="u"/></OutputField>)"));
  EXPECT_EQ(numbers.cells("x,i,c\n1,1,2\n1,1,x\n", 1), "21 -");
  EXPECT_TRUE(numbers.says("convert-refused-value", "no result"));
}

TEST(PmmlToOnnx, FunctionsWithoutAFormAreNamedTogether) {
  try {
    convert(document("", upper("string"), kDerived));
    FAIL();
  } catch (const Failure& f) {
    EXPECT_EQ(f.diagnostic.code, "convert-unsupported");
    EXPECT_NE(f.diagnostic.message.find("no form for concat, uppercase"), std::string::npos) << f.diagnostic.message;
  }
}

TEST(PmmlToOnnx, AFactorNearOneIsNotDropped) {
  const Converted made = convert(document("", R"(<DerivedField name="d" optype="continuous" dataType="double">
<Apply function="/"><FieldRef field="x"/><Constant dataType="double">1.00000001</Constant></Apply></DerivedField>)",
      R"(<OutputField name="d" feature="transformedValue" dataType="double"><FieldRef field="d"/></OutputField>)"));
  for (const Node& n : made.model->graph.nodes) {
    const auto* op = n.as<tensor::Binary>();
    EXPECT_FALSE(op != nullptr && op->fn == tensor::BinaryFn::div);
  }
  EXPECT_NEAR(std::stod(made.cells("x,i,c\n8,1,a\n", 1)), 8 / 1.00000001, 1e-15);
}

}  // namespace
}  // namespace panmodel::runtime
