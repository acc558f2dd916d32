#pragma once
// Programs raised to operators: a document that is one program node, whose action a symbolic evaluation
// can follow, becomes the operators that compute the same. Constants fold, known loops unroll, and what
// depends on the input becomes columns.
#include <functional>
#include <optional>
#include <span>
#include <string>

#include "ir/model.h"
#include "ir/pfa/program.h"
#include "ir/pfa/value.h"

namespace panmodel::converters {

struct ProgramHooks {
  // The result of a library function for constant arguments, none of which is a function; nullopt when it
  // is an error or there is no such function. (The evaluator, which converters do not know.)
  std::function<std::optional<pfa::Value>(const pfa::Node& call, std::span<pfa::Value> arguments)> call;
};

// The operators of a document. When there are none `why` says which part of it keeps it a program.
std::optional<Model> raise_program(const pfa::Program& program, const ProgramHooks& hooks,
                                   const Metadata& metadata, Diagnostic& why);

}  // namespace panmodel::converters
