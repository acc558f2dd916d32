#pragma once
// Bump allocator with a byte budget, for trivially destructible nodes, and a growing list in it.
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <memory>
#include <new>
#include <span>
#include <string_view>
#include <type_traits>
#include <vector>

namespace panmodel::pickle {

class Arena {
 public:
  explicit Arena(uint64_t limit) : limit_(limit) {}
  Arena(const Arena&) = delete;
  Arena& operator=(const Arena&) = delete;

  // Aligned to 16, uninitialised. Throws Failure pickle-limit-memory beyond the budget.
  void* allocate(uint64_t bytes);
  template <class T>
  T* make() {
    static_assert(std::is_trivially_destructible_v<T>);
    return new (allocate(sizeof(T))) T();
  }
  template <class T>
  T* make_array(uint64_t count) {
    static_assert(std::is_trivially_destructible_v<T> && sizeof(T) <= 64);
    if (count == 0) return nullptr;
    return static_cast<T*>(allocate(count > UINT64_MAX / 64 ? UINT64_MAX : count * sizeof(T)));
  }
  std::string_view copy(std::string_view text) {
    if (text.empty()) return {};
    char* to = make_array<char>(text.size());
    std::memcpy(to, text.data(), text.size());
    return {to, text.size()};
  }
  uint64_t used() const { return used_; }

 private:
  uint64_t limit_;
  uint64_t used_ = 0;
  std::byte* at_ = nullptr;
  size_t left_ = 0;
  std::vector<std::unique_ptr<std::byte[]>> chunks_;
};

// Grows in an arena; outgrown storage stays behind, which at most doubles the cost.
template <class T>
struct ItemList {
  T* data = nullptr;
  uint64_t size = 0;
  uint64_t capacity = 0;

  std::span<const T> span() const { return {data, size}; }
  std::span<T> span() { return {data, size}; }
  void append(Arena& arena, std::span<const T> items) {
    if (items.empty()) return;
    if (capacity - size < items.size()) {
      uint64_t want = size + items.size();
      if (want < 2 * capacity) want = 2 * capacity;
      T* bigger = arena.make_array<T>(want);
      if (size > 0) std::memcpy(static_cast<void*>(bigger), data, size * sizeof(T));
      data = bigger;
      capacity = want;
    }
    std::memcpy(static_cast<void*>(data + size), items.data(), items.size() * sizeof(T));
    size += items.size();
  }
  void push(Arena& arena, const T& item) { append(arena, std::span<const T>(&item, 1)); }
};

}  // namespace panmodel::pickle
