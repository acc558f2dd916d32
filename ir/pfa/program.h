#pragma once
// A PFA document that has passed its checks: typed expressions with symbols resolved to slots. Made by
// ir/pfa/check.h from a document, run by runtime/pfa/engine.h. Immutable; many threads may share it.
//
// A function call runs in a frame of slots. The inline functions within a function use the frame of
// that function: they never outlive it, never run twice at once, and may read its symbols.
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/json.h"
#include "ir/pfa/signature.h"
#include "ir/pfa/type.h"

namespace panmodel::pfa {

enum class Form : uint8_t {
  constant,      // slots[0]: index into Program::constants
  symbol,        // slots[0]: slot of the frame
  let, set,      // parts[i] is assigned to slots[i]; `set` evaluates all before it assigns
  block,         // "do": parts in order, the value of the last
  call,          // library: function, parts = arguments, types their parameters; slots[0]: number of the call
  logical_and, logical_or,  // the library's && and ||, which stop at the first that decides
  user_call,     // slots[0]: index into Program::functions, or kEmit; parts = arguments
  dispatch,      // "call": parts[0] an enumeration, slots[i] the function for its symbol i; then arguments
  inline_function,   // argument: slots[0]: index into Program::inlines
  user_reference,    // argument: slots[0]: index into Program::functions, or kEmit
  library_reference, // argument: function, types its parameters, `type` of kind function; slots[0]: number
                 // of the call
  fill,          // argument: parts[0] one of the references, parts[1...] the filled arguments; slots[i] says
                 // where argument i of the reference comes from: k = parts[1 + k], kFree + j = argument j
  new_record,    // parts parallel to the fields of `type`
  new_array,     // parts
  new_map,       // parts, keys in names
  field,         // a step of a path into a record; slots[0]: index of the field
  attr,          // parts[0] the value, then the path: a part for every step, a `field` or an index or key;
                 // types[i]: the array, map or record that step i goes into
  attr_to,       // parts[0] the value, parts[1] the new value or a function, then the path
  cell,          // slots[0]: index into Program::cells; parts = path
  cell_to,       // the same; parts[0] the new value or a function, then the path
  pool,          // slots[0]: index into Program::pools; parts = path, the first the key
  pool_to,       // parts[0] the new value or a function, parts[1] the initial value, then the path
  pool_delete,   // parts[0] the key
  condition,     // "if" and "cond": parts = test, result, test, result ... and the last result if odd
  while_loop,    // parts[0] the test, then the body
  do_until,      // parts[0] the test, then the body
  for_loop,      // parts = init (let), test, step (set), body; init and step as blocks
  foreach_loop,  // parts[0] the array, then the body; slots[0]: the item
  forkey_loop,   // parts[0] the map, then the body; slots[0]: key, slots[1]: value
  cast,          // "cast"/"cases": parts[0] the value, parts[i] the body of case i; slots[i-1]: its symbol, types[i-1]
  upcast,        // parts[0]
  if_not_null,   // parts = values, then the body, then the else body if there is one; slots[i]: symbol of value i
  pack,          // parts, formats in names
  unpack,        // parts[0] the bytes, parts[1] the body, parts[2] the else body; formats in names, slots the symbols
  doc,           // nothing
  error,         // names[0] the message; `code`
  attempt,       // "try": parts = body; names = messages, codes = codes that it catches; neither = all
  log,           // parts = values; names[0] the namespace, if any
};
inline constexpr uint32_t kFree = 1u << 31;
inline constexpr uint32_t kEmit = UINT32_MAX;  // the function "emit", in place of an index

// A node of an expression.
struct Node {
  Form form = Form::doc;
  const Type* type = nullptr;             // of the value
  uint32_t place = 0;                     // node of the document, for messages
  std::vector<Node> parts;
  std::vector<uint32_t> slots;
  std::vector<std::string> names;
  const FunctionRow* function = nullptr;  // call, library_reference
  std::vector<const Type*> types;         // call: parameters; cast: cases; paths: what each step goes into
  std::vector<int64_t> codes;             // attempt
  std::optional<int64_t> code;            // error
  uint32_t signature = 0;                 // call: which one
  bool flag = false;                      // cast: partial; attr_to ...: the new value is a function; pack: none
};

// A function with a body: of "fcns", or inline.
struct Function {
  std::string name;                       // "u.name"; empty when inline
  std::vector<uint32_t> parameters;       // slots
  std::vector<const Type*> parameter_types;
  const Type* result = nullptr;
  Node body;
  uint32_t frame = 0;                     // slots of its frame; 0 for an inline one, which has none of its own
};

struct Cell {
  std::string name;
  const Type* type = nullptr;
  std::optional<json::Ref> init;          // absent: `source` says where the value is
  std::string source;                     // "json", "avro"; empty = embedded
  bool shared = false, rollback = false;
  bool written = false;                   // by some expression
};
struct Pool {
  std::string name;
  const Type* type = nullptr;             // of an item
  std::optional<json::Ref> init;          // an object
  std::string source;
  bool shared = false, rollback = false;
};

struct Constant {
  const Type* type = nullptr;
  json::Ref value;
  bool base64 = false;  // bytes as base64
  std::optional<std::string> word;  // instead of `value`: a key or an index of a dotted symbol, as text
};

// A sequence of expressions that runs in a frame of its own: begin, action, end, merge.
struct Routine {
  Node body;                              // a block
  uint32_t frame = 0;
};

// Slots of predefined symbols, the first of each routine's frame.
enum Predefined : uint32_t { kInput, kName, kInstance, kVersion, kMetadata, kStarted, kFinished, kTally, kTallyTwo, kPredefined };

enum class Method : uint8_t { map, emit, fold };

struct Program {
  std::string text;                       // the document as JSON
  json::Document document;
  Types types;
  std::string name;
  Method method = Method::map;
  const Type* input = nullptr;
  const Type* output = nullptr;
  Routine begin, action, end, merge;      // an absent one has an empty block
  std::optional<json::Ref> zero;          // fold
  std::vector<Function> functions;        // "fcns"
  std::vector<Function> inlines;
  std::vector<Cell> cells;
  std::vector<Pool> pools;
  std::vector<Constant> constants;
  std::optional<int64_t> version;
  std::optional<int64_t> seed;
  std::string doc;
  std::map<std::string, std::string> metadata;
  std::map<std::string, json::Ref> options;
  std::vector<const FunctionRow*> called; // library functions, by name, each once
  uint32_t calls = 0;                     // places that call a library function, numbered from 0
};

}  // namespace panmodel::pfa
