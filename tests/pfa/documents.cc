// Documents with recorded calls: the tests of the reference engine, the tutorial of the specification, models
// written by exporters.
#include <algorithm>
#include <cstdlib>

#include "ir/pfa/check.h"
#include "ir/pfa/data.h"
#include "ir/pfa/read_type.h"
#include "tests/pfa/corpus.h"

namespace panmodel::pfa::corpus {
namespace {

// What one call gave.
struct Outcome {
  std::optional<Value> output;
  std::vector<Value> emitted;
  std::vector<std::vector<LogItem>> logged;
  std::vector<std::string> log_spaces;
  std::optional<RuntimeError> error;
  std::string failure, failure_code;
};

template <class Run>
Outcome call(Engine& engine, const Run& run) {
  Outcome outcome;
  engine.emit = [&](const Value& v) { outcome.emitted.push_back(v); };
  engine.log = [&](std::string_view space, std::span<const LogItem> items) {
    outcome.logged.emplace_back(items.begin(), items.end());
    outcome.log_spaces.emplace_back(space);
  };
  try {
    outcome.output = run();
  } catch (const RuntimeError& e) {
    outcome.error = e;
  } catch (const Failure& f) {
    outcome.failure = describe(f);
    outcome.failure_code = f.diagnostic.code;
  }
  return outcome;
}

// A Python literal of bytes: b'h\x00e\n'.
std::string python_bytes(std::string_view text) {
  constexpr std::string_view kLetters = "ntr\\'\"", kMeant = "\n\t\r\\'\"";
  std::string out;
  text.remove_prefix(2);
  text.remove_suffix(1);
  for (size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '\\') {
      out.push_back(text[i]);
    } else if (text[++i] == 'x') {
      out.push_back(static_cast<char>(std::strtol(std::string(text.substr(i + 1, 2)).c_str(), nullptr, 16)));
      i += 2;
    } else {
      out.push_back(kMeant[kLetters.find(text[i])]);
    }
  }
  return out;
}

// {"v": json} or {"raw": "b'...'"}
Value wrapped(json::Ref wrapper, const Type& type) {
  if (auto raw = wrapper.find("raw")) return Value::bytes(python_bytes(raw->text()));
  return decode(*wrapper.find("v"), type);
}

std::string list(const std::vector<Value>& values, const Type& type) {
  std::string out = "[";
  for (const Value& v : values) {
    if (out.size() > 1) out += ", ";
    encode(v, type, {}, out);
  }
  return out + "]";
}

std::string judge_emitted(const Outcome& outcome, json::Ref expected, const Type& type, bool wrap) {
  std::vector<Value> values;
  for (json::Ref item : expected.items()) values.push_back(wrap ? wrapped(item, type) : decode(item, type));
  bool equal = std::equal(values.begin(), values.end(), outcome.emitted.begin(), outcome.emitted.end(), same);
  return equal ? "" : "emitted " + list(outcome.emitted, type) + ", expected " + list(values, type);
}

std::string judge_logged(const Outcome& outcome, json::Ref expected) {
  if (expected.size() != outcome.logged.size()) return "logged " + std::to_string(outcome.logged.size()) + " times";
  size_t k = 0;
  for (json::Ref entry : expected.items()) {
    const auto& items = outcome.logged[k++];
    json::Ref values = *entry.items().begin();
    if (values.size() != items.size()) return "logged " + std::to_string(items.size()) + " values";
    size_t i = 0;
    for (json::Ref value : values.items()) {
      const LogItem& item = items[i++];
      if (!same(decode(value, *item.type), item.value)) return "logged " + encode(item.value, *item.type);
    }
  }
  return {};
}

// Of a case of the reference engine's tests: {"m": "action", "input": ..., "output": ..., "emit", "log", "error"}.
std::string judge_call(Engine& engine, json::Ref test, bool random) {
  std::string_view method = test.find("m")->text();
  const Type& output = *engine.program().output;
  Outcome got = call(engine, [&] {
    if (method == "begin") return engine.begin(), Value();
    if (method == "end") return engine.end(), Value();
    return engine.action(wrapped(*test.find("input"), *engine.program().input));
  });
  auto error = test.find("error");
  if (!got.failure.empty()) {
    bool timeout = error && error->find("exception")->text() == "PFATimeoutException";
    return timeout && got.failure_code == "limit-steps" ? "" : got.failure;
  }
  if (error) {
    if (!got.error) return "no error, expected " + std::string(error->find("message")->text());
    auto code = error->find("code");
    bool coded = code && code->is(json::Kind::integer);
    bool equal = coded == got.error->coded && (!coded || code->whole() == got.error->code);
    return equal ? "" : describe(*got.error) + ", expected " + std::string(error->find("message")->text());
  }
  if (got.error) return describe(*got.error);
  if (random) return {};
  if (auto expected = test.find("output")) {
    Value value = wrapped(*expected, output);
    if (!same(*got.output, value)) return encode(*got.output, output) + ", expected " + encode(value, output);
  }
  if (auto expected = test.find("emit")) {
    if (auto what = judge_emitted(got, *expected, output, true); !what.empty()) return what;
  }
  if (auto expected = test.find("log")) return judge_logged(got, *expected);
  return {};
}

// Whether a document is refused as the reference engine refuses it.
bool right_class(std::string_view exception, std::string_view code) {
  if (exception == "PFASyntaxException") return code == "pfa-syntax";
  if (exception == "PFASemanticException") return code == "pfa-semantic" || code == "pfa-type";
  return code == "pfa-initialization" || code == "pfa-type";
}

void run_document(const fs::path& corpus, json::Ref entry, Report& report) {
  std::string id(entry.find("id")->text());
  std::string group = id.substr(0, id.find('/'));
  fs::path path = corpus / "unittests" / (id + ".pfa." + (entry.find("format")->text() == "yaml" ? "yaml" : "json"));
  if (entry.find("loader_kw")) return report.skip(group);  // several engines that share cells
  if (!fs::exists(path)) return report.skip(group);
  bool loads = entry.find("loaded")->boolean();
  std::unique_ptr<Engine> engine;
  try {
    engine = std::make_unique<Engine>(load(read_file(path), path.string()));
  } catch (const Failure& failure) {
    if (loads) return report.miss(group, id, describe(failure));
    std::string_view exception = entry.find("load_error")->find("exception")->text();
    if (right_class(exception, failure.diagnostic.code)) return report.pass(group);
    return report.miss(group, id, describe(failure) + ", expected " + std::string(exception));
  }
  if (!loads) {
    return report.miss(group, id, "loads, expected " + std::string(entry.find("load_error")->find("message")->text()));
  }
  bool random = false;
  for (const FunctionRow* row : engine->program().called) {
    random = random || row->name.starts_with("rand.") || row->name == "model.cluster.randomSeeds";
    if (!find_implementation(row->name)) return report.skip(group);
  }
  fs::path cases = corpus / "unittests" / (id + ".cases.jsonl");
  size_t number = 0;
  for (const std::string& line : fs::exists(cases) ? read_lines(cases) : std::vector<std::string>()) {
    Parsed test(line);
    std::string what;
    try {
      what = judge_call(*engine, test.root(), random);
    } catch (const Failure& failure) {
      what = describe(failure);
    }
    std::string name = id + "." + std::to_string(number++);
    if (!what.empty()) return report.miss(group, name, what);  // what follows depends on it
  }
  report.pass(group);
}

// Calls with recorded results beside a document.
void run_lines(Engine& engine, const std::string& name, const std::vector<std::string>& inputs,
               const std::vector<std::string>& expected, std::string_view key, Report& report) {
  const Type& output = *engine.program().output;
  bool emits = engine.program().method == Method::emit;
  for (const FunctionRow* row : engine.program().called) {
    if (!find_implementation(row->name)) return report.skip(name);
  }
  std::string what;
  for (size_t i = 0; what.empty() && i < inputs.size(); ++i) {
    Parsed input(inputs[i]), result(expected[i]);
    json::Ref value = input.root();
    if (value.is(json::Kind::object)) {
      if (auto inner = value.find("input")) value = *inner;
    }
    try {
      Outcome got = call(engine, [&] { return engine.action(decode(value, *engine.program().input, {.open_records = true})); });
      if (!got.failure.empty()) what = got.failure;
      else if (auto error = result.root().find("error")) what = got.error ? "" : "no error";
      else if (got.error) what = describe(*got.error);
      else if (auto list = result.root().find("emit")) what = judge_emitted(got, *list, output, false);
      else {
        Value wanted = decode(*result.root().find(key), output);
        Value have = emits ? (got.emitted.empty() ? Value() : got.emitted.back()) : *got.output;
        if (!same(have, wanted)) what = encode(have, output) + ", expected " + encode(wanted, output);
      }
    } catch (const Failure& failure) {
      what = describe(failure);
    }
    if (!what.empty()) what = "line " + std::to_string(i + 1) + ": " + what;
  }
  if (what.empty()) report.pass(name);
  else report.miss(name, name, what);
}

std::string text_of(json::Ref json) {
  std::string out;
  append_json(json, out);
  return out;
}

template <class Visit>
void each_file(const fs::path& folder, std::string_view ending, const Visit& visit) {
  std::vector<fs::path> files;
  for (const auto& entry : fs::recursive_directory_iterator(folder)) {
    if (entry.path().string().ends_with(ending)) files.push_back(entry.path());
  }
  std::sort(files.begin(), files.end());
  for (const fs::path& file : files) {
    std::string text = file.string();
    visit(text.substr(0, text.size() - ending.size()));
  }
}

}  // namespace

Report unit_tests(const fs::path& corpus) {
  Report report;
  Parsed index(read_file(corpus / "unittests" / "index.json"));
  for (json::Ref entry : index.root().items()) run_document(corpus, entry, report);
  return report;
}

Report inference(const fs::path& corpus) {
  Report report;
  Parsed cases(read_file(corpus / "unittests" / "type_inference_cases.json"));
  size_t number = 0;
  for (json::Ref test : cases.root().items()) {
    std::string name = std::to_string(number++);
    auto expected = test.find("type");
    std::string group = expected ? "types" : "refusals";
    auto program = std::make_shared<Program>();
    JsonEdits edits;
    for (std::string_view key : {"type", "error", "message"}) {
      if (auto other = test.find(key)) edits.replaced.emplace(other->index(), "null");
    }
    append_json(test, program->text, edits);
    // The record of the case lacks the declarations of what it uses.
    if (program->text.find("\"cell\"") != std::string::npos || program->text.find("\"pool\"") != std::string::npos ||
        program->text.find("\"u.") != std::string::npos) {
      report.skip(group);
      continue;
    }
    std::string got, wanted = "a refusal";
    try {
      if (expected) {
        Types types;
        Parsed wrapped("{\"type\": " + text_of(*expected) + "}");
        TypeReader reader(wrapped.document, types);
        reader.declare_all();
        wanted = to_string(*reader.read(*wrapped.root().find("type")));
      }
      program->document = json::Document::parse(program->text, {});
      check_expression(*program);
      got = to_string(*program->action.body.type);
    } catch (const Failure& failure) {
      got = expected ? describe(failure) : wanted;
    }
    if (got == wanted) report.pass(group);
    else report.miss(group, name, got + ", expected " + wanted + " <- " + program->text);
  }
  return report;
}

Report tutorial(const fs::path& corpus) {
  Report report;
  each_file(corpus / "examples" / "dmg_tutorial", ".pfa.yaml", [&](const std::string& stem) {
    std::string name = fs::path(stem).filename();
    std::vector<std::string> expected = read_lines(stem + ".expected.jsonl");
    bool refused = Parsed(expected[0]).root().find("load_error").has_value();
    try {
      Engine engine(load(read_file(stem + ".pfa.yaml"), stem + ".pfa.yaml"));
      if (refused) return report.miss(name, name, "loads, expected a refusal");
      run_lines(engine, name, read_lines(stem + ".input.jsonl"), expected, "output", report);
    } catch (const Failure& failure) {
      if (refused) return report.pass(name);
      report.miss(name, name, describe(failure));
    }
  });
  return report;
}

Report aurelius(const fs::path& corpus) {
  Report report;
  each_file(corpus / "examples" / "aurelius", ".r_expected.jsonl", [&](const std::string& stem) {
    std::string name = fs::path(stem).filename();
    try {
      Engine engine(load(read_file(stem + ".pfa.json"), stem + ".pfa.json"));
      std::vector<std::string> lines = read_lines(stem + ".r_expected.jsonl");
      run_lines(engine, name, lines, lines, "expected", report);
    } catch (const Failure& failure) {
      report.miss(name, name, describe(failure));
    }
  });
  return report;
}

Report lren(const fs::path& corpus) {
  Report report;
  each_file(corpus / "examples" / "lren_chuv", ".cases.jsonl", [&](const std::string& file) {
    std::string name = fs::path(file).filename();
    try {
      Engine engine(load(read_file(file), file));
      std::vector<std::string> lines = read_lines(file + ".cases.jsonl");
      run_lines(engine, name, lines, lines, "output", report);
    } catch (const Failure& failure) {
      report.miss(name, name, describe(failure));
    }
  });
  return report;
}

}  // namespace panmodel::pfa::corpus
