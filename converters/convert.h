#pragma once
// Conversion: a model of any format made legal for a target, phase by phase.
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "converters/pattern.h"
#include "ir/model.h"
#include "ir/ops/expr.h"
#include "ir/target.h"

namespace panmodel::converters {

// The inputs of the result: those of the model, one for each column, or one matrix of all columns.
enum class InputLayout { as_model, columns, matrix };

struct ConvertOptions {
  Precision precision = Precision::exact;
  // Element type of the numeric inputs of the result; absent = as the model has them.
  std::optional<DType> input_type;
  InputLayout inputs = InputLayout::as_model;
  std::vector<std::string> outputs;  // source names to keep, in this order; empty = all
  // Names that users of the target expect: label, probabilities, variable.
  bool rename_outputs = true;
  bool zip_map = false;  // probabilities as a sequence of maps
  // The results of an expression for rows of its inputs, absent where it refuses the row; without it no
  // expression becomes a table.
  std::function<std::vector<std::optional<expr::Constant>>(
      const expr::Map& map, const std::vector<std::vector<expr::Constant>>& rows)>
      evaluate;
  // Called after each phase: "read", "boundary", "raise" (for targets made of models), "legalise",
  // "cleanup".
  std::function<void(std::string_view phase, const Model& model)> on_phase;
  std::string* trace = nullptr;  // receives the tree of attempts of the legaliser
};

// Fails "convert-unsupported" listing every operator that cannot be made legal. Losses and notes go
// to `out`.
Model convert(const Model& model, const Target& target, const ConvertOptions& options,
              Diagnostics& out);

// One line per distinct operator: native, through which patterns, or why not. Changes nothing.
struct Verdict {
  std::string op;
  size_t count = 0;
  Support::Level level = Support::Level::native;
  std::string how;  // "native", "lower_linear -> ...", or the reason
};
std::vector<Verdict> analyse(const Model& model, const Target& target,
                             const ConvertOptions& options);

}  // namespace panmodel::converters
