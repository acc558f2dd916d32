#include "runtime/pfa/library.h"

#include <unordered_map>

namespace panmodel::pfa {

LibraryFunction find_implementation(std::string_view name) {
  static const std::unordered_map<std::string_view, LibraryFunction> functions = [] {
    std::unordered_map<std::string_view, LibraryFunction> made;
    for (std::span<const LibraryRow> module : {
             array_library(),
             bytes_library(),
             cast_library(),
             cluster_library(),
             continuous_library(),
             core_library(),
             discrete_library(),
             histogram_library(),
             impute_library(),
             interpolation_library(),
             linear_algebra_library(),
             map_library(),
             math_library(),
             metric_library(),
             naive_library(),
             neighbor_library(),
             network_library(),
             parse_library(),
             random_library(),
             regex_library(),
             regression_library(),
             sample_library(),
             string_library(),
             test_library(),
             time_library(),
             tree_library(),
         }) {
      for (const LibraryRow& row : module) made.emplace(row.name, row.run);
    }
    return made;
  }();
  auto at = functions.find(name);
  return at == functions.end() ? nullptr : at->second;
}

}  // namespace panmodel::pfa
