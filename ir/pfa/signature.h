#pragma once
// Signatures of the library of PFA 0.8.1: every function, whether the evaluator has it or not, so that
// a document can be checked and described. The table is functions.def.
//
// A signature is written "(name: pattern, ...) -> pattern". Patterns: Avro's primitive names;
// array(p), map(p), union(p, q); "any A" (a wildcard: one type for every place that names A),
// "any A of {int, long}", "any record A {field: pattern}", "any enum A", "any fixed A",
// "enum A of fields of D" (its symbols are the names of all fields of D, in order), a bare label for a
// later mention; "(p, q) -> r" for a function argument. "deprecated " stands before a signature that
// the specification advises against.
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "ir/pfa/type.h"

namespace panmodel::pfa {

struct FunctionRow {
  std::string_view name;                        // "model.tree.simpleWalk"
  std::vector<std::string_view> signatures;     // tried in order, the first that fits counts
  bool deprecated = false;                      // all of them
  bool deterministic = true;                    // false: random, or of no defined order
};

// By name; null when the library has no such function.
const FunctionRow* find_function(std::string_view name);
std::span<const FunctionRow> functions();  // by name

// How a call fits a signature.
struct Match {
  // Types that the arguments are promoted to. Of a function: what it is called with and what its result
  // is promoted to, which its own parameters accept and its own result fits.
  std::vector<const Type*> parameters;
  const Type* result = nullptr;
  uint32_t signature = 0;               // index of the one that fits
  bool deprecated = false;              // that one
};

// The first signature of a row of functions() that takes arguments of these types (kind `function` for a
// function argument); nullopt when none does. New types are made in `types`.
std::optional<Match> match(const FunctionRow& row, std::span<const Type* const> arguments, Types& types);

// The type of a function that is passed by name, {"fcn": "m.sin"}: it has one signature and no wildcard.
// Null when it has not.
const Type* reference_type(const FunctionRow& row, Types& types);

// Names of the parameters of the first signature.
std::vector<std::string> parameter_names(const FunctionRow& row);

// The signatures as a person reads them, one per line.
std::string describe(const FunctionRow& row);

}  // namespace panmodel::pfa
