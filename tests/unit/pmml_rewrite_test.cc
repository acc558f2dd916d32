// PMML read and written again: the document that is written predicts what the source does.
#include <gtest/gtest.h>

#include "base/fail.h"
#include "formats/format.h"
#include "runtime/frame.h"
#include "runtime/session.h"

namespace panmodel {
namespace {

Model read(const std::string& text) {
  auto owner = std::make_shared<const std::string>(text);
  Diagnostics out;
  return find_format("pmml")->read(Bytes(std::as_bytes(std::span(*owner)), owner),
                                   {.path = "case.pmml"}, out);
}

std::string written(const std::string& text) {
  Diagnostics out;
  return written(*find_format("pmml"), read(text), {}, out);
}

// Fields x, y (double) and s (string), a target of `kind`; `body`: what follows the schema.
std::string document(
    const std::string& element, const std::string& attributes, const std::string& body,
    const std::string& target = R"(<DataField name="t" optype="continuous" dataType="double"/>)",
    const std::string& treatment = "") {
  return fmt::format(
      R"(<PMML xmlns="http://www.dmg.org/PMML-4_4" version="4.4"><Header/><DataDictionary>
<DataField name="x" optype="continuous" dataType="double"/><DataField name="y" optype="continuous" dataType="double"/>
<DataField name="s" optype="categorical" dataType="string"><Value value="a"/><Value value="b"/><Value value="c d"/></DataField>
{0}</DataDictionary><{1} {2}><MiningSchema><MiningField name="t" usageType="target"/><MiningField name="x" {4}/>
<MiningField name="y"/><MiningField name="s" invalidValueTreatment="asMissing"/></MiningSchema>{3}</{1}></PMML>)",
      target, element, attributes, body, treatment);
}

const std::string kClasses =
    R"(<DataField name="t" optype="categorical" dataType="integer"><Value value="1"/><Value value="2"/><Value value="3"/></DataField>)";

// All predictions for missing and other values of the fields, and the refused rows.
std::string predictions(const std::string& text) {
  const auto model = std::make_shared<const Model>(read(text));
  runtime::Frame frame{{"x", "y", "s"}, {}, {}, "rows.csv"};
  for (const char* x : {"-2", "0.5", "1", "30", ""}) {
    for (const char* y : {"0", "7", ""}) {
      for (const char* s : {"a", "c d", "unseen", ""}) {
        for (std::string cell : {x, y, s}) {
          frame.cells.push_back(cell.empty() ? std::nullopt : std::optional(std::move(cell)));
        }
        frame.lines.push_back(static_cast<uint32_t>(frame.lines.size() + 2));
      }
    }
  }
  Diagnostics out;
  auto prediction = runtime::Session(model, {}).run(runtime::bind(*model, frame, {}, out));
  std::map<std::string, std::string> columns;
  for (size_t k = 0; k < model->outputs.size(); ++k) {
    std::string& column = columns[model->outputs[k].name];
    const runtime::Value& value = prediction.outputs[k];
    for (size_t i = 0; i < frame.lines.size(); ++i) {
      column += (value.is_valid(i) ? runtime::element_text(value.tensor, i) : "missing") + " ";
    }
  }
  std::string all;
  for (const auto& [name, column] : columns) all += name + ": " + column + "\n";
  for (const auto& error : prediction.errors) all += fmt::format("refused {}\n", error.row);
  return all;
}

void expect_same(const std::string& text) {
  const std::string again = written(text);
  EXPECT_EQ(predictions(again), predictions(text)) << again;
}

const std::string kOutput =
    R"(<Output><OutputField name="id" optype="categorical" dataType="string" feature="entityId"/></Output>)";
std::string test(const std::string& field, const std::string& op, const std::string& value) {
  return fmt::format(R"(<SimplePredicate field="{}" operator="{}" value="{}"/>)", field, op, value);
}
std::string node(const std::string& attributes, const std::string& rest) {
  return "<Node " + attributes + ">" + rest + "</Node>";
}

TEST(PmmlRewritten, TreesOfEveryStrategy) {
  const std::string nodes = node(
      R"(id="0" score="9" defaultChild="2")",
      "<True/>" +
          node(R"(id="1" score="1" defaultChild="4")",
               test("x", "lessThan", "1") +
                   node(R"(id="3" score="3")", test("y", "lessOrEqual", "3")) +
                   node(R"(id="4" score="4")", test("s", "equal", "c d"))) +
          node(
              R"(id="2" score="2" defaultChild="5")",
              test("x", "greaterOrEqual", "1") +
                  node(
                      R"(id="5" score="5")",
                      R"(<SimpleSetPredicate field="s" booleanOperator="isIn"><Array type="string" n="2">a "c d"</Array></SimpleSetPredicate>)") +
                  node(R"(id="6" score="6")", R"(<CompoundPredicate booleanOperator="surrogate">)" +
                                                  test("y", "greaterThan", "5") +
                                                  test("x", "greaterThan", "20") +
                                                  "</CompoundPredicate>")));
  for (const char* strategy : {"none", "nullPrediction", "lastPrediction", "defaultChild"}) {
    for (const char* none : {"returnNullPrediction", "returnLastPrediction"}) {
      const std::string attributes = fmt::format(
          R"(functionName="regression" missingValueStrategy="{}" noTrueChildStrategy="{}")",
          strategy, none);
      expect_same(document("TreeModel", attributes, nodes));
      expect_same(document("TreeModel", attributes, kOutput + nodes));
    }
  }
}

TEST(PmmlRewritten, BinaryTreesWhereValuesMayBeMissing) {
  const std::string nodes =
      node(R"(score="9")",
           "<True/>" +
               node(R"(score="1")", test("x", "lessThan", "1") +
                                        node(R"(score="3")", test("s", "equal", "a")) +
                                        node(R"(score="4")", test("s", "notEqual", "a"))) +
               node(R"(score="2")", test("x", "greaterOrEqual", "1")));
  for (const char* strategy : {"none", "nullPrediction", "lastPrediction"}) {
    expect_same(document(
        "TreeModel",
        fmt::format(R"(functionName="regression" missingValueStrategy="{}")", strategy), nodes));
  }
}

std::string shares(double a, double b, double c) {
  std::string out;
  for (auto [value, count] : {std::pair{1, a}, {2, b}, {3, c}}) {
    out += fmt::format(R"(<ScoreDistribution value="{}" recordCount="{}" confidence="{}"/>)", value,
                       count, count / 10);
  }
  return out;
}

TEST(PmmlRewritten, ClassesBlendedFromSeveralNodes) {
  const std::string nodes = node(
      R"(score="1" recordCount="10")",
      "<True/>" + shares(5, 3, 2) +
          node(R"(score="2" recordCount="6")", test("x", "lessThan", "1") + shares(1, 4, 1)) +
          node(R"(score="3" recordCount="4")", test("x", "greaterOrEqual", "1") + shares(0, 1, 3)));
  const std::string probability =
      R"(<OutputField name="p2" optype="continuous" dataType="double" feature="{}" value="2"/>)";
  for (const char* strategy : {"none", "lastPrediction", "weightedConfidence", "aggregateNodes"}) {
    const std::string feature =
        strategy == std::string("weightedConfidence") ? "confidence" : "probability";
    expect_same(document(
        "TreeModel",
        fmt::format(R"(functionName="classification" missingValueStrategy="{}")", strategy),
        "<Output>" + fmt::format(fmt::runtime(probability), feature) + "</Output>" + nodes,
        kClasses));
  }
  const std::string penalty =
      R"(functionName="classification" missingValueStrategy="defaultChild" missingValuePenalty="0.8")";
  std::string defaults = nodes;
  defaults.replace(0, 5, R"(<Node id="r" defaultChild="k")");
  defaults.replace(defaults.find(R"(<Node score="3")"), 5, R"(<Node id="k")");
  expect_same(document(
      "TreeModel", penalty,
      "<Output>" + fmt::format(fmt::runtime(probability), "confidence") + "</Output>" + defaults,
      kClasses));
}

std::string regression(double intercept, double slope) {
  return fmt::format(
      R"(<RegressionModel functionName="regression"><MiningSchema><MiningField name="x"/></MiningSchema><RegressionTable intercept="{}"><NumericPredictor name="x" coefficient="{}"/></RegressionTable></RegressionModel>)",
      intercept, slope);
}

TEST(PmmlRewritten, SegmentsOfEveryMethod) {
  for (const char* method : {"average", "weightedAverage", "sum", "weightedSum", "median",
                             "weightedMedian", "max", "selectFirst", "modelChain"}) {
    for (const char* missing : {"continue", "skipSegment", "returnMissing"}) {
      std::string segments;
      int k = 0;
      for (const std::string& predicate :
           {test("y", "greaterThan", "3"), test("s", "equal", "a"), std::string("<True/>")}) {
        ++k;
        segments += fmt::format(R"(<Segment weight="{}">{}{}</Segment>)", k, predicate,
                                regression(k, k * 0.5));
      }
      expect_same(document(
          "MiningModel", R"(functionName="regression")",
          fmt::format(
              R"(<Segmentation multipleModelMethod="{}" missingPredictionTreatment="{}">{}</Segmentation>)",
              method, missing, segments)));
    }
  }
}

TEST(PmmlRewritten, TargetsAndOutputs) {
  const std::string targets =
      R"(<Targets><Target field="t" min="-1" max="9" rescaleFactor="2" rescaleConstant="0.25" castInteger="{}"><TargetValue defaultValue="77"/></Target></Targets>)";
  const std::string outputs =
      R"(<Output><OutputField name="whole" optype="continuous" dataType="integer" feature="predictedValue"/>
<OutputField name="more" optype="continuous" dataType="double" feature="transformedValue"><Apply function="+"><FieldRef field="whole"/><FieldRef field="half"/></Apply></OutputField></Output>)";
  const std::string derived =
      R"(<LocalTransformations><DerivedField name="half" optype="continuous" dataType="double"><Apply function="/" mapMissingTo="0.5"><FieldRef field="y"/><Constant dataType="double">2</Constant></Apply></DerivedField></LocalTransformations>)";
  const std::string table =
      R"(<RegressionTable intercept="0.1"><NumericPredictor name="x" coefficient="0.3"/><NumericPredictor name="half" exponent="2" coefficient="-0.1"/><CategoricalPredictor name="s" value="c d" coefficient="4"/><PredictorTerm coefficient="0.01"><FieldRef field="x"/><FieldRef field="half"/></PredictorTerm></RegressionTable>)";
  for (const char* cast : {"round", "ceiling", "floor"}) {
    const std::string text =
        document("RegressionModel", R"(functionName="regression")",
                 outputs + fmt::format(fmt::runtime(targets), cast) + derived + table);
    expect_same(text);
    EXPECT_NE(
        written(text).find(R"(<DerivedField name="half" optype="continuous" dataType="double">)"),
        std::string::npos);
  }
}

TEST(PmmlRewritten, TreatmentsOfCells) {
  for (const char* treatment :
       {R"(missingValueReplacement="4")", R"(missingValueTreatment="returnInvalid")",
        R"(outliers="asMissingValues" lowValue="0" highValue="10" missingValueReplacement="3")",
        R"(outliers="asExtremeValues" lowValue="0" highValue="10")"}) {
    const std::string text = document(
        "RegressionModel", R"(functionName="regression")",
        R"(<RegressionTable intercept="0"><NumericPredictor name="x" coefficient="1"/></RegressionTable>)",
        R"(<DataField name="t" optype="continuous" dataType="double"/>)", treatment);
    expect_same(text);
    EXPECT_NE(written(text).find(std::string(treatment).substr(0, 20)), std::string::npos)
        << written(text);
  }
}

}  // namespace
}  // namespace panmodel
