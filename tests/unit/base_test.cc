#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <random>

#include "base/diagnostic.h"
#include "base/fail.h"
#include "base/number.h"
#include "base/text.h"

namespace panmodel {
namespace {

TEST(Number, RealsReadBackToTheSameBits) {
  std::mt19937_64 rng(7);
  for (int i = 0; i < 20000; ++i) {
    double value = std::bit_cast<double>(rng());
    if (std::isnan(value)) continue;
    EXPECT_EQ(std::bit_cast<uint64_t>(*parse_real(print_real(value))),
              std::bit_cast<uint64_t>(value));
  }
  EXPECT_EQ(print_real(1.0), "1.0");
  EXPECT_EQ(print_real(-0.0), "-0.0");
  EXPECT_EQ(print_real(0.1f), "0.1");
}

TEST(Number, RejectsWhatIsNotWhollyANumber) {
  for (const char* bad : {"", " 1", "1 ", "1,5", "0x10", "1e400", "+-1", "1_0"}) {
    EXPECT_FALSE(parse_real(bad)) << bad;
  }
}

TEST(Number, DirectedRoundingKeepsEveryComparisonOfFloats) {
  std::mt19937_64 rng(11);
  std::uniform_real_distribution<double> unit(-2, 2);
  for (int i = 0; i < 50000; ++i) {
    double t = i % 3 == 0 ? std::ldexp(unit(rng), static_cast<int>(rng() % 300) - 150) : unit(rng);
    float near = static_cast<float>(t);
    for (float x : {near, next_up(near), next_down(near)}) {
      double wide = x;
      EXPECT_EQ(wide <= t, x <= round_down(t));
      EXPECT_EQ(wide < t, x < round_up(t));
      EXPECT_EQ(wide >= t, x >= round_up(t));
      EXPECT_EQ(wide > t, x > round_down(t));
    }
  }
}

TEST(Number, DroppingTheCastIsExact) {
  std::mt19937_64 rng(13);
  std::uniform_real_distribution<double> unit(-2, 2);
  for (int i = 0; i < 50000; ++i) {
    float t = static_cast<float>(std::ldexp(unit(rng), static_cast<int>(rng() % 270) - 148));
    double w = last_double_rounding_to_at_most(t);
    EXPECT_LE(static_cast<float>(w), t);
    EXPECT_GT(static_cast<float>(next_up(w)), t);
  }
  float largest = std::numeric_limits<float>::max();
  EXPECT_LE(static_cast<float>(last_double_rounding_to_at_most(largest)), largest);
}

TEST(Text, NearestSuggestsOnlyWhatIsNear) {
  std::string_view names[] = {"convert", "compare", "inspect"};
  EXPECT_EQ(nearest("convrt", names), "convert");
  EXPECT_EQ(nearest("zzzzzzz", names), "");
}

TEST(Diagnostic, PrintsPlaceMessageCodeAndHelp) {
  Location loc = PickleLoc{"steps[1].tree_", 0x1f3a, "BUILD"};
  loc.file = "model.pkl";
  try {
    fail_help(loc, "file-read", "41 entries, expected 43", "write it again");
  } catch (const Failure& f) {
    EXPECT_EQ(to_string(f.diagnostic),
              "model.pkl: steps[1].tree_ (BUILD at pickle byte 0x1f3a): error: 41 entries, "
              "expected 43 [file-read]\nhelp: write it again");
    EXPECT_EQ(exit_code(f.diagnostic.kind), 5);
  }
}

}  // namespace
}  // namespace panmodel
