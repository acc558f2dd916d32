// Encoders of categories.
#include <algorithm>
#include <limits>

#include "formats/pickle/sklearn/categories.h"
#include "formats/pickle/sklearn/families.h"
#include "ir/ops/encode.h"

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
  PyCursor list = self.attr("categories_");
  for (size_t i = 0; i < std::min(list.size(), columns.size()); ++i) {
    demands.want(columns[i], read_categories(list.at(i)).keys.dtype());
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

// ---- OneHotEncoder

enum class Unknown { refuse, zeros, infrequent };

Unknown read_unknown(const PyCursor& self) {
  PyCursor handle = self.attr("handle_unknown");
  if (handle.is_text("error")) return Unknown::refuse;
  if (handle.is_text("ignore")) return Unknown::zeros;
  if (handle.is_text("infrequent_if_exist") || handle.is_text("warn")) return Unknown::infrequent;
  handle.refuse("sklearn-option", "handle_unknown {}", handle.describe());
}

// The group that each column of X leaves out. Since scikit-learn 1.3 drop_idx_ counts categories,
// and _drop_idx_after_grouping groups; before, drop_idx_ counts groups.
std::vector<std::optional<int64_t>> read_drops(const PyCursor& self,
                                               const std::vector<Groups>& groups) {
  size_t columns = groups.size();
  std::vector<std::optional<int64_t>> out(columns);
  auto drops = self.find("_drop_idx_after_grouping");
  if (!drops) drops = self.find("drop_idx_");
  if (!drops || drops->is_none()) return out;
  if (drops->size() != columns) {
    drops->refuse("sklearn-value", "{} dropped categories of {} columns", drops->size(), columns);
  }
  if (drops->dtype_kind() != 'O') {
    std::vector<int64_t> all = drops->as_ints();
    std::copy(all.begin(), all.end(), out.begin());
  } else {
    for (size_t i = 0; i < columns; ++i) {
      PyCursor drop = drops->element(i);
      if (!drop.is_none()) out[i] = drop.as_int();
    }
  }
  for (size_t i = 0; i < columns; ++i) {
    if (out[i] && (*out[i] < 0 || *out[i] >= groups[i].count)) {
      drops->refuse("sklearn-value", "column {} drops category {} of {}", i, *out[i], groups[i].count);
    }
  }
  return out;
}

std::string feature_name(const Features& x, size_t i) {
  return x.names.empty() ? "x" + std::to_string(i) : x.names[i];
}

Estimate encoded(Reader& r, std::vector<ValueId> parts, int64_t width, std::vector<std::string> names) {
  Estimate e;
  e.transform = features_of(concat(r, std::move(parts)), width, std::move(names));
  return e;
}

// One column of X: its ones, and the names of the new columns.
struct OneHotColumn {
  Groups groups;
  std::optional<int64_t> drop;
  int64_t width() const { return groups.count - (drop ? 1 : 0); }
  // Column of the result that the group sets, -1 for the one left out.
  int64_t column(int64_t group) const {
    if (!drop || group < *drop) return group;
    return group == *drop ? -1 : group - 1;
  }
};

void add_names(const OneHotColumn& column, const Categories& c, const std::string& feature,
               std::vector<std::string>& names) {
  std::vector<std::string> own(static_cast<size_t>(column.width()));
  for (size_t k = 0; k < column.groups.of.size(); ++k) {
    int64_t group = column.groups.of[k], at = column.column(group);
    if (at < 0) continue;
    bool infrequent = group == column.groups.infrequent;
    own[static_cast<size_t>(at)] = feature + "_" + (infrequent ? "infrequent_sklearn" : c.names[k]);
  }
  names.insert(names.end(), own.begin(), own.end());
}

Estimate read_one_hot(Reader& r, const PyCursor& self, const Features& x) {
  std::vector<Categories> all = all_categories(self, x);
  Unknown unknown = read_unknown(self);
  DType dtype = read_dtype(self.attr("dtype"));
  if (auto combine = self.find("feature_name_combiner"); combine && !combine->is_text("concat")) {
    combine->refuse("sklearn-option", "feature_name_combiner {}", combine->describe());
  }
  std::vector<Groups> groups;
  for (size_t i = 0; i < all.size(); ++i) groups.push_back(read_groups(self, i, all[i].count));
  std::vector<std::optional<int64_t>> drops = read_drops(self, groups);
  std::vector<int64_t> widths;
  if (auto recorded = self.find_some("_n_features_outs")) widths = recorded->as_ints();
  std::vector<ValueId> columns = split_columns(r, x), parts;
  std::vector<std::string> names;
  int64_t total = 0;
  for (size_t i = 0; i < all.size(); ++i) {
    const Categories& c = all[i];
    OneHotColumn column{groups[i], drops[i]};
    if (!widths.empty() && (widths.size() <= i || widths[i] != column.width())) {
      self.attr("_n_features_outs").refuse("sklearn-value", "column {} gives {} columns, expected {}",
                                           i, widths.size() <= i ? 0 : widths[i], column.width());
    }
    std::vector<int64_t> results;
    for (int64_t group : column.groups.of) results.push_back(column.column(group));
    std::optional<int64_t> other;
    if (unknown != Unknown::refuse) other = -1;
    if (unknown == Unknown::infrequent && column.groups.infrequent) {
      other = column.column(*column.groups.infrequent);
    }
    ValueId index = look_up(r, self.attr("categories_").at(i), c, columns[i], results, other);
    parts.push_back(r.builder.add(ml::OneHot{column.width(), dtype}, {index}));
    add_names(column, c, feature_name(x, i), names);
    total += column.width();
  }
  return encoded(r, std::move(parts), total, std::move(names));
}

// The encoder before scikit-learn 0.20, and of 0.20 and 0.21 in legacy mode: integers from 0 up to
// n_values_, cast to integers, and with n_values='auto' only the columns seen in training.
Estimate read_counted(Reader& r, const PyCursor& self, const Features& x, const std::string& prefix) {
  constexpr int64_t kMostColumns = int64_t{1} << 24;
  auto named = [&](const char* name) { return self.attr(prefix + name); };
  PyCursor chosen = named("categorical_features");
  if (!chosen.is_text("all")) {
    chosen.refuse("sklearn-option", "categorical_features {}", chosen.describe());
  }
  bool only_seen = named("n_values").is_text("auto");
  std::vector<int64_t> counts = named("n_values_").as_ints();
  if (static_cast<int64_t>(counts.size()) != x.width()) {
    named("n_values_").refuse("sklearn-value", "{} columns, X has {}", counts.size(), x.width());
  }
  int64_t total = 0;
  for (int64_t n : counts) {
    if (n < 1 || n > kMostColumns - total) named("n_values_").refuse("sklearn-value", "{} values", n);
    total += n;
  }
  std::vector<int64_t> place(static_cast<size_t>(total), only_seen ? -1 : 0);
  if (only_seen) {
    int64_t last = -1;
    for (int64_t active : named("active_features_").as_ints()) {
      if (active <= last || active >= total) {
        named("active_features_").refuse("sklearn-value", "feature {} of {} after {}", active, total, last);
      }
      place[static_cast<size_t>(active)] = 0;
      last = active;
    }
  }
  Unknown unknown = read_unknown(self);
  DType dtype = read_dtype(self.attr("dtype"));
  std::vector<ValueId> columns = split_columns(r, x), parts;
  std::vector<std::string> names;
  size_t begin = 0;
  for (size_t i = 0; i < counts.size(); ++i) {
    ml::LabelMap map;
    std::vector<int64_t> keys, values;
    int64_t width = 0;
    for (int64_t k = 0; k < counts[i]; ++k) {
      keys.push_back(k);
      bool seen = place[begin + static_cast<size_t>(k)] == 0;
      if (seen) names.push_back(feature_name(x, i) + "_" + std::to_string(k));
      values.push_back(seen ? width++ : -1);
    }
    begin += static_cast<size_t>(counts[i]);
    map.keys = Tensor::vector(std::move(keys));
    map.values = Tensor::vector(std::move(values));
    if (unknown != Unknown::refuse) map.fallback = Tensor::scalar(int64_t{-1});
    ValueId index = r.builder.add(std::move(map), {cast_to(r, columns[i], DType::i64)});
    parts.push_back(r.builder.add(ml::OneHot{width, dtype}, {index}));
  }
  int64_t width = static_cast<int64_t>(names.size());
  return encoded(r, std::move(parts), width, std::move(names));
}

Estimate read_any_one_hot(Reader& r, const PyCursor& self, const Features& x) {
  auto legacy = self.find("_legacy_mode");
  if (legacy && legacy->as_bool()) return read_counted(r, self, x, "_");
  return self.has("categories_") ? read_one_hot(r, self, x) : read_counted(r, self, x, "");
}

void demand_one_hot(const PyCursor& self, const ColumnIds& columns, Demands& demands) {
  auto legacy = self.find("_legacy_mode");
  if ((!legacy || !legacy->as_bool()) && self.has("categories_")) {
    return demand_categories(self, columns, demands);
  }
  for (size_t id : columns) demands.want(id, DType::f64);
}

constexpr EstimatorRow kRows[] = {
    {"sklearn.preprocessing._encoders.OneHotEncoder", read_any_one_hot, demand_one_hot},
    {"sklearn.preprocessing._encoders.OrdinalEncoder", read_ordinal, demand_categories},
    {"sklearn.preprocessing.data.OneHotEncoder", read_any_one_hot, demand_one_hot},
};

}  // namespace

std::span<const EstimatorRow> encoder_rows() { return kRows; }

}  // namespace panmodel::pickle::sklearn
