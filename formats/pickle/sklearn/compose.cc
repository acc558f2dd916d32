// Composites: pipelines, searches, unions.
#include "formats/pickle/sklearn/families.h"
#include "ir/ops/tensor_elementwise.h"

namespace panmodel::pickle::sklearn {
namespace {

bool passes(const PyCursor& step) {
  return step.is_none() || step.is_text("passthrough") || step.is_text("drop");
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
  if (!passes(last)) return read_estimator(r, last, now);
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
    return;  // later steps see what the first one made
  }
}

Estimate read_search(Reader& r, const PyCursor& self, const Features& x) {
  return read_estimator(r, self.attr("best_estimator_"), x);
}

void demand_search(const PyCursor& self, const ColumnIds& columns, Demands& demands) {
  demand_of(self.attr("best_estimator_"), columns, demands);
}

Estimate read_union(Reader& r, const PyCursor& self, const Features& x) {
  PyCursor list = self.attr("transformer_list");
  auto weights = self.find_some("transformer_weights");
  std::vector<Features> parts;
  for (size_t i = 0; i < list.size(); ++i) {
    std::string name = list.at(i).at(0).as_text();
    PyCursor transformer = list.at(i).at(1);
    if (transformer.is_text("drop") || transformer.is_none()) continue;
    Features part = transformer.is_text("passthrough") ? x : read_transform(r, transformer, x);
    if (auto weight = weights ? weights->find(name) : std::nullopt) {
      ValueId v = r.builder.add(tensor::Binary{tensor::BinaryFn::mul},
                                {as_matrix(r, part), scalar(r, weight->as_real())});
      part = features_of(v, part.width(), part.names);
    }
    parts.push_back(std::move(part));
  }
  if (parts.empty()) list.refuse("sklearn-value", "a union without transformers");
  Estimate e;
  e.transform = join(parts);
  e.transform->names.clear();
  return e;
}

constexpr EstimatorRow kRows[] = {
    {"sklearn.model_selection._search.GridSearchCV", read_search, demand_search},
    {"sklearn.model_selection._search.RandomizedSearchCV", read_search, demand_search},
    {"sklearn.pipeline.FeatureUnion", read_union, nullptr},
    {"sklearn.pipeline.Pipeline", read_pipeline, demand_pipeline},
};

}  // namespace

std::span<const EstimatorRow> compose_rows() { return kRows; }

}  // namespace panmodel::pickle::sklearn
