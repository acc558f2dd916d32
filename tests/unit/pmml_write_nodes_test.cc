// Binary trees as Nodes.
#include <gtest/gtest.h>

#include <limits>

#include "base/diagnostic.h"
#include "formats/pmml/write_nodes.h"

namespace panmodel::pmml {
namespace {

constexpr double kInfinity = std::numeric_limits<double>::infinity();

const std::vector<Tested> kColumns{{.field = {"a", expr::Scalar::f64}},
                                   {.field = {"b<c", expr::Scalar::f64}, .single = true},
                                   {.field = {"s", expr::Scalar::f32}, .single = true}};

// A split whose branches are leaves of 1 and 2, or the tree so far at `no`.
uint32_t split(Forest& f, NodeMode mode, uint32_t column, double threshold, bool missing_yes,
               std::optional<uint32_t> no = {}) {
  const uint32_t yes = f.add_single_leaf(1);
  const uint32_t rest = no ? *no : f.add_single_leaf(2);
  return f.add_node(mode, column, threshold, yes, rest, missing_yes);
}

std::string text(const Forest& f, uint32_t root) {
  const Location place;
  WeightLeaves leaves(f, WeightLeaves::Kind::number, {});
  std::string out;
  NodesWriter(f, kColumns, place).write(root, leaves, out);
  return out;
}

TEST(PmmlNodes, MissingValuesTakeTheLastChild) {
  Forest f;
  EXPECT_EQ(text(f, split(f, NodeMode::leq, 0, -0.0, false)),
            R"(<Node><True/>
 <Node score="1.0"><SimplePredicate field="a" operator="lessOrEqual" value="0.0"/></Node>
 <Node score="2.0"><True/></Node></Node>)");
  EXPECT_EQ(text(f, split(f, NodeMode::lt, 0, 2.5, true)),
            R"(<Node><True/>
 <Node score="2.0"><SimplePredicate field="a" operator="greaterOrEqual" value="2.5"/></Node>
 <Node score="1.0"><True/></Node></Node>)");
}

TEST(PmmlNodes, TestsOfOneColumnAreSiblings) {
  Forest f;
  const uint32_t inner = split(f, NodeMode::leq, 0, 7, false);
  EXPECT_EQ(text(f, split(f, NodeMode::leq, 0, 3, false, inner)),
            R"(<Node><True/>
 <Node score="1.0"><SimplePredicate field="a" operator="lessOrEqual" value="3.0"/></Node>
 <Node score="1.0"><SimplePredicate field="a" operator="lessOrEqual" value="7.0"/></Node>
 <Node score="2.0"><True/></Node></Node>)");
}

TEST(PmmlNodes, RoundedColumns) {
  Forest f;
  // The last double that rounds to the float below the threshold, or to the threshold itself.
  EXPECT_NE(text(f, split(f, NodeMode::lt, 1, 1, false))
                .find(R"(field="b&lt;c" operator="lessOrEqual" value="0.9999999701976775"/>)"),
            std::string::npos);
  EXPECT_NE(text(f, split(f, NodeMode::leq, 1, 0.1, false))
                .find(R"(value="0.09999999776482582"/>)"),
            std::string::npos);
  // The threshold of a float is one.
  EXPECT_NE(text(f, split(f, NodeMode::leq, 2, 0.1, false)).find(R"(value="0.099999994"/>)"),
            std::string::npos);
  EXPECT_THROW(text(f, split(f, NodeMode::eq, 1, 1, false)), Failure);
}

TEST(PmmlNodes, TestsOnlyOfMissingValues) {
  Forest f;
  EXPECT_EQ(text(f, split(f, NodeMode::leq, 0, kInfinity, false)),
            R"(<Node><True/>
 <Node score="1.0"><SimplePredicate field="a" operator="isNotMissing"/></Node>
 <Node score="2.0"><True/></Node></Node>)");
  // What every row passes is no test.
  EXPECT_EQ(text(f, split(f, NodeMode::leq, 0, kInfinity, true)),
            R"(<Node score="1.0"><True/></Node>)");
  EXPECT_EQ(text(f, split(f, NodeMode::lt, 0, -kInfinity, false)),
            R"(<Node score="2.0"><True/></Node>)");
}

TEST(PmmlNodes, LeavesWithoutPrediction) {
  Forest f;
  const uint32_t none = f.add_single_leaf(std::numeric_limits<double>::quiet_NaN());
  EXPECT_EQ(text(f, split(f, NodeMode::leq, 0, 3, false, none)),
            R"(<Node><True/>
 <Node score="1.0"><SimplePredicate field="a" operator="lessOrEqual" value="3.0"/></Node></Node>)");
  EXPECT_EQ(text(f, none), "<Node><True/><Node><False/></Node></Node>");
}

TEST(PmmlNodes, SharesThatAreNotOneInAll) {
  std::string out;
  const double shares[] = {0.7, 0.2, 0.1};  // 0.9999999999999999
  append_distribution({"x", "y", "z"}, shares, nullptr, out);
  EXPECT_NE(out.find(R"(value="x" recordCount="0.7" probability="0.7"/>)"), std::string::npos);
  out.clear();
  const double halves[] = {0.5, 0.5};
  append_distribution({"x", "y"}, halves, nullptr, out);
  EXPECT_EQ(out, R"(<ScoreDistribution value="x" recordCount="0.5"/>)"
                 R"(<ScoreDistribution value="y" recordCount="0.5"/>)");
}

}  // namespace
}  // namespace panmodel::pmml
