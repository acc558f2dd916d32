// Damages good files in every way that needs no thought: cut at every offset, bytes flipped. Also
// replays files as they are.
//   panmodel_sweep READER replay PATH...
//   panmodel_sweep READER truncate FILES PATH...
//   panmodel_sweep READER flip COUNT FILES PATH...
// PATH is a file or a directory that is searched; FILES is how many of the files found are used,
// spread evenly. "%C" at the start of a PATH is the value of PANMODEL_CORPUS; without it the run is
// skipped (exit 77). Which cases run depends on the arguments and the files alone.
#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <random>
#include <string>
#include <vector>

#include "tests/fuzz/isolate.h"
#include "tests/fuzz/readers.h"

namespace panmodel::fuzz {
namespace {

namespace fs = std::filesystem;

// Offsets below are all cut; above, this many are.
constexpr size_t kEveryOffset = 4096;
constexpr size_t kSampled = 128;
// Files beyond this say nothing new about a reader and take the time of a thousand small ones.
constexpr size_t kMostBytes = 200'000;

bool ends_with_any(const std::string& name, std::initializer_list<const char*> ends) {
  return std::any_of(ends.begin(), ends.end(), [&](const char* e) { return name.ends_with(e); });
}

bool of_reader(const fs::path& path, std::string_view reader) {
  const std::string name = path.filename().string();
  if (reader == "onnx") return name.ends_with(".onnx");
  if (reader == "pmml") return name.ends_with(".pmml");
  if (reader == "csv") return name.ends_with(".csv");
  if (reader == "panir") return name.ends_with(".panir");
  return ends_with_any(name, {".pkl", ".joblib", ".pickle", ".z", ".gz", ".bz2", ".xz", ".lzma", ".lz4"});
}

std::vector<fs::path> files_of(const std::vector<std::string>& paths, std::string_view reader) {
  std::vector<fs::path> all;
  for (const std::string& path : paths) {
    if (fs::is_regular_file(path)) all.emplace_back(path);
    if (!fs::is_directory(path)) continue;
    for (const auto& entry : fs::recursive_directory_iterator(path)) {
      if (entry.is_regular_file() && of_reader(entry.path(), reader) &&
          entry.file_size() <= kMostBytes) {
        all.push_back(entry.path());
      }
    }
  }
  std::sort(all.begin(), all.end());
  return all;
}

std::vector<fs::path> spread(std::vector<fs::path> all, size_t count) {
  if (all.size() <= count) return all;
  std::vector<fs::path> some;
  for (size_t i = 0; i < count; ++i) some.push_back(all[i * all.size() / count]);
  return some;
}

std::vector<uint8_t> bytes_of(const fs::path& path, std::string_view reader) {
  std::ifstream in(path, std::ios::binary);
  std::vector<uint8_t> bytes((std::istreambuf_iterator<char>(in)), std::istreambuf_iterator<char>());
  if (reader == "csv") bytes.insert(bytes.begin(), 1);  // the options, see readers.cc
  return bytes;
}

std::vector<size_t> cuts(size_t size) {
  std::vector<size_t> at;
  for (size_t i = 0; i < std::min(size, kEveryOffset); ++i) at.push_back(i);
  for (size_t i = 0; size > kEveryOffset && i < kSampled; ++i) {
    at.push_back(kEveryOffset + i * (size - kEveryOffset) / kSampled);
  }
  return at;
}

size_t sweep(const Reader& reader, const std::string& mode, size_t per_file,
             const std::vector<fs::path>& files, size_t* cases) {
  size_t findings = 0;
  for (size_t f = 0; f < files.size(); ++f) {
    const std::vector<uint8_t> bytes = bytes_of(files[f], reader.name);
    std::vector<size_t> at;
    std::vector<uint8_t> flips;
    if (mode == "replay") at = {bytes.size()};
    if (mode == "truncate") at = cuts(bytes.size());
    if (mode == "flip") {
      std::mt19937_64 random(f + 1);
      for (size_t i = 0; i < per_file && !bytes.empty(); ++i) {
        at.push_back(random() % bytes.size());
        flips.push_back(static_cast<uint8_t>(1 + random() % 255));
      }
    }
    *cases += at.size();
    findings += run_isolated(
        at.size(), default_limits(),
        [&](size_t i) {
          if (mode != "flip") return reader.run(std::span(bytes).first(at[i]));
          std::vector<uint8_t> damaged = bytes;
          damaged[at[i]] = static_cast<uint8_t>(damaged[at[i]] ^ flips[i]);
          reader.run(damaged);
        },
        [&](size_t i) {
          std::string name = files[f].string() + " " + mode + " at " + std::to_string(at[i]);
          return flips.empty() ? name : name + " xor " + std::to_string(flips[i]);
        });
  }
  return findings;
}

int main_of(std::vector<std::string> args) {
  const Reader* reader = args.size() < 3 ? nullptr : find_reader(args[0]);
  const std::string mode = reader == nullptr ? "" : args[1];
  size_t next = 2;
  const auto number = [&] {
    return next < args.size() ? std::strtoull(args[next++].c_str(), nullptr, 10) : 0;
  };
  size_t count = 0, most = SIZE_MAX;
  if (mode == "flip") count = number();
  if (mode == "flip" || mode == "truncate") most = number();
  if (mode != "flip" && mode != "truncate" && mode != "replay") {
    std::fputs("usage: panmodel_sweep READER replay|truncate|flip ...\n", stderr);
    return 2;
  }
  std::vector<std::string> paths(args.begin() + static_cast<std::ptrdiff_t>(next), args.end());
  for (std::string& path : paths) {
    if (!path.starts_with("%C")) continue;
    const char* corpus = std::getenv("PANMODEL_CORPUS");
    if (corpus == nullptr || *corpus == '\0') {
      std::puts("skipped: PANMODEL_CORPUS is not set");
      return 77;
    }
    path.replace(0, 2, corpus);
  }
  const std::vector<fs::path> files = spread(files_of(paths, reader->name), most);
  if (files.empty()) {
    std::puts("FAILED: no files");
    return 1;
  }
  size_t cases = 0;
  const size_t per_file = (count + files.size() - 1) / files.size();
  const size_t findings = sweep(*reader, mode, per_file, files, &cases);
  std::printf("%s %s: %zu files, %zu cases, %zu findings\n", args[0].c_str(), mode.c_str(),
              files.size(), cases, findings);
  return findings == 0 ? 0 : 1;
}

}  // namespace
}  // namespace panmodel::fuzz

int main(int argc, char** argv) {
  return panmodel::fuzz::main_of(std::vector<std::string>(argv + 1, argv + argc));
}
