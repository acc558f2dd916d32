#include <gtest/gtest.h>

#include <cmath>
#include <functional>
#include <set>

#include "ir/builder.h"
#include "ir/ops/encode.h"
#include "ir/ops/linear.h"
#include "ir/ops/scale.h"
#include "ir/ops/tensor_elementwise.h"
#include "ir/ops/tensor_shape.h"
#include "ir/ops/tree.h"
#include "ir/unshare.h"

namespace panmodel {
namespace {

std::string code_of(auto&& job) {
  try {
    job();
  } catch (const Failure& f) {
    return std::string(f.diagnostic.code);
  }
  return "";
}

TEST(Type, PrintsAndParses) {
  for (const char* text : {"f64[N,4]", "f32[*]", "i64[]", "column<string?>", "column<i64>",
                           "seq<map<string,f32[]>>", "optional<f64[?,2]>", "bool[3]"}) {
    auto type = parse_type(text);
    ASSERT_TRUE(type) << text;
    EXPECT_EQ(to_string(*type), text);
  }
  for (const char* bad : {"", "f64", "f64[", "f64[-1]", "seq<f64[]", "column<f99>", "f64[]x"}) {
    EXPECT_FALSE(parse_type(bad)) << bad;
  }
  std::string deep;
  for (int i = 0; i < 100000; ++i) deep += "seq<";
  EXPECT_FALSE(parse_type(deep));
}

TEST(Tensor, HalfRoundsToNearestEven) {
  for (uint32_t bits = 0; bits < 65536; ++bits) {
    uint16_t h = static_cast<uint16_t>(bits);
    float f = half_to_float(h);
    if (std::isnan(f)) continue;
    EXPECT_EQ(float_to_half(f), h);
  }
  EXPECT_EQ(float_to_half(65520.0f), 0x7c00);
  EXPECT_EQ(float_to_half(65519.0f), 0x7bff);
  EXPECT_EQ(float_to_half(std::ldexp(1.0f, -25)), 0);
}

TEST(Tensor, RefusesImpossibleShapes) {
  EXPECT_EQ(code_of([] { element_count(Shape{-1}); }), "ir-shape");
  EXPECT_EQ(code_of([] { element_count(Shape{int64_t{1} << 40, int64_t{1} << 40}); }), "ir-shape");
  EXPECT_EQ(code_of([] { Tensor::view(DType::f64, {2}, Bytes::copy_of("123")); }), "ir-shape");
}

TEST(Forest, FindsCyclesAndSharedNodes) {
  Forest f;
  f.add_node(NodeMode::leq, 0, 0.5, 1, 2, false);
  f.add_node(NodeMode::leq, 0, 0.2, 2, 0, false);
  f.add_leaf();
  f.add_weight(0, 1);
  f.roots = {0};
  EXPECT_EQ(code_of([&] { validate(f, {}, {}); }), "ir-forest");  // node 1 -> 0
  f.no[1] = 2;
  EXPECT_EQ(code_of([&] { validate(f, {}, {}); }), "ir-forest");  // leaf 2 is shared
  EXPECT_EQ(code_of([&] { validate(f, {.allow_shared = true}, {}); }), "");
  EXPECT_EQ(code_of([&] { validate(f, {.features = 0, .allow_shared = true}, {}); }), "ir-forest");
}

TEST(Forest, RefusesEachFaultOfATree) {
  Forest good;
  good.add_node(NodeMode::leq, 1, 0.5, 1, 2, false);
  good.add_leaf();
  good.add_node(NodeMode::member, 0, 0, 3, 4, false);
  good.add_leaf();
  good.add_leaf();
  good.leaf_begin.clear();
  good.leaf_weight = {1, 2, 3};
  good.set_begin = {0, 1};
  good.set_value = {7};
  good.roots = {0};
  const ForestLimits limits{.features = 2};
  ASSERT_EQ(code_of([&] { validate(good, limits, {}); }), "");
  const std::function<void(Forest&)> faults[] = {
      [](Forest& f) { f.mode[0] = 8; },          [](Forest& f) { f.mode[1] = Forest::kMissingYes; },
      [](Forest& f) { f.feature[0] = 2; },       [](Forest& f) { f.yes[0] = 5; },
      [](Forest& f) { f.no[0] = 5; },            [](Forest& f) { f.no[0] = 1; },
      [](Forest& f) { f.no[0] = 0; },            [](Forest& f) { f.no[2] = 2; },
      [](Forest& f) { f.yes[2] = 1; },           [](Forest& f) { f.yes[4] = 3; },
      [](Forest& f) { f.threshold[2] = 1; },     [](Forest& f) { f.threshold[2] = -1; },
      [](Forest& f) { f.threshold[2] = NAN; },   [](Forest& f) { f.roots = {5}; },
      [](Forest& f) { f.roots = {0, 0}; },       [](Forest& f) { f.roots = {0, 2}; },
      [](Forest& f) { f.mode[0] |= 0x78; },      [](Forest& f) { f.no[2] = UINT32_MAX; },
  };
  for (size_t i = 0; i < std::size(faults); ++i) {
    Forest f = good;
    faults[i](f);
    EXPECT_EQ(code_of([&] { validate(f, limits, {}); }), "ir-forest") << "fault " << i;
  }
  Forest f = good;
  f.mode[0] |= Forest::kMissingYes;
  EXPECT_EQ(code_of([&] { validate(f, limits, {}); }), "");
}

// 64 levels, each with both children at the same node: 2^64 paths, 65 nodes.
TEST(Forest, StatsVisitSharedNodesOnce) {
  Forest f;
  for (uint32_t i = 0; i < 64; ++i) f.add_node(NodeMode::leq, 0, 0.5, i + 1, i + 1, false);
  f.add_leaf();
  f.add_weight(0, 1);
  f.roots = {0, 7};
  ASSERT_EQ(code_of([&] { validate(f, {.allow_shared = true}, {}); }), "");
  ForestStats s = stats(f);
  EXPECT_EQ(s.trees, 2u);
  EXPECT_EQ(s.nodes, 65u);
  EXPECT_EQ(s.leaves, 1u);
  EXPECT_EQ(s.depth, 64u);
  EXPECT_FALSE(can_unshare(f));
  f.roots = {50};  // 2^15 - 1 nodes, one by one
  EXPECT_TRUE(can_unshare(f));
  f.roots = {0};
  EXPECT_TRUE(ml::one_tree_per_target({.forest = f}));
  f.roots = {0, 7};
  EXPECT_FALSE(ml::one_tree_per_target({.forest = f}));
}

TEST(Builder, SizesThatNoTensorHasAreUnknown) {
  Model model;
  Builder b(model);
  constexpr int64_t kHuge = int64_t{1} << 62;
  ValueId x = b.input("X", tensor_type(DType::f64, {kHuge, 4}));
  ValueId y = b.input("Y", tensor_type(DType::f64, {3, kHuge, 2}));
  EXPECT_EQ(to_string(b.type(b.add(tensor::Concat{.axis = 0}, {x, x}))), "f64[?,4]");
  EXPECT_EQ(to_string(b.type(b.add(tensor::Flatten{.axis = 1}, {y}))), "f64[3,?]");
  EXPECT_EQ(to_string(b.type(b.add(tensor::Flatten{.axis = 3}, {y}))), "f64[?,1]");
}

// numpy: numpy.empty(0)[5::-1] is empty.
TEST(Builder, ASliceOfNothingIsNothing) {
  Model model;
  Builder b(model);
  const auto ints = [&](int64_t n) {
    return b.add(tensor::Constant{Tensor::vector(std::vector<int64_t>{n})}, {});
  };
  ValueId x = b.input("X", tensor_type(DType::f64, {int64_t{0}, 2}));
  ValueId s = b.add(tensor::Slice{}, {x, ints(-9), ints(-9), ints(0), ints(-1)});
  EXPECT_EQ(to_string(b.type(s)), "f64[0,2]");
}

TEST(Builder, InfersTypesAndNamesThePlace) {
  Model model;
  Builder b(model);
  b.at(PickleLoc{"steps[0]", 7, ""});
  ValueId x = b.input("X", tensor_type(DType::f64, {"N", 2}));
  ValueId scaled = b.add(ml::Scaler{.offset = {1, 2}, .scale = {3, 4}}, {x});
  ValueId y = b.add(ml::Linear{Tensor::of({1, 2}, std::vector<double>{1, 2}),
                               Tensor::vector(std::vector<double>{0})},
                    {scaled});
  EXPECT_EQ(to_string(b.type(y)), "f64[N,1]");
  try {
    b.add(ml::Scaler{.offset = {1, 2, 3}}, {x});
    FAIL();
  } catch (const Failure& f) {
    EXPECT_EQ(to_string(f.diagnostic.location), "steps[0] (pickle byte 0x7)");
  }
}

TEST(OpTable, NamesAreUniqueAndComplete) {
  std::set<std::string_view> names;
  for (const OpInfo& info : op_table()) {
    EXPECT_TRUE(names.insert(info.meta.name).second) << info.meta.name;
    EXPECT_FALSE(info.meta.doc.empty());
    EXPECT_EQ(find_op(info.meta.name), &info);
  }
  EXPECT_EQ(names.size(), kOpCount);
}

}  // namespace
}  // namespace panmodel
