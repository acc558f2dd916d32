#include "base/json.h"

#include <gtest/gtest.h>

#include <cmath>

namespace panmodel::json {
namespace {

std::string place_of(const Document& d, Ref r) { return to_string(d.place(r.index())); }

TEST(Json, KeepsTheLexicalClassOfNumbers) {
  Document d = Document::parse(R"([12, 12.0, 1e3, 9223372036854775807, 9223372036854775808, -0.0, 1e-400])", {});
  std::vector<Ref> items;
  for (Ref item : d.root().items()) items.push_back(item);
  ASSERT_EQ(items.size(), 7u);
  EXPECT_EQ(items[0].kind(), Kind::integer);
  EXPECT_EQ(items[0].whole(), 12);
  EXPECT_EQ(items[1].kind(), Kind::real);
  EXPECT_EQ(items[2].number(), 1000);
  EXPECT_EQ(items[3].whole(), INT64_MAX);
  EXPECT_EQ(items[4].kind(), Kind::big);
  EXPECT_EQ(items[4].number(), 9223372036854775808.0);
  EXPECT_TRUE(std::signbit(items[5].number()));
  EXPECT_EQ(items[6].number(), 0);
  EXPECT_THROW(Document::parse("1e400", {}), Failure);  // no double
}

TEST(Json, WalksMembersAndItems) {
  Document d = Document::parse(R"({"a": [1, [2, 3], {"b": "x\ny"}], "c": null, "a/~": true})", {});
  Ref root = d.root();
  EXPECT_EQ(root.size(), 3u);
  Ref a = *root.find("a");
  EXPECT_EQ(a.size(), 3u);
  Ref last = a;
  for (Ref item : a.items()) last = item;
  EXPECT_EQ(last.find("b")->text(), "x\ny");
  EXPECT_TRUE(root.find("c")->is(Kind::null));
  EXPECT_TRUE(root.find("a/~")->boolean());
  EXPECT_FALSE(root.find("d"));
}

TEST(Json, SaysWhereANodeStands) {
  std::string text = "{\"a\": [1,\n  {\"b\\\"c\": \"x\\\"y\",\n   \"a/~\": -2.5}, []]}";
  Document d = Document::parse(text, {});
  Ref a = *d.root().find("a");
  std::vector<Ref> items;
  for (Ref item : a.items()) items.push_back(item);
  EXPECT_EQ(place_of(d, d.root()), "line 1:1");
  EXPECT_EQ(place_of(d, a), "/a (line 1:7)");
  EXPECT_EQ(place_of(d, items[0]), "/a/0 (line 1:8)");
  EXPECT_EQ(place_of(d, items[1]), "/a/1 (line 2:3)");
  EXPECT_EQ(place_of(d, *items[1].find("b\"c")), "/a/1/b\"c (line 2:12)");
  EXPECT_EQ(place_of(d, *items[1].find("a/~")), "/a/1/a~1~0 (line 3:11)");
  EXPECT_EQ(place_of(d, items[2]), "/a/2 (line 3:18)");
}

TEST(Json, RefusesWhatIsNotJson) {
  for (const char* text : {"", "{", "[1,]", "{\"a\" 1}", "[1] x", "[NaN]", "nul", "\"\\ud800\"", "\"\xff\"", "[01]"}) {
    EXPECT_THROW(Document::parse(text, {}), Failure) << text;
  }
  EXPECT_THROW(Document::parse(std::string_view("[1]\0", 4), {}), Failure);
  try {
    Document::parse("[1,\n 2,\n  x]", {.file = "m.pfa"});
    FAIL();
  } catch (const Failure& f) {
    EXPECT_EQ(f.diagnostic.code, "json-syntax");
    EXPECT_EQ(to_string(f.diagnostic.location), "m.pfa:3:3");
  }
}

TEST(Json, TakesNonFiniteNumbersWhenAsked) {
  Document d = Document::parse("[1, NaN, -Infinity]", {.non_finite = true});
  ASSERT_TRUE(d.first_non_finite());
  EXPECT_TRUE(std::isnan(d.first_non_finite()->number()));
  EXPECT_EQ(place_of(d, *d.first_non_finite()), "/1 (line 1:5)");
}

TEST(Json, LimitsDepth) {
  std::string deep(1000000, '[');
  try {
    Document::parse(deep, {.max_depth = 500});
    FAIL();
  } catch (const Failure& f) {
    EXPECT_EQ(f.diagnostic.code, "limit-depth");
  }
  Document d = Document::parse(std::string(500, '[') + std::string(500, ']'), {.max_depth = 500});
  EXPECT_EQ(d.nodes().size(), 500u);
}

TEST(Json, BuildsFromEvents) {
  Document::Builder b("m.yaml");
  b.begin(Kind::object, {1, 1});
  b.string("a", {1, 1});
  b.begin(Kind::array, {1, 4});
  b.integer(1, {1, 5});
  b.real(2.5, {1, 8});
  b.end();
  b.end();
  Document d = b.finish();
  EXPECT_EQ(d.root().find("a")->size(), 2u);
  EXPECT_EQ(to_string(d.place(4)), "m.yaml: /a/1 (line 1:8)");
}

}  // namespace
}  // namespace panmodel::json
