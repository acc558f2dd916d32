// Order and equality of values, beyond what documents of the corpus ask for.
#include "runtime/pfa/order.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <limits>
#include <random>

namespace panmodel::pfa {
namespace {

Array doubles(std::initializer_list<double> values) {
  Array out;
  for (double v : values) out.push_back(Value::float64(v));
  return out;
}

const double kNan = std::numeric_limits<double>::quiet_NaN();

TEST(PfaOrder, EqualValuesKeepTheirOrder) {
  const std::vector<int> keys = {3, 1, 2, 1, 3, 2, 1};
  const auto order =
      stable_order(keys.size(), [&](uint32_t i, uint32_t j) { return keys[i] < keys[j]; });
  EXPECT_EQ(order, (std::vector<uint32_t>{1, 3, 6, 2, 5, 0, 4}));
}

TEST(PfaOrder, AnswersThatAreNoOrderGiveAPermutation) {
  std::mt19937 random(1);  // the same answers on every run
  for (size_t size = 0; size < 200; ++size) {
    std::vector<uint32_t> order = stable_order(size, [&](uint32_t i, uint32_t j) {
      EXPECT_LT(std::max(i, j), size);
      return (random() & 1) != 0;
    });
    std::sort(order.begin(), order.end());
    for (uint32_t i = 0; i < size; ++i) EXPECT_EQ(order[i], i);
  }
}

TEST(PfaOrder, LeadingPositionsAreTheFirstOfTheOrder) {
  const std::vector<int> keys = {2, 5, 5, 1};
  auto greater = [&](uint32_t i, uint32_t j) { return keys[i] > keys[j]; };
  EXPECT_EQ(leading(4, 0, greater), (std::vector<uint32_t>{}));
  EXPECT_EQ(leading(4, 1, greater), (std::vector<uint32_t>{1}));
  EXPECT_EQ(leading(4, 3, greater), (std::vector<uint32_t>{1, 2, 0}));
  EXPECT_EQ(leading(4, 9, greater), (std::vector<uint32_t>{1, 2, 0, 3}));
}

TEST(PfaOrder, NanEqualsNothingThatIsLookedFor) {
  EXPECT_FALSE(same(Value::float64(kNan), Value::float64(kNan)));
  EXPECT_FALSE(same(Value::array(doubles({1, kNan})), Value::array(doubles({1, kNan}))));
  EXPECT_TRUE(same(Value::array(doubles({1, 2})), Value::array(doubles({1, 2}))));
  // Few items are compared one by one, many are looked up in order.
  const Array few = doubles({2, kNan, 1});
  const Array many = doubles({9, 3, kNan, 7, 1, 3, 8, kNan, 2, 6, 4});
  for (const Array* items : {&few, &many}) {
    const Members members(*items);
    EXPECT_TRUE(members.has(Value::float64(2)));
    EXPECT_FALSE(members.has(Value::float64(5)));
    EXPECT_FALSE(members.has(Value::float64(kNan)));
  }
}

TEST(PfaOrder, DistinctKeepsTheFirstAndEveryNan) {
  const Array kept = distinct(doubles({2, kNan, 1, 2, kNan, 1, 3}));
  ASSERT_EQ(kept.size(), 5u);
  EXPECT_EQ(kept[0].real(), 2);
  EXPECT_EQ(kept[2].real(), 1);
  EXPECT_EQ(kept[4].real(), 3);
}

}  // namespace
}  // namespace panmodel::pfa
