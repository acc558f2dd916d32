// One column into several: bins and products.
#include <algorithm>
#include <bit>
#include <cmath>
#include <limits>
#include <numeric>

#include "formats/pickle/sklearn/families.h"
#include "ir/ops/scale.h"
#include "ir/ops/tensor_elementwise.h"

namespace panmodel::pickle::sklearn {
namespace {

// Until 1.0 KBinsDiscretizer moved x up by a part of itself before it compared it with an edge.
double moved_up(double x) { return x + (1e-8 + 1e-5 * std::abs(x)); }

// Doubles in order as integers.
int64_t rank_of(double x) {
  int64_t bits = std::bit_cast<int64_t>(x);
  return bits < 0 ? INT64_MIN - bits : bits;
}
double of_rank(int64_t rank) {
  return std::bit_cast<double>(rank < 0 ? INT64_MIN - rank : rank);
}

// The least x with moved_up(x) >= edge, which exists and is exact because moved_up is monotonic.
double edge_below(double edge) {
  int64_t low = rank_of(-std::numeric_limits<double>::infinity());
  int64_t high = rank_of(std::numeric_limits<double>::infinity());
  while (low < high) {
    int64_t middle = std::midpoint(low, high);  // rounds to low
    if (moved_up(of_rank(middle)) >= edge) {
      high = middle;
    } else {
      low = middle + 1;
    }
  }
  return of_rank(low);
}

// bin_edges_: an array of arrays.
std::vector<double> edges_of(const PyCursor& all, size_t feature, size_t features) {
  if (all.is_array() && all.dtype_kind() == 'O') return all.element(feature).as_reals();
  if (!all.is_array()) return all.at(feature).as_reals();
  std::vector<double> flat = all.as_reals();
  size_t n = flat.size() / features;
  auto from = flat.begin() + static_cast<ptrdiff_t>(feature * n);
  return {from, from + static_cast<ptrdiff_t>(n)};
}

struct Bins {
  ml::Discretize op;
  std::vector<int64_t> counts;  // bins per feature
};

Bins read_bins(Reader& r, const PyCursor& self, const Features& x) {
  PyCursor all = self.attr("bin_edges_");
  size_t features = static_cast<size_t>(x.width());
  std::vector<size_t> shape = all.shape();
  if ((all.is_array() ? shape.empty() ? 0 : shape[0] : all.size()) != features) {
    all.refuse("sklearn-value", "edges for other features than the {} of X", features);
  }
  Bins bins;
  for (size_t f = 0; f < features; ++f) {
    std::vector<double> edges = edges_of(all, f, features);
    if (edges.size() < 2 || !std::is_sorted(edges.begin(), edges.end()) ||
        std::any_of(edges.begin(), edges.end(), [](double e) { return std::isnan(e); })) {
      all.refuse("sklearn-value", "the edges of feature {} are not at least two, ascending", f);
    }
    int64_t inner = static_cast<int64_t>(edges.size()) - 2;
    for (int64_t k = 1; k <= inner; ++k) {
      double edge = edges[static_cast<size_t>(k)];
      bins.op.edges.push_back(r.version < Version{1, 1} ? edge_below(edge) : edge);
    }
    bins.op.counts.push_back(inner);
    bins.counts.push_back(inner + 1);
  }
  return bins;
}

// 1 in the column of the bin, feature by feature.
Features bins_one_hot(Reader& r, ValueId index, const Bins& bins, const Features& x) {
  std::vector<int64_t> features;
  std::vector<double> numbers;
  std::vector<std::string> names;
  for (size_t f = 0; f < bins.counts.size(); ++f) {
    for (int64_t k = 0; k < bins.counts[f]; ++k) {
      features.push_back(static_cast<int64_t>(f));
      numbers.push_back(static_cast<double>(k));
      if (f < x.names.size()) names.push_back(fmt::format("{}_{}.0", x.names[f], k));
    }
  }
  int64_t width = static_cast<int64_t>(numbers.size());
  ValueId number = r.builder.constant(Tensor::vector(std::move(numbers)));
  ValueId hit = r.builder.add(tensor::Binary{tensor::BinaryFn::equal},
                              {columns_of(r, index, std::move(features)), number});
  return features_of(r.builder.add(tensor::Cast{DType::f64}, {hit}), width, std::move(names));
}

Estimate read_kbins(Reader& r, const PyCursor& self, const Features& x) {
  std::string encode = self.attr("encode").as_text();
  if (encode != "onehot" && encode != "onehot-dense" && encode != "ordinal") {
    self.attr("encode").refuse("sklearn-option", "encode '{}'", encode);
  }
  ValueId v = as_matrix(r, x);
  if (auto dtype = self.find_some("dtype")) {
    std::string name = dtype->is_text() ? dtype->as_text() : dtype->class_name();
    if (name.ends_with("float32")) {
      if (r.version < Version{1, 1}) dtype->refuse("sklearn-option", "float32 bins before 1.1");
      v = r.builder.add(tensor::Cast{DType::f32}, {v});
      v = r.builder.add(tensor::Cast{DType::f64}, {v});
    } else if (!name.ends_with("float64")) {
      dtype->refuse("sklearn-option", "dtype '{}'", name);
    }
  }
  Bins bins = read_bins(r, self, x);
  v = r.builder.add(bins.op, {v});
  Estimate e;
  if (encode == "ordinal") {
    e.transform = features_of(v, x.width(), x.names);
  } else {
    e.transform = bins_one_hot(r, v, bins, x);
  }
  return e;
}

constexpr size_t kMaxFactors = size_t{1} << 24;  // of all products

// Lists features of each product, in scikit-learn's order of columns: by degree, then
// combinations of features in lexicographic order.
void add_terms(std::vector<std::vector<int64_t>>& terms, const PyCursor& self, int64_t features,
               int64_t degree, bool distinct, size_t& factors) {
  if (degree > features && distinct) return;
  std::vector<int64_t> term(static_cast<size_t>(degree));
  for (int64_t k = 0; k < degree; ++k) term[static_cast<size_t>(k)] = distinct ? k : 0;
  for (;;) {
    factors += term.size() + 4;
    if (factors > kMaxFactors) self.refuse("limit-memory", "more than {} factors", kMaxFactors);
    terms.push_back(term);
    size_t k = term.size();
    while (k > 0) {
      int64_t last = features - 1 - (distinct ? static_cast<int64_t>(term.size() - k) : 0);
      if (term[k - 1] < last) break;
      --k;
    }
    if (k == 0) return;
    ++term[k - 1];
    for (; k < term.size(); ++k) term[k] = term[k - 1] + (distinct ? 1 : 0);
  }
}

std::string term_name(const std::vector<int64_t>& term, const std::vector<std::string>& names) {
  std::string out;
  for (size_t i = 0; i < term.size();) {
    size_t end = i;
    while (end < term.size() && term[end] == term[i]) ++end;
    if (!out.empty()) out += ' ';
    out += names[static_cast<size_t>(term[i])];
    if (end - i > 1) out += fmt::format("^{}", end - i);
    i = end;
  }
  return out.empty() ? "1" : out;
}

Estimate read_polynomial(Reader& r, const PyCursor& self, const Features& x) {
  PyCursor degree = self.attr("degree");
  int64_t least = 0, most = 0;
  if (degree.is_sequence()) {
    if (degree.size() != 2) degree.refuse("sklearn-value", "no pair of degrees");
    least = degree.at(0).as_int();
    most = degree.at(1).as_int();
  } else {
    most = degree.as_int();
  }
  if (least < 0 || most < least || most > 1000) {
    degree.refuse("sklearn-value", "degrees from {} to {}", least, most);
  }
  bool distinct = self.attr("interaction_only").as_bool();
  ml::Polynomial op;
  size_t factors = 0;
  if (self.attr("include_bias").as_bool()) op.terms.emplace_back();
  for (int64_t d = std::max(least, int64_t{1}); d <= most; ++d) {
    add_terms(op.terms, self, x.width(), d, distinct, factors);
  }
  if (op.terms.empty()) self.refuse("sklearn-value", "no products");
  std::vector<std::string> names;
  if (!x.names.empty()) {
    for (const auto& term : op.terms) names.push_back(term_name(term, x.names));
  }
  // Since 0.22 a product of degree d is one of degree d - 1 times its first feature: the factors are
  // multiplied from the last to the first.
  if (Version{0, 22} <= r.version) {
    for (auto& term : op.terms) std::reverse(term.begin(), term.end());
  }
  int64_t width = static_cast<int64_t>(op.terms.size());
  Estimate e;
  e.transform = features_of(r.builder.add(std::move(op), {as_matrix(r, x)}), width, std::move(names));
  return e;
}

constexpr EstimatorRow kRows[] = {
    {"sklearn.preprocessing._data.PolynomialFeatures", read_polynomial, nullptr},
    {"sklearn.preprocessing._discretization.KBinsDiscretizer", read_kbins, nullptr},
    {"sklearn.preprocessing._polynomial.PolynomialFeatures", read_polynomial, nullptr},
    {"sklearn.preprocessing.data.PolynomialFeatures", read_polynomial, nullptr},
};

}  // namespace

std::span<const EstimatorRow> expansion_rows() { return kRows; }

}  // namespace panmodel::pickle::sklearn
