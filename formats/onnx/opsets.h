#pragma once
// The operators of ONNX as facts: which (domain, name) exists since which version, with how many
// inputs and outputs and which attributes.
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

#include "formats/onnx/schema.h"

namespace panmodel::onnx {

struct OpAttribute {
  std::string_view name;
  AttributeType type;
  bool required;
};

// One version of one operator. It holds from `since` to the next version of the same name.
struct OpVersion {
  std::string_view domain;  // "" for ai.onnx
  std::string_view name;
  int32_t since;
  int32_t min_inputs, max_inputs;  // kUnlimited when variadic
  int32_t min_outputs, max_outputs;
  bool deprecated;  // from this version on
  std::span<const OpAttribute> attributes;
};
inline constexpr int32_t kUnlimited = 0x7fffffff;

// Sorted by domain, name, since.
std::span<const OpVersion> op_versions();

// Newest version of each domain that the table knows; nullopt for a domain it does not know.
std::optional<int64_t> newest_opset(std::string_view domain);
bool known_domain(std::string_view domain);
// The version in force at `opset`, or nullptr when there is none (unknown name, or introduced
// later).
const OpVersion* find_op(std::string_view domain, std::string_view name, int64_t opset);
// Whether the name exists at any version.
bool known_op(std::string_view domain, std::string_view name);
// Names of a domain, for suggestions.
std::string_view nearest_op(std::string_view domain, std::string_view name);

// The release of onnx that brought a version of ai.onnx, and the IR and ai.onnx.ml it came with.
struct Release {
  std::string_view version;
  int32_t ir, ai_onnx, ai_onnx_ml;
};
std::span<const Release> releases();
// The newest one for a later opset.
const Release& release_of(int64_t ai_onnx);

}  // namespace panmodel::onnx
