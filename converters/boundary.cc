// The boundary phase: what the signature of the target looks like.
#include <algorithm>
#include <cmath>
#include <limits>
#include <map>
#include <utility>

#include "base/text.h"
#include "converters/columns.h"
#include "converters/phases.h"
#include "ir/ops/encode.h"
#include "ir/ops/impute.h"
#include "ir/ops/table.h"
#include "ir/ops/tensor_elementwise.h"
#include "ir/ops/tensor_shape.h"

namespace panmodel::converters {
namespace {

bool is_number(DType d) { return is_floating(d) || is_integer(d) || d == DType::boolean; }

// The names that skl2onnx gives: others where probabilities are maps.
std::string target_name(const Output& output, const std::vector<Output>& all, bool zip_map) {
  if (zip_map && output.role == Role::label) return "output_label";
  if (zip_map && output.role == Role::probability) return "output_probability";
  bool predicts = std::any_of(all.begin(), all.end(),
                              [](const Output& o) { return o.name == "predict"; });
  if (output.name == "predict") return output.role == Role::label ? "label" : "variable";
  if (output.name == "predict_proba") return "probabilities";
  if (output.name == "transform") return predicts ? "transformed" : "variable";
  return output.name;
}

std::vector<Output> chosen_outputs(const Model& model, const ConvertOptions& options) {
  if (options.outputs.empty()) return model.outputs;
  std::vector<Output> chosen;
  std::vector<std::string_view> names;
  for (const Output& o : model.outputs) names.push_back(o.name);
  for (const std::string& name : options.outputs) {
    auto found = std::find(names.begin(), names.end(), name);
    if (found == names.end()) {
      std::string_view near = nearest(name, names);
      fail_help({}, "convert-output", fmt::format("the model has no output '{}'", name),
                near.empty() ? "see 'panmodel inspect' for its outputs"
                             : fmt::format("did you mean '{}'?", near));
    }
    chosen.push_back(model.outputs[static_cast<size_t>(found - names.begin())]);
  }
  return chosen;
}

// The key that stands for a missing cell of a tensor.
Tensor missing_key(DType dtype) {
  if (dtype == DType::string) return Tensor::vector(std::vector<std::string>{""});
  if (dtype == DType::f32) {
    return Tensor::vector(std::vector<float>{std::numeric_limits<float>::quiet_NaN()});
  }
  return Tensor::vector(std::vector<double>{std::numeric_limits<double>::quiet_NaN()});
}

Tensor append(const Tensor& list, const Tensor& one) {
  Shape shape{static_cast<int64_t>(list.size() + 1)};
  auto joined = [&]<class T>(T) {
    std::vector<T> all(list.as<T>().begin(), list.as<T>().end());
    all.push_back(one.as<T>()[0]);
    return Tensor::of(shape, std::move(all));
  };
  switch (list.dtype()) {
    case DType::string: return joined(std::string());
    case DType::f64: return joined(double());
    case DType::f32: return joined(float());
    case DType::i64: return joined(int64_t());
    default: break;
  }
  fail({}, "ir-dtype", "a table of {} cannot be extended", to_string(list.dtype()));
}

// The place of the key that stands for a missing cell.
std::optional<size_t> find_missing_key(const Tensor& keys) {
  for (size_t i = 0; i < keys.size(); ++i) {
    if (keys.dtype() == DType::string ? keys.text(i).empty() : std::isnan(keys.real(i))) return i;
  }
  return std::nullopt;
}

bool same_element(const Tensor& values, size_t i, const Tensor& one) {
  if (values.dtype() == DType::string) return values.text(i) == one.text(0);
  size_t width = byte_size(values.dtype());
  return std::ranges::equal(values.bytes().subspan(i * width, width), one.bytes());
}

class Boundary {
 public:
  Boundary(const Model& model, const Target& target, const ConvertOptions& options,
           Diagnostics& out)
      : model_(model), options_(options), keep_(target.keeps_signature()),
        tensors_(!keep_ || options.input_type.has_value()), out_(out),
        result_(without_graph(model)), builder_(result_), map_(model.graph.values.size()),
        columns_(model.graph.values.size()) {}

  Model run() {
    std::vector<Output> outputs = chosen_outputs(model_, options_);
    find_used(outputs);
    add_inputs();
    for (const Node& node : model_.graph.nodes) add_node(node);
    say_refusals();
    for (const Output& o : outputs) {
      ValueId value = map_[o.value.v];
      if (refused_.valid()) value = without_rows(builder_, value, refused_);
      if (options_.zip_map && o.role == Role::probability && !o.keys.empty() &&
          (o.keys.dtype() == DType::string || o.keys.dtype() == DType::i64)) {
        ValueId narrow = builder_.add(tensor::Cast{DType::f32}, {value});
        value = builder_.add(ml::ZipMap{o.keys}, {narrow});
        out_.report(Severity::loss, {}, "convert-precision",
                    "probabilities are rounded once to f32, the element type of maps: relative error "
                    "up to 6e-8");
      }
      bool rename = options_.rename_outputs && !keep_;
      builder_.output(rename ? target_name(o, outputs, options_.zip_map) : o.name, value, o.role,
                      o.keys);
    }
    return std::move(result_);
  }

 private:
  // Values that the outputs need: no other node is evaluated or refuses a row.
  void find_used(const std::vector<Output>& outputs) {
    used_.assign(model_.graph.values.size(), 0);
    for (const Output& o : outputs) used_[o.value.v] = 1;
    for (size_t n = model_.graph.nodes.size(); n-- > 0;) {
      const Node& node = model_.graph.nodes[n];
      const bool any = std::any_of(node.outputs.begin(), node.outputs.end(),
                                   [&](ValueId v) { return used_[v.v] != 0; });
      for (ValueId v : node.inputs) {
        if (any && v.valid()) used_[v.v] = 1;
      }
    }
  }

  // What the target is given for an input: its element type, in the model and at the boundary.
  struct Given {
    DType model;   // that the operators see
    DType target;
  };
  Given given(const Input& input) {
    const Type& type = model_.graph.type(input.value);
    const ColumnType* column = type.column();
    DType dtype = column ? column->dtype : type.tensor() ? type.tensor()->dtype : DType::f64;
    Given g{dtype, options_.input_type && is_number(dtype) ? *options_.input_type : dtype};
    // A number with missing cells needs a type that has a NaN, to the operators too.
    if (column && column->optional && (is_integer(dtype) || dtype == DType::boolean)) {
      g.model = DType::f64;
      if (!options_.input_type) g.target = DType::f64;
    }
    if (g.target == DType::i64 && is_floating(dtype)) {
      out_.report(Severity::loss, {}, "convert-input-type",
                  "input '{}' holds real numbers: a row with a fraction or a missing value cannot be "
                  "given as i64", input.name);
    }
    return g;
  }
  ValueId cast(ValueId v, const Given& g) {
    return g.model == g.target ? v : builder_.add(tensor::Cast{g.model}, {v});
  }

  // The columns of an input: 1 for a table column, the width of a matrix; fails for anything else.
  int64_t columns_of(const Input& input) const {
    const Type& type = model_.graph.type(input.value);
    const TensorType* t = type.tensor();
    if (type.column() != nullptr) return 1;
    if (t != nullptr && t->dims && t->dims->size() == 2 && t->dims->back().fixed()) return t->dims->back().size;
    fail({}, "convert-inputs", "input '{}' has type {}, expected a column or a matrix of fixed width",
         input.name, to_string(type));
  }
  static void add_names(const Input& input, int64_t width, std::vector<std::string>& names) {
    for (int64_t k = 0; k < width; ++k) {
      names.push_back(static_cast<int64_t>(input.features.size()) == width
                          ? input.features[static_cast<size_t>(k)]
                      : width == 1 ? input.name : fmt::format("x{}", names.size()));
    }
  }

  void add_inputs() {
    const bool matrix = options_.inputs == InputLayout::matrix && model_.inputs.size() > 1;
    if (matrix) return join_inputs();
    for (const Input& input : model_.inputs) {
      if (options_.inputs == InputLayout::columns && model_.graph.type(input.value).column() == nullptr) {
        split_input(input);
      } else {
        add_input(input);
      }
    }
  }

  // One matrix, whose columns the inputs are.
  void join_inputs() {
    std::vector<Given> kinds;
    std::vector<std::string> names;
    int64_t width = 0;
    for (const Input& input : model_.inputs) {
      kinds.push_back(given(input));
      width += columns_of(input);
      add_names(input, columns_of(input), names);
    }
    // The type that holds all: text, or the widest of the numbers.
    DType common = kinds[0].target;
    for (const Given& g : kinds) {
      if ((g.target == DType::string) != (common == DType::string)) {
        fail_help({}, "convert-inputs", "inputs of numbers and of text cannot be one matrix",
                  "leave out --inputs, or give columns");
      }
      if (g.target != common) common = DType::f64;
    }
    ValueId all = builder_.input("X", tensor_type(common, {"N", width}), names);
    int64_t at = 0;
    for (size_t i = 0; i < kinds.size(); ++i) {
      const Input& input = model_.inputs[i];
      std::vector<int64_t> columns;
      for (int64_t k = columns_of(input); k > 0; --k) columns.push_back(at++);
      ValueId part = builder_.add(tensor::Gather{1}, {all, builder_.constant(Tensor::vector(columns))});
      map_[input.value.v] = cast(part, {kinds[i].model, common});
    }
  }

  // An input for each column of a matrix.
  void split_input(const Input& input) {
    const Given g = given(input);
    std::vector<std::string> names;
    add_names(input, columns_of(input), names);
    std::vector<ValueId> parts;
    for (const std::string& name : names) {
      parts.push_back(cast(builder_.input(name, tensor_type(g.target, {"N", 1}), {}), g));
    }
    map_[input.value.v] = parts.size() == 1 ? parts[0] : builder_.add(tensor::Concat{1}, parts);
  }

  void add_input(const Input& input) {
    Type type = model_.graph.type(input.value);
    if (!tensors_) {
      map_[input.value.v] = builder_.input(input.name, type, input.features);
      return;
    }
    const Given g = given(input);
    if (type.column() != nullptr) type = tensor_type(g.target, {"N", 1});
    if (auto* t = std::get_if<TensorType>(&type.v)) t->dtype = g.target;
    map_[input.value.v] = cast(builder_.input(input.name, type, input.features), g);
  }

  bool is_column(ValueId v) const {
    return v.valid() && model_.graph.type(v).column() != nullptr &&
           builder_.type(map_[v.v]).column() == nullptr;
  }

  // Whether a column of integers or booleans is one of reals now.
  bool is_real_now(ValueId v) const {
    if (!is_column(v)) return false;
    const DType before = model_.graph.type(v).column()->dtype;
    return !is_floating(before) && is_floating(builder_.type(map_[v.v]).tensor()->dtype);
  }
  bool takes_missing_integers(const Node& node) const {
    return std::any_of(node.inputs.begin(), node.inputs.end(),
                       [&](ValueId v) { return is_real_now(v); });
  }
  // A result that came out as f64 because a column of integers did.
  ValueId as_declared(ValueId made, ValueId declared) {
    const TensorType* now = builder_.type(made).tensor();
    const TensorType* then = model_.graph.type(declared).tensor();
    if (now == nullptr || then == nullptr || now->dtype == then->dtype) return made;
    return builder_.add(tensor::Cast{then->dtype}, {made});
  }
  Tensor as_reals(const Tensor& integers) const { return reals_of(integers, *at_); }

  // Operators that look at missing cells of a column are told which value stands for them.
  std::shared_ptr<const void> payload_of(const Node& node) {
    if (std::none_of(node.inputs.begin(), node.inputs.end(), [&](ValueId v) { return is_column(v); })) {
      return node.payload;
    }
    std::vector<ColumnNow> now;
    for (ValueId v : node.inputs) now.push_back(column_now(v));
    if (auto payload = adapted(node, now, model_.location(node.loc))) return payload;
    if (!is_column(node.inputs[0])) return node.payload;
    const ColumnType& column = *model_.graph.type(node.inputs[0]).column();
    const auto* map = node.as<ml::LabelMap>();
    const auto* impute = node.as<ml::Impute>();
    bool text = column.dtype == DType::string;
    if (is_real_now(node.inputs[0]) && (map != nullptr || impute != nullptr)) {
      if (map != nullptr) {
        ml::LabelMap of_reals = *map;
        of_reals.keys = as_reals(map->keys);
        return std::make_shared<const ml::LabelMap>(total_map(std::move(of_reals), DType::f64));
      }
      ml::Impute of_reals{std::nullopt, as_reals(impute->fill)};
      if (impute->missing) of_reals.missing = as_reals(*impute->missing);
      return std::make_shared<const ml::Impute>(std::move(of_reals));
    }
    if (map != nullptr && !column.optional && map->missing_value) {
      ml::LabelMap without = *map;
      without.missing_value.reset();
      return std::make_shared<const ml::LabelMap>(std::move(without));
    }
    if (!column.optional || (!text && !is_floating(column.dtype))) return node.payload;
    if (map != nullptr) return std::make_shared<const ml::LabelMap>(total_map(*map, column.dtype));
    if (text && impute != nullptr) say_missing_text();
    if (impute == nullptr || !text || impute->missing) return node.payload;
    ml::Impute by_text = *impute;
    by_text.missing = Tensor::scalar(std::string());
    return std::make_shared<const ml::Impute>(std::move(by_text));
  }

  // The map with a key in place of its missing_value.
  ml::LabelMap total_map(ml::LabelMap map, DType dtype) {
    std::optional<Tensor> missing = std::exchange(map.missing_value, std::nullopt);
    if (std::optional<size_t> key = find_missing_key(map.keys)) {
      bool same = missing && same_element(map.values, *key, *missing);
      if (dtype == DType::string && !same) {
        say("convert-missing-text",
            "the empty text is a category of its own, so a missing cell cannot be told from it");
      }
      return map;
    }
    if (!missing) return map;
    bool same = map.fallback && same_element(map.fallback->reshaped({1}), 0, *missing);
    if (dtype == DType::string && !same) say_missing_text();
    map.keys = append(map.keys, missing_key(dtype));
    map.values = append(map.values, *missing);
    return map;
  }

  void say_missing_text() {
    say("convert-missing-text",
        "the target has no missing text: the empty text stands for it, so an empty text counts as "
        "missing");
  }

  // A loss at the current node; equal ones of one place are said once.
  void say(Code code, std::string message) {
    Diagnostic loss{Severity::loss, code.name(), CodeKind::ok, std::move(message), *at_, {}};
    for (const Diagnostic& d : out_.list()) {
      if (d.code == loss.code && d.message == loss.message && d.location == loss.location) return;
    }
    out_.add(std::move(loss));
  }

  ColumnNow column_now(ValueId v) const {
    if (!is_column(v)) return {};
    return {true, model_.graph.type(v).column()->dtype, is_real_now(v)};
  }

  // The input of an operator that tells missing cells of a column from others by itself.
  ValueId column_input(ValueId v, bool is_mask) {
    if (!is_column(v)) return map_[v.v];
    if (is_mask) return is_real_now(v) ? as_mask(builder_, map_[v.v]) : map_[v.v];
    if (model_.graph.type(v) != Type(ColumnType{DType::string, true})) return map_[v.v];
    ValueId& column = columns_[v.v];
    if (!column.valid()) {
      say_missing_text();
      column = text_column(builder_, map_[v.v]);
    }
    return column;
  }

  // The fields for which rows are refused, once for all.
  void say_refusals() {
    if (refusing_.empty()) return;
    std::string names;
    for (const auto& [field, place] : refusing_) names += (names.empty() ? "'" : ", '") + field + "'";
    at_ = refusing_.begin()->second;
    say("convert-refused-value",
        fmt::format("a row that the source refuses for its value of {} has NaN or the empty text in all outputs",
                    names));
  }

  // An input treated as the model says; the rows that this refuses have no result in the end.
  bool add_prepare(const Node& node) {
    const auto* op = node.as<table::Prepare>();
    if (op == nullptr || !tensors_ || !used_[node.outputs[0].v] || !may_refuse(*op)) return false;
    std::vector<ValueId> inputs{column_input(node.inputs[0], false)};
    if (op->masked) inputs.push_back(column_input(node.inputs[1], true));
    auto payload = payload_of(node);
    const Prepared made = prepare_and_tell(builder_, *static_cast<const table::Prepare*>(payload.get()), inputs);
    refused_ = refused_.valid() ? builder_.add(tensor::Binary{tensor::BinaryFn::logical_or}, {refused_, made.refused})
                                : made.refused;
    columns_[node.outputs[0].v] = made.column;
    map_[node.outputs[0].v] = as_tensor(builder_, made.column);
    refusing_.emplace(op->field, at_);
    return true;
  }

  void add_node(const Node& node) {
    builder_.at(node.loc);
    at_ = &model_.location(node.loc);
    if (add_prepare(node)) return;
    std::vector<ValueId> inputs;
    for (size_t i = 0; i < node.inputs.size(); ++i) {
      ValueId v = node.inputs[i];
      inputs.push_back(!v.valid() ? v : takes_columns(node) ? column_input(v, is_mask(node, i)) : map_[v.v]);
    }
    const auto* impute = node.as<ml::Impute>();
    if (impute && impute->missing && is_column(node.inputs[0])) {
      // Beside the marker, what stands for a missing cell of the column now.
      ml::Impute missing{std::nullopt, is_real_now(node.inputs[0]) ? as_reals(impute->fill) : impute->fill};
      if (impute->fill.dtype() == DType::string) missing.missing = Tensor::scalar(std::string());
      inputs[0] = builder_.add(std::move(missing), {inputs[0]});
    }
    if (node.as<table::IsMissing>() && is_column(node.inputs[0]) &&
        model_.graph.type(node.inputs[0]) == Type(ColumnType{DType::string, true})) {
      say_missing_text();
      map_[node.outputs[0].v] = builder_.add(
          tensor::Binary{tensor::BinaryFn::equal},
          {inputs[0], builder_.constant(Tensor::vector(std::vector<std::string>{""}))});
      return;
    }
    std::shared_ptr<const void> payload = payload_of(node);
    std::vector<ValueId> made;
    try {
      made = payload == node.payload
                 ? builder_.copy(node, model_.graph, std::move(inputs))
                 : builder_.add_erased(node.op, std::move(payload), std::move(inputs), node.name);
    } catch (const Failure& f) {
      if (!takes_missing_integers(node)) throw;
      fail(model_.location(node.loc), "convert-missing-integer",
           "{} takes integers of which some are missing, which the target has no type for: {}",
           op_info(node.op).meta.name, f.diagnostic.message);
    }
    for (size_t i = 0; i < made.size(); ++i) {
      if (tensors_ && builder_.type(made[i]).column() != nullptr) {
        columns_[node.outputs[i].v] = made[i];
        made[i] = as_tensor(builder_, made[i]);
      }
      made[i] = as_declared(made[i], node.outputs[i]);
      map_[node.outputs[i].v] = made[i];
      const std::string& name = model_.graph.value(node.outputs[i]).name;
      if (!name.empty()) builder_.name_value(made[i], name);
    }
  }

  const Model& model_;
  const ConvertOptions& options_;
  bool keep_, tensors_;  // columns become tensors
  Diagnostics& out_;
  Model result_;
  Builder builder_;
  std::vector<ValueId> map_;
  std::vector<ValueId> columns_;  // per value: the column that map_ has as a tensor, where there is one
  std::vector<uint8_t> used_;      // per value
  std::map<std::string, const Location*> refusing_;  // fields for whose values rows are refused
  ValueId refused_;                // boolean [N,1]: the source refuses the row
  const Location* at_ = nullptr;  // of the node that is adapted
};

}  // namespace

Model adapt_boundary(const Model& model, const Target& target, const ConvertOptions& options,
                     Diagnostics& out) {
  return Boundary(model, target, options, out).run();
}

}  // namespace panmodel::converters
