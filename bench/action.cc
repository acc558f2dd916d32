// panmodel_bench_action DOCUMENT INPUT CALLS: calls an engine of PFA that often with one input (JSON) and prints
// the seconds of a call; the loop is the library's, nothing is written. Driven by action.py.
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <sstream>

#include "ir/pfa/check.h"
#include "ir/pfa/data.h"
#include "runtime/pfa/engine.h"

int main(int argc, char** argv) {
  using namespace panmodel;
  if (argc != 4) return 2;
  auto program = std::make_shared<pfa::Program>();
  std::ifstream file(argv[1], std::ios::binary);
  std::ostringstream text;
  text << file.rdbuf();
  program->text = std::move(text).str();
  try {
    program->document = json::Document::parse(program->text, {.file = argv[1]});
    Diagnostics notes;
    pfa::check(*program, {}, notes);
    pfa::Engine engine(program);
    std::string input_text = argv[2];
    json::Document input_json = json::Document::parse(input_text, {});
    pfa::Value input = pfa::decode(input_json.root(), *program->input);
    long calls = std::atol(argv[3]);
    auto start = std::chrono::steady_clock::now();
    for (long i = 0; i < calls; ++i) engine.action(input);
    std::chrono::duration<double> seconds = std::chrono::steady_clock::now() - start;
    std::printf("%.4g\n", seconds.count() / static_cast<double>(calls));
  } catch (const Failure& failure) {
    std::fprintf(stderr, "%s\n", to_string(failure.diagnostic).c_str());
    return 1;
  } catch (const pfa::RuntimeError& error) {
    std::fprintf(stderr, "error %lld: %s\n", static_cast<long long>(error.code), error.message.c_str());
    return 1;
  }
}
