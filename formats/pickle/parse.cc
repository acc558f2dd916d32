// From a file to a document: container, machine, what may follow.
#include "base/inflate.h"
#include "base/text.h"
#include "formats/pickle/machine_impl.h"
#include "formats/pickle/zip.h"

namespace panmodel::pickle {

namespace {
using Storage = Document::Storage;

Compression sniff(std::string_view head) {
  const auto starts = [&](std::string_view magic) { return head.starts_with(magic); };
  if (starts("\x1f\x8b")) return Compression::gzip;
  // "BZ" alone is BINBYTES with a length that ends in 0x5a.
  if (starts("BZh") && head.size() >= 10 && head[3] >= '1' && head[3] <= '9' &&
      head.substr(4, 6) == "\x31\x41\x59\x26\x53\x59") {
    return Compression::bz2;
  }
  if (starts(std::string_view("\xfd\x37zXZ\0", 6))) return Compression::xz;
  if (starts(std::string_view("\x5d\0", 2))) return Compression::lzma;
  if (starts("\x04\x22\x4d\x18")) return Compression::lz4;
  if (starts("ZF0x")) return Compression::zf;
  if (starts("x")) return Compression::zlib;  // 0x78 is no opcode
  return Compression::none;
}

bool is_zip(std::string_view head) { return head.starts_with(std::string_view("PK\3\4", 4)); }

Location at(const ParseOptions& options, uint64_t offset) {
  Location loc(PickleLoc{"", offset, ""});
  loc.file = options.file;
  return loc;
}

constexpr Code kTrailing("pickle-trailing");

// Replaces the input by what is compressed in it; exactly one layer.
void unpack(Storage& storage, const ParseOptions& options) {
  const std::string_view text = storage.input.text();
  storage.compression = sniff(text);
  if (storage.compression == Compression::none) return;
  Codec codec = Codec::zlib;
  size_t skip = 0;
  uint64_t announced = UINT64_MAX;
  switch (storage.compression) {
    case Compression::gzip: codec = Codec::gzip; break;
    case Compression::bz2: codec = Codec::bz2; break;
    case Compression::xz: codec = Codec::xz; break;
    case Compression::lzma: codec = Codec::lzma; break;
    case Compression::lz4: codec = Codec::lz4; break;
    case Compression::zf: {
      // "ZF", the length as 19 characters of hexadecimal text, zlib.
      if (text.size() < 21) fail(at(options, 0), "pickle-container", "the ZF header is cut");
      announced = 0;
      for (const char c : text.substr(4, 17)) {
        const size_t digit = std::string_view("0123456789abcdef").find(c);
        if (c == ' ' || c == 'L') continue;
        if (digit == std::string_view::npos || announced >> 60 != 0) {
          fail(at(options, 0), "pickle-container", "the ZF header has no length");
        }
        announced = announced << 4 | digit;
      }
      skip = text.size() > 21 && text[21] == ' ' ? 22 : 21;
      break;
    }
    default: break;
  }
  InflateLimits limits;
  limits.max_output = options.max_inflated;
  limits.max_ratio = options.max_inflate_ratio;
  bool nested = false;
  const auto look = [&](std::string_view head) {
    nested = sniff(head) != Compression::none || is_zip(head);
    return !nested && !opcode_name(static_cast<uint8_t>(head[0])).empty();
  };
  Inflated out = inflate(codec, storage.input.data.subspan(skip), limits, look);
  const std::string_view name = to_string(storage.compression);
  const Location start = at(options, 0);
  switch (out.error) {
    case InflateError::none: break;
    case InflateError::broken: fail(start, "pickle-container", "the {} stream is broken", name);
    case InflateError::truncated: fail(start, "pickle-container", "the {} stream is cut", name);
    case InflateError::too_large:
      fail(start, "pickle-limit-inflate", "the {} stream inflates beyond the limit", name);
    case InflateError::stopped:
      if (nested) fail(start, "pickle-container", "compression within compression");
      fail(start, "pickle-opcode", "the {} stream holds no pickle", name);
  }
  if (skip + out.consumed < text.size()) {
    fail(at(options, skip + out.consumed), "pickle-trailing", "bytes follow the {} stream", name);
  }
  if (announced != UINT64_MAX && announced != out.data.size()) {
    fail(at(options, 0), "pickle-container", "the ZF header announces {} bytes, there are {}", announced, out.data.size());
  }
  auto owner = std::make_shared<const std::string>(std::move(out.data));
  storage.input = Bytes(std::as_bytes(std::span(*owner)), owner);
}

// torch.save before 1.6: this number comes first, as a pickle of its own.
bool is_torch_magic(const Value& value) {
  if (value.kind != Kind::big_integer) return false;
  if (value.flag) return value.text().starts_with("119547037146038801333356");
  return value.text() == std::string_view("\x6c\xfc\x9c\x46\xf9\x20\x6a\xa8\x50\x19", 10);
}

void run(Storage& storage, const Bytes& input, const ParseOptions& options) {
  storage.input = input;
  unpack(storage, options);
  if (is_zip(storage.input.text())) {
    const ZipMember member = find_data_pkl(storage.input.text());
    if (!member.found) fail(at(options, 0), "pickle-container", "{}", member.problem);
    storage.input = storage.input.slice(static_cast<size_t>(member.data.data() - storage.input.text().data()), member.data.size());
    Machine(storage, options, true).run();
    fail(at(options, 0), "pickle-torch", "an archive of torch; only scikit-learn's pickles are read");
  }
  uint64_t end = Machine(storage, options, false).run();
  const Value* first = storage.root;
  if (is_torch_magic(*first)) {
    fail(at(options, 0), "pickle-torch", "a file of torch; only scikit-learn's pickles are read");
  }
  const uint64_t size = storage.input.size();
  if (end == size) return;
  const Failure trailing({Severity::error, kTrailing.name(), kTrailing.kind(),
                          fmt::format("{} bytes follow the pickle", size - end), at(options, end), {}});
  if (options.refusals == nullptr) throw trailing;
  options.refusals->add(trailing.diagnostic);
  // Another loader may go on there: what follows is judged too.
  while (end < size && looks_like_pickle(storage.input.text().substr(end, kHead))) {
    end = Machine(storage, options, false).run(end);
  }
  storage.root = first;
}
}  // namespace

Document parse(const Bytes& input, const ParseOptions& options) {
  auto storage = std::make_shared<Storage>(options.max_memory);
  storage->outline = options.outline;
  run(*storage, input, options);
  return Document(std::move(storage));
}

Verdict judge(const Bytes& input, const ParseOptions& options) {
  Verdict verdict;
  Storage storage(options.max_memory);
  try {
    run(storage, input, options);
    verdict.allowed = true;
  } catch (Failure& f) {
    verdict.refusal = std::move(f.diagnostic);
  }
  const bool by_name = verdict.refusal && verdict.refusal->code == "pickle-global";
  for (const Global* g : storage.globals) {
    // The refused name is the last one.
    const bool refused = by_name && g == storage.globals.back();
    verdict.globals.push_back({std::string(g->module), std::string(g->name), g->offset,
                               refused ? 1 : g->count, !refused});
  }
  return verdict;
}

bool looks_like_pickle(std::string_view head) {
  if (head.empty()) return false;
  if (is_zip(head) || head.starts_with("ZF0x")) return true;
  const Compression compression = sniff(head);
  if (compression == Compression::zlib) {
    return head.size() >= 2 && (static_cast<unsigned char>(head[0]) * 256 + static_cast<unsigned char>(head[1])) % 31 == 0;
  }
  if (compression != Compression::none) return true;
  if (head[0] == '\x80') return head.size() >= 2 && static_cast<unsigned char>(head[1]) <= 5;
  // Protocols 0 and 1 have no signature: their first opcodes must run. A name is refused only after
  // it was read, so it counts when it can be one of Python's.
  ParseOptions options;
  options.max_memory = uint64_t{1} << 20;
  const Verdict verdict = judge(Bytes({reinterpret_cast<const std::byte*>(head.data()), head.size()}, nullptr), options);
  if (!verdict.refusal) return true;
  if (verdict.refusal->code == "pickle-global") {
    const NamedGlobal& named = verdict.globals.back();
    return (named.module + named.name).find_first_of(" ,;:{}<>\"'") == std::string::npos;
  }
  return verdict.refusal->code == "pickle-truncated" && head.size() >= 8;
}

}  // namespace panmodel::pickle
