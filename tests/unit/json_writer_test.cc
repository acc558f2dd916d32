#include "base/json_writer.h"

#include <gtest/gtest.h>

#include <cmath>

namespace panmodel {
namespace {

void numbers(JsonWriter& out, int count) {
  out.begin_array(true);
  for (int i = 0; i < count; ++i) out.real(i + 0.5);
  out.end_array();
}

TEST(JsonWriter, ShortValuesStandOnOneLine) {
  JsonWriter out;
  out.begin_object();
  out.key("a");
  out.integer(-3);
  out.key("b");
  numbers(out, 3);
  out.key("c");
  out.null();
  out.end_object();
  EXPECT_EQ(out.take(), "{\"a\": -3, \"b\": [0.5, 1.5, 2.5], \"c\": null}\n");
}

TEST(JsonWriter, LongObjectsHaveAMemberALine) {
  JsonWriter out;
  out.begin_object();
  out.key("first");
  out.text(std::string(50, 'x'));
  out.key("second");
  out.text(std::string(50, 'y'));
  out.end_object();
  EXPECT_EQ(out.take(), "{\n  \"first\": \"" + std::string(50, 'x') + "\",\n  \"second\": \"" + std::string(50, 'y') + "\"\n}\n");
}

TEST(JsonWriter, NumbersFillLines) {
  JsonWriter out;
  numbers(out, 100);
  const std::string text = out.take();
  size_t lines = 0, longest = 0, at = 0;
  for (size_t end = text.find('\n'); end != std::string::npos; at = end + 1, end = text.find('\n', at)) {
    longest = std::max(longest, end - at);
    ++lines;
  }
  EXPECT_LE(longest, 101u);  // with the comma
  EXPECT_LE(lines, 9u);
  EXPECT_TRUE(text.starts_with("[\n  0.5, 1.5"));
  EXPECT_TRUE(text.ends_with("99.5\n]\n"));
}

// {"a.map": [...]} does not cost two levels.
TEST(JsonWriter, ASoleMemberStaysOnTheLineOfItsObject) {
  JsonWriter out;
  out.begin_object(true);
  out.key("call");
  out.begin_array();
  out.text(std::string(60, 'x'));
  out.begin_object();
  out.key("k");
  out.text(std::string(60, 'y'));
  out.end_object();
  out.end_array();
  out.end_object();
  EXPECT_EQ(out.take(), "{\"call\": [\n  \"" + std::string(60, 'x') + "\",\n  {\"k\": \"" + std::string(60, 'y') + "\"}\n]}\n");
}

TEST(JsonWriter, EscapesAndDigits) {
  JsonWriter out;
  out.begin_array();
  out.text("a\"\\\n\t\x01\xc3\xa9");
  out.real(0.1);
  out.real(1e300);
  out.real(-0.0);
  out.integer(INT64_MIN);
  out.boolean(true);
  out.end_array();
  EXPECT_EQ(out.take(), "[\"a\\\"\\\\\\n\\t\\u0001\xc3\xa9\", 0.1, 1e+300, -0.0, -9223372036854775808, true]\n");
}

TEST(JsonWriter, EmptyContainersAndReuse) {
  JsonWriter out;
  for (int i = 0; i < 2; ++i) {
    out.begin_array();
    out.begin_object();
    out.end_object();
    out.begin_array();
    out.end_array();
    out.end_array();
    EXPECT_EQ(out.take(), "[{}, []]\n");
  }
}

TEST(JsonWriter, DepthCostsNoIndentationWithoutEnd) {
  JsonWriter out;
  constexpr int kDepth = 100000;
  for (int i = 0; i < kDepth; ++i) out.begin_array();
  for (int i = 0; i < kDepth; ++i) out.end_array();
  EXPECT_LT(out.take().size(), 60u * kDepth);
}

}  // namespace
}  // namespace panmodel
