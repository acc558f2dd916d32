#include "ir/model.h"

#include <array>

namespace panmodel {
namespace {
constexpr std::array<std::string_view, 8> kRoles = {"none",    "label",   "probability",
                                                    "decision", "value",   "cluster",
                                                    "anomaly_score", "transformed"};
}

std::string_view to_string(Role role) { return kRoles[static_cast<size_t>(role)]; }

bool parse_role(std::string_view name, Role* role) {
  for (size_t i = 0; i < kRoles.size(); ++i) {
    if (kRoles[i] != name) continue;
    *role = static_cast<Role>(i);
    return true;
  }
  return false;
}

const Location& Model::location(LocId id) const {
  static const Location nowhere;
  return id.valid() ? locations[id.v] : nowhere;
}

}  // namespace panmodel
