#include "ir/pfa/signature.h"

#include <gtest/gtest.h>

#include <algorithm>

namespace panmodel::pfa {
namespace {

class PfaSignature : public ::testing::Test {
 protected:
  Types types;
  const Type* null = primitive(Kind::null);
  const Type* boolean = primitive(Kind::boolean);
  const Type* int32 = primitive(Kind::int32);
  const Type* int64 = primitive(Kind::int64);
  const Type* float32 = primitive(Kind::float32);
  const Type* float64 = primitive(Kind::float64);
  const Type* string = primitive(Kind::string);

  const Type* either(const Type* a, const Type* b) { return types.alternatives({a, b}); }
  const Type* record(std::string name, std::vector<Field> fields) {
    Type* t = types.declare(Kind::record, std::move(name));
    t->fields = std::move(fields);
    return t;
  }
  const Type* enumeration(std::string name, std::vector<std::string> symbols) {
    Type* t = types.declare(Kind::enumeration, std::move(name));
    t->symbols = std::move(symbols);
    return t;
  }
  std::optional<Match> call(std::string_view name, std::vector<const Type*> arguments) {
    const FunctionRow* row = find_function(name);
    if (!row) throw std::runtime_error("no function");
    return match(*row, arguments, types);
  }
  // The type of the result as text; "-" when the arguments do not fit.
  std::string result(std::string_view name, std::vector<const Type*> arguments) {
    std::optional<Match> m = call(name, std::move(arguments));
    return m ? to_string(*m->result) : "-";
  }
};

TEST_F(PfaSignature, TheTableIsWholeSortedAndReadable) {
  std::span<const FunctionRow> rows = functions();
  EXPECT_EQ(rows.size(), 449u);
  size_t signatures = 0, deprecated = 0, varying = 0;
  for (size_t i = 0; i < rows.size(); ++i) {
    signatures += rows[i].signatures.size();
    deprecated += rows[i].deprecated;
    varying += !rows[i].deterministic;
    EXPECT_EQ(find_function(rows[i].name), &rows[i]);
    if (i > 0) {
      EXPECT_LT(rows[i - 1].name, rows[i].name);
    }
    // One with as many arguments as no function has: reads every signature, fits none.
    EXPECT_FALSE(match(rows[i], std::vector<const Type*>(40, int32), types)) << rows[i].name;
  }
  EXPECT_EQ(signatures, 625u);
  EXPECT_EQ(deprecated, 7u);
  EXPECT_EQ(varying, 19u);
  EXPECT_EQ(find_function("a.nothing"), nullptr);
}

TEST_F(PfaSignature, NumbersWidenTogetherAndWithinTheirSet) {
  EXPECT_EQ(result("+", {int32, int32}), "\"int\"");
  EXPECT_EQ(result("+", {int32, float64}), "\"double\"");
  EXPECT_EQ(result("+", {int64, float32}), "\"float\"");
  EXPECT_EQ(result("//", {int32, int64}), "\"long\"");
  EXPECT_EQ(result("//", {int32, float64}), "-");  // {int, long}
  EXPECT_EQ(result("+", {int32, string}), "-");
  EXPECT_EQ(result("+", {int32}), "-");
  EXPECT_EQ(result("/", {int32, int32}), "\"double\"");
  EXPECT_EQ(result("m.sin", {string}), "-");
  std::optional<Match> m = call("+", {int32, float64});
  EXPECT_EQ(m->parameters, (std::vector<const Type*>{float64, float64}));
}

TEST_F(PfaSignature, AnErrorFitsNowhere) { EXPECT_EQ(result("==", {primitive(Kind::none), int32}), "-"); }

TEST_F(PfaSignature, TheFirstSignatureThatFitsCounts) {
  EXPECT_EQ(call("&", {int32, int32})->signature, 0u);
  EXPECT_EQ(call("&", {int32, int64})->signature, 1u);
  EXPECT_EQ(call("&", {int32, int64})->parameters[0], int64);
  std::optional<Match> m = call("s.number", {int32});
  EXPECT_TRUE(m->deprecated);
  m = call("s.number", {float64, int32, null});
  EXPECT_FALSE(m->deprecated);
  EXPECT_EQ(m->signature, 2u);
}

TEST_F(PfaSignature, WildcardsTakeTheNarrowestTypeOfAll) {
  const Type* ints = types.array(int32);
  EXPECT_EQ(result("a.append", {ints, float64}), R"({"type":"array","items":"double"})");
  EXPECT_EQ(call("a.append", {ints, float64})->parameters[0], types.array(float64));
  EXPECT_EQ(result("a.append", {ints, string}), R"({"type":"array","items":["int","string"]})");
  EXPECT_EQ(result("a.map", {ints, types.function({int32}, string)}), R"({"type":"array","items":"string"})");
  const Type* one = enumeration("One", {"a"});
  const Type* two = enumeration("Two", {"a"});
  EXPECT_EQ(result("==", {one, one}), "\"boolean\"");
  EXPECT_EQ(result("==", {one, two}), "-");
  EXPECT_EQ(result("enum.toString", {one}), "\"string\"");
  EXPECT_EQ(result("enum.toString", {string}), "-");
}

TEST_F(PfaSignature, AFunctionMayTakeMoreAndGiveLess) {
  const Type* ints = types.array(int32);
  // Its parameter is wider: the items are widened.
  std::optional<Match> m = call("a.map", {ints, types.function({float64}, int32)});
  ASSERT_TRUE(m);
  EXPECT_EQ(m->parameters[0], types.array(float64));
  EXPECT_EQ(m->parameters[1], types.function({float64}, int32));
  // Its parameter is narrower than the items.
  EXPECT_FALSE(call("a.map", {types.array(float64), types.function({int32}, int32)}));
  EXPECT_FALSE(call("a.map", {ints, types.function({int32, int32}, int32)}));
  EXPECT_FALSE(call("a.map", {ints, int32}));
  EXPECT_FALSE(call("==", {types.function({int32}, int32), types.function({int32}, int32)}));
  // A wider parameter and a narrower result where the signature names types: what the function is
  // called with, and what its result becomes.
  m = call("a.mapWithIndex", {ints, types.function({int64, int32}, string)});
  ASSERT_TRUE(m);
  EXPECT_EQ(m->parameters[1], types.function({int32, int32}, string));
  m = call("a.fold", {types.array(float64), int32, types.function({float64, float64}, int32)});
  ASSERT_TRUE(m);
  EXPECT_EQ(to_string(*m->result), "\"double\"");
  EXPECT_EQ(m->parameters[2], types.function({float64, float64}, float64));
}

TEST_F(PfaSignature, UnionsFitPartByPart) {
  EXPECT_EQ(result("impute.defaultOnNull", {either(null, int32), int32}), "\"int\"");
  EXPECT_EQ(result("impute.defaultOnNull", {either(int32, null), float64}), "\"double\"");
  EXPECT_EQ(call("impute.defaultOnNull", {either(int32, null), float64})->parameters[0], either(float64, null));
  EXPECT_EQ(result("impute.errorOnNull", {types.alternatives({null, int32, string})}), "-");
  EXPECT_EQ(result("impute.errorOnNull", {int32}), "\"int\"");
  EXPECT_EQ(result("&&&", {boolean, null}), R"(["boolean","null"])");
  EXPECT_EQ(result("&&&", {either(null, boolean), boolean}), R"(["boolean","null"])");
  EXPECT_EQ(result("&&&", {either(null, int32), boolean}), "-");
}

TEST_F(PfaSignature, RecordsKeepTheirOtherFields) {
  const Type* model = record("Model", {{"const", float64}, {"coeff", types.array(float64)}, {"note", string}});
  EXPECT_EQ(result("model.reg.linear", {types.array(int32), model}), "\"double\"");
  EXPECT_EQ(call("model.reg.linear", {types.array(int32), model})->parameters[1], model);
  const Type* poor = record("Poor", {{"const", float64}});
  EXPECT_EQ(result("model.reg.linear", {types.array(float64), poor}), "-");
  const Type* whole = record("Whole", {{"const", int32}, {"coeff", types.array(float64)}});
  EXPECT_EQ(result("model.reg.linear", {types.array(float64), whole}), "-");  // fields are not promoted
}

TEST_F(PfaSignature, TreesHaveFieldsOfTheirDatum) {
  const Type* datum = record("Datum", {{"x", float64}, {"y", string}});
  auto tree = [&](std::string name, const Type* fields, const Type* leaf, bool leaf_first) {
    Type* t = types.declare(Kind::record, std::move(name));
    const Type* branch = leaf_first ? either(leaf, t) : either(t, leaf);
    t->fields = {{"field", fields}, {"operator", string}, {"value", either(float64, string)},
                 {"pass", branch}, {"fail", branch}};
    return t;
  };
  const Type* all = enumeration("All", {"x", "y"});
  EXPECT_EQ(result("model.tree.simpleTree", {datum, tree("A", all, float64, false)}), "\"double\"");
  EXPECT_EQ(result("model.tree.simpleTree", {datum, tree("B", all, float64, true)}), "\"double\"");
  const Type* leaf = record("Leaf", {{"score", float64}});
  EXPECT_EQ(call("model.tree.simpleTree", {datum, tree("C", all, leaf, true)})->result, leaf);
  EXPECT_EQ(result("model.tree.simpleTree", {datum, tree("D", enumeration("Some", {"x"}), float64, false)}), "-");
  EXPECT_EQ(result("model.tree.simpleTree", {datum, tree("E", enumeration("Turned", {"y", "x"}), float64, false)}), "-");
  const Type* node = tree("F", all, string, false);
  EXPECT_EQ(result("model.tree.simpleWalk", {datum, node, types.function({datum, node}, boolean)}), "\"string\"");
  EXPECT_EQ(result("model.tree.simpleWalk", {datum, node, types.function({datum, leaf}, boolean)}), "-");
}

TEST_F(PfaSignature, AFunctionPassedByNameHasOneSignatureWithoutWildcards) {
  EXPECT_EQ(reference_type(*find_function("m.sin"), types), types.function({float64}, float64));
  EXPECT_EQ(reference_type(*find_function("+"), types), nullptr);
  EXPECT_EQ(reference_type(*find_function("m.link.logit"), types), nullptr);
  EXPECT_EQ(reference_type(*find_function("impute.defaultOnNull"), types), nullptr);
  EXPECT_EQ(parameter_names(*find_function("m.kernel.rbf")), (std::vector<std::string>{"x", "y", "gamma"}));
}

TEST_F(PfaSignature, DescribesEachSignature) {
  EXPECT_EQ(describe(*find_function("^")), "^(x: int, y: int) -> int\n^(x: long, y: long) -> long");
  EXPECT_EQ(describe(*find_function("rand.uuid")), "rand.uuid() -> string  (deprecated)");
}

}  // namespace
}  // namespace panmodel::pfa
