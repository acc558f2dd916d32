#include <array>

#include "formats/format.h"
#include "formats/native/format.h"
#include "formats/onnx/format.h"
#include "formats/pfa/format.h"
#include "formats/pickle/format.h"
#include "formats/pmml/format.h"

namespace panmodel {

std::span<const Format> formats() {
  static const std::array<Format, 5> all = {onnx::format(), native::format(), pfa::format(),
                                            pickle::format(), pmml::format()};
  return all;
}

std::string written(const Format& format, const Model& model, const WriteOptions& options,
                    Diagnostics& out) {
  std::string all;
  format.write(model, options, [&](std::string_view piece) { all += piece; }, out);
  return all;
}

const Format* find_format(std::string_view name) {
  for (const Format& f : formats()) {
    if (f.name == name) return &f;
  }
  return nullptr;
}

const Format* sniff_format(const Bytes& bytes) {
  // ONNX last: the other signatures are strict, while almost any bytes may start a protobuf message.
  for (std::string_view name : {"panir", "pickle", "pmml", "pfa", "onnx"}) {
    const Format* f = find_format(name);
    if (f->sniff(bytes)) return f;
  }
  return nullptr;
}

const Format* format_of_path(std::string_view path) {
  for (const Format& f : formats()) {
    for (std::string_view extension : f.extensions) {
      if (path.ends_with(extension)) return &f;
    }
  }
  return nullptr;
}

}  // namespace panmodel
