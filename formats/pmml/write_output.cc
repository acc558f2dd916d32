// Output: results of a model under names.
#include <algorithm>

#include "base/diagnostic.h"
#include "formats/pmml/write_graph.h"
#include "formats/pmml/write_xml.h"
#include "ir/ops/all.h"

namespace panmodel::pmml {
namespace {

using expr::Expr;
using expr::Scalar;

class OutputWriter {
 public:
  OutputWriter(ModelElement& model, ModelFrame& frame)
      : model_(model),
        frame_(frame),
        d_(frame.document()),
        p_(frame.prediction),
        written_(frame.given) {}

  void write() {
    for (const Wanted& wanted : frame_.outputs) {
      if (auto found = written_.find(wanted.cell); found != written_.end()) {
        if (found->second.name != wanted.name) again(wanted, found->second);
        continue;
      }
      field(wanted.name, wanted.cell, wanted.final);
    }
  }

 private:
  // Whether a value comes from what this model predicts.
  bool own(ValueId v) {
    if (!v.valid() || !d_.predicted(v)) return false;
    if (feature_of(d_, p_, {v})) return true;
    const auto [known, fresh] = own_.try_emplace(v, false);
    if (!fresh) return known->second;
    const Node* node = d_.producer(v);
    const bool any = node != nullptr && std::any_of(node->inputs.begin(), node->inputs.end(),
                                                    [&](ValueId i) { return own(i); });
    return own_[v] = any;
  }

  pugi::xml_node begin(const std::string& name, Scalar type, const char* feature, bool final) {
    return add_output_field(model_.output, {name, type}, feature, final);
  }

  void again(const Wanted& wanted, const NamedField& field) {
    pugi::xml_node element = begin(wanted.name, field.type, "transformedValue", wanted.final);
    set(add(element, "FieldRef"), "field", field.name);
  }

  NamedField field(const std::string& name, const Cell& cell, bool final) {
    const auto feature = feature_of(d_, p_, cell);
    if (feature) {
      const NamedField out{name, d_.scalar(cell.value)};
      add_result_field(model_.output, out, p_, *feature, final);
      return written_[cell] = out;
    }
    const Node* node = d_.producer(cell.value);
    if (!own(cell.value)) {
      const NamedField source = frame_.scope.field(cell);
      again({name, cell, final}, source);
      return written_[cell] = {name, source.type};
    }
    if (const auto* map = node->as<expr::Map>()) return mapped(name, cell, *node, *map, final);
    d_.refuse(cell.value, "in an output field");
  }

  NamedField mapped(const std::string& name, const Cell& cell, const Node& node,
                    const expr::Map& map, bool final) {
    const Expr& body = map.body;
    std::vector<NamedField> inputs;
    for (size_t i = 0; i < expr::inputs_used(body); ++i) inputs.push_back(input(node.inputs[i]));
    pugi::xml_node holder = d_.scratch();
    const Location& place = d_.model().location(node.loc);
    auto part = [&](const Expr& e, Scalar type) {
      const NamedField out{d_.unique(name + ".part"), type};
      pugi::xml_node body_of_part = d_.scratch();
      write_expression(body_of_part, e, frame_.scope.frame(inputs, place));
      begin(out.name, type, "transformedValue", false).append_move(body_of_part.first_child());
      return out;
    };
    write_expression(holder, body, {inputs, d_.conversions, part, place});
    begin(name, map.type, "transformedValue", final).append_move(holder.first_child());
    return written_[cell] = {name, map.type};
  }

  // What an expression of an output field names: another output field, or a field of the model.
  NamedField input(ValueId v) {
    const Cell cell = d_.cell(v);
    if (auto found = written_.find(cell); found != written_.end()) return found->second;
    if (!own(cell.value)) return frame_.scope.field(cell);
    auto wanted = std::find_if(frame_.outputs.begin(), frame_.outputs.end(),
                               [&](const Wanted& w) { return w.cell == cell; });
    if (wanted != frame_.outputs.end()) return field(wanted->name, cell, wanted->final);
    const auto feature = feature_of(d_, p_, cell);
    std::string name = feature ? feature->name : "result";
    if (feature && feature->scores())
      name += fmt::format("({})", text_at(p_.classes, feature->column));
    return field(d_.unique(name), cell, false);
  }

  ModelElement& model_;
  ModelFrame& frame_;
  GraphDocument& d_;
  const Prediction& p_;
  std::map<Cell, NamedField> written_;
  std::map<ValueId, bool> own_;
};

}  // namespace

pugi::xml_node add_output_field(pugi::xml_node output, const NamedField& field, const char* feature,
                                bool final) {
  pugi::xml_node element = add(output, "OutputField");
  set(element, "name", field.name);
  set(element, "optype", optype_of(field.type));
  set(element, "dataType", data_type_of(field.type));
  set(element, "feature", feature);
  if (!final) set(element, "isFinalResult", "false");
  return element;
}

pugi::xml_node add_result_field(pugi::xml_node output, const NamedField& field,
                                const Prediction& prediction, const Feature& feature, bool final) {
  pugi::xml_node element = add_output_field(output, field, feature.name, final);
  if (feature.scores()) set(element, "value", text_at(prediction.classes, feature.column));
  return element;
}

void write_output(ModelElement& model, ModelFrame& frame) {
  OutputWriter(model, frame).write();
}

}  // namespace panmodel::pmml
