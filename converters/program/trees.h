#pragma once
// Trees of a document while it is raised. Internal to converters/program.
#include <string>
#include <vector>

#include "converters/program/symbol.h"
#include "ir/forest.h"

namespace panmodel::converters {

// One tree. Features are indices of Raiser::feature. The weight of a leaf is its score, or the index of its
// text or of its other value.
struct TreeParts {
  Forest forest;
  std::vector<std::string> texts;
  std::vector<Sym> others;
};

}  // namespace panmodel::converters
