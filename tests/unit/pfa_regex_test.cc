#include "runtime/pfa/regex.h"

#include <gtest/gtest.h>

namespace panmodel::pfa {
namespace {

// Begin and end of the first match and of its groups; -1 for a group without one.
std::vector<int> search(std::string_view pattern, std::string_view text, size_t start = 0, bool utf8 = true) {
  std::unique_ptr<const Regex> regex = Regex::compile(pattern, utf8);
  if (!regex) return {-2};
  std::vector<MatchedPart> parts;
  std::vector<int> out;
  if (regex->find(text, start, parts) != Regex::Outcome::found) return out;
  for (MatchedPart p : parts) {
    out.push_back(static_cast<int>(p.begin));
    out.push_back(static_cast<int>(p.end));
  }
  return out;
}
using Places = std::vector<int>;

TEST(PfaRegex, TakesTheLongestOfTheLeftmost) {
  EXPECT_EQ(search("a|ab", "xab"), Places({1, 3}));
  EXPECT_EQ(search("(a)|(b)", "b"), Places({0, 1, -1, -1, 0, 1}));
  EXPECT_EQ(search("[[:digit:]]{2,3}", "a1234"), Places({1, 4}));
  EXPECT_EQ(search("ll", "hello", 3), Places());
}

TEST(PfaRegex, EndsAreThoseOfTheTextAndThePointTakesAnyCharacter) {
  EXPECT_EQ(search("^b", "a\nb"), Places());
  EXPECT_EQ(search("a$", "a\nb"), Places());
  EXPECT_EQ(search("a.b", "a\nb"), Places({0, 3}));
  EXPECT_EQ(search(".", "\xe2\x88\x92"), Places({0, 3}));
  EXPECT_EQ(search(".", "\xe2\x88\x92", 0, false), Places({0, 1}));
}

TEST(PfaRegex, BackReferences) {
  EXPECT_EQ(search("(.)\\1", "hello"), Places({2, 4, 2, 3}));
  EXPECT_EQ(search("(.)\\1", "\xe2\x88\x92\xe2\x88\x92"), Places({0, 6, 0, 3}));
  EXPECT_EQ(search("(.)\\1", "\xff\xff", 0, false), Places({0, 2, 0, 1}));
  EXPECT_EQ(search("[\\\\1]", "1"), Places({0, 1}));
}

TEST(PfaRegex, RefusesWhatIsNone) {
  for (std::string_view bad : {"\\1", "(", "[a", "a{2,1}"}) EXPECT_EQ(search(bad, "a"), Places({-2})) << bad;
}

TEST(PfaRegex, GivesUpWhatTakesTooLong) {
  std::unique_ptr<const Regex> regex = Regex::compile("^((a+)+)\\1x$", true);
  std::vector<MatchedPart> parts;
  EXPECT_EQ(regex->find(std::string(200, 'a'), 0, parts), Regex::Outcome::too_long);
}

}  // namespace
}  // namespace panmodel::pfa
