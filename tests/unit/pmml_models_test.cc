// Trees, regressions and segments of PMML: small documents, predictions computed by hand.
#include <gtest/gtest.h>

#include "formats/pmml/format.h"
#include "ir/ops/decision_tree.h"
#include "ir/ops/tree.h"
#include "runtime/frame.h"
#include "runtime/session.h"

namespace panmodel::runtime {
namespace {

std::string document(std::string_view model) {
  return fmt::format(R"(<PMML version="4.4"><Header/><DataDictionary>
<DataField name="x" optype="continuous" dataType="double"/>
<DataField name="z" optype="continuous" dataType="double"/>
<DataField name="c" optype="categorical" dataType="string"/>
<DataField name="y" optype="continuous" dataType="double"/>
<DataField name="k" optype="categorical" dataType="string"><Value value="a"/><Value value="b"/></DataField>
</DataDictionary>{}</PMML>)", model);
}

Model read(std::string_view model) {
  Diagnostics out;
  return pmml::format().read(Bytes::copy_of(document(model)), {}, out);
}

// The first column of the prediction, a cell per row; "-" for a missing one, "!" for a refused row.
std::string predict(std::string_view model, std::string_view csv, size_t column = 0) {
  auto shared = std::make_shared<const Model>(read(model));
  std::string found;
  read_csv(Bytes::copy_of(csv), {}, 100, [&](Frame frame) {
    Diagnostics out;
    Prediction prediction = Session(shared, {}).run(bind(*shared, frame, {}, out));
    PredictionTable table(shared->outputs, prediction);
    for (size_t r = 0; r < table.rows(); ++r) {
      std::string cell = table.refused(r) ? "!" : table.cell(r, column);
      found += (r == 0 ? "" : " ") + (cell.empty() || cell == "nan" ? "-" : cell);
    }
  });
  return found;
}

template <class Op>
bool has(std::string_view model) {
  Model read_model = read(model);
  return std::any_of(read_model.graph.nodes.begin(), read_model.graph.nodes.end(),
                     [](const Node& n) { return n.template as<Op>() != nullptr; });
}

constexpr std::string_view kSchema =
    R"(<MiningSchema><MiningField name="x"/><MiningField name="z"/><MiningField name="c"/><MiningField name="y" usageType="target"/></MiningSchema>)";
constexpr std::string_view kClassSchema =
    R"(<MiningSchema><MiningField name="x"/><MiningField name="z"/><MiningField name="c"/><MiningField name="k" usageType="target"/></MiningSchema>)";

// Root 0; 1 where x < 10, with 11 for c in {u, v} and 12 for c = w; 2 where x >= 10.
std::string tree(std::string_view options) {
  return fmt::format(R"(<TreeModel functionName="regression" {}>{}<Node id="0" score="0" defaultChild="2"><True/>
<Node id="1" score="1" defaultChild="12"><SimplePredicate field="x" operator="lessThan" value="10"/>
<Node id="11" score="11"><SimpleSetPredicate field="c" booleanOperator="isIn"><Array type="string">u "v"</Array></SimpleSetPredicate></Node>
<Node id="12" score="12"><SimplePredicate field="c" operator="equal" value="w"/></Node></Node>
<Node id="2" score="2"><SimplePredicate field="x" operator="greaterOrEqual" value="10"/></Node></Node></TreeModel>)",
                     options, kSchema);
}
constexpr std::string_view kTreeRows = "x,z,c\n1,0,u\n1,0,w\n1,0,q\n10,0,u\n,0,u\n1,0,\n";

TEST(PmmlTree, EveryStrategyAsForest) {
  const auto both = [](std::string_view unknown, std::string_view none) {
    std::string model = tree(fmt::format("missingValueStrategy=\"{}\" noTrueChildStrategy=\"{}\"",
                                         unknown, none));
    EXPECT_TRUE(has<ml::TreeEnsemble>(model)) << unknown;
    EXPECT_FALSE(has<ml::DecisionTree>(model)) << unknown;
    return predict(model, kTreeRows);
  };
  EXPECT_EQ(both("none", "returnNullPrediction"), "11.0 12.0 - 2.0 - -");
  EXPECT_EQ(both("none", "returnLastPrediction"), "11.0 12.0 1.0 2.0 0.0 1.0");
  EXPECT_EQ(both("lastPrediction", "returnNullPrediction"), "11.0 12.0 - 2.0 0.0 1.0");
  EXPECT_EQ(both("lastPrediction", "returnLastPrediction"), "11.0 12.0 1.0 2.0 0.0 1.0");
  EXPECT_EQ(both("nullPrediction", "returnLastPrediction"), "11.0 12.0 1.0 2.0 - -");
  EXPECT_EQ(both("defaultChild", "returnNullPrediction"), "11.0 12.0 - 2.0 2.0 12.0");
  EXPECT_EQ(both("defaultChild", "returnLastPrediction"), "11.0 12.0 1.0 2.0 2.0 12.0");
}

TEST(PmmlTree, SurrogatesAndScores) {
  std::string model = fmt::format(R"(<TreeModel functionName="classification" missingValueStrategy="defaultChild" missingValuePenalty="0.5">{}
<Output><OutputField name="label" feature="predictedValue"/><OutputField name="pb" feature="probability" value="b"/><OutputField name="conf" feature="confidence" value="a"/><OutputField name="id" feature="entityId"/></Output>
<Node defaultChild="n"><True/>
<Node id="m"><CompoundPredicate booleanOperator="surrogate"><SimplePredicate field="x" operator="lessThan" value="1"/><SimplePredicate field="z" operator="lessThan" value="1"/></CompoundPredicate>
<ScoreDistribution value="a" recordCount="3" confidence="0.9"/><ScoreDistribution value="b" recordCount="1" confidence="0.1"/></Node>
<Node id="n" score="b"><True/><ScoreDistribution value="a" recordCount="1" probability="0.25" confidence="0.5"/><ScoreDistribution value="b" recordCount="1" probability="0.75" confidence="0.5"/></Node>
</Node></TreeModel>)", kClassSchema);
  std::string rows = "x,z,c\n0,5,u\n5,0,u\n,0,u\n,,u\n";
  EXPECT_TRUE(has<ml::DecisionTree>(model));
  std::vector<std::string> found;
  for (size_t column = 0; column < 5; ++column) found.push_back(predict(model, rows, column));
  EXPECT_EQ(found, (std::vector<std::string>{"a b a b", "a b a b", "0.25 0.75 0.25 0.75",
                                             "0.9 0.5 0.9 0.25", "m n m n"}));
}

std::string regression(std::string_view options, std::string_view tables) {
  return fmt::format("<RegressionModel {}>{}{}</RegressionModel>", options,
                     options.find("classification") == std::string_view::npos ? kSchema : kClassSchema,
                     tables);
}

TEST(PmmlRegression, Predictors) {
  std::string model = regression(R"(functionName="regression")", R"(<RegressionTable intercept="1">
<NumericPredictor name="x" coefficient="2"/><NumericPredictor name="x" exponent="2" coefficient="3"/>
<CategoricalPredictor name="c" value="u" coefficient="10"/><CategoricalPredictor name="c" value="v" coefficient="20"/>
<PredictorTerm coefficient="100"><FieldRef field="x"/><FieldRef field="z"/></PredictorTerm></RegressionTable>)");
  // 1 + 2x + 3x^2 + category + 100xz; an unknown or missing category adds nothing.
  EXPECT_EQ(predict(model, "x,z,c\n1,0,u\n2,0,v\n2,1,q\n2,1,\n,1,u\n1,,u\n"),
            "16.0 37.0 217.0 217.0 - -");
}

TEST(PmmlRegression, Normalizations) {
  const auto at_one = [](std::string_view method) {
    std::string found = predict(regression(fmt::format(R"(functionName="regression" normalizationMethod="{}")", method),
                                           R"(<RegressionTable intercept="0"><NumericPredictor name="x" coefficient="1"/></RegressionTable>)"),
                                "x,z,c\n1,0,u\n");
    return std::stod(found);
  };
  EXPECT_EQ(at_one("none"), 1);
  EXPECT_NEAR(at_one("softmax"), 0.7310585786300049, 1e-15);
  EXPECT_NEAR(at_one("logit"), 0.7310585786300049, 1e-15);
  EXPECT_NEAR(at_one("exp"), 2.718281828459045, 1e-15);
  EXPECT_NEAR(at_one("probit"), 0.8413447460685429, 1e-15);
  EXPECT_NEAR(at_one("cloglog"), 0.9340119641546875, 1e-15);
  EXPECT_NEAR(at_one("loglog"), 0.6922006275553464, 1e-15);
  EXPECT_NEAR(at_one("cauchit"), 0.75, 1e-15);
}

TEST(PmmlRegression, TwoClasses) {
  const auto probabilities = [](std::string_view method) {
    std::string tables = R"(<Output><OutputField name="pa" feature="probability" value="a"/><OutputField name="pb" feature="probability" value="b"/></Output>
<RegressionTable intercept="0" targetCategory="b"><NumericPredictor name="x" coefficient="1"/></RegressionTable>
<RegressionTable intercept="0.5" targetCategory="a"/>)";
    std::string model = regression(
        fmt::format(R"(functionName="classification" normalizationMethod="{}")", method), tables);
    std::string rows = "x,z,c\n0.25,0,u\n0.75,0,u\n,0,u\n";
    return predict(model, rows) + " / " + predict(model, rows, 1) + " / " + predict(model, rows, 2);
  };
  EXPECT_EQ(probabilities("none"), "a b - / 0.75 0.25 - / 0.25 0.75 -");
  EXPECT_EQ(probabilities("simplemax"),
            "a b - / 0.6666666666666666 0.4 - / 0.3333333333333333 0.6 -");
}

std::string segments(std::string_view function, std::string_view method, std::string_view body) {
  return fmt::format(R"(<MiningModel functionName="{}">{}<Segmentation multipleModelMethod="{}">{}</Segmentation></MiningModel>)",
                     function, function == "regression" ? kSchema : kClassSchema, method, body);
}
// A tree of one test: `low` where x < limit, else `high`.
std::string stump(std::string_view function, double weight, double limit, std::string_view low,
                  std::string_view high) {
  return fmt::format(R"(<Segment weight="{0}"><True/><TreeModel functionName="{1}">{2}<Node><True/><Node score="{4}"><SimplePredicate field="x" operator="lessThan" value="{3}"/></Node>
<Node score="{5}"><SimplePredicate field="x" operator="greaterOrEqual" value="{3}"/></Node></Node></TreeModel></Segment>)",
                     weight, function, function == "regression" ? kSchema : kClassSchema, limit, low, high);
}
// A model that gives `coefficient` z, where x is above `limit`.
std::string line(double weight, double limit, double coefficient) {
  return fmt::format(R"(<Segment weight="{}"><SimplePredicate field="x" operator="greaterThan" value="{}"/>{}</Segment>)",
                     weight, limit,
                     regression(R"(functionName="regression")",
                                fmt::format(R"(<RegressionTable intercept="0"><NumericPredictor name="z" coefficient="{}"/></RegressionTable>)",
                                            coefficient)));
}

TEST(PmmlMining, TreesAreOneForest) {
  std::string body = stump("regression", 1, 1, "1", "2") + stump("regression", 3, 2, "10", "20");
  std::string rows = "x,z,c\n0,0,u\n1,0,u\n2,0,u\n,0,u\n";
  for (auto [method, expected] : std::initializer_list<std::pair<std::string_view, std::string_view>>{
           {"sum", "11.0 12.0 22.0 -"}, {"average", "5.5 6.0 11.0 -"},
           {"weightedSum", "31.0 32.0 62.0 -"}, {"weightedAverage", "7.75 8.0 15.5 -"}}) {
    std::string model = segments("regression", method, body);
    EXPECT_EQ(predict(model, rows), expected) << method;
    Model read_model = read(model);
    size_t forests = 0;
    for (const Node& n : read_model.graph.nodes) forests += n.as<ml::TreeEnsemble>() != nullptr;
    EXPECT_EQ(forests, 1u) << method;
  }
  EXPECT_EQ(predict(segments("regression", "max", body), rows), "10.0 10.0 20.0 -");
  EXPECT_EQ(predict(segments("regression", "median", body), rows), "5.5 6.0 11.0 -");
  EXPECT_EQ(predict(segments("regression", "weightedMedian", body), rows), "10.0 10.0 20.0 -");
}

TEST(PmmlMining, Votes) {
  std::string body = stump("classification", 1, 1, "a", "b") + stump("classification", 1, 2, "a", "b") +
                     stump("classification", 3, 3, "a", "b");
  std::string rows = "x,z,c\n0,0,u\n1,0,u\n2,0,u\n3,0,u\n,0,u\n";
  EXPECT_EQ(predict(segments("classification", "majorityVote", body), rows), "a a b b -");
  EXPECT_EQ(predict(segments("classification", "weightedMajorityVote", body), rows), "a a a b -");
}

TEST(PmmlMining, SegmentsWithPredicates) {
  std::string body = line(1, 0, 1) + line(1, 1, 10) + line(2, 2, 100);
  std::string rows = "x,z,c\n0,1,u\n1,1,u\n2,1,u\n3,1,u\n,1,u\n3,,u\n";
  EXPECT_EQ(predict(segments("regression", "sum", body), rows), "- 1.0 11.0 111.0 - -");
  EXPECT_EQ(predict(segments("regression", "average", body), rows), "- 1.0 5.5 37.0 - -");
  EXPECT_EQ(predict(segments("regression", "weightedAverage", body), rows), "- 1.0 5.5 52.75 - -");
  EXPECT_EQ(predict(segments("regression", "selectFirst", body), rows), "- 1.0 1.0 1.0 - -");
  EXPECT_EQ(predict(segments("regression", "modelChain", body), rows), "- 1.0 10.0 100.0 - -");
}

TEST(PmmlMining, AnOutputFeedsTheNextSegment) {
  std::string body =
      R"(<Segment><True/><RegressionModel functionName="regression"><MiningSchema><MiningField name="x"/></MiningSchema>
<Output><OutputField name="raw" optype="continuous" dataType="double" isFinalResult="false"/></Output>
<RegressionTable intercept="1"><NumericPredictor name="x" coefficient="2"/></RegressionTable></RegressionModel></Segment>
<Segment><True/><RegressionModel functionName="regression"><MiningSchema><MiningField name="raw"/><MiningField name="y" usageType="target"/></MiningSchema>
<RegressionTable intercept="0"><NumericPredictor name="raw" coefficient="10"/></RegressionTable></RegressionModel></Segment>)";
  EXPECT_EQ(predict(segments("regression", "modelChain", body), "x,z,c\n1,0,u\n,0,u\n"), "30.0 -");
}

TEST(PmmlMining, RefusedByName) {
  try {
    read(segments("regression", "nonsense", stump("regression", 1, 1, "1", "2")));
    ADD_FAILURE();
  } catch (const Failure& f) {
    EXPECT_NE(f.diagnostic.message.find("nonsense"), std::string::npos);
  }
}

}  // namespace
}  // namespace panmodel::runtime
