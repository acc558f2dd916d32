#pragma once
// Avro types out of a PFA document. A named type is declared once, anywhere in the document, and used
// by name before or after that.
#include <string>
#include <string_view>
#include <unordered_map>

#include "base/json.h"
#include "ir/pfa/type.h"

namespace panmodel::pfa {

class TypeReader {
 public:
  TypeReader(const json::Document& document, Types& types) : document_(document), types_(types) {}

  // Finds every declaration in a document of the language. Fails "pfa-type".
  void declare_all();
  // A type where the document has one. Fails "pfa-type".
  const Type* read(json::Ref ref);

 private:
  struct Declaration {
    json::Ref ref;
    Type* type;
    std::string space;  // namespace of what is declared within
  };
  void find(json::Ref ref, std::string_view space, bool top);
  void find_members(json::Ref object, std::string_view space, bool top);
  bool declare(json::Ref object, std::string_view space, std::string& inner);
  void define(const Declaration& declaration);
  const Type* read(json::Ref ref, std::string_view space);
  const Type* read_union(json::Ref ref, std::string_view space);

  const json::Document& document_;
  Types& types_;
  std::vector<Declaration> declarations_;
  std::unordered_map<uint32_t, const Type*> at_;  // by node of the declaration
};

}  // namespace panmodel::pfa
