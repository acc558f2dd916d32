#pragma once
// Fields of a document that is being written. Expressions over them are expr::Expr trees whose
// inputs are FieldIds; models name them. A derived field is written where a model needs it, and
// only then.
#include <pugixml.hpp>
#include <set>
#include <string>
#include <vector>

#include "base/location.h"
#include "formats/pmml/write_document.h"
#include "formats/pmml/write_expression.h"
#include "formats/pmml/write_xml.h"
#include "ir/expr/expr.h"

namespace panmodel::pmml {

using FieldId = uint32_t;

struct WrittenField {
  enum class Origin { input, derived, result };
  std::string name;
  expr::Scalar type = expr::Scalar::f64;
  Origin origin = Origin::derived;
  bool can_miss = true;        // rows may lack it
  bool refuses_missing = false;  // input: a row without it is refused
  bool local = false;          // a result of a segment, or derived from one
  expr::Expr body;             // derived: over FieldIds
  Location place;              // what a refusal of the body names
  std::vector<std::string> values;  // input: the only valid categories; empty = any
};

// The fields that an expression names.
void names_of(const expr::Expr& e, std::set<FieldId>& out);

class Fields {
 public:
  // Fails "pmml-write" when another field has the name.
  FieldId input(const std::string& name, expr::Scalar type);
  // `wanted`, or `wanted_2` ... when another field has that name.
  FieldId derived(const std::string& wanted, expr::Expr body, expr::Scalar type,
                  const Location& place);
  // An OutputField of a segment that later segments see.
  FieldId result(const std::string& wanted, expr::Scalar type);
  std::string unique(const std::string& wanted);
  const WrittenField& operator[](FieldId id) const { return all_[id]; }
  WrittenField& at(FieldId id) { return all_[id]; }
  FieldId size() const { return static_cast<FieldId>(all_.size()); }
  // Functions of the document that its expressions call.
  Conversions& conversions() { return conversions_; }
  // Whether some row gives the expression no value.
  bool can_miss(const expr::Expr& e) const;
  bool is_local(const expr::Expr& e) const;
  std::vector<Marked>& marked() { return marked_; }

 private:
  FieldId add(WrittenField field);

  std::vector<WrittenField> all_;
  Conversions conversions_;
  std::set<std::string> names_;
  std::vector<Marked> marked_;
};

// A model element: its children in the order of the schema, those before the body filled in at the
// end. `used`: the fields that the body names.
struct OpenModel {
  pugi::xml_node element, schema, output, targets, transformations;
  std::set<FieldId> used;
  std::string target;          // its target field; empty = none

  const std::string& use(const Fields& fields, FieldId id) {
    used.insert(id);
    return fields[id].name;
  }
};

OpenModel begin_model(pugi::xml_node parent, const char* name, const char* function);
// Writes MiningSchema and LocalTransformations. A `top` model defines all derived fields that it
// needs and has input fields in its schema; a model inside defines those of results of segments,
// and takes the others from the model around it, which must use them: they are added to `outer`.
// Returns the fields of the schema.
std::set<FieldId> finish_model(OpenModel& model, Fields& fields, std::set<FieldId>* outer);

}  // namespace panmodel::pmml
