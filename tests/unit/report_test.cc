// Reports of texts that no format can hold as they are.
#include "api/report.h"

#include <gtest/gtest.h>

#include <pugixml.hpp>

#include "api/panmodel.h"
#include "api/plan.h"

namespace panmodel {
namespace {

Report report_of(const std::string& text) {
  Location place = XmlLoc{"PMML/TreeModel", 7, 3};
  place.file = text;
  Finding f{text, Verdict::failed, text, {text, "second"}, {{text, text}}, place};
  return {"check", {{text, {{text, text}}, {f}}}};
}

std::string junit_name(const std::string& text) {
  pugi::xml_document document;
  const std::string xml = print_report(report_of(text), ReportFormat::junit);
  EXPECT_TRUE(document.load_string(xml.c_str(), pugi::parse_full)) << xml;
  const pugi::xml_node found = document.select_node("/testsuites/testsuite/testcase").node();
  EXPECT_EQ(std::string(found.child("failure").attribute("message").value()), found.attribute("name").value());
  EXPECT_EQ(std::string(found.child("failure").text().get()),
            std::string(found.attribute("name").value()) + "\nsecond");
  return found.attribute("name").value();
}

TEST(Report, JunitHoldsAnyText) {
  EXPECT_EQ(junit_name("a]]>b<c>&\"'"), "a]]>b<c>&\"'");
  EXPECT_EQ(junit_name(std::string("\0\x01\n\r\t\x7f", 6)), "\\x00\\x01\\n\\r\\t\\x7f");
  EXPECT_EQ(junit_name("\xff\xc3\xa4\xed\xa0\x80"), "\\xff\xc3\xa4\\xed\\xa0\\x80");
  EXPECT_EQ(junit_name("\xef\xbf\xbe\xef\xbf\xbf\xef\xbf\xbd"), "\\uFFFE\\uFFFF\xef\xbf\xbd");
}

TEST(Report, AnAnnotationIsOneLine) {
  EXPECT_EQ(print_report(report_of("a\n::error::%0A,b:c"), ReportFormat::github),
            "::error file=a\\n%3A%3Aerror%3A%3A%250A%2Cb%3Ac,line=7,"
            "title=a\\n%3A%3Aerror%3A%3A%250A%2Cb%3Ac%3A a\\n%3A%3Aerror%3A%3A%250A%2Cb%3Ac"
            "::a\\n::error::%250A,b:c%0Aa\\n::error::%250A,b:c%0Asecond\n"
            "panmodel check: 1 checks, 1 failed\n");
}

TEST(Report, ACellOfMarkdownStaysOne) {
  const std::string text = print_report(report_of("a|b\n| c | <img> @team `x`"), ReportFormat::markdown);
  EXPECT_NE(text.find("| a\\|b\\\\n\\| c \\| &lt;img&gt; @<!-- -->team \\`x\\` | **FAILED** |"), std::string::npos) << text;
}

TEST(Report, NothingCheckedHasFailed) {
  EXPECT_FALSE((Report{"validate", {}}.passed()));
  EXPECT_FALSE((Report{"validate", {{"empty", {}, {}}}}.passed()));
  EXPECT_FALSE(Validation{}.equal());
}

TEST(Plan, DatesOfTheCalendar) {
  EXPECT_EQ(print_date(*parse_date("2028-02-29")), "2028-02-29");
  for (const char* wrong : {"2026-02-29", "2026-13-01", "2026-1-1", "26-01-01", "2026/01/01", "2026-01-01 ", "", "abcd-ef-gh",
                            "+026-01-01"}) {
    EXPECT_FALSE(parse_date(wrong)) << wrong;
  }
}

TEST(Plan, Shares) {
  EXPECT_EQ(parse_share("1%"), 0.01);
  EXPECT_EQ(parse_share("0.25"), 0.25);
  EXPECT_EQ(parse_share("100%"), 1.0);
  for (const char* wrong : {"", "%", "1.01", "-0.1", "nan", "101%", "few"}) EXPECT_FALSE(parse_share(wrong)) << wrong;
}

}  // namespace
}  // namespace panmodel
