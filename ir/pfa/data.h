#pragma once
// Values of PFA as JSON in Avro's encoding (Avro 1.7.6, "JSON Encoding"): a member of a union is tagged,
// {"double": 3.0}, null is not; bytes and fixed are strings of code points below 256. What JSON has no
// number for is a string: "inf", "-inf", "nan".
#include <map>
#include <string>

#include "base/diagnostic.h"
#include "base/json.h"
#include "ir/pfa/type.h"
#include "ir/pfa/value.h"

namespace panmodel::pfa {

struct DecodeOptions {
  Code code = "pfa-data";       // of what does not fit its type
  bool tagged = false;          // refuses members of unions without a tag, which else go to the first that fits
  bool base64 = false;          // bytes and fixed are base64
  bool open_records = false;    // fields that a record does not have are left out, as of rows with more columns
  bool round_floats = false;    // a float is rounded to 32 bits
  Diagnostics* notes = nullptr; // told once "pfa-untagged"
};

// A value of `type`. Fails options.code with the place, what is there and what is expected; "limit-depth" for
// values nested too deep for the stack. Keys "@" are no data.
Value decode(json::Ref json, const Type& type, const DecodeOptions& options = {});

struct EncodeOptions {
  bool tagged = true;
  bool base64 = false;
  bool spaces = true;           // one behind each comma and colon
};

// One line of JSON; members of maps in their order, fields in that of the type. A number is printed as `type`
// has it: 3 in the place of a double is "3.0". Fails "limit-depth". Precondition: the value is of `type`.
std::string encode(const Value& value, const Type& type, const EncodeOptions& options = {});
void encode(const Value& value, const Type& type, const EncodeOptions& options, std::string& out);

// Texts for a document that is written again, by index of a node.
struct JsonEdits {
  std::map<uint32_t, std::string> replaced;  // in the place of the node
  std::map<uint32_t, std::string> added;     // a member more, `"key": value`, of an object
};
// A part of a document on one line. Fails "limit-depth".
void append_json(json::Ref json, std::string& out, const JsonEdits& edits = {});

}  // namespace panmodel::pfa
