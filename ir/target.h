#pragma once
// What a format can hold. Each writing format implements Target; the converter only sees this.
#include <string>
#include <string_view>

#include "ir/graph.h"

namespace panmodel {

struct Support {
  enum class Level { native, lossy, unsupported };
  Level level = Level::native;
  std::string reason;  // why lossy or unsupported, in one clause

  static Support yes() { return {}; }
  static Support lossy(std::string why) { return {Level::lossy, std::move(why)}; }
  static Support no(std::string why) { return {Level::unsupported, std::move(why)}; }
};

class Target {
 public:
  virtual ~Target() = default;
  // "onnx (opset 21, ml 5)"
  virtual std::string name() const = 0;
  // Whether the format holds this node as it stands. Never throws.
  virtual Support check(const Node& node, const Graph& graph) const = 0;
  // Whether inputs and outputs stay as the source has them: columns with missing cells, and names.
  virtual bool keeps_signature() const { return false; }
  // Whether it is made of models rather than of tensor operators: these are then raised to models.
  virtual bool has_models() const { return false; }
};

}  // namespace panmodel
