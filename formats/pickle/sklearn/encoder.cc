// Encoders of categories and labels.
#include <limits>

#include "formats/pickle/sklearn/categories.h"
#include "formats/pickle/sklearn/families.h"

namespace panmodel::pickle::sklearn {
namespace {

constexpr double kNaN = std::numeric_limits<double>::quiet_NaN();

// categories_ of an encoder, one list per column of X.
std::vector<Categories> all_categories(const PyCursor& self, const Features& x) {
  PyCursor list = self.attr("categories_");
  if (static_cast<int64_t>(list.size()) != x.width()) {
    list.refuse("sklearn-value", "categories of {} columns, X has {}", list.size(), x.width());
  }
  std::vector<Categories> all;
  for (size_t i = 0; i < list.size(); ++i) {
    all.push_back(read_categories(list.at(i)));
    if (all.back().count == 0) list.at(i).refuse("sklearn-value", "no categories");
  }
  return all;
}

void demand_categories(const PyCursor& self, const ColumnIds& columns, Demands& demands) {
  auto list = self.find("categories_");
  if (!list || !list->is_sequence()) return;
  for (size_t i = 0; i < std::min(list->size(), columns.size()); ++i) {
    demands.columns[columns[i]].dtype = read_categories(list->at(i)).keys.dtype();
  }
}

// Where each category goes once the infrequent ones are one group.
struct Groups {
  std::vector<int64_t> of;            // group of each place
  int64_t count = 0;
  std::optional<int64_t> infrequent;  // the group of infrequent categories
};

// Column `i` of _default_to_infrequent_mappings; `grouped` is how many categories take part (NaN
// does not, in an OrdinalEncoder).
Groups read_groups(const PyCursor& self, size_t i, int64_t grouped) {
  Groups g;
  for (int64_t k = 0; k < grouped; ++k) g.of.push_back(k);
  g.count = grouped;
  auto enabled = self.find("_infrequent_enabled");
  if (!enabled || !enabled->as_bool()) return g;
  PyCursor maps = self.attr("_default_to_infrequent_mappings");
  if (maps.size() <= i) maps.refuse("sklearn-value", "{} mappings, column {} has none", maps.size(), i);
  PyCursor map = maps.at(i);
  if (map.is_none()) return g;
  g.of = map.as_ints();
  if (static_cast<int64_t>(g.of.size()) != grouped) {
    map.refuse("sklearn-value", "a mapping of {} categories, expected {}", g.of.size(), grouped);
  }
  g.count = 0;
  for (int64_t v : g.of) {
    if (v < 0 || v >= grouped) map.refuse("sklearn-value", "group {} of {} categories", v, grouped);
    g.count = std::max(g.count, v + 1);
  }
  g.infrequent = g.count - 1;  // they are the last group
  return g;
}

// ---- OrdinalEncoder

Estimate read_ordinal(Reader& r, const PyCursor& self, const Features& x) {
  std::vector<Categories> all = all_categories(self, x);
  std::optional<double> unknown;
  if (auto handle = self.find("handle_unknown"); handle && !handle->is_text("error")) {
    if (!handle->is_text("use_encoded_value")) {
      handle->refuse("sklearn-option", "handle_unknown {}", handle->describe());
    }
    unknown = self.attr("unknown_value").as_real();
  }
  auto encoded = self.find("encoded_missing_value");
  double missing_value = encoded ? encoded->as_real() : kNaN;  // since scikit-learn 1.1
  DType dtype = read_dtype(self.attr("dtype"));
  std::vector<ValueId> columns = split_columns(r, x), codes;
  for (size_t i = 0; i < all.size(); ++i) {
    const Categories& c = all[i];
    // NaN, which comes last, has a code of its own and takes no part in the grouping.
    int64_t grouped = c.nan ? c.count - 1 : c.count;
    if (c.nan && *c.nan != grouped) {
      self.attr("categories_").at(i).refuse("sklearn-value", "NaN is not the last category");
    }
    Groups groups = read_groups(self, i, grouped);
    std::vector<double> results(groups.of.begin(), groups.of.end());
    if (c.nan) results.push_back(missing_value);
    codes.push_back(look_up(r, self.attr("categories_").at(i), c, columns[i], results, unknown));
  }
  Estimate e;
  e.transform = features_of(cast_to(r, concat(r, std::move(codes)), dtype), x.width(), x.names);
  return e;
}

constexpr EstimatorRow kRows[] = {
    {"sklearn.preprocessing._encoders.OrdinalEncoder", read_ordinal, demand_categories},
};

}  // namespace

std::span<const EstimatorRow> encoder_rows() { return kRows; }

}  // namespace panmodel::pickle::sklearn
