// Expressions of PMML documents: what they compute, and what is refused with which code.
#include <gtest/gtest.h>

#include "base/fail.h"
#include "formats/format.h"
#include "runtime/frame.h"
#include "runtime/session.h"

namespace panmodel {
namespace {

// A document whose output field "out" is the expression; fields x, y (double), i (integer), s (string),
// d (date).
std::string document(const std::string& expression, const std::string& type = "double",
                     const std::string& functions = "") {
  constexpr std::pair<std::string_view, std::string_view> kFields[] = {
      {"x", "double"}, {"y", "double"}, {"i", "integer"}, {"s", "string"}, {"d", "date"}};
  std::string fields, schema;
  for (const auto& [name, data_type] : kFields) {
    bool text = data_type == "string";
    fields += fmt::format(R"(<DataField name="{}" optype="{}" dataType="{}"/>)", name, text ? "categorical" : "continuous", data_type);
    schema += fmt::format(R"(<MiningField name="{}" invalidValueTreatment="asIs"/>)", name);
  }
  return fmt::format(
      R"(<PMML xmlns="http://www.dmg.org/PMML-4_4" version="4.4"><Header/><DataDictionary>{}</DataDictionary>
<TransformationDictionary>{}</TransformationDictionary>
<RegressionModel functionName="regression"><MiningSchema>{}</MiningSchema>
<Output><OutputField name="out" optype="continuous" dataType="{}" feature="transformedValue">{}</OutputField></Output>
<RegressionTable intercept="1.0"/></RegressionModel></PMML>)",
      fields, functions, schema, type, expression);
}

// The cell of "out" for x=2.75, y missing, i=7, s="a b", d=2003-04-01; "refused: ..." for a refused row.
std::string result(const std::string& expression, const std::string& type = "double",
                   const std::string& functions = "") {
  const std::string text = document(expression, type, functions);
  Diagnostics out;
  auto owner = std::make_shared<const std::string>(text);
  Bytes bytes(std::as_bytes(std::span(*owner)), owner);
  try {
    auto model = std::make_shared<const Model>(find_format("pmml")->read(bytes, {.path = "case.pmml"}, out));
    runtime::Frame frame{{"x", "y", "i", "s", "d"}, {"2.75", std::nullopt, "7", "a b", "2003-04-01"}, {2}, "rows.csv"};
    auto prediction = runtime::Session(model, {.outputs = {"out"}}).run(runtime::bind(*model, frame, {}, out));
    if (!prediction.errors.empty()) return "refused: " + prediction.errors[0].message;
    const runtime::Value& value = prediction.outputs[0];
    return value.is_valid(0) ? runtime::element_text(value.tensor, 0) : "missing";
  } catch (const Failure& f) {
    return std::string(f.diagnostic.code);
  }
}

std::string calling(const std::string& function, const std::string& arguments, const std::string& attributes = "") {
  return "<Apply function=\"" + function + "\" " + attributes + ">" + arguments + "</Apply>";
}
std::string field(const std::string& name) { return "<FieldRef field=\"" + name + "\"/>"; }
std::string number(const std::string& text) { return "<Constant>" + text + "</Constant>"; }

TEST(PmmlExpressions, ConstantsWithoutATypeHaveTheTypeOfTheirText) {
  EXPECT_EQ(result(calling("/", number("7") + number("2"))), "3.0");
  EXPECT_EQ(result(calling("/", number("7.0") + number("2"))), "3.5");
  EXPECT_EQ(result(calling("concat", number("1e3") + number("x")), "string"), "1e3x");
  EXPECT_EQ(result(calling("isMissing", "<Constant dataType=\"double\" missing=\"true\"/>"), "boolean"), "true");
  EXPECT_EQ(result("<Constant dataType=\"double\">abc</Constant>"), "pmml-value");
  EXPECT_EQ(result("<Constant dataType=\"odd\">1</Constant>"), "pmml-type");
}

TEST(PmmlExpressions, FieldsAndMissingValues) {
  EXPECT_EQ(result(field("x")), "2.75");
  EXPECT_EQ(result(field("y")), "missing");
  EXPECT_EQ(result("<FieldRef field=\"y\" mapMissingTo=\"7\"/>"), "7.0");
  EXPECT_EQ(result(calling("+", field("y") + field("x"), "mapMissingTo=\"-1\"")), "-1.0");
  EXPECT_EQ(result(calling("+", field("y") + field("x"), "defaultValue=\"-2\"")), "-2.0");
  EXPECT_EQ(result(calling("ln", number("-1.0"), "invalidValueTreatment=\"asMissing\" defaultValue=\"3\"")), "3.0");
  EXPECT_EQ(result(calling("dateDaysSinceYear", field("d") + number("2003")), "integer"), "90");
  EXPECT_EQ(result(field("nothing")), "pmml-field");
}

TEST(PmmlExpressions, FunctionsOfTheDocument) {
  const std::string half = R"(<DefineFunction name="half" optype="continuous" dataType="double">
<ParameterField name="p" optype="continuous" dataType="double"/><Apply function="/"><FieldRef field="p"/><Constant>2</Constant></Apply></DefineFunction>)";
  const std::string plain = R"(<DefineFunction name="plain" optype="continuous"><ParameterField name="p"/>
<Apply function="/"><FieldRef field="p"/><Constant>2</Constant></Apply></DefineFunction>)";
  EXPECT_EQ(result(calling("half", field("i")), "double", half), "3.5");
  EXPECT_EQ(result(calling("half", calling("half", field("i"))), "double", half), "1.75");
  EXPECT_EQ(result(calling("plain", field("i")), "double", plain), "3.0") << "an integer stays one";
  EXPECT_EQ(result(calling("half", field("y"), "mapMissingTo=\"4\""), "double", half), "4.0");
  EXPECT_EQ(result(calling("half", field("y"), "defaultValue=\"5\""), "double", half), "5.0");
  EXPECT_EQ(result(calling("half", field("x") + field("x")), "double", half), "pmml-expression");
  EXPECT_EQ(result(calling("hafl", field("x")), "double", half), "pmml-expression");
  const std::string sees = R"(<DefineFunction name="f" optype="continuous"><ParameterField name="p"/><FieldRef field="x"/></DefineFunction>)";
  EXPECT_EQ(result(calling("f", field("i")), "double", sees), "pmml-field");
}

TEST(PmmlExpressions, FunctionsThatCallThemselvesOrGrowWithoutBoundAreRefused) {
  const std::string f = R"(<DefineFunction name="f" optype="continuous"><ParameterField name="p"/><Apply function="g"><FieldRef field="p"/></Apply></DefineFunction>)";
  const std::string g = R"(<DefineFunction name="g" optype="continuous"><ParameterField name="p"/><Apply function="f"><FieldRef field="p"/></Apply></DefineFunction>)";
  EXPECT_EQ(result(calling("f", field("x")), "double", f + g), "pmml-cycle");
  // Twenty functions, each of which uses the one before twice.
  std::string doubling = R"(<DefineFunction name="f0" optype="continuous"><ParameterField name="p"/><Apply function="+"><FieldRef field="p"/><FieldRef field="p"/></Apply></DefineFunction>)";
  for (int k = 1; k <= 40; ++k) {
    doubling += fmt::format(R"(<DefineFunction name="f{}" optype="continuous"><ParameterField name="p"/><Apply function="+"><Apply function="f{}"><FieldRef field="p"/></Apply><Apply function="f{}"><FieldRef field="p"/></Apply></Apply></DefineFunction>)", k, k - 1, k - 1);
  }
  EXPECT_EQ(result(calling("f40", field("x")), "double", doubling), "pmml-depth");
  std::string deep = field("x");
  for (int k = 0; k < 3000; ++k) deep = calling("abs", deep);
  EXPECT_EQ(result(deep), "pmml-depth");
}

TEST(PmmlExpressions, Tables) {
  auto points = [](const std::string& attributes) {
    return "<NormContinuous field=\"i\" " + attributes + "><LinearNorm orig=\"0\" norm=\"0\"/><LinearNorm orig=\"2\" norm=\"1\"/></NormContinuous>";
  };
  EXPECT_EQ(result(points("")), "3.5");
  EXPECT_EQ(result(points("outliers=\"asExtremeValues\"")), "1.0");
  EXPECT_EQ(result(points("outliers=\"asMissingValues\"")), "missing");
  EXPECT_EQ(result("<NormContinuous field=\"i\"><LinearNorm orig=\"3\" norm=\"0\"/><LinearNorm orig=\"3\" norm=\"1\"/></NormContinuous>"), "pmml-value");
  EXPECT_EQ(result("<NormDiscrete field=\"i\" value=\"7.0\"/>"), "1.0");
  EXPECT_EQ(result("<NormDiscrete field=\"i\" value=\"7\" method=\"thermometer\"/>"), "pmml-attribute");
  auto map = [](const std::string& rows, const std::string& attributes = "", const std::string& key = "i") {
    return "<MapValues outputColumn=\"out\" dataType=\"double\" " + attributes + "><FieldColumnPair field=\"" + key +
           "\" column=\"in\"/><InlineTable>" + rows + "</InlineTable></MapValues>";
  };
  EXPECT_EQ(result(map("<row><in>7.0</in><out>1</out></row>")), "1.0") << "keys have the type of the field";
  EXPECT_EQ(result(map("<row><in>8</in><out>1</out></row>")), "missing");
  EXPECT_EQ(result(map("<row><in>8</in><out>1</out></row>", "defaultValue=\"-1\"")), "-1.0");
  EXPECT_EQ(result(map("<row><in>8</in><out>1</out></row>", "mapMissingTo=\"-2\"", "y")), "-2.0");
  EXPECT_EQ(result(map("<row><in>8</in><out>1</out></row><row><in>8</in><out>2</out></row>")), "pmml-duplicate");
  EXPECT_EQ(result(map("<row><in>8</in></row>")), "pmml-element");
  EXPECT_EQ(result(map("<row><in>abc</in><out>1</out></row>")), "pmml-value");
  EXPECT_EQ(result("<MapValues outputColumn=\"out\"><FieldColumnPair field=\"i\" column=\"in\"/><TableLocator/></MapValues>"), "pmml-feature");
  EXPECT_EQ(result("<TextIndex textField=\"s\"><Constant>b</Constant></TextIndex>"), "1.0");
  EXPECT_EQ(result("<TextIndex textField=\"s\" tokenize=\"false\"><Constant>b</Constant></TextIndex>"), "pmml-expression");
  EXPECT_EQ(result("<Lag field=\"x\"/>"), "pmml-expression");
  EXPECT_EQ(result("<Aggregate field=\"x\" function=\"sum\"/>"), "pmml-expression");
}

}  // namespace
}  // namespace panmodel
