#include "formats/onnx/format.h"

#include "formats/onnx/document.h"
#include "formats/onnx/reader.h"
#include "formats/onnx/writer.h"

namespace panmodel::onnx {
namespace {

constexpr std::string_view kExtensions[] = {".onnx"};

// A message whose fields all belong to ModelProto.
bool sniff(const Bytes& bytes) {
  if (bytes.size() < 2) return false;
  auto first = std::to_integer<unsigned>(*bytes.begin());
  // ir_version, producer_name, ..., graph, opset_import: fields 1 to 8 in any order.
  unsigned field = first >> 3, wire = first & 7;
  return field >= 1 && field <= 8 && (wire == 2 || (wire == 0 && (field == 1 || field == 5)));
}

void check(const Bytes& bytes, const ReadOptions& options, Diagnostics& out) {
  try {
    read_to_ir(bytes, options, out);
  } catch (const Failure& f) {
    out.add(f.diagnostic);
  }
}

}  // namespace

const Format& format() {
  static const Format onnx{"onnx", "ONNX", kExtensions, sniff, read_to_ir, make_target, write_model,
                           check};
  return onnx;
}

}  // namespace panmodel::onnx
