#include "formats/pmml/write_tensor_model.h"

#include <algorithm>

#include "base/diagnostic.h"
#include "formats/pmml/write_document.h"
#include "formats/pmml/write_plan.h"

namespace panmodel::pmml {
namespace {

class DocumentWriter {
 public:
  DocumentWriter(const Model& model, const WriteOptions& options, Diagnostics& out)
      : model_(model),
        options_(options),
        out_(out),
        chain_(tree_, fields_, columns_),
        columns_(model, fields_, chain_) {}

  void write(const Sink& to) {
    pugi::xml_node pmml = add_root(tree_, model_.metadata);
    pugi::xml_node dictionary = add(pmml, "DataDictionary");
    plan_ = plan_of(model_, columns_, chain_, out_);
    if (!plan_.reads_segments(fields_) && plan_.models.size() == 1) {
      write_alone(pmml);
    } else {
      write_chain(pmml);
    }
    chain_.drop();
    write_dictionary(dictionary);
    if (!fields_.conversions().empty()) {
      fields_.conversions().write(pmml.insert_child_after("TransformationDictionary", dictionary));
    }
    write_verification(pmml.last_child(), verified_fields(), options_.verification);
    set_version(pmml, options_.pmml_version);
    print_document(pmml, fields_.marked(), to);
  }

 private:
  bool classification() const { return !plan_.classes.empty(); }

  void write_alone(pugi::xml_node pmml) {
    OpenModel model = write_model(pmml, plan_.models[0], plan_.targets[0]);
    write_outputs(model);
    keep_inputs(model);
    finish_model(model, fields_, nullptr);
  }

  void write_chain(pugi::xml_node pmml) {
    const size_t count = plan_.models.size();
    const bool several = count > 1;
    OpenModel top =
        begin_model(pmml, "MiningModel", classification() ? "classification" : "regression");
    pugi::xml_node segmentation = add(top.element, "Segmentation");
    set(segmentation, "multipleModelMethod", several ? "x-multiModelChain" : "modelChain");
    if (several) {
      out_.report(Severity::note, {}, "pmml-vendor",
                  "several targets: multipleModelMethod=\"x-multiModelChain\", an extension of "
                  "JPMML-Evaluator");
    }
    for (size_t k = 0; k < count; ++k) {
      OpenModel model = write_model(chain_.begin_segment(), plan_.models[k], plan_.targets[k]);
      if (k + 1 == count) write_outputs(model);
      chain_.finish_segment(model);
    }
    const size_t kept = chain_.move_segments(segmentation, count, top.used);
    if (several && kept > count) {
      fail({}, "pmml-write",
           "several targets of models in a chain: evaluators take only one unnamed target");
    }
    keep_inputs(top);
    finish_model(top, fields_, nullptr);
    for (const std::string& target : plan_.targets) {
      if (target.empty()) continue;
      pugi::xml_node field = add(top.schema, "MiningField");
      set(field, "name", target);
      set(field, "usageType", "target");
    }
  }

  OpenModel write_model(pugi::xml_node parent, const PlannedModel& p, const std::string& target) {
    if (p.kind == PlannedModel::Kind::trees) return write_trees(parent, p.trees, target, fields_);
    if (p.kind == PlannedModel::Kind::threshold) return write_threshold(parent, p, target);
    OpenModel model = begin_regression(parent, p.normalization, classification(), target);
    if (!classification()) {
      write_table(model, p.tables[0], "", fields_);
      return model;
    }
    for (size_t i = 0; i < p.tables.size(); ++i) {
      const size_t k = p.first_class_last ? p.tables.size() - 1 - i : i;
      write_table(model, p.tables[k], plan_.classes.at(k), fields_);
    }
    return model;
  }

  OpenModel write_threshold(pugi::xml_node parent, const PlannedModel& p,
                            const std::string& target) {
    OpenModel model = begin_model(parent, "TreeModel", "classification");
    set(model.element, "missingValueStrategy", "nullPrediction");
    model.target = target;
    pugi::xml_node root = add(model.element, "Node");
    if (!p.has_score) {
      set(root, "score", plan_.classes[0]);
      add(root, "True");
      pugi::xml_node share = add(root, "ScoreDistribution");
      set(share, "value", plan_.classes[0]);
      set(share, "recordCount", "1");
      return model;
    }
    add(root, "True");
    const std::string& score = model.use(fields_, p.score);
    for (size_t k : {size_t{0}, size_t{1}}) {
      pugi::xml_node node = add(root, "Node");
      set(node, "score", plan_.classes.at(k));
      pugi::xml_node test = add(node, "SimplePredicate");
      set(test, "field", score);
      set(test, "operator", k == 0 ? (p.closed ? "lessThan" : "lessOrEqual")
                                   : (p.closed ? "greaterOrEqual" : "greaterThan"));
      set(test, "value", xml_real(p.threshold == 0 ? 0.0 : p.threshold));
    }
    return model;
  }

  void write_outputs(OpenModel& model) {
    if (plan_.probability != nullptr) {
      for (const std::string& c : plan_.classes) {
        probabilities_.push_back(fields_.unique(fmt::format("probability({})", c)));
        set(add_output_field(model, probabilities_.back(), "probability"), "value", c);
      }
    }
    for (const Extra& e : plan_.extras) {
      const expr::Scalar type = fields_[e.field].type;
      pugi::xml_node field = add_output_field(model, e.name, "transformedValue", type);
      // What the result means, for panmodel to read.
      pugi::xml_node extension = add(field, "Extension");
      set(extension, "extender", "panmodel");
      set(extension, "name", "role");
      set(extension, "value", e.role);
      if (!e.key.empty()) set(field, "value", e.key);
      set(add(field, "FieldRef"), "field", model.use(fields_, e.field));
    }
  }

  bool is_input(FieldId id) const {
    return id < fields_.size() && fields_[id].origin == WrittenField::Origin::input;
  }
  // The outermost model lists all inputs, as the source does.
  void keep_inputs(OpenModel& top) const {
    for (FieldId id = 0; is_input(id); ++id) top.used.insert(id);
  }

  void write_dictionary(pugi::xml_node dictionary) {
    for (FieldId id = 0; id < fields_.size(); ++id) {
      if (!is_input(id)) continue;
      const WrittenField& from = fields_[id];
      pugi::xml_node field = add(dictionary, "DataField");
      set(field, "name", from.name);
      set(field, "optype", from.values.empty() ? optype_of(from.type) : "categorical");
      set(field, "dataType", data_type_of(from.type));
      for (const std::string& value : from.values) set(add(field, "Value"), "value", value);
    }
    for (const std::string& target : plan_.targets) {
      if (target.empty()) continue;
      pugi::xml_node field = add(dictionary, "DataField");
      set(field, "name", target);
      set(field, "optype", classification() ? "categorical" : "continuous");
      set(field, "dataType", plan_.target_type);
      for (const std::string& c : plan_.classes) set(add(field, "Value"), "value", c);
    }
  }

  // Inputs, then probabilities and other output fields where they say all, else the targets.
  std::vector<VerifiedField> verified_fields() {
    std::vector<VerifiedField> out;
    size_t column = 0;
    for (FieldId id = 0; is_input(id); ++id) out.push_back({fields_[id].name, column++, false});
    const bool transformer = plan_.transformer();
    for (const Output& o : model_.outputs) {
      const size_t width = columns_of(o);
      const bool target = o.role == Role::label || (!classification() && o.role == Role::value);
      for (size_t k = 0; k < width; ++k, ++column) {
        if (&o == plan_.probability) {
          out.push_back({probabilities_.at(k), column, true});
        } else if (target && plan_.probability == nullptr && !transformer) {
          out.push_back({plan_.targets.at(k), column, true});
        }
        for (const Extra& e : plan_.extras) {
          if (transformer && e.output == &o && e.column == k) out.push_back({e.name, column, true});
        }
      }
    }
    return out;
  }
  size_t columns_of(const Output& o) const {
    const TensorType* tensor = model_.graph.type(o.value).tensor();
    if (tensor == nullptr || !tensor->dims || tensor->dims->size() < 2) return 1;
    return (*tensor->dims)[1].fixed() ? static_cast<size_t>((*tensor->dims)[1].size) : 1;
  }

  const Model& model_;
  const WriteOptions& options_;
  Diagnostics& out_;
  pugi::xml_document tree_;
  Fields fields_;
  Chain chain_;
  Columns columns_;
  Plan plan_;
  std::vector<std::string> probabilities_;  // names of their output fields
};

}  // namespace

void write_tensor_model(const Model& model, const WriteOptions& options, const Sink& to,
                        Diagnostics& out) {
  DocumentWriter(model, options, out).write(to);
}

}  // namespace panmodel::pmml
