#include "ir/pfa/data.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>

#include "base/base64.h"
#include "base/fail.h"
#include "base/json_writer.h"
#include "base/number.h"
#include "base/stack.h"
#include "base/text.h"

namespace panmodel::pfa {
namespace {

// Code points below 256 as bytes; nullopt for another one.
std::optional<std::string> from_latin1(std::string_view utf8) {
  std::string out;
  for (size_t i = 0; i < utf8.size(); ++i) {
    auto c = static_cast<uint8_t>(utf8[i]);
    if (c < 0x80) {
      out.push_back(static_cast<char>(c));
    } else if ((c == 0xc2 || c == 0xc3) && i + 1 < utf8.size()) {
      out.push_back(static_cast<char>((c & 3) << 6 | (static_cast<uint8_t>(utf8[++i]) & 63)));
    } else {
      return std::nullopt;
    }
  }
  return out;
}
std::string to_latin1(std::string_view bytes) {
  std::string out;
  for (char b : bytes) {
    auto c = static_cast<uint8_t>(b);
    if (c < 0x80) {
      out.push_back(b);
    } else {
      out.push_back(static_cast<char>(0xc0 | c >> 6));
      out.push_back(static_cast<char>(0x80 | (c & 63)));
    }
  }
  return out;
}

bool is_comment(std::string_view key) { return key == "@"; }

// The member of an object that has one.
std::optional<json::Member> only_member(json::Ref object) {
  std::optional<json::Member> only;
  for (json::Member m : object.members()) {
    if (is_comment(m.key.text())) continue;
    if (only) return std::nullopt;
    only = m;
  }
  return only;
}

// A tag may leave out the name space when that leaves one member.
const Type* tagged_member(std::string_view key, const Type& type) {
  const Type* short_name = nullptr;
  for (const Type* m : type.members) {
    std::string_view full = tag(*m);
    if (full == key) return m;
    if (full.size() > key.size() && full.ends_with(key) && full[full.size() - key.size() - 1] == '.') {
      if (short_name) return nullptr;
      short_name = m;
    }
  }
  return short_name;
}

class Decoder {
 public:
  explicit Decoder(const DecodeOptions& options) : options_(options) {}

  Value decode(json::Ref json, const Type& type) {
    if (stack_low()) fail(json.place(), "limit-depth", "data are nested too deep");
    // A union of one type is that type, but its values are tagged.
    if (json.is(json::Kind::object) && type.kind < Kind::map) {
      auto only = only_member(json);
      if (only && only->key.text() == tag(type)) json = only->value;
    }
    switch (type.kind) {
      case Kind::null:
        if (json.is(json::Kind::null)) return {};
        break;
      case Kind::boolean:
        if (json.is(json::Kind::boolean)) return Value::boolean(json.boolean());
        break;
      case Kind::int32:
      case Kind::int64: return whole(json, type);
      case Kind::float32:
      case Kind::float64: return real(json, type);
      case Kind::bytes:
        if (json.is(json::Kind::string)) return Value::bytes(bytes(json, type));
        break;
      case Kind::string:
        if (json.is(json::Kind::string)) return Value::string(std::string(json.text()));
        break;
      case Kind::array: return array(json, type);
      case Kind::map: return map(json, type);
      case Kind::record: return record(json, type);
      case Kind::enumeration: return symbol(json, type);
      case Kind::fixed: return fixed(json, type);
      case Kind::alternatives: return alternatives(json, type);
      case Kind::none:
      case Kind::function: break;
    }
    misfit(json, type);
  }

 private:
  [[noreturn]] void misfit(json::Ref json, const Type& type) const {
    std::string found(to_string(json.kind()));
    if (json.is(json::Kind::string)) found += " " + quote(printable(json.text(), 40));
    fail(json.place(), options_.code, "found {} where a value of type {} is expected", found,
         printable(to_string(type)));
  }

  Value whole(json::Ref json, const Type& type) const {
    bool narrow = type.kind == Kind::int32;
    // 3.0 is no integer in JSON's grammar, but a writer without integers has no other way.
    if (json.is(json::Kind::real) && json.number() == std::trunc(json.number()) &&
        std::fabs(json.number()) <= 9007199254740992.0) {
      return checked(json, static_cast<int64_t>(json.number()), narrow);
    }
    if (json.is(json::Kind::big)) {
      fail(json.place(), options_.code, "an integer beyond 64 bits where a value of type {} is expected",
           to_string(type));
    }
    if (!json.is(json::Kind::integer)) misfit(json, type);
    return checked(json, json.whole(), narrow);
  }
  Value checked(json::Ref json, int64_t v, bool narrow) const {
    if (!narrow) return Value::int64(v);
    if (v < std::numeric_limits<int32_t>::min() || v > std::numeric_limits<int32_t>::max()) {
      fail(json.place(), options_.code, "{} is beyond the range of an int, 32 bits", v);
    }
    return Value::int32(static_cast<int32_t>(v));
  }

  Value real(json::Ref json, const Type& type) const {
    double v = 0;
    if (json.is_number()) {
      v = json.number();
    } else if (json.is(json::Kind::string) && json.text() == "inf") {
      v = std::numeric_limits<double>::infinity();
    } else if (json.is(json::Kind::string) && json.text() == "-inf") {
      v = -std::numeric_limits<double>::infinity();
    } else if (json.is(json::Kind::string) && json.text() == "nan") {
      v = std::numeric_limits<double>::quiet_NaN();
    } else {
      misfit(json, type);
    }
    if (type.kind == Kind::float64) return Value::float64(v);
    return Value::float32(options_.round_floats ? static_cast<double>(round_nearest(v)) : v);
  }

  std::string bytes(json::Ref json, const Type& type) const {
    auto found = options_.base64 ? from_base64(json.text()) : from_latin1(json.text());
    if (found) return *std::move(found);
    fail(json.place(), options_.code, "a value of type {} is {}", printable(to_string(type)),
         options_.base64 ? "a string in base64" : "a string of code points below 256");
  }

  Value fixed(json::Ref json, const Type& type) const {
    if (!json.is(json::Kind::string)) misfit(json, type);
    std::string text = bytes(json, type);
    if (text.size() != type.size) {
      fail(json.place(), options_.code, "{} bytes where {} has {}", text.size(), type.name, type.size);
    }
    return Value::fixed(&type, std::move(text));
  }

  Value symbol(json::Ref json, const Type& type) const {
    if (!json.is(json::Kind::string)) misfit(json, type);
    auto found = type.symbol(json.text());
    if (!found) {
      fail(json.place(), options_.code, "the enumeration {} has no symbol {}", type.name,
           quote(printable(json.text())));
    }
    return Value::symbol(&type, *found);
  }

  Value array(json::Ref json, const Type& type) {
    if (!json.is(json::Kind::array)) misfit(json, type);
    Array items;
    items.reserve(json.size());
    for (json::Ref item : json.items()) items.push_back(decode(item, *type.element));
    return Value::array(std::move(items));
  }

  Value map(json::Ref json, const Type& type) {
    if (!json.is(json::Kind::object)) misfit(json, type);
    Map members;
    members.reserve(json.size());
    for (auto [key, value] : json.members()) {
      if (is_comment(key.text())) continue;
      if (members.contains(key.text())) {
        fail(key.place(), options_.code, "the key {} is there twice", quote(printable(key.text())));
      }
      members.set(key.text(), decode(value, *type.element));
    }
    return Value::map(std::move(members));
  }

  Value record(json::Ref json, const Type& type) {
    if (!json.is(json::Kind::object)) misfit(json, type);
    size_t n = type.fields.size();
    Array fields(n);
    std::vector<bool> there(n);
    size_t next = 0;  // members mostly come in the order of the fields
    for (auto [key, value] : json.members()) {
      if (is_comment(key.text())) continue;
      size_t i = next;
      if (i >= n || type.fields[i].name != key.text()) {
        auto found = type.field(key.text());
        if (!found && options_.open_records) continue;
        if (!found) {
          fail(key.place(), options_.code, "the record {} has no field {}", type.name,
               quote(printable(key.text())));
        }
        i = *found;
      }
      if (there[i]) {
        fail(key.place(), options_.code, "the field {} is there twice", quote(printable(key.text())));
      }
      there[i] = true;
      fields[i] = decode(value, *type.fields[i].type);
      next = i + 1;
    }
    for (size_t i = 0; i < n; ++i) {
      // What is null may be left out, as the reference engine does.
      if (there[i] || type.fields[i].type->kind == Kind::null) continue;
      fail(json.place(), options_.code, "the field {} of the record {} is missing",
           quote(type.fields[i].name), type.name);
    }
    return Value::record(&type, std::move(fields));
  }

  Value alternatives(json::Ref json, const Type& type) {
    if (json.is(json::Kind::null)) {
      for (const Type* m : type.members) {
        if (m->kind == Kind::null) return {};
      }
      misfit(json, type);
    }
    if (json.is(json::Kind::object)) {
      auto only = only_member(json);
      const Type* member = only ? tagged_member(only->key.text(), type) : nullptr;
      if (member) return decode(only->value, *member);
    }
    if (!options_.tagged) {
      for (const Type* m : type.members) {
        if (!fits(json, *m)) continue;
        note(json, *m);
        return decode(json, *m);
      }
    }
    misfit(json, type);
  }

  // Whether a value without a tag is of a member, seen from outside: what is within is not asked, so that
  // nothing is read twice.
  static bool fits(json::Ref json, const Type& type) {
    switch (type.kind) {
      case Kind::boolean: return json.is(json::Kind::boolean);
      case Kind::int32:
        return json.is(json::Kind::integer) && json.whole() >= std::numeric_limits<int32_t>::min() &&
               json.whole() <= std::numeric_limits<int32_t>::max();
      case Kind::int64: return json.is(json::Kind::integer);
      case Kind::float32:
      case Kind::float64: return json.is_number();
      case Kind::bytes:
      case Kind::string:
      case Kind::fixed: return json.is(json::Kind::string);
      case Kind::enumeration: return json.is(json::Kind::string) && type.symbol(json.text());
      case Kind::array: return json.is(json::Kind::array);
      case Kind::map: return json.is(json::Kind::object);
      case Kind::record: {
        if (!json.is(json::Kind::object)) return false;
        size_t found = 0;
        for (auto [key, value] : json.members()) {
          if (is_comment(key.text())) continue;
          if (!type.field(key.text())) return false;
          ++found;
        }
        return found == type.fields.size();
      }
      default: return false;
    }
  }

  void note(json::Ref json, const Type& member) {
    if (!options_.notes) return;
    for (const Diagnostic& d : options_.notes->list()) {
      if (d.code == "pfa-untagged") return;
    }
    options_.notes->report(Severity::note, json.place(), "pfa-untagged",
                           "a value of a union has no tag; it is taken as the first member that fits, {}",
                           tag(member));
  }

  const DecodeOptions& options_;
};

class Encoder {
 public:
  Encoder(const EncodeOptions& options, std::string& out)
      : options_(options), comma_(options.spaces ? ", " : ","), colon_(options.spaces ? ": " : ":"), out_(out) {}

  void encode(const Value& value, const Type& type) {
    if (stack_low()) fail({}, "limit-depth", "values are nested too deep to be written");
    switch (type.kind) {
      case Kind::boolean: out_ += value.truth() ? "true" : "false"; return;
      case Kind::int32:
      case Kind::int64: out_ += std::to_string(value.whole()); return;
      case Kind::float32:
      case Kind::float64: return number(value.real(), type);
      case Kind::bytes:
      case Kind::fixed:
        return append_json_quoted(options_.base64 ? to_base64(value.text()) : to_latin1(value.text()), out_);
      case Kind::string: return append_json_quoted(value.text(), out_);
      case Kind::enumeration: return append_json_quoted(value.symbol_name(), out_);
      case Kind::array: return array(value.items(), type);
      case Kind::map: return map(value.members(), type);
      case Kind::record: return record(value.items(), type);
      case Kind::alternatives: return alternatives(value, type);
      case Kind::null:
      case Kind::none:
      case Kind::function: out_ += "null"; return;
    }
  }

 private:
  void number(double v, const Type& type) {
    bool plain = std::isfinite(v);
    if (!plain) out_ += '"';
    out_ += type.kind == Kind::float32 && is_float(v) ? print_real(round_nearest(v)) : print_real(v);
    if (!plain) out_ += '"';
  }
  void array(const Array& items, const Type& type) {
    out_ += '[';
    for (size_t i = 0; i < items.size(); ++i) {
      if (i) out_ += comma_;
      encode(items[i], *type.element);
    }
    out_ += ']';
  }
  void map(const Map& members, const Type& type) {
    out_ += '{';
    bool first = true;
    for (const auto& [key, value] : members) {
      if (!std::exchange(first, false)) out_ += comma_;
      append_json_quoted(key, out_);
      out_ += colon_;
      encode(value, *type.element);
    }
    out_ += '}';
  }
  void record(const Array& fields, const Type& type) {
    out_ += '{';
    for (size_t i = 0; i < fields.size(); ++i) {
      if (i) out_ += comma_;
      append_json_quoted(type.fields[i].name, out_);
      out_ += colon_;
      encode(fields[i], *type.fields[i].type);
    }
    out_ += '}';
  }
  void alternatives(const Value& value, const Type& type) {
    const Type* member = member_of(value, type);
    if (!member || member->kind == Kind::null || !options_.tagged) {
      return encode(value, member ? *member : *primitive(Kind::null));
    }
    out_ += '{';
    append_json_quoted(tag(*member), out_);
    out_ += colon_;
    encode(value, *member);
    out_ += '}';
  }

  const EncodeOptions& options_;
  std::string_view comma_, colon_;
  std::string& out_;
};

// Writes a part of a document again.
class JsonCopier {
 public:
  JsonCopier(const JsonEdits& edits, std::string& out) : edits_(edits), out_(out) {}

  void copy(json::Ref json) {
    if (stack_low()) fail(json.place(), "limit-depth", "the document is nested too deep");
    if (auto at = edits_.replaced.find(json.index()); at != edits_.replaced.end()) {
      out_ += at->second;
      return;
    }
    switch (json.kind()) {
      case json::Kind::null: out_ += "null"; break;
      case json::Kind::boolean: out_ += json.boolean() ? "true" : "false"; break;
      case json::Kind::integer: out_ += std::to_string(json.whole()); break;
      case json::Kind::real:
      case json::Kind::big: out_ += print_real(json.number()); break;
      case json::Kind::string: append_json_quoted(json.text(), out_); break;
      case json::Kind::array: array(json); break;
      case json::Kind::object: object(json); break;
    }
  }

 private:
  void array(json::Ref json) {
    out_ += '[';
    bool first = true;
    for (json::Ref item : json.items()) {
      if (!std::exchange(first, false)) out_ += ", ";
      copy(item);
    }
    out_ += ']';
  }
  void object(json::Ref json) {
    out_ += '{';
    bool first = true;
    for (auto [key, value] : json.members()) {
      if (!std::exchange(first, false)) out_ += ", ";
      append_json_quoted(key.text(), out_);
      out_ += ": ";
      copy(value);
    }
    if (auto at = edits_.added.find(json.index()); at != edits_.added.end()) {
      if (!first) out_ += ", ";
      out_ += at->second;
    }
    out_ += '}';
  }

  const JsonEdits& edits_;
  std::string& out_;
};

}  // namespace

Value decode(json::Ref json, const Type& type, const DecodeOptions& options) {
  return Decoder(options).decode(json, type);
}

std::string encode(const Value& value, const Type& type, const EncodeOptions& options) {
  std::string out;
  encode(value, type, options, out);
  return out;
}
void encode(const Value& value, const Type& type, const EncodeOptions& options, std::string& out) {
  Encoder(options, out).encode(value, type);
}

void append_json(json::Ref json, std::string& out, const JsonEdits& edits) { JsonCopier(edits, out).copy(json); }

}  // namespace panmodel::pfa
