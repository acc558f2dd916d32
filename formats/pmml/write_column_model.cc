// The document around models: DataDictionary, the treatment of inputs, the target.
#include "formats/pmml/write_column_model.h"

#include <algorithm>
#include <cmath>

#include "base/diagnostic.h"
#include "formats/pmml/write_document.h"
#include "formats/pmml/write_graph.h"
#include "formats/pmml/write_xml.h"
#include "ir/ops/all.h"

namespace panmodel::pmml {
namespace {

using expr::Expr;
using expr::Function;
using expr::Scalar;

// An input with what the model does to its cells first.
struct DataColumn {
  const Input* input = nullptr;
  const table::Prepare* prepare = nullptr;
  std::string type;
  NamedField field;
  bool refuses_missing = false;  // cells that came missing, before `prepare`
  std::vector<ValueId> values;   // that are this field
  std::set<const Node*> tests;   // nodes that only ask whether a cell is valid
};

// Whether an expression uses input `i`.
bool names(const Expr& e, uint32_t i) {
  if (e.kind == Expr::Kind::input) return e.input == i;
  return std::any_of(e.arguments.begin(), e.arguments.end(),
                     [&](const Expr& a) { return names(a, i); });
}

// Whether the node looks at the cells of `v`, and not only at how many rows there are.
bool reads(const Node& node, ValueId v) {
  if (const auto* map = node.as<expr::Map>()) {
    for (uint32_t i = 0; i < node.inputs.size(); ++i) {
      if (node.inputs[i] == v && names(map->body, i)) return true;
    }
    return false;
  }
  if (const auto* tree = node.as<ml::DecisionTree>()) {
    return std::any_of(tree->test.begin(), tree->test.end(),
                       [](int64_t t) { return t > static_cast<int64_t>(ml::TreeTest::never); });
  }
  return node.as<table::IsMissing>() == nullptr;
}

class DocumentWriter {
 public:
  DocumentWriter(const Model& model, const WriteOptions& options)
      : model_(model), options_(options), d_(model), chain_(d_, nullptr, true, {}) {}

  void write(const Sink& to) {
    for (const Input& input : model_.inputs) add_input(input);
    const Output& main = main_output();
    const Prediction prediction = prediction_of_output(main);
    declare_target(main, prediction);
    std::vector<Wanted> wanted;
    for (const Output& o : model_.outputs) {
      names_.push_back(&o == &main ? d_.targets[0].field : d_.unique(o.name));
      if (&o != &main) wanted.push_back({names_.back(), d_.cell(o.value), true});
    }
    pugi::xml_node models = d_.scratch();
    write_models(models, chain_, prediction, std::move(wanted), true);
    document(models.first_child(), to);
  }

 private:
  // The predicted value or label; of several that models predict from each other, the last one.
  const Output& main_output() const {
    const Output* main = nullptr;
    for (Role role : {Role::value, Role::label}) {
      for (const Output& o : model_.outputs) {
        if (o.role == role && d_.predicted(o.value)) main = &o;
      }
    }
    if (main == nullptr)
      fail({}, "pmml-write", "a model that predicts neither a value nor a label");
    for (const Output& o : model_.outputs) {
      const Node* maker = d_.producer(d_.cell(o.value).value);
      const bool model = o.role == Role::none && maker != nullptr &&
                         maker->as<expr::Map>() == nullptr && d_.predicted(o.value);
      if (model && comes_from(d_.cell(o.value).value, d_.cell(main->value).value)) main = &o;
    }
    return *main;
  }
  bool comes_from(ValueId v, ValueId source) const {
    std::vector<ValueId> open{v};
    std::set<ValueId> seen;
    while (!open.empty()) {
      const ValueId at = open.back();
      open.pop_back();
      const Node* maker = at.valid() && seen.insert(at).second ? d_.producer(at) : nullptr;
      for (ValueId input : maker != nullptr ? maker->inputs : std::vector<ValueId>()) {
        if (input == source) return true;
        open.push_back(input);
      }
    }
    return false;
  }

  Prediction prediction_of_output(const Output& main) {
    const Cell cell = d_.cell(main.value);
    const Node* maker = d_.producer(cell.value);
    if (maker->as<expr::Map>() != nullptr) {
      // A value that is computed of the results of models.
      Prediction p;
      p.value = cell.value;
      if (d_.dtype(cell.value) == DType::string) d_.refuse(cell.value, "as a class");
      return p;
    }
    return prediction_of(d_, cell.value);
  }

  void declare_target(const Output& main, const Prediction& prediction) {
    DocumentTarget target{d_.unique(main.name), Scalar::f64, {}, false};
    if (prediction.classification()) {
      target.type = scalar_of_dtype(prediction.classes.dtype());
    } else if (d_.dtype(main.value) == DType::f32) {
      target.type = Scalar::f32;
    }
    for (size_t k = 0; prediction.classification() && k < prediction.classes.size(); ++k) {
      target.classes.push_back(text_at(prediction.classes, k));
    }
    d_.targets.push_back(std::move(target));
  }

  const Node* only_reader(ValueId v) const {
    const Node* reader = nullptr;
    for (const Node* user : d_.users(v)) {
      if (!reads(*user, v)) continue;
      if (reader != nullptr && reader != user) return nullptr;
      reader = user;
    }
    return reader;
  }

  // Dates come as text and are parsed by the node that alone reads it.
  void add_date(DataColumn& column, ValueId text) {
    const Node* reader = only_reader(text);
    const auto* map = reader == nullptr ? nullptr : reader->as<expr::Map>();
    if (map == nullptr || map->masked || map->body.kind != Expr::Kind::call) return;
    const Expr& body = map->body;
    const auto parses = [](const Expr& e) {
      return e.kind == Expr::Kind::call && e.function >= Function::to_date &&
             e.function <= Function::to_date_time && e.arguments[0].kind == Expr::Kind::input &&
             !e.arguments[0].map_missing_to;
    };
    if (parses(body) && map->type >= Scalar::date) {
      column.field.type = map->type;
      column.type = data_type_of(map->type);
      column.values = {reader->outputs[0]};
    }
    const bool days = body.function == Function::date_days_since_year;
    if ((days || body.function == Function::date_seconds_since_year) && parses(body.arguments[0]) &&
        body.arguments[1].kind == Expr::Kind::constant) {
      column.field.type = Scalar::i64;
      column.type = fmt::format("{}Since[{}]", days ? "dateDays" : "dateTimeSeconds",
                                text_of(body.arguments[1].constant));
      column.values = {reader->outputs[0]};
    }
  }

  // isNotValid of a field that keeps invalid cells: present, but missing when invalid cells become
  // so.
  void find_domain_test(const Node& prepare, DataColumn& column) {
    if (prepare.as<table::Prepare>()->invalid_cell != table::InvalidCell::as_missing) return;
    const std::vector<const Node*>& users = d_.users(prepare.outputs[0]);
    if (users.size() != 1 || users[0]->inputs.size() != 2) return;
    const Node& test = *users[0];
    const auto* map = test.as<expr::Map>();
    const Expr body =
        expr::call(Function::logical_and, {expr::call(Function::is_not_missing, {expr::input(0)}),
                                           expr::call(Function::is_missing, {expr::input(1)})});
    if (map == nullptr || !(map->body == body) || test.inputs[1] != prepare.outputs[0]) return;
    const Node* present = d_.producer(test.inputs[0]);
    column.tests.insert(&prepare);
    column.tests.insert(&test);
    if (present != nullptr) column.tests.insert(present);
    d_.invalid_cells.emplace(test.outputs[0], column.input->value);
  }

  // Cells that came missing are refused first, where the treatment makes other cells missing.
  void add_second_step(DataColumn& column) const {
    const table::Prepare& first = *column.prepare;
    table::Prepare only;
    only.field = first.field;
    only.missing = first.missing;
    only.refuse_missing = true;
    const Node* reader = only_reader(column.values.back());
    const auto* second = reader == nullptr ? nullptr : reader->as<table::Prepare>();
    if (second == nullptr || second->masked || second->field != first.field ||
        second->refuse_missing)
      return;
    if (!op_info(OpId::table_Prepare).equal(&first, &only) ||
        !second->missing.same_bits(first.missing))
      return;
    column.prepare = second;
    column.refuses_missing = true;
    column.values.push_back(reader->outputs[0]);
  }

  void add_input(const Input& input) {
    DataColumn column;
    column.input = &input;
    const DType dtype = d_.dtype(input.value);
    column.field = {d_.unique(input.name), scalar_of_dtype(dtype)};
    if (column.field.name != input.name)
      fail({}, "pmml-write", "two inputs are called '{}'", input.name);
    column.type = data_type_of(column.field.type);
    column.values = {input.value};
    for (const Node* user : d_.users(input.value)) {
      if (user->as<table::Prepare>() != nullptr) find_domain_test(*user, column);
    }
    for (const Node* user : d_.users(input.value)) {
      const auto* prepare = user->as<table::Prepare>();
      if (prepare == nullptr || prepare->masked || prepare->field.empty()) continue;
      if (column.tests.contains(user)) continue;
      if (column.prepare != nullptr) {
        fail(model_.location(user->loc), "pmml-write", "two treatments of '{}'", input.name);
      }
      column.prepare = prepare;
      column.values.push_back(user->outputs[0]);
    }
    if (column.prepare != nullptr) {
      // What else reads the cells would find them treated.
      for (const Node* user : d_.users(input.value)) {
        const bool first = user->outputs[0] == column.values.back();
        if (first || !reads(*user, input.value) || column.tests.contains(user)) continue;
        fail(model_.location(user->loc), "pmml-write",
             "'{}' is used before its invalid cells are treated", input.name);
      }
      add_second_step(column);
    }
    if (dtype == DType::string) add_date(column, column.values.back());
    for (ValueId v : column.values) chain_.define({v}, column.field);
    columns_.push_back(std::move(column));
  }

  static void add_values(pugi::xml_node field, const Tensor& values, const char* property) {
    for (size_t i = 0; i < values.size(); ++i) {
      pugi::xml_node value = add(field, "Value");
      set(value, "value", text_at(values, i));
      if (property != nullptr) set(value, "property", property);
    }
  }

  static void add_data_field(pugi::xml_node dictionary, const DataColumn& column) {
    constexpr const char* kClosures[] = {"openOpen", "closedOpen", "openClosed", "closedClosed"};
    const table::Prepare none;
    const table::Prepare& p = column.prepare != nullptr ? *column.prepare : none;
    pugi::xml_node field = add(dictionary, "DataField");
    set(field, "name", column.field.name);
    const bool listed = !p.valid.empty() && p.lower.empty() && column.field.type < Scalar::date;
    set(field, "optype", listed ? "categorical" : optype_of(column.field.type));
    set(field, "dataType", column.type);
    for (size_t i = 0; i < p.lower.size(); ++i) {
      pugi::xml_node interval = add(field, "Interval");
      set(interval, "closure", kClosures[p.closed[i]]);
      if (!std::isinf(p.lower[i])) set(interval, "leftMargin", xml_real(p.lower[i]));
      if (!std::isinf(p.upper[i])) set(interval, "rightMargin", xml_real(p.upper[i]));
    }
    add_values(field, p.valid, nullptr);
    add_values(field, p.invalid, "invalid");
    add_values(field, p.missing, "missing");
  }

  static void add_mining_field(pugi::xml_node schema, const DataColumn& column) {
    constexpr const char* kInvalid[] = {"returnInvalid", "asIs", "asMissing", "asValue"};
    constexpr const char* kOutliers[] = {"asIs", "asMissingValues", "asExtremeValues"};
    pugi::xml_node field = add(schema, "MiningField");
    set(field, "name", column.field.name);
    if (column.prepare == nullptr) return;
    const table::Prepare& p = *column.prepare;
    if (p.outlier != table::OutlierCell::as_is) {
      set(field, "outliers", kOutliers[static_cast<size_t>(p.outlier)]);
      if (!std::isinf(p.low)) set(field, "lowValue", xml_real(p.low));
      if (!std::isinf(p.high)) set(field, "highValue", xml_real(p.high));
    }
    if (p.missing_value) set(field, "missingValueReplacement", text_at(*p.missing_value, 0));
    if (p.refuse_missing || column.refuses_missing) {
      set(field, "missingValueTreatment", "returnInvalid");
    } else if (p.missing_value) {
      set(field, "missingValueTreatment", "asValue");
    }
    if (p.invalid_cell != table::InvalidCell::refuse) {
      set(field, "invalidValueTreatment", kInvalid[static_cast<size_t>(p.invalid_cell)]);
    }
    if (p.invalid_value) set(field, "invalidValueReplacement", text_at(*p.invalid_value, 0));
  }

  // Of inputs and results, in the order of the model; where output fields are checked, JPMML takes
  // the target to be what the data say.
  std::vector<VerifiedField> verified_fields() const {
    std::vector<VerifiedField> out;
    for (const DataColumn& column : columns_) out.push_back({column.field.name, out.size(), false});
    for (size_t i = 0; i < model_.outputs.size(); ++i) {
      if (names_.size() > 1 && names_[i] == d_.targets[0].field) continue;
      out.push_back({names_[i], columns_.size() + i, true});
    }
    return out;
  }

  void document(pugi::xml_node model, const Sink& to) {
    pugi::xml_node pmml = add_root(d_.tree, model_.metadata);
    pugi::xml_node dictionary = add(pmml, "DataDictionary");
    for (const DataColumn& column : columns_) add_data_field(dictionary, column);
    for (const DocumentTarget& target : d_.targets) {
      pugi::xml_node field = add(dictionary, "DataField");
      set(field, "name", target.field);
      set(field, "optype",
          target.classes.empty() ? "continuous"
          : target.ordinal       ? "ordinal"
                                 : "categorical");
      set(field, "dataType", data_type_of(target.type));
      for (const std::string& c : target.classes) set(add(field, "Value"), "value", c);
    }
    if (!d_.conversions.empty()) d_.conversions.write(add(pmml, "TransformationDictionary"));
    pugi::xml_node schema = model.child("MiningSchema");
    pugi::xml_node own = schema.first_child();  // the target
    for (const DataColumn& column : columns_) add_mining_field(schema, column);
    if (own) schema.append_move(own);
    if (!model_.metadata.name.empty()) set(model, "modelName", model_.metadata.name);
    write_verification(model, verified_fields(), options_.verification);
    pmml.append_move(model);
    set_version(pmml, options_.pmml_version);
    print_document(pmml, d_.marked, to);
  }

  const Model& model_;
  const WriteOptions& options_;
  GraphDocument d_;
  ModelScope chain_;
  std::vector<DataColumn> columns_;
  std::vector<std::string> names_;  // of the outputs, in the document
};

}  // namespace

bool is_column_model(const Model& model) {
  const auto column = [&](ValueId v) { return model.graph.type(v).column() != nullptr; };
  return std::all_of(model.inputs.begin(), model.inputs.end(),
                     [&](const Input& i) { return column(i.value); }) &&
         std::all_of(model.outputs.begin(), model.outputs.end(),
                     [&](const Output& o) { return column(o.value); });
}

void write_column_model(const Model& model, const WriteOptions& options, const Sink& to) {
  DocumentWriter(model, options).write(to);
}

}  // namespace panmodel::pmml
