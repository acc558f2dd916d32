#pragma once
// Pattern: one rewrite of one operator into others. The legaliser tries patterns until every node
// is legal for the target.
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "ir/builder.h"
#include "ir/target.h"

namespace panmodel::converters {

enum class Precision { exact, target };

struct PatternContext {
  const Node& node;                  // the node to rewrite
  const Graph& from;                 // the graph that holds it
  std::span<const ValueId> inputs;   // its inputs, already in the new graph
  Builder& builder;                  // the new graph
  Precision precision;
  Diagnostics& diagnostics;          // losses are reported here, with their bound
};

struct Pattern {
  std::string_view name;
  OpId from;
  std::span<const OpId> produces;
  // Appends the replacement and sets `results` (one value per output of the node); returns an
  // empty string, or why the pattern does not apply (then nothing that it appended is kept).
  std::string (*apply)(PatternContext& context, std::vector<ValueId>& results);
};

// All patterns, in the order in which they are tried.
std::span<const Pattern> patterns();

}  // namespace panmodel::converters
