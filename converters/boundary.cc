// The boundary phase: what the signature of the target looks like.
#include <algorithm>
#include <cmath>
#include <limits>
#include <utility>

#include "base/text.h"
#include "converters/phases.h"
#include "ir/ops/encode.h"
#include "ir/ops/impute.h"
#include "ir/ops/table.h"
#include "ir/ops/tensor_elementwise.h"

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
      : model_(model), options_(options), keep_(target.keeps_signature()), out_(out),
        result_(without_graph(model)), builder_(result_), map_(model.graph.values.size()) {}

  Model run() {
    for (const Input& input : model_.inputs) add_input(input);
    for (const Node& node : model_.graph.nodes) add_node(node);
    std::vector<Output> outputs = chosen_outputs(model_, options_);
    for (const Output& o : outputs) {
      ValueId value = map_[o.value.v];
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
  void add_input(const Input& input) {
    Type type = model_.graph.type(input.value);
    if (keep_ && !options_.input_type) {
      map_[input.value.v] = builder_.input(input.name, type, input.features);
      return;
    }
    DType dtype = DType::f64;
    if (const ColumnType* column = type.column()) {
      dtype = column->dtype;
      // Integers with missing cells need a type that has a NaN.
      if (is_integer(dtype) && column->optional) dtype = DType::f64;
      type = tensor_type(dtype, {"N", 1});
    } else if (const TensorType* t = type.tensor()) {
      dtype = t->dtype;
    }
    DType wanted = options_.input_type && is_number(dtype) ? *options_.input_type : dtype;
    if (wanted == DType::i64 && is_floating(dtype)) {
      out_.report(Severity::loss, {}, "convert-input-type",
                  "input '{}' holds real numbers: a row with a fraction or a missing value cannot be "
                  "given as i64", input.name);
    }
    if (auto* t = std::get_if<TensorType>(&type.v)) t->dtype = wanted;
    ValueId id = builder_.input(input.name, type, input.features);
    DType inner = model_.graph.type(input.value).column()
                      ? model_.graph.type(input.value).column()->dtype
                      : dtype;
    if (wanted != inner) id = builder_.add(tensor::Cast{inner}, {id});
    map_[input.value.v] = id;
  }

  bool is_column(ValueId v) const {
    return v.valid() && model_.graph.type(v).column() != nullptr &&
           builder_.type(map_[v.v]).column() == nullptr;
  }

  // Operators that look at missing cells of a column are told which value stands for them.
  std::shared_ptr<const void> payload_of(const Node& node) {
    if (node.inputs.empty() || !is_column(node.inputs[0])) return node.payload;
    const ColumnType& column = *model_.graph.type(node.inputs[0]).column();
    const auto* map = node.as<ml::LabelMap>();
    const auto* impute = node.as<ml::Impute>();
    bool text = column.dtype == DType::string;
    if (!column.optional || (!text && !is_floating(column.dtype))) return node.payload;
    at_ = &model_.location(node.loc);
    if (map != nullptr) return std::make_shared<const ml::LabelMap>(total_map(*map, column.dtype));
    if (text && (impute != nullptr || node.as<table::IsMissing>())) say_missing_text();
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

  void add_node(const Node& node) {
    std::vector<ValueId> inputs;
    for (ValueId v : node.inputs) inputs.push_back(v.valid() ? map_[v.v] : v);
    builder_.at(node.loc);
    const auto* impute = node.as<ml::Impute>();
    if (impute && impute->missing && is_column(node.inputs[0])) {
      // Beside the marker, what stands for a missing cell of the column now.
      ml::Impute missing{std::nullopt, impute->fill};
      if (impute->fill.dtype() == DType::string) missing.missing = Tensor::scalar(std::string());
      inputs[0] = builder_.add(std::move(missing), {inputs[0]});
    }
    std::shared_ptr<const void> payload = payload_of(node);
    std::vector<ValueId> made =
        payload == node.payload
            ? builder_.copy(node, model_.graph, std::move(inputs))
            : builder_.add_erased(node.op, std::move(payload), std::move(inputs), node.name);
    for (size_t i = 0; i < made.size(); ++i) {
      map_[node.outputs[i].v] = made[i];
      const std::string& name = model_.graph.value(node.outputs[i]).name;
      if (!name.empty()) builder_.name_value(made[i], name);
    }
  }

  const Model& model_;
  const ConvertOptions& options_;
  bool keep_;
  Diagnostics& out_;
  Model result_;
  Builder builder_;
  std::vector<ValueId> map_;
  const Location* at_ = nullptr;  // of the node that is adapted
};

}  // namespace

Model adapt_boundary(const Model& model, const Target& target, const ConvertOptions& options,
                     Diagnostics& out) {
  return Boundary(model, target, options, out).run();
}

}  // namespace panmodel::converters
