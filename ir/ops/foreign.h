#pragma once
// An operator that panmodel does not implement: carried through, never evaluated.
#include "ir/op.h"

namespace panmodel::foreign {

struct Op {
  std::string format;              // whose operator it is: "onnx"
  std::string domain;              // "ai.onnx", "com.microsoft"
  std::string type;                // "Attention"
  int64_t version = 0;             // version of the domain
  std::string payload;             // the node as the format stores it, byte for byte
  std::vector<std::string> types;  // result types as text; "?[*]" forms are printed f64[*]
  std::string reason;              // which form of a known operator it is; empty = not known
  static constexpr OpMeta meta{"foreign.op", "An operator of another format, kept byte for byte; it cannot be evaluated."};
  static constexpr auto fields() {
    return std::tuple{field("format", &Op::format, "format that defines the operator"),
                      field("domain", &Op::domain, "operator domain"),
                      field("type", &Op::type, "operator type"),
                      field("version", &Op::version, "version of the domain"),
                      field("payload", &Op::payload, "the node as stored"),
                      field("types", &Op::types, "types of the results"),
                      field("reason", &Op::reason, "which form of a known operator it is")};
  }
  static Types infer(const Op&, InferContext&);
};

}  // namespace panmodel::foreign
