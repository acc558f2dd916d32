// The environment fails while panmodel writes: the disk is full, memory runs out, the process is
// killed, the directory is closed. Whatever happens, the old file is whole and nothing is left over.
#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/mount.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <csignal>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <thread>

#include "tests/hostile/process.h"

namespace panmodel::hostile {
namespace {

namespace fs = std::filesystem;

const std::string kModel = PANMODEL_TESTDATA "/pickle/forest.pkl";
const std::string kRows = PANMODEL_TESTDATA "/pickle/rows.csv";
constexpr const char* kOld = "the old file";

std::string content(const fs::path& path) {
  std::ifstream in(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), std::istreambuf_iterator<char>()};
}
void write(const fs::path& path, const std::string& text) {
  std::ofstream(path, std::ios::binary) << text;
}

class Faults : public testing::Test {
 protected:
  void SetUp() override {
    std::string name = (fs::temp_directory_path() / "panmodel-faults-XXXXXX").string();
    ASSERT_NE(mkdtemp(name.data()), nullptr);
    directory = name;
    output = directory / "out.onnx";
    write(output, kOld);
  }
  void TearDown() override {
    chmod(directory.c_str(), 0755);
    fs::remove_all(directory);
  }
  Outcome convert(const Setting& setting) const {
    return run(PANMODEL_BINARY, {"convert", kModel, output.string(), "--force", "-q"}, setting);
  }
  void expect_untouched(const Outcome& o, int exit) const {
    EXPECT_EQ(o.exit, exit) << o.out << " signal " << o.signal;
    EXPECT_EQ(content(output), kOld);
    expect_alone();
  }
  void expect_alone() const {
    for (const auto& entry : fs::directory_iterator(directory)) {
      EXPECT_EQ(entry.path(), output) << "left behind";
    }
  }

  fs::path directory, output;
};

void limit(int resource, rlim_t bytes) {
  const rlimit l{bytes, bytes};
  setrlimit(static_cast<__rlimit_resource>(resource), &l);
}

bool become_nobody() { return geteuid() != 0 || (setgid(65534) == 0 && setuid(65534) == 0); }

TEST_F(Faults, FileSizeLimit) {
  const Outcome o = convert({.in_child = [] { limit(RLIMIT_FSIZE, 100); }});
  expect_untouched(o, 5);
  EXPECT_NE(o.out.find("[file-write]"), std::string::npos) << o.out;
}

TEST_F(Faults, FullDisk) {
  const fs::path disk = directory / "disk";
  fs::create_directory(disk);
  if (mount("tmpfs", disk.c_str(), "tmpfs", 0, "size=4k") != 0) {
    GTEST_SKIP() << "no permission to mount a small tmpfs";
  }
  const fs::path there = disk / "out.onnx";
  write(there, kOld);
  const Outcome o = run(PANMODEL_BINARY, {"convert", kModel, there.string(), "--force", "-q"});
  EXPECT_EQ(o.exit, 5) << o.out;
  EXPECT_EQ(content(there), kOld);
  EXPECT_EQ(std::distance(fs::directory_iterator(disk), fs::directory_iterator()), 1);
  umount(disk.c_str());
}

TEST_F(Faults, FullStandardOutput) {
  const Outcome o = run("/bin/sh", {"-c", std::string(PANMODEL_BINARY) + " predict " + kModel + " --data " +
                                              kRows + " >/dev/full"});
  EXPECT_EQ(o.exit, 5) << o.out;
  EXPECT_NE(o.out.find("[file-write]"), std::string::npos) << o.out;
}

// The reader is gone before the first byte is written.
TEST_F(Faults, ClosedPipe) {
  const Outcome o = run(PANMODEL_BINARY, {"ops"}, {.in_child = [] {
                          int ends[2];
                          if (pipe(ends) != 0) _exit(126);
                          dup2(ends[1], STDOUT_FILENO);
                          close(ends[0]);
                          close(ends[1]);
                        }});
  EXPECT_EQ(o.exit, 5) << o.signal << o.out;
}

TEST_F(Faults, AddressSpace) {
  if (sanitized()) GTEST_SKIP() << "a sanitizer needs the whole address space";
  const auto within = [](rlim_t kilobytes) {
    return Setting{.in_child = [=] { limit(RLIMIT_AS, kilobytes << 10); }};
  };
  // Below this the binary is not even loaded, and the kernel or the loader ends it.
  rlim_t kilobytes = 4096;
  while (run(PANMODEL_BINARY, {"--version"}, within(kilobytes)).exit != 0) {
    ASSERT_LT(kilobytes += 32, 1u << 18);
  }
  size_t refused = 0;
  bool done = false;
  for (; kilobytes <= (1 << 18) && !done; kilobytes += 32) {
    const Outcome o = convert(within(kilobytes));
    done = o.exit == 0;
    // Too little for the store that the C++ runtime keeps for exceptions.
    if (done || (o.signal == SIGABRT && o.out.starts_with("terminate called"))) continue;
    EXPECT_TRUE(o.exit == 5 || o.exit == 6) << kilobytes << ": " << o.exit << " signal " << o.signal << o.out;
    ++refused;
    EXPECT_EQ(content(output), kOld);
    expect_alone();
  }
  EXPECT_TRUE(done);
  EXPECT_GT(refused, 0u);
}

TEST_F(Faults, ReadOnlyDirectory) {
  chmod(directory.c_str(), 0555);
  expect_untouched(convert({.in_child = [] { become_nobody(); }}), 5);
}

TEST_F(Faults, UnreadableModel) {
  const fs::path model = directory / "secret.pkl";
  fs::copy_file(kModel, model);
  chmod(model.c_str(), 0);
  const Outcome o = run(PANMODEL_BINARY, {"inspect", model.string()}, {.in_child = [] { become_nobody(); }});
  EXPECT_EQ(o.exit, 5) << o.out;
  EXPECT_NE(o.out.find("[file-open]"), std::string::npos) << o.out;
}

TEST_F(Faults, OutputIsADirectory) {
  const fs::path there = directory / "d.onnx";
  fs::create_directory(there);
  const Outcome o = run(PANMODEL_BINARY, {"convert", kModel, there.string(), "--force", "-q"});
  EXPECT_EQ(o.exit, 5) << o.out;
  EXPECT_TRUE(fs::is_empty(there));
}

TEST_F(Faults, OutputInNoDirectory) {
  const Outcome o = run(PANMODEL_BINARY, {"convert", kModel, (directory / "no/out.onnx").string(), "-q"});
  EXPECT_EQ(o.exit, 5) << o.out;
  expect_alone();
}

TEST_F(Faults, ExistingOutputNeedsForce) {
  const Outcome o = run(PANMODEL_BINARY, {"convert", kModel, output.string(), "-q"});
  expect_untouched(o, 2);
}

TEST_F(Faults, ModeOfAnExistingFileIsKept) {
  chmod(output.c_str(), 0600);
  EXPECT_EQ(convert({}).exit, 0);
  struct stat st {};
  ASSERT_EQ(stat(output.c_str(), &st), 0);
  EXPECT_EQ(st.st_mode & 0777, 0600u);
}

// Killed at many moments of the run: the old file or the new one. A run that is killed while it renames
// leaves its file under another name, after that of the output and never taken for it.
TEST_F(Faults, Killed) {
  const std::string complete = [&] {
    EXPECT_EQ(convert({}).exit, 0);
    return content(output);
  }();
  int killed = 0;
  for (int i = 0; i < 60; ++i) {
    write(output, kOld);
    const Outcome o = convert({.kill_after_us = 200 * i});
    killed += o.signal == SIGTERM;
    const std::string found = content(output);
    EXPECT_TRUE(found == kOld || found == complete) << found.size();
    for (const auto& entry : fs::directory_iterator(directory)) {
      const std::string name = entry.path().filename().string();
      if (name == "out.onnx") continue;
      EXPECT_TRUE(name.starts_with("out.onnx.") && o.signal == SIGTERM) << name;
      fs::remove(entry.path());
    }
  }
  EXPECT_GT(killed, 0);
}

TEST_F(Faults, NamesThatAreNoUtf8) {
  const fs::path model = directory / "mod\xe8le\xff.pkl", there = directory / "\xfe.onnx";
  fs::copy_file(kModel, model);
  const Outcome o = run(PANMODEL_BINARY, {"convert", model.string(), there.string()});
  EXPECT_EQ(o.exit, 0) << o.out;
  EXPECT_TRUE(fs::exists(there));
  const Outcome missing = run(PANMODEL_BINARY, {"inspect", (directory / "\xff\xfe.pkl").string()});
  EXPECT_EQ(missing.exit, 5) << missing.out;
}

TEST_F(Faults, StandardInput) {
  const Outcome file = run(PANMODEL_BINARY, {"inspect", kModel});
  const Outcome stream = run(PANMODEL_BINARY, {"inspect", "-"}, {.input = kModel});
  EXPECT_EQ(stream.exit, 0) << stream.out;
  EXPECT_EQ(file.out, stream.out);
  const Outcome empty = run(PANMODEL_BINARY, {"inspect", "-"});
  EXPECT_EQ(empty.exit, 3) << empty.out;
}

TEST_F(Faults, DecimalComma) {
  const Setting comma{.in_child = [] { setenv("LC_ALL", "de_DE.UTF-8", 1); }};
  const Outcome plain = run(PANMODEL_BINARY, {"predict", kModel, "--data", kRows});
  const Outcome german = run(PANMODEL_BINARY, {"predict", kModel, "--data", kRows}, comma);
  EXPECT_EQ(plain.exit, 0) << plain.out;
  EXPECT_EQ(plain.out, german.out);
}

// A model of 4 MB arrives by a mapping that another process cuts before it is read: the run waits
// for its rows at a named pipe meanwhile.
// The model is mapped while the run waits for its rows at a named pipe; meanwhile another process
// cuts it. What was read already gives the predictions, the rest exit code 5: never a signal.
TEST_F(Faults, ModelIsCutWhileMapped) {
  const fs::path rows = directory / "rows.fifo";
  ASSERT_EQ(mkfifo(rows.c_str(), 0600), 0);
  ASSERT_EQ(convert({}).exit, 0);
  for (const fs::path& original : {fs::path(kModel), output}) {
    const fs::path model = directory / ("cut" + original.extension().string());
    fs::copy_file(original, model);
    std::thread other([&] {
      int pipe = -1;
      // Opens once the run is there to read.
      for (int i = 0; i < 1000 && pipe < 0; ++i) {
        pipe = open(rows.c_str(), O_WRONLY | O_NONBLOCK);
        if (pipe < 0) usleep(10'000);
      }
      EXPECT_EQ(truncate(model.c_str(), 0), 0);
      const std::string text = content(kRows);
      EXPECT_EQ(::write(pipe, text.data(), text.size()), static_cast<ssize_t>(text.size()));
      close(pipe);
    });
    const Outcome o = run(PANMODEL_BINARY, {"predict", model.string(), "--data", rows.string()});
    other.join();
    EXPECT_EQ(o.signal, 0);
    EXPECT_TRUE(o.exit == 0 || (o.exit == 5 && o.out.find("[file-read]") != std::string::npos)) << o.out;
  }
}

}  // namespace
}  // namespace panmodel::hostile
