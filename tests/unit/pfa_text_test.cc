#include "runtime/pfa/text.h"

#include <gtest/gtest.h>

#include "base/diagnostic.h"
#include "base/text.h"
#include "ir/pfa/value.h"

namespace panmodel::pfa {
namespace {

TEST(PfaText, CodePointsGoThroughUtf8) {
  std::string all;
  for (char32_t c : {0x0u, 0x7fu, 0x80u, 0x7ffu, 0x800u, 0xd7ffu, 0xffffu, 0x10000u, 0x10ffffu}) {
    std::string one;
    append_code_point(one, c);
    EXPECT_TRUE(is_utf8(one)) << std::hex << static_cast<uint32_t>(c);
    size_t at = 0;
    EXPECT_EQ(code_point(take_code_point(one, at)), c);
    EXPECT_EQ(at, one.size());
    all += one;
  }
  EXPECT_EQ(count_code_points(all), 9u);
  EXPECT_EQ(byte_of(all, 3), 4u);
  EXPECT_EQ(byte_of(all, 100), all.size());
  EXPECT_EQ(from_latin1("a\xff"), "a\xc3\xbf");
}

TEST(PfaText, RangesCountFromTheEndAndAreCut) {
  using Range = std::pair<size_t, size_t>;
  EXPECT_EQ(clip_range(5, 1, 3), Range(1, 3));
  EXPECT_EQ(clip_range(5, -2, 100), Range(3, 5));
  EXPECT_EQ(clip_range(5, 4, 2), Range(4, 4));
  EXPECT_EQ(clip_range(5, -100, -100), Range(0, 0));
  EXPECT_EQ(clip_range(0, INT32_MIN, INT32_MAX), Range(0, 0));
}

TEST(PfaText, PadsByCodePoints) {
  EXPECT_EQ(pad("\xc3\xbf", 3), "  \xc3\xbf");
  EXPECT_EQ(pad("ab", -3), "ab ");
  EXPECT_EQ(pad("abc", 2), "abc");
  EXPECT_EQ(pad_zeros("-5", 4), "-005");
}

TEST(PfaText, ATextBeyondTheLimitFails) {
  size_t before = meter().limit;
  meter().limit = meter().used + 1000;
  EXPECT_THROW(pad("a", INT32_MAX), Failure);
  EXPECT_NO_THROW(pad("a", 900));
  meter().limit = before;
}

}  // namespace
}  // namespace panmodel::pfa
