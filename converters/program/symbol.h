#pragma once
// Values of a symbolic evaluation. Internal to converters/program.
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/fail.h"
#include "base/json.h"
#include "ir/graph.h"
#include "ir/pfa/program.h"
#include "ir/pfa/value.h"

namespace panmodel::converters {

// Why a document stays a program. Thrown within this folder only.
struct NotRaised {
  uint32_t place = 0;  // node of the document; 0 = the part that is evaluated
  std::string why;
};
template <class... A>
[[noreturn]] void stay(fmt::format_string<A...> f, A&&... args) {
  throw NotRaised{0, fmt::format(f, std::forward<A>(args)...)};
}

struct Symbol;
struct TreeParts;  // trees.h
using Sym = std::shared_ptr<const Symbol>;

// A value that is known, depends on the row, or has parts of either kind.
struct Symbol {
  enum class Kind : uint8_t {
    constant,  // `constant`
    data,      // a constant that stands in the document and was not read yet: `data`
    scalar,    // a column of numbers (f64), booleans or texts: tensor [N,1]
    optional,  // a column with missing cells: of a union of null and a scalar
    list, map, record,  // parts; of a map with keys, of a record by field
    open_map,  // the input, when it is a map: a column for every key that is asked for
    tree,      // what a tree of the document gives for the row; `tree`
    bag,       // a list of unknown length whose items are all the same: `value` is the length
  };
  Kind kind = Kind::constant;
  const pfa::Type* type = nullptr;
  pfa::Value constant;
  json::Ref data;
  ValueId value;
  std::vector<Sym> parts;
  std::vector<std::string> keys;
  std::shared_ptr<const TreeParts> tree;
  bool bounded = false;  // an integer that is a length: it does not overflow in one step
};

inline bool is_known(const Symbol& s) {
  return s.kind == Symbol::Kind::constant || s.kind == Symbol::Kind::data;
}
inline bool is_text(const pfa::Type& type) {
  return type.kind == pfa::Kind::string || type.kind == pfa::Kind::enumeration;
}

}  // namespace panmodel::converters
