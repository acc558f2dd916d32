// A program that uses the library may have set a locale with a decimal comma.
#include <gtest/gtest.h>

#include <clocale>
#include <cstdio>
#include <string>

#include "base/bytes.h"
#include "base/fail.h"
#include "base/number.h"
#include "formats/pickle/machine.h"
#include "runtime/frame.h"

namespace panmodel {
namespace {

class DecimalComma : public testing::Test {
 protected:
  void SetUp() override {
    for (const char* name : {"de_DE.UTF-8", "de_DE.utf8", "de_DE", "fr_FR.UTF-8", "nl_NL.UTF-8"}) {
      if (std::setlocale(LC_ALL, name) == nullptr) continue;
      char text[16];
      std::snprintf(text, sizeof text, "%.1f", 1.5);
      if (text[1] == ',') return;
    }
    GTEST_SKIP() << "no locale with a decimal comma is installed";
  }
  void TearDown() override { std::setlocale(LC_ALL, "C"); }
};

TEST_F(DecimalComma, NumbersKeepThePoint) {
  EXPECT_EQ(print_real(1.5), "1.5");
  EXPECT_EQ(parse_real("1.5"), 1.5);
  EXPECT_EQ(parse_real("1,5"), std::nullopt);
  EXPECT_EQ(fmt::format("{}", 1.5), "1.5");
}

TEST_F(DecimalComma, PicklesAndTables) {
  const pickle::Document document = pickle::parse(Bytes::copy_of("F1.5\n."));
  EXPECT_EQ(document.root().real(), 1.5);
  runtime::read_csv(Bytes::copy_of("a;b,c\n\"1,5\",1.5\n"), {}, 10, [](const runtime::Frame& frame) {
    EXPECT_EQ(frame.names, (std::vector<std::string>{"a;b", "c"}));
    EXPECT_EQ(frame.cell(0, 1), "1.5");
  });
}

}  // namespace
}  // namespace panmodel
