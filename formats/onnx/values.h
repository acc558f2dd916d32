#pragma once
// The three value types that the messages of ONNX are made of beside plain numbers and vectors:
// Text (a string that may be a view into the file), Box (an optional message), Packed (numbers that
// stay encoded until asked for).
#include <cstdint>
#include <cstring>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/bytes.h"
#include "base/location.h"

namespace panmodel::onnx {

// A string or byte string: absent, a view of bytes that someone else keeps (the mapped file), or
// its own copy. 16 bytes. Made from std::string, string_view or a literal it copies; Text::view
// borrows. Absent and empty are different: protobuf writes an empty string that is present.
class Text {
 public:
  Text() = default;
  Text(std::string_view text) { assign_copy(text); }             // NOLINT: a string is a Text
  Text(const std::string& text) { assign_copy(text); }           // NOLINT
  Text(const char* text) { assign_copy(std::string_view(text)); }  // NOLINT
  // Borrows: `text` must outlive this Text and its copies (string literals, the mapped file).
  static Text view(std::string_view text) {
    Text t;
    t.data_ = text.data() ? text.data() : "";
    t.size_ = text.size();
    return t;
  }
  Text(const Text& o) { *this = o; }
  Text(Text&& o) noexcept : data_(o.data_), size_(o.size_) { o.data_ = nullptr, o.size_ = 0; }
  Text& operator=(const Text& o) {
    if (this == &o) return *this;
    reset();
    if (o.owned()) {
      assign_copy(o);
    } else {
      data_ = o.data_, size_ = o.size_;
    }
    return *this;
  }
  Text& operator=(Text&& o) noexcept {
    std::swap(data_, o.data_);
    std::swap(size_, o.size_);
    return *this;
  }
  ~Text() { reset(); }

  bool present() const { return data_ != nullptr; }
  bool empty() const { return size() == 0; }
  size_t size() const { return size_ & ~kOwned; }
  const char* data() const { return data_; }
  std::string_view get() const { return {data_, size()}; }
  std::string str() const { return std::string(get()); }
  operator std::string_view() const { return get(); }  // NOLINT: reads as a string
  void reset() {
    if (owned()) delete[] data_;
    data_ = nullptr, size_ = 0;
  }
  friend bool operator==(const Text& a, const Text& b) { return a.get() == b.get(); }
  friend bool operator==(const Text& a, std::string_view b) { return a.get() == b; }
  friend bool operator==(const Text& a, const char* b) { return a.get() == b; }

 private:
  static constexpr size_t kOwned = size_t{1} << 63;
  bool owned() const { return (size_ & kOwned) != 0; }
  void assign_copy(std::string_view text) {
    char* copy = new char[text.size() + 1];
    if (!text.empty()) std::memcpy(copy, text.data(), text.size());
    copy[text.size()] = 0;
    data_ = copy, size_ = text.size() | kOwned;
  }
  const char* data_ = nullptr;
  size_t size_ = 0;
};

// An optional message with the semantics of a value: copying copies it. Null when absent.
template <class T>
class Box {
 public:
  Box() = default;
  Box(T value) : ptr_(std::make_unique<T>(std::move(value))) {}  // NOLINT: a message is a Box
  Box(const Box& o) : ptr_(o.ptr_ ? std::make_unique<T>(*o.ptr_) : nullptr) {}
  Box(Box&&) noexcept = default;
  Box& operator=(const Box& o) {
    ptr_ = o.ptr_ ? std::make_unique<T>(*o.ptr_) : nullptr;
    return *this;
  }
  Box& operator=(Box&&) noexcept = default;
  ~Box() = default;

  explicit operator bool() const { return ptr_ != nullptr; }
  // Precondition: present.
  T& operator*() { return *ptr_; }
  const T& operator*() const { return *ptr_; }
  T* operator->() { return ptr_.get(); }
  const T* operator->() const { return ptr_.get(); }
  T* get() { return ptr_.get(); }
  const T* get() const { return ptr_.get(); }
  // The message, made when absent.
  T& ensure() {
    if (!ptr_) ptr_ = std::make_unique<T>();
    return *ptr_;
  }
  void reset() { ptr_.reset(); }

 private:
  std::unique_ptr<T> ptr_;
};

// A packed repeated field: either the bytes of the file, not yet looked at, or decoded numbers.
// T is float, double, int32_t, int64_t or uint64_t.
template <class T>
class Packed {
 public:
  Packed() = default;
  Packed(std::vector<T> values) : values_(std::move(values)) {}  // NOLINT: numbers are Packed
  bool empty() const { return wire_.empty() && values_.empty(); }
  // The encoded elements when they are still encoded, else empty.
  const Bytes& wire() const { return wire_; }
  // The decoded elements when there is no encoded form.
  const std::vector<T>& decoded() const { return values_; }
  // All elements. Throws Failure onnx-wire-truncated / onnx-wire-varint at `loc` when the bytes are
  // malformed.
  std::vector<T> values(const Location& loc = {}) const;
  // Number of elements; malformed tails count as one.
  uint64_t count() const;

  void set_wire(Bytes wire) { wire_ = std::move(wire), values_.clear(); }
  // Makes the numbers decoded and gives them for change.
  std::vector<T>& edit() {
    if (!wire_.empty()) {
      values_ = values();
      wire_ = {};
    }
    return values_;
  }

 private:
  Bytes wire_;
  std::vector<T> values_;
};

}  // namespace panmodel::onnx
