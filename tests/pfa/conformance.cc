// The conformance suite of PFA, a sample of it: one document for every combination of a function and types.
#include "ir/pfa/data.h"
#include "tests/pfa/corpus.h"

namespace panmodel::pfa::corpus {
namespace {

// The document within a line; the lines are written by one program.
std::string document_of(const std::string& line) {
  constexpr std::string_view kBefore = "\"engine\": ", kAfter = ", \"trials\": [";
  size_t first = line.find(kBefore) + kBefore.size();
  return line.substr(first, line.find(kAfter, first) - first);
}

// What came of a trial: empty when it is as expected.
std::string judge(Engine& engine, json::Ref trial) {
  DecodeOptions base64{.base64 = true, .open_records = true};
  Value input = decode(*trial.find("sample"), *engine.program().input, base64);
  auto error = trial.find("error");
  auto result = trial.find("result");
  auto freedom = trial.find("nondeterministic");
  bool random = freedom && freedom->text() == "pseudorandom";
  std::string got;
  try {
    Value out = engine.action(input);
    got = encode(out, *engine.program().output);
    if (random && result) return {};  // the generator is not the reference engine's
    if (result) {
      Value expected = decode(*result, *engine.program().output, base64);
      bool ordered = !freedom || freedom->text() == "unstable";
      if (ordered ? same(out, expected) : same_unordered(out, expected)) return {};
      return got + ", expected " + encode(expected, *engine.program().output);
    }
  } catch (const RuntimeError& e) {
    if (error && e.coded && e.code == error->whole()) return {};
    got = describe(e);
  }
  if (error) return got + ", expected error " + std::to_string(error->whole());
  return got;
}

void run(const std::string& line, Report& report) {
  Parsed test(line);
  std::string function(test.root().find("function")->text());
  std::string index = std::to_string(test.root().find("i")->whole());
  json::Ref trials = *test.root().find("trials");
  if (test.root().find("oracle_weak")) return report.skip(function);
  std::unique_ptr<Engine> engine;
  try {
    engine = std::make_unique<Engine>(load(document_of(line), index));
    if (!find_implementation(function)) {
      for (uint32_t i = 0; i < trials.size(); ++i) report.skip(function);
      return;
    }
  } catch (const Failure& failure) {
    return report.miss(function, function + " " + index, describe(failure));
  }
  uint32_t number = 0;
  for (json::Ref trial : trials.items()) {
    std::string name = function + " " + index + "." + std::to_string(number++);
    std::string what;
    try {
      what = judge(*engine, trial);
    } catch (const Failure& failure) {
      what = describe(failure);
    }
    if (what.empty()) report.pass(function);
    else report.miss(function, name, what);
  }
}

}  // namespace

Report conformance(const fs::path& corpus) {
  Report report;
  for (const std::string& line : read_lines(corpus / "conformance" / "sample.jsonl")) run(line, report);
  return report;
}

}  // namespace panmodel::pfa::corpus
