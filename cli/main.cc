#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <cstdio>
#include <cstring>
#include <new>
#ifdef __GLIBC__
#include <malloc.h>
#endif

#include "base/text.h"
#include "cli/verbs.h"

namespace panmodel::cli {

namespace {

bool is_fatal(const Diagnostic& d, const Common& common) {
  return d.severity == Severity::error || (common.fail_on == "warning" && d.severity == Severity::warning) ||
         (!common.fail_on.empty() && d.severity == Severity::loss);
}

}  // namespace

std::vector<Finding> findings_of(const Diagnostics& diagnostics, const Common& common) {
  std::vector<Finding> findings;
  for (const Diagnostic& d : diagnostics.list()) {
    Finding& f = findings.emplace_back(finding_of(d));
    if (is_fatal(d, common)) f.verdict = Verdict::failed;
  }
  return findings;
}

void say(const Diagnostic& d, Common& common) {
  const bool minor = d.severity == Severity::note || d.severity == Severity::loss;
  const bool fatal = is_fatal(d, common);
  if (!(common.quiet && minor && !fatal)) std::fprintf(stderr, "%s\n", to_string(d).c_str());
  if (!fatal) return;
  common.status = std::max(common.status, std::max(1, exit_code(d.kind)));
  if (!common.error) common.error = d;
}

void say(const Diagnostics& diagnostics, Common& common) {
  for (const Diagnostic& d : diagnostics.list()) say(d, common);
}

void print(const std::string& text, const std::string& path, bool force, Common& common) {
  if (path.empty() || path == "-") {
    bool written = std::fwrite(text.data(), 1, text.size(), stdout) == text.size();
    if (written && std::fflush(stdout) == 0) return;
    // Said once; a reader that went away (head) needs no message.
    if (common.status != 5 && errno != EPIPE) {
      std::fprintf(stderr, "<stdout>: error: write failed: %s [file-write]\n", std::strerror(errno));
    }
    common.status = 5;
    return;
  }
  auto result = guarded([&] {
    write_file(path, std::as_bytes(std::span<const char>(text)), {.overwrite = force});
    return true;
  });
  if (!result) say(result.error(), common);
}

std::shared_ptr<const Model> load(const std::string& path, const LoadOptions& options, Common& common) {
  Diagnostics out;
  LoadOptions limited = options;
  limited.memory_limit = common.memory_limit;
  auto model = read_model(path, limited, out);
  say(out, common);
  if (model) return *model;
  say(model.error(), common);
  return nullptr;
}

}  // namespace panmodel::cli

namespace {

constexpr const char* kOverview =
    "panmodel moves trained models between formats and proves that they predict the same.\n\n"
    "  panmodel inspect model.pkl                     what is in this file\n"
    "  panmodel convert model.pkl model.onnx          convert, and check the result\n"
    "  panmodel predict model.pkl --data rows.csv     score rows\n"
    "  panmodel compare a.pkl b.onnx                  do two models predict the same\n"
    "  panmodel validate m.onnx --data rows.csv --expect preds.csv\n"
    "  panmodel validate plan.yaml                    a plan of validations, for a pipeline\n"
    "  panmodel check model.pkl                       structure and safety, no scoring\n"
    "  panmodel formats | ops                         what is supported\n\n"
    "Nothing in a model file is ever executed. 'panmodel VERB --help' explains a verb.\n";

// Models are mapped: when another program cuts the file, reading the lost part raises SIGBUS.
extern "C" void on_lost_mapping(int) {
  constexpr char kText[] =
      "error: a file became shorter or unreadable while it was read [file-read]\n";
  [[maybe_unused]] ssize_t n = ::write(STDERR_FILENO, kText, sizeof kText - 1);
  ::_exit(5);
}

// Failures of writing are return values, not signals.
void set_signals() {
  std::signal(SIGPIPE, SIG_IGN);
  std::signal(SIGXFSZ, SIG_IGN);
  std::signal(SIGBUS, on_lost_mapping);
}

int run(int argc, char** argv) {
  using namespace panmodel::cli;
  CLI::App app{"panmodel moves trained models between formats and proves that they predict the same"};
  Common common;
  app.require_subcommand(1);
  app.fallthrough();
  app.add_flag("-q,--quiet", common.quiet, "no notes and losses on standard error");
  app.add_option("--fail-on", common.fail_on, "loss or warning: exit non-zero when one is said")
      ->check(CLI::IsMember({"loss", "warning"}));
  app.add_option("--memory-limit", common.memory_limit,
                 "bytes that reading a model may take, such as 512M or 8G")
      ->default_str("4G")
      ->transform(CLI::AsSizeValue(false));
  app.set_version_flag("--version", "panmodel 0.1.0");
  add_inspect(app, common);
  add_convert(app, common);
  add_predict(app, common);
  add_compare(app, common);
  add_rows(app, common);
  add_validate(app, common);
  add_check(app, common);
  add_lists(app, common);
  if (argc <= 1) {
    std::fputs(kOverview, stdout);
    return 0;
  }
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& e) {
    int code = app.exit(e);
    if (code == 0) return 0;
    std::vector<std::string_view> verbs = {"inspect", "convert", "predict", "compare",
                                           "validate", "check", "formats", "ops", "rows"};
    std::string_view near = panmodel::nearest(argv[1], verbs);
    if (!near.empty() && near != argv[1]) std::fprintf(stderr, "help: did you mean '%s'?\n", near.data());
    return 2;
  }
  return common.status;
}

}  // namespace

int main(int argc, char** argv) {
  set_signals();
#ifdef __GLIBC__
  // Freed memory is kept for the next phase of a conversion: giving it back and faulting it in again
  // took more time than the phase itself.
  mallopt(M_MMAP_THRESHOLD, 1 << 30);
  mallopt(M_TRIM_THRESHOLD, 1 << 30);
#endif
  try {
    return run(argc, argv);
  } catch (const std::bad_alloc&) {
    std::fputs("error: out of memory [limit-memory]\n", stderr);
    return 6;
  } catch (const std::exception& e) {
    std::fprintf(stderr, "error: %s [internal]\n", e.what());
    return 70;
  }
}
