// A pickled estimator as a model: inputs, outputs, metadata, steps.
#include <algorithm>
#include <iterator>
#include <unordered_set>

#include "formats/pickle/sklearn/families.h"

namespace panmodel::pickle::sklearn {

std::vector<PyCursor> parts_of(const PyCursor& self) {
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
  bool inner = false;
  for (const char* attribute : {"best_estimator_", "regressor_", "estimator_"}) {
    if (auto part = self.find(attribute); part && part->is_object()) {
      out.push_back(*part);
      inner = true;
    }
  }
  // SelectFromModel(prefit=True) keeps what it was given.
  if (auto prefit = self.find("prefit"); prefit && !inner) {
    if (auto part = self.find("estimator"); part && part->is_object()) out.push_back(*part);
  }
  if (auto list = self.find("estimators_"); list && list->is_sequence()) named("estimators_", SIZE_MAX);
  return out;
}

namespace {

// All elements of an array, list or pandas Index are text.
bool is_texts(const PyCursor& names) {
  if (names.is_object()) {
    if (!names.class_name().ends_with("._new_Index") || names.arg_count() != 2) return false;
    auto data = names.arg(1).find("data");
    return data && !data->is_object() && is_texts(*data);
  }
  if (names.is_array() && names.dtype_kind() != 'O') return names.dtype_kind() == 'U';
  if (!names.is_array() && !names.is_sequence()) return false;
  for (size_t i = 0; i < names.size(); ++i) {
    if (!(names.is_array() ? names.element(i) : names.at(i)).is_text()) return false;
  }
  return true;
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
  if (self.is_object("sklearn.isotonic.IsotonicRegression")) return 1;
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
  for (const PyCursor& child : parts_of(self)) add_steps(model, child, depth + 1);
  if (auto list = self.find("transformers_"); list && list->is_list()) {
    for (size_t i = 0; i < list->size(); ++i) {
      PyCursor item = list->at(i);
      if (item.is_sequence() && item.size() > 1 && item.at(1).is_object()) {
        add_steps(model, item.at(1), depth + 1);
      }
    }
  }
}

// No part of the model looks at a particular column of X.
bool any_width(const PyCursor& self) {
  Walk guard(self);
  if (!takes_any_width(self)) return false;
  std::vector<PyCursor> parts = parts_of(self);
  return std::all_of(parts.begin(), parts.end(), any_width);
}

bool takes_labels(const PyCursor& self) {
  std::string name = self.class_name();
  return name.ends_with(".LabelEncoder") || name.ends_with(".LabelBinarizer");
}

// One matrix when all columns are numbers, else one table column for each that is used. Columns that
// have names and no use are no input: they may hold anything.
Features make_inputs(Reader& r, const PyCursor& root) {
  Features x;
  int64_t count = takes_labels(root) ? 1 : feature_count(root);
  if (count < 0 && any_width(root)) {
    x.parts.push_back({r.builder.input("X", tensor_type(DType::f64, {"N", Dim()}), {}), -1});
    return x;
  }
  if (count < 0 || count > (int64_t{1} << 24)) {
    root.refuse("sklearn-value", "the number of features of '{}' cannot be told", root.class_name());
  }
  std::vector<std::string> names = feature_names(root);
  bool named = static_cast<int64_t>(names.size()) == count;
  if (!named) {
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
  const auto& columns = demands.columns;
  bool numeric = std::all_of(columns.begin(), columns.end(), [](const auto& c) {
    return c.dtype.value_or(DType::f64) == DType::f64;
  });
  auto used = [](const auto& c) { return c.dtype.has_value(); };
  bool whole = !named || std::all_of(columns.begin(), columns.end(), used) ||
               std::none_of(columns.begin(), columns.end(), used);
  if (numeric && whole) {
    ValueId v = r.builder.input("X", tensor_type(DType::f64, {"N", count}), names);
    x.parts.push_back({v, count});
  } else {
    for (const auto& c : columns) {
      ValueId v;
      // An integer or a boolean has no missing value, as in numpy.
      if (used(c)) {
        bool optional = *c.dtype == DType::string || is_floating(*c.dtype);
        v = r.builder.input(c.name, ColumnType{*c.dtype, optional}, {});
      }
      x.parts.push_back({v, 1});
    }
  }
  x.names = std::move(names);
  return x;
}

Tensor names_tensor(const std::vector<std::string>& names) {
  return names.empty() ? Tensor{} : Tensor::vector(names);
}

// Neighbouring columns of one kind, text or numbers, are one output. scikit-learn makes an object
// array of a mixture; here each run of it is an output "transform[0]", "transform[1]" ... that keeps
// its type.
void add_transform(Reader& r, const Features& x) {
  Builder& b = r.builder;
  auto dtype_of = [&](const Part& p) {
    const ColumnType* c = b.type(p.value).column();
    return c ? c->dtype : b.type(p.value).tensor()->dtype;
  };
  std::vector<Features> runs;
  size_t at = 0;
  for (const Part& p : x.parts) {
    bool text = dtype_of(p) == DType::string;
    if (runs.empty() || text != (dtype_of(runs.back().parts[0]) == DType::string)) runs.emplace_back();
    runs.back().parts.push_back(p);
    for (int64_t k = 0; k < p.width && at < x.names.size(); ++k) {
      runs.back().names.push_back(x.names[at++]);
    }
  }
  if (runs.empty()) runs.push_back(x);
  for (size_t i = 0; i < runs.size(); ++i) {
    const Features& run = runs[i];
    // A transformer of integers gives integers.
    DType dtype = DType::f64;
    if (!run.parts.empty()) {
      DType first = dtype_of(run.parts[0]);
      if (first == DType::string || (run.parts.size() == 1 && b.type(run.parts[0].value).tensor())) {
        dtype = first;
      }
    }
    std::string name = runs.size() == 1 ? "transform" : fmt::format("transform[{}]", i);
    b.output(name, as_matrix(r, run, dtype), Role::transformed, names_tensor(run.names));
  }
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
  if (e.transform) add_transform(r, *e.transform);
}

}  // namespace

std::vector<std::string> own_feature_names(const PyCursor& self) {
  for (const char* attribute : {"feature_names_in_", "_feature_names_in", "_df_columns"}) {
    auto names = self.find_some(attribute);
    if (names && is_texts(*names)) return names->as_texts();
  }
  return {};
}

int64_t feature_count(const PyCursor& self) {
  // Shared parts are asked once: they are reached along exponentially many paths.
  std::unordered_set<const Value*> seen;
  std::vector<PyCursor> pending{self};
  while (!pending.empty()) {
    const PyCursor part = std::move(pending.back());
    pending.pop_back();
    if (!seen.insert(&part.value()).second) continue;
    if (const int64_t n = own_count(part); n >= 0) return n;
    std::vector<PyCursor> parts = parts_of(part);
    pending.insert(pending.end(), std::make_move_iterator(parts.rbegin()),
                   std::make_move_iterator(parts.rend()));
  }
  return -1;
}

std::vector<std::string> feature_names(const PyCursor& self) {
  Walk guard(self);
  std::vector<std::string> names = own_feature_names(self);
  if (!names.empty()) return names;
  for (const PyCursor& child : parts_of(self)) {
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
