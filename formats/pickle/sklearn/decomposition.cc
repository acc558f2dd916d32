// Projections on components.
#include <algorithm>
#include <cmath>
#include <limits>

#include "formats/pickle/sklearn/families.h"
#include "ir/ops/linear.h"
#include "ir/ops/scale.h"

namespace panmodel::pickle::sklearn {
namespace {

// X components^T; the mean is taken off before it, or its projection after it since 1.5.
Estimate read_pca(Reader& r, const PyCursor& self, const Features& x) {
  PyCursor components = self.attr("components_");
  std::vector<size_t> shape = components.shape();
  std::vector<double> mean = self.attr("mean_").as_reals(), c = components.as_reals();
  if (shape.size() != 2 || static_cast<int64_t>(shape[1]) != x.width() || mean.size() != shape[1]) {
    components.refuse("sklearn-value", "components are {}, expected {} features",
                      components.describe(), x.width());
  }
  ValueId v = as_matrix(r, x);
  std::vector<double> intercept(shape[0], 0);
  if (r.version < Version{1, 5}) {
    v = r.builder.add(ml::Scaler{ml::ScaleForm::subtract_divide, mean, {}}, {v});
  } else {
    for (size_t k = 0; k < shape[0]; ++k) {
      for (size_t f = 0; f < shape[1]; ++f) intercept[k] -= mean[f] * c[k * shape[1] + f];
    }
  }
  Shape dims{static_cast<int64_t>(shape[0]), static_cast<int64_t>(shape[1])};
  v = r.builder.add(ml::Linear{Tensor::of(std::move(dims), std::move(c)), Tensor::vector(intercept)}, {v});
  if (self.attr("whiten").as_bool()) {
    std::vector<double> scale = self.attr("explained_variance_").as_reals();
    if (scale.size() != shape[0]) self.refuse("sklearn-value", "{} variances", scale.size());
    double least = Version{1, 5} <= r.version ? std::numeric_limits<double>::epsilon() : 0;
    for (double& s : scale) s = std::max(std::sqrt(s), least);
    v = r.builder.add(ml::Scaler{ml::ScaleForm::subtract_divide, {}, scale}, {v});
  }
  std::vector<std::string> names;
  for (size_t k = 0; k < shape[0]; ++k) names.push_back(fmt::format("pca{}", k));
  Estimate e;
  e.transform = features_of(v, static_cast<int64_t>(shape[0]), std::move(names));
  return e;
}

constexpr EstimatorRow kRows[] = {
    {"sklearn.decomposition._pca.PCA", read_pca, nullptr},
    {"sklearn.decomposition.pca.PCA", read_pca, nullptr},
};

}  // namespace

std::span<const EstimatorRow> decomposition_rows() { return kRows; }

}  // namespace panmodel::pickle::sklearn
