#include "formats/pickle/zip.h"

#include <zlib.h>

#include "base/bytes.h"

namespace panmodel::pickle {

ZipMember find_data_pkl(std::string_view zip) {
  ZipMember result;
  const auto refuse = [&](std::string why) {
    result = {};
    result.problem = std::move(why);
    return result;
  };
  // End of central directory: the last 22 bytes plus comment; torch writes none.
  const size_t end = zip.rfind(std::string_view("PK\5\6", 4));
  if (end == std::string_view::npos || zip.size() - end < 22) return refuse("the archive has no directory");
  const char* e = zip.data() + end;
  const auto count = load_le<uint16_t>(e + 10);
  const uint64_t size = load_le<uint32_t>(e + 12);
  uint64_t at = load_le<uint32_t>(e + 16);
  if (load_le<uint16_t>(e + 20) != zip.size() - end - 22) return refuse("bytes follow the archive");
  if (at > end || size > end - at) return refuse("the directory lies outside the archive");
  for (unsigned i = 0; i < count; ++i) {
    if (zip.size() - at < 46 || zip.substr(at, 4) != std::string_view("PK\1\2", 4)) {
      return refuse("the directory is malformed");
    }
    const char* c = zip.data() + at;
    const auto flags = load_le<uint16_t>(c + 8);
    const auto method = load_le<uint16_t>(c + 10);
    const auto sum = load_le<uint32_t>(c + 16);
    const uint64_t stored = load_le<uint32_t>(c + 20);
    const uint64_t length = load_le<uint32_t>(c + 24);
    const uint64_t name_size = load_le<uint16_t>(c + 28);
    const uint64_t extra = uint64_t{load_le<uint16_t>(c + 30)} + load_le<uint16_t>(c + 32);
    const uint64_t local = load_le<uint32_t>(c + 42);
    if (zip.size() - at - 46 < name_size + extra) return refuse("the directory is malformed");
    const std::string_view name = zip.substr(at + 46, name_size);
    at += 46 + name_size + extra;
    if (local > zip.size() || zip.size() - local < 30 || zip.substr(local, 4) != std::string_view("PK\3\4", 4)) {
      return refuse("a member has no local header");
    }
    const char* l = zip.data() + local;
    const uint64_t local_name = load_le<uint16_t>(l + 26);
    const uint64_t data_at = local + 30 + local_name + load_le<uint16_t>(l + 28);
    if (data_at > zip.size() || zip.substr(local + 30, local_name) != name) {
      return refuse("a member has two names");
    }
    if (load_le<uint16_t>(l + 6) != flags || load_le<uint16_t>(l + 8) != method) {
      return refuse("a member has two sets of flags");
    }
    if ((flags & 1) != 0) return refuse("a member is encrypted");
    const bool sizes_behind = (flags & 8) != 0;  // in a data descriptor
    if (!sizes_behind && (load_le<uint32_t>(l + 14) != sum || load_le<uint32_t>(l + 18) != stored ||
                          load_le<uint32_t>(l + 22) != length)) {
      return refuse("a member has two sizes or sums");
    }
    if (name != "data.pkl" && !name.ends_with("/data.pkl")) continue;
    if (result.found) return refuse("the archive has two data.pkl");
    if (method != 0 || stored != length) return refuse("data.pkl is compressed");
    if (length > zip.size() - data_at) return refuse("data.pkl goes beyond the archive");
    result.data = zip.substr(data_at, length);
    const auto* bytes = reinterpret_cast<const Bytef*>(result.data.data());
    if (crc32_z(0, bytes, length) != sum) return refuse("the sum of data.pkl is wrong");
    result.found = true;
  }
  if (!result.found) return refuse("the archive has no data.pkl");
  return result;
}

}  // namespace panmodel::pickle
