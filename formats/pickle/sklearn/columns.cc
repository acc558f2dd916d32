// ColumnTransformer: transformers of some columns of X each, their results side by side.
#include <algorithm>
#include <limits>

#include "formats/pickle/sklearn/families.h"

namespace panmodel::pickle::sklearn {
namespace {

int64_t place_of(const PyCursor& at, const std::vector<std::string>& names, const std::string& name) {
  auto found = std::find(names.begin(), names.end(), name);
  if (found == names.end()) at.refuse("sklearn-value", "no column '{}' among {}", name, names.size());
  return found - names.begin();
}

// A position as Python counts it, negative from the end.
int64_t position_of(const PyCursor& at, int64_t i, int64_t count) {
  if (i < -count || i >= count) at.refuse("sklearn-value", "column {} of {}", i, count);
  return i < 0 ? i + count : i;
}

// range(count)[slice(start, stop, step)]; the end of a slice of names is included, as in pandas.
std::vector<int64_t> slice_columns(const PyCursor& s, const std::vector<std::string>& names,
                                   int64_t count) {
  if (s.arg_count() != 3) s.refuse("sklearn-value", "a slice of {} arguments", s.arg_count());
  PyCursor start = s.arg(0), stop = s.arg(1), step = s.arg(2);
  int64_t by = step.is_none() ? 1 : step.as_int();
  if (by == 0) s.refuse("sklearn-value", "a slice of step 0");
  auto bound = [&](const PyCursor& at, int64_t absent, bool end) {
    if (at.is_none()) return absent;
    if (at.is_text()) return place_of(at, names, at.as_text()) + (end ? 1 : 0);
    int64_t i = at.as_int();
    if (i < 0) i = i < -count ? -1 : i + count;
    return by > 0 ? std::clamp(i, int64_t{0}, count) : std::clamp(i, int64_t{-1}, count - 1);
  };
  int64_t from = bound(start, by > 0 ? 0 : count - 1, false);
  int64_t to = bound(stop, by > 0 ? count : -1, true);
  std::vector<int64_t> out;
  if (by > count || by < -count) {
    if (by > 0 ? from < to : from > to) out.push_back(from);
    return out;
  }
  for (int64_t i = from; by > 0 ? i < to : i > to; i += by) out.push_back(i);
  return out;
}

// Positions of the columns that a selector names: an int, a name, lists or arrays of them, a mask of
// bools, a slice, a pandas Index. Callables are stored as what they returned.
std::vector<int64_t> selected(const PyCursor& spec, const std::vector<std::string>& names,
                              int64_t count) {
  std::vector<int64_t> out;
  if (spec.is_text()) return {place_of(spec, names, spec.as_text())};
  if (spec.is_int()) return {position_of(spec, spec.as_int(), count)};
  if (spec.is_object()) {
    std::string cls = spec.class_name();
    if (cls.ends_with(".slice")) return slice_columns(spec, names, count);
    if (cls.ends_with("._RemainderColsList")) return selected(spec.attr("data"), names, count);
    for (const std::string& name : spec.as_texts()) out.push_back(place_of(spec, names, name));
    return out;
  }
  size_t n = spec.size();
  if (n == 0) return out;
  bool typed = spec.is_array() && spec.dtype_kind() != 'O';
  char kind = typed ? spec.dtype_kind() : 0;
  PyCursor first = typed ? spec : spec.is_array() ? spec.element(0) : spec.at(0);
  if (kind == 'b' || (!typed && first.is_bool())) {
    if (static_cast<int64_t>(n) != count) {
      spec.refuse("sklearn-value", "a mask of {} columns, expected {}", n, count);
    }
    std::vector<int64_t> mask = spec.as_ints();
    for (size_t i = 0; i < n; ++i) {
      if (mask[i] != 0) out.push_back(static_cast<int64_t>(i));
    }
  } else if (kind == 'i' || kind == 'u' || (!typed && first.is_int())) {
    for (int64_t i : spec.as_ints()) out.push_back(position_of(spec, i, count));
  } else {
    for (const std::string& name : spec.as_texts()) out.push_back(place_of(spec, names, name));
  }
  return out;
}

struct Block {
  std::string name;
  PyCursor transformer;
  std::vector<int64_t> columns;
  bool passes() const { return transformer.is_text("passthrough"); }
};

// The transformers that make columns, in order. `count` columns of X, named `given` unless the
// transformer was fitted on names of its own.
std::vector<Block> blocks_of(const PyCursor& self, int64_t count,
                             const std::vector<std::string>& given) {
  std::vector<std::string> names = own_feature_names(self);
  if (names.empty()) names = given;
  if (static_cast<int64_t>(names.size()) > count) {
    self.refuse("sklearn-value", "X has {} columns, expected {}", count, names.size());
  }
  auto indices = self.find_some("_transformer_to_input_indices");  // since 1.0
  PyCursor list = self.attr("transformers_");
  std::vector<Block> blocks;
  for (size_t i = 0; i < list.size(); ++i) {
    std::string name = list.at(i).at(0).as_text();
    PyCursor transformer = list.at(i).at(1);
    if (transformer.is_text("drop")) continue;
    PyCursor spec = list.at(i).at(2);
    auto resolved = indices ? indices->find(name) : std::nullopt;
    std::vector<int64_t> columns = selected(resolved ? *resolved : spec, names, count);
    // scikit-learn looks at the one for arrays and at the other for frames. A pandas Index is only
    // given with frames.
    const bool index = spec.is_object() && spec.class_name().ends_with("._new_Index");
    if (resolved && !index && selected(spec, names, count) != columns) {
      spec.refuse("sklearn-value", "the columns are not those of _transformer_to_input_indices['{}']", name);
    }
    if (columns.empty()) continue;  // such a transformer is not even fitted
    blocks.push_back({std::move(name), transformer, std::move(columns)});
  }
  return blocks;
}

// Names of a block's columns in the result: "name__column", the column's own name, or a format.
void rename(Features& part, const std::string& name, const std::optional<PyCursor>& verbose) {
  if (!verbose || (verbose->is_bool() && verbose->as_bool())) {
    prefix_names(part, name);
  } else if (!verbose->is_bool()) {
    part.names.clear();  // a callable or a format of the user's
  }
}

Estimate read_columns(Reader& r, const PyCursor& self, const Features& x) {
  if (x.width() < 0) self.refuse("sklearn-value", "the number of columns of X is unknown");
  auto weights = self.find_some("transformer_weights");
  auto verbose = self.find_some("verbose_feature_names_out");
  std::vector<Features> parts;
  for (const Block& b : blocks_of(self, x.width(), x.names)) {
    Features part = select(r, x, b.columns);
    if (!b.passes()) part = read_transform(r, b.transformer, part);
    part = weighted(r, std::move(part), weights, b.name);
    rename(part, b.name, verbose);
    parts.push_back(std::move(part));
  }
  Estimate e;
  e.transform = join(parts);
  return e;
}

void demand_columns(const PyCursor& self, const ColumnIds& columns, Demands& demands) {
  std::vector<std::string> given;
  for (size_t c : columns) given.push_back(demands.columns[c].name);
  for (const Block& b : blocks_of(self, static_cast<int64_t>(columns.size()), given)) {
    ColumnIds ids;
    for (int64_t c : b.columns) ids.push_back(columns[static_cast<size_t>(c)]);
    if (!b.passes()) {
      demand_of(b.transformer, ids, demands);
      continue;
    }
    for (size_t id : ids) demands.want(id, DType::f64);
  }
}

constexpr EstimatorRow kRows[] = {
    {"sklearn.compose._column_transformer.ColumnTransformer", read_columns, demand_columns, false},
};

}  // namespace

std::span<const EstimatorRow> column_rows() { return kRows; }

}  // namespace panmodel::pickle::sklearn
