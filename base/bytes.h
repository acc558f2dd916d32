#pragma once
// Read-only bytes with shared ownership, and a bounds-checked cursor over them.
#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <type_traits>

namespace panmodel {

static_assert(std::endian::native == std::endian::little, "panmodel needs a little-endian machine");

// A view of bytes that keeps its storage (a mapped file, an inflated buffer) alive. Cheap to copy.
struct Bytes {
  std::span<const std::byte> data;
  std::shared_ptr<const void> owner;

  Bytes() = default;
  Bytes(std::span<const std::byte> d, std::shared_ptr<const void> o)
      : data(d), owner(std::move(o)) {}
  // Copies `text` into storage of its own.
  static Bytes copy_of(std::string_view text);
  size_t size() const { return data.size(); }
  bool empty() const { return data.empty(); }
  const std::byte* begin() const { return data.data(); }
  std::string_view text() const {
    return {reinterpret_cast<const char*>(data.data()), data.size()};
  }
  // Precondition: offset + count <= size().
  Bytes slice(size_t offset, size_t count) const { return {data.subspan(offset, count), owner}; }
};

// Unaligned little-endian load.
template <class T>
T load_le(const void* from) {
  static_assert(std::is_trivially_copyable_v<T>);
  T value;
  std::memcpy(&value, from, sizeof(T));
  return value;
}
// Big-endian load of an unsigned integer or float.
template <class T>
T load_be(const void* from) {
  unsigned char buffer[sizeof(T)];
  const auto* src = static_cast<const unsigned char*>(from);
  for (size_t i = 0; i < sizeof(T); ++i) buffer[i] = src[sizeof(T) - 1 - i];
  return load_le<T>(buffer);
}

// a * b, or false on overflow.
[[nodiscard]] inline bool checked_mul(uint64_t a, uint64_t b, uint64_t* out) {
  return !__builtin_mul_overflow(a, b, out);
}

// Maps a regular file read-only, or reads a pipe into memory. Throws Failure file-open / file-read.
// `max_bytes` guards reads from pipes.
Bytes map_file(const std::string& path, uint64_t max_bytes = UINT64_MAX);

// A file read from front to back in pieces, so that its size does not matter; "-" is standard input.
class InputStream {
 public:
  explicit InputStream(const std::string& path);  // throws Failure file-open
  ~InputStream();
  // The next piece, valid until the next call; empty at the end. Throws Failure file-read.
  std::string_view next();

 private:
  struct State;
  std::unique_ptr<State> state_;
};

struct WriteFileOptions {
  bool overwrite = false;
};
// A file that appears whole or not at all: a temporary file in the same directory, which commit()
// syncs and renames; without commit() it is removed. All throw Failure file-write, the constructor
// also file-exists unless `overwrite`; the old file is then untouched.
class FileWriter {
 public:
  FileWriter(const std::string& path, const WriteFileOptions& options);
  ~FileWriter();
  void write(std::span<const std::byte> data);
  // What was written, mapped, and on its way to the disk.
  Bytes contents();
  void commit();

 private:
  struct State;
  std::unique_ptr<State> state_;
};
// All of a file at once.
void write_file(const std::string& path, std::span<const std::byte> data,
                const WriteFileOptions& options);

}  // namespace panmodel
