#include "formats/pickle/allowlist.h"

#include <algorithm>
#include <array>
#include <iterator>
#include <utility>

namespace panmodel::pickle {

namespace {
struct Entry {
  std::string_view module;
  std::string_view name;
  Role role;
};
constexpr Entry kEntries[] = {
#define PANMODEL_ALLOW(module, name, role) {module, name, Role::role},
#include "formats/pickle/allowlist.def"
#undef PANMODEL_ALLOW
};
constexpr bool less(const Entry& a, const Entry& b) {
  return a.module != b.module ? a.module < b.module : a.name < b.name;
}
consteval bool strictly_sorted() {
  for (size_t i = 1; i < std::size(kEntries); ++i) {
    if (!less(kEntries[i - 1], kEntries[i])) return false;
  }
  return true;
}
static_assert(strictly_sorted(), "allowlist.def must be sorted, without duplicates");
}  // namespace

std::optional<Role> find_allowed(std::string_view module, std::string_view name) {
  const Entry key{module, name, Role::name};
  const Entry* at = std::lower_bound(std::begin(kEntries), std::end(kEntries), key, less);
  if (at == std::end(kEntries) || at->module != module || at->name != name) return std::nullopt;
  return at->role;
}

}  // namespace panmodel::pickle
