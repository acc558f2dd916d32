// Bytes -> messages. One switch per message, expanded from schema.def.
#include <type_traits>

#include "base/fail.h"
#include "formats/onnx/document.h"
#include "formats/onnx/wire.h"

namespace panmodel::onnx {
namespace {

using wire::Cursor;
using wire::Frame;
using wire::Tag;

// Clears the members of a oneof that are not field `keep`.
template <Label label, class Member>
void clear_sibling(uint32_t number, uint32_t keep, Member& member) {
  if constexpr (label == Label::oneof) {
    if (number != keep) member.reset();
  }
}
#define PANMODEL_ONNX_BEGIN(Struct, message) \
  [[maybe_unused]] void keep_only([[maybe_unused]] Struct& m, [[maybe_unused]] uint32_t keep) {
#define PANMODEL_ONNX_FIELD(Struct, number, name, label, kind, type) \
  clear_sibling<Label::label>(number, keep, m.name);
#define PANMODEL_ONNX_END(Struct) }
#include "formats/onnx/schema.def"
#undef PANMODEL_ONNX_BEGIN
#undef PANMODEL_ONNX_FIELD
#undef PANMODEL_ONNX_END

class Parser {
 public:
  Parser(const Bytes& bytes, const ParseOptions& options)
      : bytes_(bytes), base_(bytes.text().data()), options_(options) {}

  template <class M>
  void message(M& m, Cursor at, const Frame* frame, unsigned depth) {
    if (depth > options_.max_depth) {
      fail(at.location(frame), "onnx-depth", "messages are nested deeper than {}",
           options_.max_depth);
    }
    if (m.at == kNoOffset) m.at = at.offset();
    depth_ = depth;
    std::vector<std::string_view> unknown;
    while (!at.done()) {
      const char* begin = at.at();
      Tag tag = at.tag(frame);
      depth_ = depth;
      if (field(m, tag, at, frame)) continue;
      at.skip(tag, frame);
      std::string_view raw(begin, static_cast<size_t>(at.at() - begin));
      if (!unknown.empty() && unknown.back().data() + unknown.back().size() == begin) {
        unknown.back() = {unknown.back().data(), unknown.back().size() + raw.size()};
      } else {
        charge(sizeof(raw), at, frame);
        unknown.push_back(raw);
      }
    }
    if (!unknown.empty()) keep_unknown(m.unknown, unknown);
  }

 private:
  static void keep_unknown(Text& out, const std::vector<std::string_view>& pieces) {
    if (pieces.size() == 1 && out.empty()) {
      out = Text::view(pieces[0]);
      return;
    }
    std::string all = out.str();
    for (std::string_view piece : pieces) all += piece;
    out = all;
  }

  void charge(size_t bytes, const Cursor& at, const Frame* frame) {
    memory_ += bytes;
    if (memory_ > options_.max_memory) {
      fail(at.location(frame), "limit-memory", "the decoded model takes more than {} bytes",
           options_.max_memory);
    }
  }

  void expect(Tag tag, WireType type, const Cursor& at, const Frame* frame) {
    if (tag.wire == static_cast<uint32_t>(type)) return;
    fail(at.location(frame), "onnx-wire-type", "wire type {} expected, {} found",
         static_cast<uint32_t>(type), tag.wire);
  }

  // Int32 and enumerations are varints of which protobuf keeps the low 32 bits.
  template <class T>
  T number(Cursor& at, const Frame* frame) {
    if constexpr (std::is_same_v<T, float>) {
      return std::bit_cast<float>(at.fixed32(frame));
    } else if constexpr (std::is_same_v<T, double>) {
      return std::bit_cast<double>(at.fixed64(frame));
    } else {
      return static_cast<T>(at.varint(frame));
    }
  }

  template <Kind kind, class T>
    requires std::is_arithmetic_v<T>
  void read(Tag tag, Cursor& at, const Frame& frame, std::optional<T>& out) {
    expect(tag, wire_type(kind), at, &frame);
    out = number<T>(at, &frame);
  }
  template <Kind kind>
  void read(Tag tag, Cursor& at, const Frame& frame, Text& out) {
    expect(tag, WireType::length, at, &frame);
    out = Text::view(at.block(&frame));
  }
  template <Kind kind>
  void read(Tag tag, Cursor& at, const Frame& frame, std::optional<Bytes>& out) {
    expect(tag, WireType::length, at, &frame);
    out = bytes_of(at.block(&frame));
  }
  template <Kind kind, class M>
  void read(Tag tag, Cursor& at, const Frame& frame, Box<M>& out) {
    expect(tag, WireType::length, at, &frame);
    std::string_view block = at.block(&frame);
    if (!out) charge(sizeof(M), at, &frame);
    message(out.ensure(), at.inside(block), &frame, depth_ + 1);
  }
  // Repeated: messages, strings, numbers (one by one or packed).
  template <Kind kind, class T>
  void read(Tag tag, Cursor& at, Frame& frame, std::vector<T>& out) {
    frame.index = static_cast<int64_t>(out.size());
    if constexpr (kind == Kind::message) {
      expect(tag, WireType::length, at, &frame);
      std::string_view block = at.block(&frame);
      charge(sizeof(T), at, &frame);
      message(out.emplace_back(), at.inside(block), &frame, depth_ + 1);
    } else if constexpr (std::is_same_v<T, Text>) {
      expect(tag, WireType::length, at, &frame);
      charge(sizeof(T), at, &frame);
      out.push_back(Text::view(at.block(&frame)));
    } else if (tag.wire == static_cast<uint32_t>(WireType::length)) {
      Cursor packed = at.inside(at.block(&frame));
      while (!packed.done()) {
        charge(sizeof(T), at, &frame);
        out.push_back(number<T>(packed, &frame));
      }
    } else {
      expect(tag, wire_type(kind), at, &frame);
      // A run of elements, each behind the same tag, which takes one byte up to field 15. The lists
      // of a tree ensemble are as long as the one before.
      if (out.empty()) out.reserve(std::min(last_run_, at.left() / 2));
      auto again = static_cast<char>(tag.number << 3 | tag.wire);
      do {
        charge(sizeof(T), at, &frame);
        out.push_back(number<T>(at, &frame));
        frame.index = static_cast<int64_t>(out.size());
      } while (tag.number < 16 && at.take(again));
      last_run_ = out.size();
    }
  }
  template <Kind kind, class T>
  void read(Tag tag, Cursor& at, const Frame& frame, Packed<T>& out) {
    if (tag.wire != static_cast<uint32_t>(WireType::length)) {
      expect(tag, wire_type(kind), at, &frame);
      charge(sizeof(T), at, &frame);
      out.edit().push_back(number<T>(at, &frame));
      return;
    }
    const char* begin = at.at();
    std::string_view block = at.block(&frame);
    if (block.empty()) return;
    // The cheap part of the check now; the numbers themselves when they are decoded.
    bool cut = kind == Kind::real32   ? block.size() % 4 != 0
               : kind == Kind::real64 ? block.size() % 8 != 0
                                      : (block.back() & 0x80) != 0;
    if (cut) {
      fail(at.location(&frame, begin), "onnx-wire-truncated",
           "packed data of {} bytes ends inside a number", block.size());
    }
    if (out.empty()) {
      out.set_wire(bytes_of(block));
      return;
    }
    // Several packed runs are legal and rare: decode them all.
    Packed<T> more;
    more.set_wire(bytes_of(block));
    Location loc = at.location(&frame, begin);
    std::vector<T> values = more.values(loc);
    charge(values.size() * sizeof(T), at, &frame);
    std::vector<T>& all = out.edit();
    all.insert(all.end(), values.begin(), values.end());
  }

  Bytes bytes_of(std::string_view block) const {
    return bytes_.slice(static_cast<size_t>(block.data() - base_), block.size());
  }

// bool field(M&, Tag, Cursor&, frame): reads the field, or says that the schema does not know it.
#define PANMODEL_ONNX_BEGIN(Struct, message)                              \
  bool field(Struct& m, Tag tag, Cursor& at, const Frame* up) {           \
    switch (tag.number) {
#define PANMODEL_ONNX_FIELD(Struct, number, name, label, kind, type)          \
  case number: {                                                              \
    Frame frame{up, #name, -1};                                               \
    if constexpr (Label::label == Label::oneof) keep_only(m, number);         \
    read<Kind::kind>(tag, at, frame, m.name);                                 \
    return true;                                                              \
  }
#define PANMODEL_ONNX_END(Struct) \
  default: return false;          \
    }                             \
  }
#include "formats/onnx/schema.def"
#undef PANMODEL_ONNX_BEGIN
#undef PANMODEL_ONNX_FIELD
#undef PANMODEL_ONNX_END

  const Bytes& bytes_;
  const char* base_;
  const ParseOptions& options_;
  uint64_t memory_ = 0;
  size_t last_run_ = 0;  // length of the last list of numbers
  unsigned depth_ = 0;  // of the message whose field is read
};

}  // namespace

template <class Message>
Message parse(const Bytes& bytes, const ParseOptions& options) {
  Message m;
  std::string_view text = bytes.text();
  Parser(bytes, options)
      .message(m, Cursor(text.data(), text.data(), text.data() + text.size(), &options.file),
               nullptr, 1);
  return m;
}

#define PANMODEL_ONNX_BEGIN(Struct, message) \
  template Struct parse<Struct>(const Bytes&, const ParseOptions&);
#define PANMODEL_ONNX_FIELD(Struct, number, name, label, kind, type)
#define PANMODEL_ONNX_END(Struct)
#include "formats/onnx/schema.def"
#undef PANMODEL_ONNX_BEGIN
#undef PANMODEL_ONNX_FIELD
#undef PANMODEL_ONNX_END

ModelProto parse_model(const Bytes& bytes, const ParseOptions& options) {
  Location loc = ProtoLoc{};
  loc.file = options.file;
  if (bytes.empty()) fail(loc, "onnx-not-a-model", "the file is empty");
  auto model = parse<ModelProto>(bytes, options);
  if (!model.graph && model.functions.empty()) {
    fail(loc, "onnx-not-a-model", "{} bytes without a graph and without functions", bytes.size());
  }
  model.storage = bytes;
  model.file = options.file;
  return model;
}

ModelProto read_model(const std::string& path, ParseOptions options) {
  if (options.file.empty()) options.file = path;
  Bytes bytes = map_file(path);
  return parse_model(bytes, options);
}

}  // namespace panmodel::onnx
