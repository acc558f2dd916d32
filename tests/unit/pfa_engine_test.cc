// The engine of PFA: forms, state, errors and limits, and values as JSON.
#include <gtest/gtest.h>

#include "ir/pfa/check.h"
#include "ir/pfa/data.h"
#include "runtime/pfa/engine.h"

namespace panmodel::pfa {
namespace {

std::shared_ptr<const Program> load(std::string text) {
  auto program = std::make_shared<Program>();
  program->text = std::move(text);
  program->document = json::Document::parse(program->text, {});
  Diagnostics notes;
  check(*program, {}, notes);
  return program;
}

std::string run(Engine& engine, std::string_view input) {
  json::Document document = json::Document::parse(input, {});
  Value out = engine.action(decode(document.root(), *engine.program().input));
  return encode(out, *engine.program().output);
}
std::string run(std::string document, std::string_view input) {
  Engine engine(load(std::move(document)));
  return run(engine, input);
}
template <class Run>
std::string_view failure(const Run& call) {
  try {
    call();
  } catch (const Failure& f) {
    return f.diagnostic.code;
  }
  return "none";
}
template <class Run>
int64_t error(const Run& call) {
  try {
    call();
  } catch (const RuntimeError& e) {
    return e.code;
  }
  return 0;
}

TEST(PfaEngine, PromotesToTheTypeOfTheOutput) {
  EXPECT_EQ(run(R"({"input": "int", "output": "double", "action": "input"})", "3"), "3.0");
  EXPECT_EQ(run(R"({"input": "int", "output": ["null", "double"], "action": "input"})", "3"), R"({"double": 3.0})");
}

TEST(PfaEngine, FoldsAndMerges) {
  Engine engine(load(R"({"input": "double", "output": "double", "method": "fold", "zero": 0,
    "action": {"+": ["input", "tally"]}, "merge": {"+": ["tallyOne", "tallyTwo"]}})"));
  run(engine, "1.5");
  EXPECT_EQ(run(engine, "2"), "3.5");
  EXPECT_EQ(engine.merge(Value::float64(1), Value::float64(2)).real(), 3);
  EXPECT_EQ(run(engine, "1"), "4.0");
}

TEST(PfaEngine, EmitsFromFunctions) {
  Engine engine(load(R"({"input": "int", "output": "int", "method": "emit", "action": {"u.f": ["input"]},
    "fcns": {"f": {"params": [{"x": "int"}], "ret": "null", "do": [{"emit": "x"}, {"emit": {"+": ["x", 1]}}]}}})"));
  std::vector<int64_t> emitted;
  engine.emit = [&](const Value& v) { emitted.push_back(v.whole()); };
  engine.action(Value::int32(5));
  EXPECT_EQ(emitted, (std::vector<int64_t>{5, 6}));
}

TEST(PfaEngine, CellsKeepTheirStateAndRollBack) {
  std::string document = R"({"input": "int", "output": "int",
    "action": [{"cell": "x", "to": {"params": [{"old": "int"}], "ret": "int", "do": {"+": ["old", "input"]}}},
      {"if": {">": ["input", 5]}, "then": {"error": "too much", "code": -3}}, {"cell": "x"}],
    "cells": {"x": {"type": "int", "init": 0, "rollback": ROLLBACK}}})";
  for (bool rollback : {false, true}) {
    std::string text = document;
    text.replace(text.find("ROLLBACK"), 8, rollback ? "true" : "false");
    Engine engine(load(text));
    EXPECT_EQ(run(engine, "2"), "2");
    EXPECT_EQ(error([&] { run(engine, "7"); }), -3);
    EXPECT_EQ(engine.cell("x").whole(), rollback ? 2 : 9);
  }
}

TEST(PfaEngine, PoolsGrowAndTheSnapshotHoldsThem) {
  std::string document = R"({"input": "string", "output": "int", "action":
    {"pool": "p", "path": ["input"], "to": {"params": [{"n": "int"}], "ret": "int", "do": {"+": ["n", 1]}}, "init": 0},
    "pools": {"p": {"type": "int"}}})";
  Engine engine(load(document));
  EXPECT_EQ(run(engine, "\"a\""), "1");
  EXPECT_EQ(run(engine, "\"a\""), "2");
  EXPECT_EQ(run(engine, "\"b\""), "1");
  Engine again(load(engine.snapshot()));
  EXPECT_EQ(run(again, "\"a\""), "3");
}

TEST(PfaEngine, PathsThatFindNothingAreErrors) {
  auto get = [](std::string_view index) {
    return error([&] {
      run(R"({"input": "int", "output": "int", "action":
        {"attr": {"value": [1, 2], "type": {"type": "array", "items": "int"}}, "path": ["input"]}})", index);
    });
  };
  EXPECT_EQ(get("1"), 0);
  EXPECT_EQ(get("2"), 2000);
  EXPECT_EQ(get("-1"), 2000);
  EXPECT_EQ(error([] {
              run(R"({"input": {"type": "map", "values": "int"}, "output": {"type": "map", "values": "int"},
                "action": {"attr": "input", "path": [["k"]], "to": 5}})", R"({"other": 1})");
            }),
            2003);
}

TEST(PfaEngine, KeysOfDottedSymbols) {
  EXPECT_EQ(run(R"({"input": {"type": "map", "values": {"type": "array", "items": "int"}}, "output": "int",
    "action": "input.k.1"})", R"({"k": [4, 5]})"), "5");
}

TEST(PfaEngine, UpdatesLeaveSharedValuesAlone) {
  EXPECT_EQ(run(R"({"input": {"type": "array", "items": "int"}, "output": {"type": "array", "items": "int"},
    "action": [{"let": {"y": {"attr": "input", "path": [0], "to": 9}}}, "input"]})", "[1, 2]"), "[1, 2]");
}

TEST(PfaEngine, TryCatchesWhatItNames) {
  std::string document = R"({"input": "int", "output": "int", "action":
    {"ifnotnull": {"x": {"try": {"//": [1, "input"]}, "filter": [CODE]}}, "then": "x", "else": -1}})";
  auto with = [&](std::string_view code) {
    std::string text = document;
    return text.replace(text.find("CODE"), 4, code);
  };
  EXPECT_EQ(run(with("18040"), "0"), "-1");
  EXPECT_EQ(error([&] { run(with("18041"), "0"); }), 18040);
}

TEST(PfaEngine, PacksAndUnpacks) {
  EXPECT_EQ(run(R"({"input": "int", "output": "int", "action": {"unpack": {"pack": [{"<int": "input"}, {"prefixed":
    {"base64": "YWI="}}]}, "format": [{"n": "<int"}, {"rest": "prefixed"}], "then": "n", "else": 0}})", "-7"), "-7");
  EXPECT_EQ(error([] {
              run(R"({"input": "int", "output": "bytes", "action": {"pack": [{"raw 3": {"base64": "YWI="}}]}})", "1");
            }),
            3000);
}

TEST(PfaEngine, LimitsStopWhatDoesNotEnd) {
  EXPECT_EQ(failure([] { run(R"({"input": "int", "output": "null", "action": {"while": true, "do": null}})", "1"); }),
            "limit-steps");
  EXPECT_EQ(failure([] {
              run(R"({"input": "int", "output": "int", "action": {"u.f": "input"},
                "fcns": {"f": {"params": [{"x": "int"}], "ret": "int", "do": {"u.f": "x"}}}})", "1");
            }),
            "limit-depth");
  EngineOptions small;
  small.max_bytes = 100000;
  Engine engine(load(R"({"input": "string", "output": "string", "action":
    [{"let": {"x": "input"}}, {"while": true, "do": {"set": {"x": {"s.concat": ["x", "x"]}}}}, "x"]})"), small);
  EXPECT_EQ(failure([&] { run(engine, "\"ab\""); }), "limit-memory");
  // The engine is usable after that.
  EXPECT_EQ(failure([&] { run(engine, "\"ab\""); }), "limit-memory");
}

// More calls than the stack of the thread holds: they end like others, with values and with errors.
TEST(PfaEngine, CallsNestToTheirLimit) {
  const std::string functions = R"(, "fcns": {
    "sum": {"params": [{"n": "int"}], "ret": "int", "do":
      {"if": {"==": ["n", 0]}, "then": 0, "else": {"+": ["n", {"u.sum": {"-": ["n", 1]}}]}}},
    "last": {"params": [{"n": "int"}], "ret": "int", "do":
      {"if": {"==": ["n", 0]}, "then": {"do": [{"error": "the last", "code": -7}, 0]},
       "else": {"u.last": {"-": ["n", 1]}}}},
    "even": {"params": [{"n": "int"}], "ret": "boolean", "do":
      {"if": {"==": ["n", 0]}, "then": true, "else": {"!": [{"u.odd": {"-": ["n", 1]}}]}}},
    "odd": {"params": [{"n": "int"}], "ret": "boolean", "do": {"!": [{"u.even": "n"}]}}}})";
  Engine sums(load(R"({"input": "int", "output": "int", "action": {"u.sum": "input"})" + functions));
  EXPECT_EQ(run(sums, "9999"), "49995000");
  const size_t held = meter().used;
  EXPECT_EQ(failure([&] { run(sums, "10000"); }), "limit-depth");
  EXPECT_EQ(run(sums, "9999"), "49995000");
  EXPECT_EQ(meter().used, held);

  Engine lasts(load(R"({"input": "int", "output": "int", "action": {"u.last": "input"})" + functions));
  EXPECT_EQ(error([&] { run(lasts, "9999"); }), -7);
  Engine caught(load(R"({"input": "int", "output": "int", "action":
    {"ifnotnull": {"x": {"try": {"u.last": "input"}}}, "then": "x", "else": -1})" + functions));
  EXPECT_EQ(run(caught, "9999"), "-1");
  // Mutually, and from a function that another one calls.
  Engine mapped(load(R"({"input": {"type": "array", "items": "int"}, "output": {"type": "array", "items": "boolean"},
    "action": {"a.map": ["input", {"fcn": "u.even"}]})" + functions));
  EXPECT_EQ(run(mapped, "[4000, 3]"), "[true, true]");
  EXPECT_EQ(failure([&] { run(mapped, "[6000]"); }), "limit-depth");
}

TEST(PfaEngine, RefusesFilesAndWrongInitialValues) {
  EXPECT_EQ(failure([] {
              Engine engine(load(R"({"input": "int", "output": "int", "action": "input",
                "cells": {"x": {"type": "int", "init": "x.json", "source": "json"}}})"));
            }),
            "pfa-source");
  EXPECT_EQ(failure([] {
              Engine engine(load(R"({"input": "int", "output": "int", "action": "input",
                "cells": {"x": {"type": "int", "init": "five"}}})"));
            }),
            "pfa-initialization");
}

TEST(PfaEngine, StrictRoundsFloats) {
  std::string document = R"({"input": "float", "output": "float", "action": {"+": ["input", "input"]}})";
  EngineOptions strict;
  strict.strict = true;
  Engine exact(load(document)), rounded(load(document), strict);
  EXPECT_EQ(exact.action(Value::float32(0.1)).real(), 0.2);
  EXPECT_EQ(rounded.action(Value::float32(0.1)).real(), static_cast<double>(0.1f + 0.1f));
}

TEST(PfaData, UnionsWithAndWithoutTags) {
  Types types;
  const Type* type = types.alternatives({primitive(Kind::null), primitive(Kind::int32), primitive(Kind::float64)});
  Diagnostics notes;
  auto read = [&](std::string_view text, bool tagged) {
    json::Document document = json::Document::parse(text, {});
    return encode(decode(document.root(), *type, {.tagged = tagged, .notes = &notes}), *type);
  };
  EXPECT_EQ(read("null", true), "null");
  EXPECT_EQ(read(R"({"double": "nan"})", true), R"({"double": "nan"})");
  EXPECT_EQ(read("3", false), R"({"int": 3})");
  EXPECT_EQ(read("3.5", false), R"({"double": 3.5})");
  EXPECT_EQ(notes.list().size(), 1u);
  EXPECT_EQ(failure([&] { read("3", true); }), "pfa-data");
}

TEST(PfaData, NumbersAreChecked) {
  auto code = [](std::string_view text, Kind kind) {
    return failure([&] {
      json::Document document = json::Document::parse(text, {});
      decode(document.root(), *primitive(kind));
    });
  };
  EXPECT_EQ(code("2147483647", Kind::int32), "none");
  EXPECT_EQ(code("2147483648", Kind::int32), "pfa-data");
  EXPECT_EQ(code("99999999999999999999", Kind::int64), "pfa-data");
  EXPECT_EQ(code("2.5", Kind::int64), "pfa-data");
  EXPECT_EQ(code("\"much\"", Kind::float64), "pfa-data");
}

}  // namespace
}  // namespace panmodel::pfa
