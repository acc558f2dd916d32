// panmodel_golden [--accept] [--bin FILE] [--testdata DIR] FILE.test|FILE.md...
// Runs golden tests and the console transcripts of documents (tests/golden/README.md). Exit: 0 all as expected, 1 not, 2 usage, 77 skipped.
#include <fcntl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <functional>
#include <iostream>
#include <sstream>
#include <system_error>
#include <utility>

#include "tests/golden/case.h"
#include "tests/golden/transcript.h"

namespace fs = std::filesystem;
using panmodel::golden::Case;
using panmodel::golden::Run;
using panmodel::golden::Transcript;

namespace {

constexpr int kSkipped = 77;

struct Options {
  bool accept = false;
  fs::path binary = PANMODEL_BINARY;
  fs::path testdata = PANMODEL_TESTDATA;
  std::vector<fs::path> files;
};

struct Outcome {
  int exit = 0;
  std::string out;
  std::string err;
};

std::string read_file(const fs::path& path) {
  std::ifstream in(path, std::ios::binary);
  std::ostringstream text;
  text << in.rdbuf();
  return std::move(text).str();
}

bool write_file(const fs::path& path, std::string_view text) {
  std::ofstream out(path, std::ios::binary);
  out.write(text.data(), static_cast<std::streamsize>(text.size()));
  return static_cast<bool>(out.flush());
}

void replace_all(std::string& text, std::string_view from, std::string_view to) {
  if (from.empty()) return;
  for (size_t at = text.find(from); at != std::string::npos; at = text.find(from, at + to.size()))
    text.replace(at, from.size(), to);
}

using Variables = std::vector<std::pair<std::string, std::string>>;  // name, directory

// In the child: sends the descriptor to a new file, or ends the child.
void redirect(int descriptor, const fs::path& path) {
  const int file = open(path.c_str(), O_WRONLY | O_CREAT | O_TRUNC, 0644);
  if (file < 0 || dup2(file, descriptor) < 0) _exit(126);
}

Outcome execute(const std::string& command, const fs::path& directory, const fs::path& logs,
                const fs::path& binary) {
  const std::string path = binary.parent_path().string() + ":/usr/local/bin:/usr/bin:/bin";
  const pid_t child = fork();
  if (child == 0) {
    if (chdir(directory.c_str()) != 0) _exit(126);
    setenv("PATH", path.c_str(), 1);
    setenv("LC_ALL", "C", 1);
    setenv("NO_COLOR", "1", 1);
    setenv("TZ", "UTC", 1);
    const int null = open("/dev/null", O_RDONLY);
    if (null < 0 || dup2(null, STDIN_FILENO) < 0) _exit(126);
    redirect(STDOUT_FILENO, logs / "out");
    redirect(STDERR_FILENO, logs / "err");
    execl("/bin/sh", "sh", "-c", command.c_str(), static_cast<char*>(nullptr));
    _exit(126);
  }
  int status = 0;
  if (child < 0 || waitpid(child, &status, 0) != child) return {126, "", "cannot start a process"};
  const int code = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
  return {code, read_file(logs / "out"), read_file(logs / "err")};
}

// The lines of both texts around their first difference.
void show_difference(std::string_view what, const std::string& want, const std::string& got) {
  std::istringstream expected(want), found(got);
  std::string e, f;
  size_t line = 0;
  std::cout << "  " << what << " differs\n";
  while (true) {
    const bool more_e = static_cast<bool>(std::getline(expected, e));
    const bool more_f = static_cast<bool>(std::getline(found, f));
    ++line;
    if (more_e && more_f && e == f) continue;
    if (!more_e && !more_f) {
      std::cout << "  only in the line feed at the end\n";
      return;
    }
    std::cout << "  at line " << line << " (- expected, + found):\n";
    for (int k = 0; more_e && k < 10; ++k) {
      std::cout << "  -" << e << "\n";
      if (!std::getline(expected, e)) break;
    }
    for (int k = 0; more_f && k < 40; ++k) {
      std::cout << "  +" << f << "\n";
      if (!std::getline(found, f)) break;
    }
    return;
  }
}

// Compares, or with --accept takes over. True when the run was as expected.
bool settle(Run& run, const Outcome& got, bool accept) {
  if (run.exit == got.exit && run.out == got.out && run.err == got.err) return true;
  if (!accept) {
    std::cout << "# RUN: " << run.command << "\n";
    if (run.exit != got.exit)
      std::cout << "  exit code " << run.exit << " expected, " << got.exit << " found\n";
    if (run.out != got.out) show_difference("stdout", run.out, got.out);
    if (run.err != got.err) show_difference("stderr", run.err, got.err);
  }
  run.exit = got.exit;
  run.out = got.out;
  run.err = got.err;
  return false;
}

// `whole` gives the text of the file with what was found, for --accept.
int run_case(Case& test, const fs::path& file, const Options& options, const fs::path& scratch,
             const std::function<std::string()>& whole) {
  const char* corpus = std::getenv("PANMODEL_CORPUS");
  if (test.needs_corpus && (corpus == nullptr || *corpus == '\0')) {
    std::cout << file.string() << ": skipped, PANMODEL_CORPUS is not set\n";
    return kSkipped;
  }
  const fs::path work = scratch / "work";
  fs::create_directory(work);
  Variables variables = {{"%T", work.string()},
                               {"%S", fs::absolute(file).parent_path().string()},
                               {"%D", options.testdata.string()},
                               {"%C", corpus == nullptr ? "" : corpus}};
  // One directory may lie in another: the longer one is named first.
  std::sort(variables.begin(), variables.end(), [](const auto& a, const auto& b) {
    return a.second.size() > b.second.size();
  });
  bool as_expected = true;
  for (Run& run : test.runs) {
    for (const auto& input : run.files) {
      const fs::path path = work / input.name;
      fs::create_directories(path.parent_path());
      if (!write_file(path, input.content)) {
        std::cout << file.string() << ": cannot write " << path.string() << "\n";
        return 1;
      }
    }
    std::string command = run.command;
    for (const auto& [name, value] : variables) replace_all(command, name, value);
    Outcome got = execute(command, work, scratch, options.binary);
    for (const auto& [name, value] : variables) {
      replace_all(got.out, value, name);
      replace_all(got.err, value, name);
    }
    if (!settle(run, got, options.accept)) as_expected = false;
  }
  if (as_expected) return 0;
  if (!options.accept) {
    std::cout << "FAILED " << file.string() << "; to take over what was found: panmodel_golden"
              << " --accept " << file.string() << "\n";
    return 1;
  }
  std::cout << "accepted " << file.string() << "\n";
  return write_file(file, whole()) ? 0 : 1;
}

// Both streams of a transcript's command are one text, and testdata is at hand.
int run_document(Transcript& transcript, const fs::path& file, const Options& options,
                 const fs::path& scratch) {
  fs::create_directory(scratch / "work");
  fs::create_directory_symlink(options.testdata, scratch / "work" / "testdata");
  for (Run& run : transcript.commands.runs) run.command = "{ " + run.command + "; } 2>&1";
  return run_case(transcript.commands, file, options, scratch, [&] {
    for (Run& run : transcript.commands.runs)
      run.command = run.command.substr(2, run.command.size() - 2 - std::strlen("; } 2>&1"));
    return print_transcript(transcript);
  });
}

int run_file(const fs::path& file, const Options& options) {
  Case test;
  Transcript transcript;
  std::error_code error;
  if (!fs::is_regular_file(file, error)) {
    std::cout << file.string() << ": no such file\n";
    return 1;
  }
  const bool document = file.extension() == ".md";
  const std::string message = document ? parse_transcript(read_file(file), transcript)
                                       : parse(read_file(file), test);
  if (!message.empty()) {
    std::cout << file.string() << ": " << message << "\n";
    return 1;
  }
  std::string name = (fs::temp_directory_path() / "panmodel-golden-XXXXXX").string();
  if (mkdtemp(name.data()) == nullptr) {
    std::cout << "cannot make a directory for the test: " << std::strerror(errno) << "\n";
    return 1;
  }
  const int result = document ? run_document(transcript, file, options, name)
                              : run_case(test, file, options, name, [&] { return print(test); });
  fs::remove_all(name, error);
  return result;
}

bool parse_options(int argc, char** argv, Options& options) {
  for (int k = 1; k < argc; ++k) {
    const std::string_view arg = argv[k];
    if (arg == "--accept") {
      options.accept = true;
    } else if ((arg == "--bin" || arg == "--testdata") && k + 1 < argc) {
      (arg == "--bin" ? options.binary : options.testdata) = fs::absolute(argv[++k]);
    } else if (arg.substr(0, 1) == "-") {
      return false;
    } else {
      options.files.emplace_back(arg);
    }
  }
  return !options.files.empty();
}

}  // namespace

int main(int argc, char** argv) {
  Options options;
  if (!parse_options(argc, argv, options)) {
    std::cerr << "usage: panmodel_golden [--accept] [--bin FILE] [--testdata DIR] FILE.test|FILE.md...\n";
    return 2;
  }
  int worst = 0;
  bool any_ran = false;
  for (const fs::path& file : options.files) {
    const int result = run_file(file, options);
    if (result != kSkipped) any_ran = true;
    if (result != kSkipped && result > worst) worst = result;
  }
  return any_ran ? worst : kSkipped;
}
