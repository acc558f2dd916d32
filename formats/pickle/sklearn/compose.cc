// Composites that hand X on: pipelines, unions, searches.
#include "formats/pickle/sklearn/families.h"

namespace panmodel::pickle::sklearn {
namespace {

bool passes(const PyCursor& step) {
  return step.is_none() || step.is_text("passthrough") || step.is_text("drop") ||
         is_identity(step);
}

Estimate read_pipeline(Reader& r, const PyCursor& self, const Features& x) {
  PyCursor steps = self.attr("steps");
  if (steps.size() == 0) steps.refuse("sklearn-value", "a pipeline without steps");
  Features now = x;
  for (size_t i = 0; i + 1 < steps.size(); ++i) {
    PyCursor step = steps.at(i).at(1);
    if (step.is_text("drop")) step.refuse("sklearn-option", "a step 'drop' of a pipeline");
    if (!passes(step)) now = read_transform(r, step, now);
  }
  PyCursor last = steps.at(steps.size() - 1).at(1);
  if (!passes(last)) return read_estimator(r, last, now, r.want);
  Estimate e;
  e.transform = now;
  return e;
}

void demand_pipeline(const PyCursor& self, const ColumnIds& columns, Demands& demands) {
  PyCursor steps = self.attr("steps");
  for (size_t i = 0; i < steps.size(); ++i) {
    PyCursor step = steps.at(i).at(1);
    if (passes(step)) continue;
    demand_of(step, columns, demands);
    return;  // later steps see what this one made
  }
}

Estimate read_search(Reader& r, const PyCursor& self, const Features& x) {
  if (!self.has("best_estimator_")) {
    self.refuse("sklearn-option", "a search without a fitted estimator (refit=False)");
  }
  return read_estimator(r, self.attr("best_estimator_"), x, r.want);
}

void demand_search(const PyCursor& self, const ColumnIds& columns, Demands& demands) {
  if (auto best = self.find("best_estimator_")) demand_of(*best, columns, demands);
}

bool is_dropped(const PyCursor& transformer) {
  return transformer.is_text("drop") || transformer.is_none();
}

Estimate read_union(Reader& r, const PyCursor& self, const Features& x) {
  PyCursor list = self.attr("transformer_list");
  auto weights = self.find_some("transformer_weights");
  auto prefix = self.find("verbose_feature_names_out");
  std::vector<Features> parts;
  for (size_t i = 0; i < list.size(); ++i) {
    std::string name = list.at(i).at(0).as_text();
    PyCursor transformer = list.at(i).at(1);
    if (is_dropped(transformer)) continue;
    Features part = transformer.is_text("passthrough") ? x : read_transform(r, transformer, x);
    part = weighted(r, std::move(part), weights, name);
    if (!prefix || prefix->as_bool()) prefix_names(part, name);
    parts.push_back(std::move(part));
  }
  if (parts.empty()) list.refuse("sklearn-value", "a union without transformers");
  Estimate e;
  e.transform = join(parts);
  return e;
}

void demand_union(const PyCursor& self, const ColumnIds& columns, Demands& demands) {
  PyCursor list = self.attr("transformer_list");
  for (size_t i = 0; i < list.size(); ++i) {
    PyCursor transformer = list.at(i).at(1);
    if (is_dropped(transformer)) continue;
    if (transformer.is_text("passthrough")) {
      for (size_t c : columns) demands.want(c, DType::f64);
    } else {
      demand_of(transformer, columns, demands);
    }
  }
}

#define SEARCH(name) {name, read_search, demand_search, true}
constexpr EstimatorRow kRows[] = {
    SEARCH("sklearn.model_selection._search.GridSearchCV"),
    SEARCH("sklearn.model_selection._search.RandomizedSearchCV"),
    SEARCH("sklearn.model_selection._search_successive_halving.HalvingGridSearchCV"),
    SEARCH("sklearn.model_selection._search_successive_halving.HalvingRandomSearchCV"),
    {"sklearn.pipeline.FeatureUnion", read_union, demand_union, false},
    {"sklearn.pipeline.Pipeline", read_pipeline, demand_pipeline, true},
};
#undef SEARCH

}  // namespace

std::span<const EstimatorRow> compose_rows() { return kRows; }

}  // namespace panmodel::pickle::sklearn
