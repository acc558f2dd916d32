#include "formats/pickle/value.h"

#include <fmt/format.h>

#include "base/fail.h"

namespace panmodel::pickle {

std::string_view to_string(Kind kind) {
  switch (kind) {
    case Kind::none: return "None";
    case Kind::boolean: return "bool";
    case Kind::integer:
    case Kind::big_integer: return "int";
    case Kind::real: return "float";
    case Kind::text: return "str";
    case Kind::bytes: return "bytes";
    case Kind::list: return "list";
    case Kind::tuple: return "tuple";
    case Kind::dict: return "dict";
    case Kind::set: return "set";
    case Kind::frozenset: return "frozenset";
    case Kind::global: return "name";
    case Kind::object: return "object";
    case Kind::array: return "numpy array";
    case Kind::dtype: return "numpy dtype";
    case Kind::scalar: return "numpy scalar";
  }
  return "value";
}

std::string_view to_string(Compression compression) {
  switch (compression) {
    case Compression::none: return "none";
    case Compression::zlib: return "zlib";
    case Compression::gzip: return "gzip";
    case Compression::bz2: return "bz2";
    case Compression::xz: return "xz";
    case Compression::lzma: return "lzma";
    case Compression::lz4: return "lz4";
    case Compression::zf: return "zlib (joblib before 0.10)";
  }
  return "none";
}

const Field* Dtype::field(std::string_view name) const {
  for (const Field& f : fields) {
    if (f.name == name) return &f;
  }
  return nullptr;
}

std::string Dtype::describe() const {
  const auto bits = itemsize * 8;
  const std::string order = big_endian ? ">" : "<";
  switch (kind) {
    case 'b': return "bool";
    case 'i': return fmt::format("int{}", bits);
    case 'u': return fmt::format("uint{}", bits);
    case 'f': return fmt::format("float{}", bits);
    case 'c': return fmt::format("complex{}", bits);
    case 'O': return "object";
    case 'S': return fmt::format("S{}", itemsize);
    case 'U': return fmt::format("{}U{}", order, itemsize / 4);
    case 'M': return "datetime64";
    case 'm': return "timedelta64";
    default: break;
  }
  if (fields.empty()) return fmt::format("V{}", itemsize);
  std::string text = "{";
  for (const Field& f : fields) {
    if (text.size() > 1) text += ", ";
    if (text.size() > 300) return text + "...}";
    // One level: types within types are named by their size.
    text += fmt::format("{}: {}", f.name, f.dtype->fields.empty() ? f.dtype->describe()
                                                                    : fmt::format("V{}", f.dtype->itemsize));
  }
  return text + "}";
}

Bytes Document::keep(std::span<const std::byte> view) const { return {view, storage_}; }

}  // namespace panmodel::pickle
