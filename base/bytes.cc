#include "base/bytes.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <vector>

#include "base/diagnostic.h"
#include "base/fail.h"
#include "base/mapping.h"

namespace panmodel {
namespace {

Location file_loc(const std::string& path) {
  Location loc;
  loc.file = path;
  return loc;
}

class Descriptor {
 public:
  explicit Descriptor(int fd) : fd_(fd) {}
  ~Descriptor() {
    if (fd_ >= 0) ::close(fd_);
  }
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;
  int get() const { return fd_; }
  // Precondition: none is held yet.
  void open(int fd) { fd_ = fd; }
  // Closes now and reports failure, for files that were written.
  bool close() {
    int fd = fd_;
    fd_ = -1;
    return ::close(fd) == 0;
  }

 private:
  int fd_;
};

Bytes read_stream(int fd, const std::string& path, uint64_t max_bytes) {
  auto buffer = std::make_shared<std::vector<std::byte>>();
  std::vector<std::byte> chunk(1 << 16);
  for (;;) {
    ssize_t n = ::read(fd, chunk.data(), chunk.size());
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) fail(file_loc(path), "file-read", "cannot read: {}", std::strerror(errno));
    if (n == 0) break;
    if (buffer->size() + static_cast<size_t>(n) > max_bytes) {
      fail(file_loc(path), "limit-memory", "the stream is longer than {} bytes", max_bytes);
    }
    buffer->insert(buffer->end(), chunk.begin(), chunk.begin() + n);
  }
  return {std::span<const std::byte>(*buffer), buffer};
}

struct Unmap {
  size_t size;
  void operator()(void* p) const { ::munmap(p, size); }
};

// The file as it is now.
Bytes map_descriptor(int fd, size_t size, const std::string& path) {
  if (size == 0) return {};
  void* at = ::mmap(nullptr, size, PROT_READ, MAP_PRIVATE, fd, 0);
  if (at == MAP_FAILED) fail(file_loc(path), "file-read", "cannot map: {}", std::strerror(errno));
  std::shared_ptr<const void> owner(at, Unmap{size});
  return {std::span<const std::byte>(static_cast<const std::byte*>(at), size), std::move(owner)};
}

std::string directory_of(const std::string& path) {
  size_t slash = path.rfind('/');
  if (slash == std::string::npos) return ".";
  return slash == 0 ? "/" : path.substr(0, slash);
}

}  // namespace

Bytes Bytes::copy_of(std::string_view text) {
  auto storage = std::make_shared<std::string>(text);
  return {std::as_bytes(std::span<const char>(storage->data(), storage->size())), storage};
}

void release_pages(const Bytes& bytes) {
  if (std::get_deleter<Unmap>(bytes.owner) == nullptr) return;
  const auto page = static_cast<uintptr_t>(::sysconf(_SC_PAGESIZE));
  const auto begin = reinterpret_cast<uintptr_t>(bytes.begin());
  const uintptr_t first = (begin + page - 1) / page * page, last = (begin + bytes.size()) / page * page;
  if (first < last) ::madvise(reinterpret_cast<void*>(first), last - first, MADV_DONTNEED);
}

Bytes map_file(const std::string& path, uint64_t max_bytes) {
  if (path == "-") return read_stream(STDIN_FILENO, "<stdin>", max_bytes);
  Descriptor fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOCTTY));
  if (fd.get() < 0) fail(file_loc(path), "file-open", "cannot open: {}", std::strerror(errno));
  struct stat st {};
  if (::fstat(fd.get(), &st) != 0) {
    fail(file_loc(path), "file-open", "cannot stat: {}", std::strerror(errno));
  }
  if (S_ISDIR(st.st_mode)) fail(file_loc(path), "file-open", "is a directory, expected a file");
  if (!S_ISREG(st.st_mode)) return read_stream(fd.get(), path, max_bytes);
  return map_descriptor(fd.get(), static_cast<size_t>(st.st_size), path);
}

// A process that is killed leaves nothing behind, unless that happens between naming and renaming, or
// the file system has no files without names: then there is a NAME.* beside the file.
struct FileWriter::State {
  std::string path, temporary;
  Descriptor fd;
  bool overwrite;
  bool pending = false;  // the temporary file has a name
  size_t written = 0;

  State(const std::string& p, bool over)
      : path(p), temporary(p + ".XXXXXX"), fd(-1), overwrite(over) {}
  ~State() {
    if (pending) ::unlink(temporary.c_str());
  }
  State(const State&) = delete;
  State& operator=(const State&) = delete;
  [[noreturn]] void give_up(const char* what) const {
    fail(file_loc(path), "file-write", "{} failed: {}", what, std::strerror(errno));
  }
  // Gives the file without a name its own, or one beside it that is then renamed over an old file.
  // Whether it has its own.
  bool name_file() {
    const std::string from = "/proc/self/fd/" + std::to_string(fd.get());
    auto link = [&](const std::string& to) {
      return ::linkat(AT_FDCWD, from.c_str(), AT_FDCWD, to.c_str(), AT_SYMLINK_FOLLOW) == 0;
    };
    if (link(path)) return true;
    if (errno != EEXIST) give_up("linkat");
    if (!overwrite) {
      fail_help(file_loc(path), "file-exists", "the output file exists already",
                "use --force to overwrite it");
    }
    for (unsigned i = 0; !pending; ++i) {
      temporary = fmt::format("{}.{}-{}", path, ::getpid(), i);
      pending = link(temporary);
      if (!pending && errno != EEXIST) give_up("linkat");
    }
    return false;
  }
};

FileWriter::FileWriter(const std::string& path, const WriteFileOptions& options) {
  struct stat st {};
  bool exists = ::stat(path.c_str(), &st) == 0;
  if (exists && S_ISDIR(st.st_mode)) {
    fail(file_loc(path), "file-write", "is a directory, expected a file name");
  }
  if (exists && !options.overwrite) {
    fail_help(file_loc(path), "file-exists", "the output file exists already",
              "use --force to overwrite it");
  }
  // Nothing that can fail stands between making the file and the one who removes it.
  state_ = std::make_unique<State>(path, options.overwrite);
  // A file without a name is gone with the process. Where the file system has none: a named one.
  if (::access("/proc/self/fd", X_OK) == 0) {
    state_->fd.open(::open(directory_of(path).c_str(), O_TMPFILE | O_RDWR | O_CLOEXEC, 0600));
  }
  if (state_->fd.get() < 0) {
    state_->fd.open(::mkostemp(state_->temporary.data(), O_CLOEXEC));
    state_->pending = state_->fd.get() >= 0;
  }
  if (state_->fd.get() < 0) {
    fail(file_loc(path), "file-write", "cannot create a file in '{}': {}", directory_of(path),
         std::strerror(errno));
  }
  mode_t mask = ::umask(0);
  ::umask(mask);
  if (::fchmod(state_->fd.get(), exists ? st.st_mode & 0777 : 0666 & ~mask) != 0) {
    state_->give_up("fchmod");
  }
}

FileWriter::~FileWriter() = default;

void FileWriter::write(std::span<const std::byte> data) {
  for (size_t done = 0; done < data.size();) {
    ssize_t n = ::write(state_->fd.get(), data.data() + done, data.size() - done);
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) state_->give_up("write");
    done += static_cast<size_t>(n);
  }
  state_->written += data.size();
}

Bytes FileWriter::contents() {
  // The disk works while the contents are read; commit() waits for the rest.
  ::sync_file_range(state_->fd.get(), 0, 0, SYNC_FILE_RANGE_WRITE);
  return map_descriptor(state_->fd.get(), state_->written, state_->path);
}

void FileWriter::commit() {
  if (::fsync(state_->fd.get()) != 0) state_->give_up("fsync");
  const bool named = !state_->pending && state_->name_file();
  if (!state_->fd.close()) state_->give_up("close");
  // Opened before the rename: behind it nothing may fail any more.
  Descriptor dir(::open(directory_of(state_->path).c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!named && ::rename(state_->temporary.c_str(), state_->path.c_str()) != 0) {
    state_->give_up("rename");
  }
  state_->pending = false;
  if (dir.get() >= 0) ::fsync(dir.get());
}

void write_file(const std::string& path, std::span<const std::byte> data,
                const WriteFileOptions& options) {
  FileWriter file(path, options);
  file.write(data);
  file.commit();
}

struct InputStream::State {
  Descriptor fd;
  std::string path;
  std::vector<char> buffer;

  State(int descriptor, std::string p)
      : fd(descriptor), path(std::move(p)), buffer(size_t{1} << 16) {}
};

InputStream::InputStream(const std::string& path) {
  bool standard = path == "-";
  int fd = standard ? ::fcntl(STDIN_FILENO, F_DUPFD_CLOEXEC, 0)
                    : ::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOCTTY);
  if (fd < 0) fail(file_loc(path), "file-open", "cannot open: {}", std::strerror(errno));
  state_ = std::make_unique<State>(fd, standard ? "<stdin>" : path);
}

InputStream::~InputStream() = default;

std::string_view InputStream::next() {
  for (;;) {
    ssize_t n = ::read(state_->fd.get(), state_->buffer.data(), state_->buffer.size());
    if (n >= 0) return {state_->buffer.data(), static_cast<size_t>(n)};
    if (errno != EINTR) {
      fail(file_loc(state_->path), "file-read", "cannot read: {}", std::strerror(errno));
    }
  }
}

}  // namespace panmodel
