// Dispatch of estimators by class, and what all of them share.
#include <algorithm>

#include "base/number.h"
#include "base/text.h"
#include "formats/pickle/sklearn/families.h"

namespace panmodel::pickle::sklearn {
namespace {

constexpr int kMaxNesting = 64;
constexpr int kMaxEstimators = 100'000;
thread_local int nesting = 0;
thread_local int visited = 0;  // since the outermost walk began

const EstimatorRow& row_of(const PyCursor& self) {
  if (!self.is_object()) {
    self.refuse("sklearn-estimator", "found {}, expected a fitted estimator", self.describe());
  }
  std::string name = self.class_name();
  auto rows = estimators();
  auto at = std::lower_bound(rows.begin(), rows.end(), name,
                             [](const EstimatorRow& r, const std::string& n) { return r.class_name < n; });
  if (at == rows.end() || at->class_name != name) {
    self.refuse("sklearn-estimator", "the estimator '{}' is not supported", printable(name));
  }
  return *at;
}

Version version_of(const PyCursor& self, Version outer) {
  auto text = self.find("_sklearn_version");
  if (!text || !text->is_text()) return outer;
  std::string s = text->as_text();
  size_t dot = s.find('.');
  if (dot == std::string::npos) return outer;
  size_t end = s.find_first_not_of("0123456789", dot + 1);
  auto major = parse_int(std::string_view(s).substr(0, dot));
  auto minor = parse_int(std::string_view(s).substr(dot + 1, end == std::string::npos ? end : end - dot - 1));
  if (!major || !minor || *major > 99 || *minor > 999) return outer;
  return {static_cast<int>(*major), static_cast<int>(*minor)};
}

}  // namespace

Walk::Walk(const PyCursor& self) {
  if (nesting == 0) visited = 0;
  if (nesting >= kMaxNesting) {
    self.refuse("pickle-limit-depth", "estimators nested more than {} deep", kMaxNesting);
  }
  // Parts may be shared, so that few of them are reached along exponentially many paths.
  if (++visited > kMaxEstimators) {
    self.refuse("pickle-limit-estimators", "more than {} estimators within one", kMaxEstimators);
  }
  ++nesting;
}

Walk::~Walk() { --nesting; }

void Demands::want(size_t column, DType dtype) {
  std::optional<DType>& now = columns[column].dtype;
  if (!now || dtype != DType::f64) now = dtype;
}

Estimate read_estimator(Reader& r, const PyCursor& self, const Features& x, Want want) {
  Walk guard(self);
  const EstimatorRow& row = row_of(self);
  Version outer = r.version;
  Want wanted = r.want;
  LocId place = r.builder.current();
  r.version = version_of(self, outer);
  r.want = want;
  r.builder.at(self.loc());
  Estimate e = row.read(r, self, x);
  r.version = outer;
  r.want = wanted;
  r.builder.at(place);
  return e;
}

void demand_of(const PyCursor& self, const ColumnIds& columns, Demands& demands) {
  Walk guard(self);
  const EstimatorRow& row = row_of(self);
  if (row.demand != nullptr) return row.demand(self, columns, demands);
  for (size_t column : columns) demands.want(column, DType::f64);
}

void require_known(const PyCursor& self) { row_of(self); }
bool takes_any_width(const PyCursor& self) { return row_of(self).any_width; }

Features read_transform(Reader& r, const PyCursor& self, const Features& x) {
  Estimate e = read_estimator(r, self, x, Want::transform);
  if (!e.transform) self.refuse("sklearn-estimator", "'{}' has no transform", self.class_name());
  return *e.transform;
}

Tensor labels_of(const PyCursor& classes) {
  if (classes.is_array() && classes.dtype_kind() != 'O') {
    switch (classes.dtype_kind()) {
      case 'i':
      case 'u': return Tensor::vector(classes.as_ints());
      case 'f': {
        // Class indices inside forests are stored as reals.
        return Tensor::vector(classes.as_reals());
      }
      case 'b': {
        std::vector<uint8_t> flags;
        for (bool b : classes.as_bools()) flags.push_back(b);
        Shape shape{static_cast<int64_t>(flags.size())};
        return Tensor::of_bools(shape, std::move(flags));
      }
      default: return Tensor::vector(classes.as_texts());
    }
  }
  size_t n = classes.size();
  auto item = [&](size_t i) { return classes.is_array() ? classes.element(i) : classes.at(i); };
  if (n > 0 && item(0).is_int()) return Tensor::vector(classes.as_ints());
  if (n > 0 && item(0).is_real()) return Tensor::vector(classes.as_reals());
  if (n > 0 && item(0).is_bool()) {
    std::vector<uint8_t> flags;
    for (size_t i = 0; i < n; ++i) flags.push_back(item(i).as_bool());
    return Tensor::of_bools({static_cast<int64_t>(n)}, std::move(flags));
  }
  return Tensor::vector(classes.as_texts());
}

}  // namespace panmodel::pickle::sklearn
