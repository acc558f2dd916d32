// A pickled estimator as a model: inputs, outputs, metadata, steps.
#include <algorithm>
#include <iterator>
#include <unordered_set>

#include "formats/pickle/sklearn/families.h"

namespace panmodel::pickle::sklearn {
namespace {

// The parts of a composite that see its own X, in order.
std::vector<PyCursor> children(const PyCursor& self) {
  std::vector<PyCursor> out;
  auto named = [&](const char* attribute, size_t place) {
    if (auto list = self.find(attribute); list && list->is_sequence()) {
      for (size_t i = 0; i < list->size(); ++i) {
        PyCursor item = list->at(i);
        if (item.is_sequence() && item.size() > place) item = item.at(place);
        if (item.is_object()) out.push_back(item);
      }
    }
  };
  named("steps", 1);
  named("transformer_list", 1);
  for (const char* attribute : {"best_estimator_", "regressor_", "estimator_"}) {
    if (auto inner = self.find(attribute); inner && inner->is_object()) out.push_back(*inner);
  }
  if (auto list = self.find("estimators_"); list && list->is_sequence()) named("estimators_", SIZE_MAX);
  return out;
}

std::vector<std::string> own_names(const PyCursor& self) {
  for (const char* attribute : {"feature_names_in_", "_feature_names_in", "_df_columns"}) {
    auto names = self.find_some(attribute);
    if (names && (names->is_array() || names->is_sequence() || names->is_object())) {
      return names->as_texts();
    }
  }
  return {};
}

int64_t own_count(const PyCursor& self) {
  for (const char* attribute : {"n_features_in_", "n_features_", "_n_features", "n_input_features_"}) {
    if (auto n = self.find(attribute); n && n->is_number()) return n->as_int();
  }
  for (const char* attribute : {"scale_", "mean_", "statistics_", "center_", "variances_", "scores_",
                                "n_bins_", "support_"}) {
    if (auto a = self.find(attribute); a && a->is_array()) return static_cast<int64_t>(a->size());
  }
  if (auto coef = self.find("coef_"); coef && coef->is_array()) {
    auto shape = coef->shape();
    if (!shape.empty()) return static_cast<int64_t>(shape.back());
  }
  if (auto categories = self.find("categories_"); categories && categories->is_list()) {
    return static_cast<int64_t>(categories->size());
  }
  if (auto tree = self.find("tree_"); tree && tree->is_object() && tree->arg_count() > 0) {
    return tree->arg(0).as_int();
  }
  return -1;
}

void add_steps(Model& model, const PyCursor& self, int depth) {
  if (depth > 32 || model.steps.size() > 1000) return;
  std::string summary;
  for (const auto& [key, value] : self.items()) {
    if (!key.is_text()) continue;
    std::string name = key.as_text();
    if (name.empty() || name[0] == '_' || name.back() == '_' || summary.size() > 160) continue;
    std::string text;
    if (value.is_bool()) {
      text = value.as_bool() ? "True" : "False";
    } else if (value.is_int()) {
      text = std::to_string(value.as_int());
    } else if (value.is_real()) {
      text = fmt::format("{}", value.as_real());
    } else if (value.is_text()) {
      text = "'" + value.as_text() + "'";
    } else {
      continue;
    }
    summary += (summary.empty() ? "" : ", ") + name + "=" + text;
  }
  model.steps.push_back({self.path(), self.class_name(), summary});
  bool ensemble = self.has("estimators_") && !self.has("transformers");
  if (ensemble) return;
  for (const PyCursor& child : children(self)) add_steps(model, child, depth + 1);
  if (auto list = self.find("transformers_"); list && list->is_list()) {
    for (size_t i = 0; i < list->size(); ++i) {
      PyCursor item = list->at(i);
      if (item.is_sequence() && item.size() > 1 && item.at(1).is_object()) {
        add_steps(model, item.at(1), depth + 1);
      }
    }
  }
}

bool takes_labels(const PyCursor& self) {
  std::string name = self.class_name();
  return name.ends_with(".LabelEncoder") || name.ends_with(".LabelBinarizer");
}

// One matrix when all columns are numbers, else one table column each.
Features make_inputs(Reader& r, const PyCursor& root) {
  int64_t count = takes_labels(root) ? 1 : feature_count(root);
  if (count < 0 || count > (int64_t{1} << 24)) {
    root.refuse("sklearn-value", "the number of features of '{}' cannot be told", root.class_name());
  }
  std::vector<std::string> names = feature_names(root);
  if (static_cast<int64_t>(names.size()) != count) {
    names.clear();
    for (int64_t i = 0; i < count; ++i) names.push_back("x" + std::to_string(i));
  }
  Demands demands;
  ColumnIds ids;
  for (int64_t i = 0; i < count; ++i) {
    demands.columns.push_back({names[static_cast<size_t>(i)], std::nullopt});
    ids.push_back(static_cast<size_t>(i));
  }
  demand_of(root, ids, demands);
  bool numeric = std::all_of(demands.columns.begin(), demands.columns.end(), [](const auto& c) {
    return !c.dtype || *c.dtype == DType::f64;
  });
  Features x;
  if (numeric) {
    ValueId v = r.builder.input("X", tensor_type(DType::f64, {"N", count}), names);
    x.parts.push_back({v, count});
  } else {
    for (const auto& c : demands.columns) {
      DType dtype = c.dtype.value_or(DType::f64);
      // An integer or a boolean has no missing value, as in numpy.
      ColumnType type{dtype, dtype == DType::string || is_floating(dtype)};
      x.parts.push_back({r.builder.input(c.name, type, {}), 1});
    }
  }
  x.names = std::move(names);
  return x;
}

Tensor names_tensor(const std::vector<std::string>& names) {
  return names.empty() ? Tensor{} : Tensor::vector(names);
}

void add_outputs(Reader& r, const Estimate& e) {
  Builder& b = r.builder;
  if (e.predict.valid()) b.output("predict", e.predict, e.role, {});
  if (e.proba.valid()) b.output("predict_proba", e.proba, Role::probability, e.classes);
  for (size_t i = 0; i < e.output_proba.size(); ++i) {
    b.output(fmt::format("predict_proba[{}]", i), e.output_proba[i], Role::probability,
             e.output_classes[i]);
  }
  if (e.decision.valid()) {
    const TensorType* t = b.type(e.decision).tensor();
    bool per_class = t && t->dims && t->dims->size() == 2 &&
                     (*t->dims)[1].size == static_cast<int64_t>(e.classes.size());
    b.output("decision_function", e.decision, Role::decision, per_class ? e.classes : Tensor{});
  }
  if (e.score_samples.valid()) b.output("score_samples", e.score_samples, Role::anomaly_score, {});
  if (e.transform) {
    DType dtype = DType::f64;
    // A transformer of text or integers gives text or integers.
    if (e.transform->parts.size() == 1) {
      if (const TensorType* t = b.type(e.transform->parts[0].value).tensor()) dtype = t->dtype;
    }
    bool text = std::any_of(e.transform->parts.begin(), e.transform->parts.end(), [&](const Part& p) {
      const ColumnType* c = b.type(p.value).column();
      const TensorType* t = b.type(p.value).tensor();
      return (c && c->dtype == DType::string) || (t && t->dtype == DType::string);
    });
    if (text) dtype = DType::string;
    b.output("transform", as_matrix(r, *e.transform, dtype), Role::transformed,
             names_tensor(e.transform->names));
  }
}

}  // namespace

int64_t feature_count(const PyCursor& self) {
  // Shared parts are asked once: they are reached along exponentially many paths.
  std::unordered_set<const Value*> seen;
  std::vector<PyCursor> pending{self};
  while (!pending.empty()) {
    const PyCursor part = std::move(pending.back());
    pending.pop_back();
    if (!seen.insert(&part.value()).second) continue;
    if (const int64_t n = own_count(part); n >= 0) return n;
    std::vector<PyCursor> parts = children(part);
    pending.insert(pending.end(), std::make_move_iterator(parts.rbegin()),
                   std::make_move_iterator(parts.rend()));
  }
  return -1;
}

std::vector<std::string> feature_names(const PyCursor& self) {
  std::vector<std::string> names = own_names(self);
  if (!names.empty()) return names;
  for (const PyCursor& child : children(self)) {
    names = feature_names(child);
    if (!names.empty()) return names;
    break;  // only the first step sees X
  }
  return names;
}

Model read_model(const PyCursor& root, Diagnostics& diagnostics) {
  Model model;
  Builder builder(model);
  Reader reader{builder, diagnostics, {}};
  if (!root.is_object()) {
    root.refuse("sklearn-estimator", "the pickle holds {}, expected a fitted estimator",
                root.describe());
  }
  model.metadata.format = "pickle";
  model.metadata.format_version = fmt::format("protocol {}{}", root.document().protocol(),
                                              root.document().is_joblib() ? ", joblib" : "");
  model.metadata.producer = "scikit-learn";
  if (auto v = root.find("_sklearn_version"); v && v->is_text()) {
    model.metadata.producer_version = v->as_text();
  }
  model.metadata.name = root.class_name();
  builder.at(root.loc());
  require_known(root);
  Features x = make_inputs(reader, root);
  add_outputs(reader, read_estimator(reader, root, x));
  if (model.outputs.empty()) root.refuse("sklearn-estimator", "'{}' predicts nothing", root.class_name());
  add_steps(model, root, 0);
  return model;
}

}  // namespace panmodel::pickle::sklearn
