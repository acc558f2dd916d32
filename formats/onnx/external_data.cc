#include "formats/onnx/external_data.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "base/diagnostic.h"
#include "base/fail.h"
#include "base/number.h"
#include "base/text.h"

namespace panmodel::onnx {
namespace {

class Descriptor {
 public:
  explicit Descriptor(int fd) : fd_(fd) {}
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;
  ~Descriptor() { reset(-1); }
  void reset(int fd) {
    if (fd_ >= 0) ::close(fd_);
    fd_ = fd;
  }
  int get() const { return fd_; }

 private:
  int fd_;
};

std::string directory_of(const std::string& path) {
  size_t slash = path.rfind('/');
  if (slash == std::string::npos) return ".";
  return slash == 0 ? "/" : path.substr(0, slash);
}

uint64_t parse_size(std::string_view key, std::string_view value, const Location& loc) {
  auto number = parse_uint(value);
  // Offsets beyond 2^62 cannot be file positions.
  if (!number || *number >> 62 != 0) {
    fail(loc, "onnx-external-key", "{} of external data is {}, a byte count expected", key,
         quote(printable(value, 40)));
  }
  return *number;
}

// The components of a relative path that stays beneath its base.
std::vector<std::string> components(const std::string& path, const Location& loc) {
  auto refuse = [&](const char* why) {
    fail(loc, "onnx-external-path", "external data path {} {}", quote(printable(path)), why);
  };
  if (path.empty()) refuse("is empty");
  if (path.front() == '/') refuse("is absolute");
  if (path.find('\0') != std::string::npos) refuse("holds a zero byte");
  if (path.find('\\') != std::string::npos) refuse("holds a backslash");
  if (path.size() >= 2 && path[1] == ':') refuse("names a drive");
  std::vector<std::string> parts;
  size_t begin = 0;
  for (;;) {
    size_t end = path.find('/', begin);
    std::string part = path.substr(begin, end == std::string::npos ? end : end - begin);
    if (part == "..") refuse("leaves the directory of the model");
    if (part.empty()) refuse("has an empty component");
    if (part != ".") parts.push_back(std::move(part));
    if (end == std::string::npos) break;
    begin = end + 1;
  }
  if (parts.empty()) refuse("names no file");
  return parts;
}

[[noreturn]] void cannot_open(const std::string& location, int error, const Location& loc) {
  // O_NOFOLLOW on a symbolic link gives ELOOP; with O_DIRECTORY it gives ENOTDIR.
  if (error == ELOOP) {
    fail_help(loc, "onnx-external-link",
              fmt::format("external data file {} is reached through a symbolic link",
                          quote(printable(location))),
              "allow links in external data if you trust the model");
  }
  fail(loc, "onnx-external-open", "external data file {} cannot be opened: {}",
       quote(printable(location)), std::strerror(error));
}

}  // namespace

ExternalReference parse_external(const TensorProto& tensor, const Location& loc) {
  ExternalReference ref;
  std::vector<std::string_view> seen;
  for (const StringStringEntryProto& entry : tensor.external_data) {
    for (std::string_view key : seen) {
      if (entry.key == key) {
        fail(loc, "onnx-external-key", "external_data has '{}' twice", printable(key));
      }
    }
    if (entry.key == "location") {
      ref.location = entry.value.str();
    } else if (entry.key == "offset") {
      ref.offset = parse_size("offset", entry.value, loc);
    } else if (entry.key == "length") {
      ref.length = parse_size("length", entry.value, loc);
    } else if (entry.key == "checksum") {
      ref.checksum = entry.value.str();
    } else {
      fail(loc, "onnx-external-key",
           "external_data has key {}; location, offset, length and checksum are known",
           quote(printable(entry.key)));
    }
    seen.push_back(entry.key);
  }
  if (ref.location.empty()) fail(loc, "onnx-external-key", "external_data has no location");
  components(ref.location, loc);
  return ref;
}

ExternalFiles::ExternalFiles(std::string directory, ExternalOptions options)
    : directory_(std::move(directory)), options_(options), cache_(std::make_shared<Cache>()) {}

ExternalFiles ExternalFiles::beside(const ModelProto& model, ExternalOptions options) {
  bool memory = model.file.empty() || model.file == "-";
  return ExternalFiles(memory ? std::string() : directory_of(model.file), options);
}

Bytes ExternalFiles::map(const std::string& location, const Location& loc) const {
  std::vector<std::string> parts = components(location, loc);
  int follow = options_.allow_links ? 0 : O_NOFOLLOW;
  Descriptor at(::open(directory_.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (at.get() < 0) cannot_open(location, errno, loc);
  for (size_t i = 0; i + 1 < parts.size(); ++i) {
    // O_PATH first: of a symbolic link it opens the link itself, so that the message can say so.
    Descriptor next(::openat(at.get(), parts[i].c_str(), O_PATH | O_CLOEXEC | follow));
    if (next.get() < 0) cannot_open(location, errno, loc);
    struct stat st {};
    if (::fstat(next.get(), &st) != 0) cannot_open(location, errno, loc);
    if (S_ISLNK(st.st_mode)) cannot_open(location, ELOOP, loc);
    int dir = ::openat(next.get(), ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (dir < 0) cannot_open(location, errno, loc);
    at.reset(dir);
  }
  // Not blocking: the name may be that of a pipe.
  Descriptor fd(::openat(at.get(), parts.back().c_str(),
                         O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY | follow));
  if (fd.get() < 0) cannot_open(location, errno, loc);
  struct stat st {};
  if (::fstat(fd.get(), &st) != 0) cannot_open(location, errno, loc);
  if (!S_ISREG(st.st_mode)) {
    fail(loc, "onnx-external-open", "external data file {} is no regular file",
         quote(printable(location)));
  }
  if (st.st_nlink > 1 && !options_.allow_links) {
    fail_help(loc, "onnx-external-link",
              fmt::format("external data file {} has {} hard links", quote(printable(location)),
                          st.st_nlink),
              "allow links in external data if you trust the model");
  }
  auto size = static_cast<size_t>(st.st_size);
  if (size == 0) return {};
  void* data = ::mmap(nullptr, size, PROT_READ, MAP_PRIVATE, fd.get(), 0);
  if (data == MAP_FAILED) cannot_open(location, errno, loc);
  std::shared_ptr<const void> mapping(data, [size](const void* p) {
    ::munmap(const_cast<void*>(p), size);
  });
  return {{static_cast<const std::byte*>(data), size}, std::move(mapping)};
}

Bytes ExternalFiles::get(const ExternalReference& ref, uint64_t expected,
                         const Location& loc) const {
  if (ref.length && *ref.length != expected) {
    fail(loc, "onnx-external-range", "external data states {} bytes, type and shape need {}",
         *ref.length, expected);
  }
  if (directory_.empty()) {
    fail_help(loc, "onnx-external-base",
              fmt::format("external data file {} has no directory to lie in",
                          quote(printable(ref.location))),
              "read the model from its file, not from a stream or memory");
  }
  Bytes file;
  {
    std::lock_guard lock(cache_->mutex);
    auto found = cache_->files.find(ref.location);
    if (found == cache_->files.end()) {
      found = cache_->files.emplace(ref.location, map(ref.location, loc)).first;
    }
    file = found->second;
  }
  if (ref.offset > file.size() || expected > file.size() - ref.offset) {
    fail(loc, "onnx-external-range",
         "external data of {} bytes at offset {} expected, {} has {} bytes", expected, ref.offset,
         quote(printable(ref.location)), file.size());
  }
  return file.slice(ref.offset, expected);
}

}  // namespace panmodel::onnx
