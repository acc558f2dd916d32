#pragma once
// Comparison of two predictions of the same rows, as a value that reports print.
#include <array>
#include <cstdint>
#include <map>
#include <span>
#include <string>
#include <vector>

#include "ir/model.h"
#include "runtime/session.h"

namespace panmodel::runtime {

struct Tolerance {
  double relative = 0, absolute = 0;
};

// A row whose label differs.
struct Flip {
  uint64_t row = 0;
  std::string output;
  std::string a, b;            // the two labels
  double score_a = 0, score_b = 0;  // each side's score of its own label; NaN when there is none
};

struct OutputComparison {
  std::string name_a, name_b;
  Role role = Role::none;
  uint64_t compared = 0;     // cells
  uint64_t differing = 0;    // cells beyond the tolerance, or labels that differ
  double max_absolute = 0, max_relative = 0, mean_absolute = 0;
  uint64_t worst_row = 0;
  // Cells by distance in units of the last place of the narrower type: equal, 1, 2-4, 5-16, 17-256,
  // more (signs or infinities that differ count as more).
  std::array<uint64_t, 6> ulps{};
  Tolerance tolerance;
  double needed_relative = 0;  // smallest relative tolerance that would pass at this absolute one
  std::string error;           // why the outputs cannot be compared; empty = compared
};

struct Comparison {
  uint64_t rows = 0;
  uint64_t refused_a = 0, refused_b = 0;  // rows that only this side refuses
  uint64_t refused_both = 0;
  uint64_t flipped_rows = 0;  // rows with a label that differs
  uint64_t beyond_rows = 0;   // rows with another cell beyond its tolerance
  std::vector<OutputComparison> outputs;
  std::vector<Flip> flips;
  std::vector<std::string> only_a, only_b;  // outputs without a partner
  bool equal() const;
};

struct CompareOptions {
  // Negative values follow from the element types and the accuracy of the operators.
  double relative = -1, absolute = -1;
  // Instead of these, for the output that has this name on either side.
  std::map<std::string, Tolerance> outputs;
  bool allow_refusals = false;  // a row refused by one side only is no difference
};

// The default tolerance of an output: exact models 0, f64 1e-12 (1e-9 with transcendental
// functions), f32 1e-5.
Tolerance default_tolerance(const Model& model, const Output& output);

// Outputs are paired by role, and by name where several share a role; one without a role goes with
// the only other one left of its kind and size. Columns of scores are paired by class.
Comparison compare(const Session& a, const Prediction& of_a, const Session& b,
                   const Prediction& of_b, const CompareOptions& options);

}  // namespace panmodel::runtime
