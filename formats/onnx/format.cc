#include "formats/onnx/format.h"

#include "formats/onnx/check.h"
#include "formats/onnx/document.h"
#include "formats/onnx/reader.h"
#include "formats/onnx/test_data.h"
#include "formats/onnx/wire.h"
#include "formats/onnx/writer.h"

namespace panmodel::onnx {
namespace {

constexpr std::string_view kExtensions[] = {".onnx"};

// A message whose first fields belong to ModelProto, and among them one that a model cannot lack:
// graph, opset_import or functions. Nothing else in protobuf tells its type.
bool sniff(const Bytes& bytes) {
  constexpr int kFields = 100;
  const char* at = bytes.text().data();
  const char* const end = at + bytes.size();
  const std::string file;
  wire::Cursor cursor(at, at, end, &file);
  bool model = false;
  try {
    for (int i = 0; i < kFields && !cursor.done(); ++i) {
      wire::Tag tag = cursor.tag(nullptr);
      const bool number = tag.number == 1 || tag.number == 5;  // ir_version, model_version
      const bool message = (tag.number >= 2 && tag.number <= 8 && tag.number != 5) ||
                           tag.number == 14 || tag.number == 20 || tag.number >= 25;
      if (!(number && tag.wire == 0) && !(message && tag.wire == 2)) return false;
      if (tag.number == 7 || tag.number == 8 || tag.number == 25) model = true;
      cursor.skip(tag, nullptr);
    }
  } catch (const Failure&) {
    // A file that is cut is still a model.
  }
  return model;
}

void check_bytes(const Bytes& bytes, const ReadOptions& options, Diagnostics& out) {
  try {
    ModelProto model =
        parse_model(bytes, {.file = options.path, .max_memory = options.memory_limit});
    CheckOptions checks;
    checks.external.allow_links = options.allow_links;
    check(model, checks, out);
  } catch (const Failure& f) {
    out.add(f.diagnostic);
  }
}

}  // namespace

const Format& format() {
  static const Format onnx{"onnx", "ONNX", kExtensions, sniff, read_to_ir, make_target, write_model,
                           check_bytes, read_test_data};
  return onnx;
}

}  // namespace panmodel::onnx
