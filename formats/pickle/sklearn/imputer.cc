// Imputation and indicators of missing values.
#include <algorithm>
#include <cmath>
#include <limits>

#include "formats/pickle/sklearn/categories.h"
#include "formats/pickle/sklearn/families.h"
#include "ir/ops/encode.h"
#include "ir/ops/impute.h"
#include "ir/ops/table.h"
#include "ir/ops/tensor_elementwise.h"

namespace panmodel::pickle::sklearn {
namespace {

constexpr double kNaN = std::numeric_limits<double>::quiet_NaN();

// What counts as missing: a missing cell (missing_values NaN, None or pandas.NA), or a value. Then a
// missing cell itself is refused, as scikit-learn refuses NaN.
struct Marker {
  std::optional<double> number;
  std::optional<std::string> text;
  bool by_value() const { return number || text; }
};

Marker read_marker(const PyCursor& self) {
  PyCursor m = self.attr("missing_values");
  if (m.is_none() || m.is_nan()) return {};
  if (m.is_global() && m.class_name().ends_with(".NA")) return {};
  // The Imputer before scikit-learn 0.20 spells NaN as text.
  if (m.is_text("NaN") && self.class_name().ends_with(".Imputer")) return {};
  if (m.is_number()) return {m.as_real(), std::nullopt};
  if (m.is_text()) return {std::nullopt, m.as_text()};
  m.refuse("sklearn-option", "missing_values {}", m.describe());
}

// A statistic: the fill value of one column.
struct Fill {
  bool empty = false;  // NaN: a column without any observed value
  DType dtype = DType::f64;
  double number = kNaN;
  std::string text;
};

// statistics_. A column whose fill value is text is a column of text; one without a fill value goes
// with the text columns when there are any.
std::vector<Fill> read_fills(const PyCursor& self) {
  PyCursor statistics = self.attr("statistics_");
  std::vector<Fill> fills;
  if (statistics.dtype_kind() != 'O') {
    for (double v : statistics.as_reals()) fills.push_back({std::isnan(v), DType::f64, v, {}});
    return fills;
  }
  bool any_text = false;
  for (size_t i = 0; i < statistics.size(); ++i) {
    PyCursor item = statistics.element(i);
    if (item.is_text()) {
      fills.push_back({false, DType::string, kNaN, item.as_text()});
      any_text = true;
    } else if (item.is_number() && !item.is_bool()) {
      fills.push_back({item.is_nan(), DType::f64, item.as_real(), {}});
    } else {
      item.refuse("sklearn-option", "a fill value that is {}", item.describe());
    }
  }
  for (Fill& f : fills) {
    if (f.empty && any_text) f.dtype = DType::string;
  }
  return fills;
}

bool flag(const PyCursor& self, const char* name) {
  auto found = self.find(name);
  return found && found->as_bool();
}

// Neighbouring columns of X of one element type, as one value: numbers as a matrix, others alone.
struct Run {
  ValueId value;
  DType dtype;
  std::vector<int64_t> columns;
};

std::vector<Run> split_runs(Reader& r, const Features& x, const std::vector<int64_t>& columns,
                            const std::vector<DType>& types) {
  std::vector<Run> runs;
  for (int64_t c : columns) {
    DType dtype = types[static_cast<size_t>(c)];
    bool joins = !runs.empty() && dtype == DType::f64 && runs.back().dtype == DType::f64;
    if (!joins) runs.push_back({{}, dtype, {}});
    runs.back().columns.push_back(c);
  }
  for (Run& run : runs) {
    Features part = select(r, x, run.columns);
    run.value = run.dtype == DType::f64 ? as_matrix(r, part) : part.parts[0].value;
  }
  return runs;
}

// Element types of the columns: text where the column holds text.
std::vector<DType> types_of(Reader& r, const Features& x) {
  std::vector<DType> types;
  for (const Part& p : x.parts) {
    const Type& type = r.builder.type(p.value);
    DType dtype = type.column() ? type.column()->dtype : type.tensor()->dtype;
    types.insert(types.end(), static_cast<size_t>(p.width),
                 dtype == DType::string ? DType::string : DType::f64);
  }
  return types;
}

// Missing cells of a run as a bool tensor of its shape.
ValueId missing_mask(Reader& r, const Marker& marker, const Run& run) {
  if (!marker.by_value()) return r.builder.add(table::IsMissing{}, {run.value});
  Tensor value;
  if (run.dtype == DType::string && marker.text) {
    value = Tensor::vector(std::vector<std::string>{*marker.text});
  } else if (run.dtype == DType::f64 && marker.number) {
    value = Tensor::vector(std::vector<double>{*marker.number});
  } else {
    // Text is never a number: nothing is missing but missing cells, and those are refused.
    return r.builder.add(table::IsMissing{}, {run.value});
  }
  return r.builder.add(tensor::Binary{tensor::BinaryFn::equal}, {run.value, r.builder.constant(value)});
}

// Under a marker that is a value, a missing cell is refused.
void refuse_missing(Reader& r, const Marker& marker, std::vector<Run>& runs) {
  if (!marker.by_value()) return;
  for (Run& run : runs) run.value = r.builder.add(table::Require{}, {run.value, run.value});
}

// features_ of a MissingIndicator, checked.
std::vector<int64_t> indicated(const PyCursor& indicator, int64_t width) {
  PyCursor features = indicator.attr("features_");
  std::vector<int64_t> columns = features.as_ints();
  for (int64_t c : columns) {
    if (c < 0 || c >= width) features.refuse("sklearn-value", "column {} of {}", c, width);
  }
  return columns;
}

// 1 where a cell of these columns is missing, else 0; side by side.
void add_indicator(Reader& r, const Marker& marker, const std::vector<Run>& runs, const Features& x,
                   Features& out) {
  std::vector<ValueId> masks;
  for (const Run& run : runs) {
    masks.push_back(cast_to(r, missing_mask(r, marker, run), DType::f64));
    for (int64_t c : run.columns) {
      std::string name = x.names.empty() ? "x" + std::to_string(c) : x.names[static_cast<size_t>(c)];
      out.names.push_back("missingindicator_" + name);
    }
  }
  int64_t width = 0;
  for (const Run& run : runs) width += static_cast<int64_t>(run.columns.size());
  if (width > 0) out.parts.push_back({concat(r, std::move(masks)), width});
}

ValueId filled(Reader& r, const Marker& marker, const Run& run, const std::vector<Fill>& fills) {
  ml::Impute op;
  if (run.dtype == DType::string) {
    if (marker.text) op.missing = Tensor::scalar(*marker.text);
    op.fill = Tensor::vector(std::vector<std::string>{fills[static_cast<size_t>(run.columns[0])].text});
  } else {
    if (marker.number) op.missing = Tensor::scalar(*marker.number);
    std::vector<double> values;
    for (int64_t c : run.columns) values.push_back(fills[static_cast<size_t>(c)].number);
    op.fill = Tensor::vector(std::move(values));
  }
  return r.builder.add(std::move(op), {run.value});
}

Estimate read_imputer(Reader& r, const PyCursor& self, const Features& x) {
  PyCursor statistics = self.attr("statistics_");
  std::vector<Fill> fills = read_fills(self);
  if (static_cast<int64_t>(fills.size()) != x.width()) {
    statistics.refuse("sklearn-value", "statistics of {} columns, X has {}", fills.size(), x.width());
  }
  if (auto axis = self.find("axis"); axis && axis->as_int() != 0) {
    axis->refuse("sklearn-option", "axis {}: the mean of a row is not learnt", axis->as_int());
  }
  Marker marker = read_marker(self);
  std::vector<DType> types = types_of(r, x);
  for (size_t i = 0; i < fills.size(); ++i) {
    if (!fills[i].empty && fills[i].dtype != types[i]) {
      statistics.refuse("sklearn-option", "column {} holds {}, its fill value is {}", i,
                        to_string(types[i]), to_string(fills[i].dtype));
    }
    if (marker.text && types[i] != DType::string) {
      self.attr("missing_values").refuse("sklearn-option", "a text as the missing value of numbers");
    }
  }
  // A column without observed values is dropped, under 'constant' since scikit-learn 1.8 only.
  auto strategy = self.find("strategy");
  bool constant = strategy && strategy->is_text("constant");
  bool drops = !flag(self, "keep_empty_features") && !(constant && r.version < Version{1, 8});
  std::vector<int64_t> kept;
  Features out;
  for (size_t i = 0; i < fills.size(); ++i) {
    if (fills[i].empty && drops) continue;
    kept.push_back(static_cast<int64_t>(i));
    out.names.push_back(x.names.empty() ? "x" + std::to_string(i) : x.names[i]);
  }
  std::vector<Run> runs = split_runs(r, x, kept, types);
  refuse_missing(r, marker, runs);
  for (const Run& run : runs) {
    out.parts.push_back({filled(r, marker, run, fills), static_cast<int64_t>(run.columns.size())});
  }
  if (flag(self, "add_indicator")) {
    std::vector<Run> own = split_runs(r, x, indicated(self.attr("indicator_"), x.width()), types);
    refuse_missing(r, marker, own);
    add_indicator(r, marker, own, x, out);
  }
  if (out.parts.empty()) statistics.refuse("sklearn-value", "every column is dropped");
  Estimate e;
  e.transform = std::move(out);
  return e;
}

void demand_imputer(const PyCursor& self, const ColumnIds& columns, Demands& demands) {
  std::vector<Fill> fills = read_fills(self);
  for (size_t i = 0; i < std::min(fills.size(), columns.size()); ++i) {
    demands.want(columns[i], fills[i].dtype);
  }
}

// ---- MissingIndicator

Estimate read_indicator(Reader& r, const PyCursor& self, const Features& x) {
  Marker marker = read_marker(self);
  std::vector<DType> types = types_of(r, x);
  std::vector<int64_t> columns = indicated(self, x.width());
  std::vector<Run> runs = split_runs(r, x, columns, types);
  refuse_missing(r, marker, runs);
  Features out;
  add_indicator(r, marker, runs, x, out);
  if (out.parts.empty()) self.attr("features_").refuse("sklearn-option", "an indicator of no column");
  bool only_seen = self.attr("features").is_text("missing-only");
  if (!only_seen && !self.attr("features").is_text("all")) {
    self.attr("features").refuse("sklearn-option", "features {}", self.attr("features").describe());
  }
  if (only_seen && flag(self, "error_on_new")) {
    // A missing value in a column that had none when the indicator was fitted refuses the row.
    std::vector<int64_t> others;
    for (int64_t c = 0; c < x.width(); ++c) {
      if (std::find(columns.begin(), columns.end(), c) == columns.end()) others.push_back(c);
    }
    std::vector<ValueId> inputs{out.parts[0].value};
    for (const Run& run : split_runs(r, x, others, types)) {
      inputs.push_back(run.value);
      if (!marker.by_value()) continue;
      ValueId mask = missing_mask(r, marker, run);
      inputs.push_back(r.builder.add(tensor::Where{}, {mask, scalar(r, kNaN), scalar(r, 0)}));
    }
    if (inputs.size() > 1) out.parts[0].value = r.builder.add(table::Require{}, inputs);
  }
  Estimate e;
  e.transform = std::move(out);
  return e;
}

void demand_indicator(const PyCursor& self, const ColumnIds& columns, Demands& demands) {
  DType dtype = read_marker(self).text ? DType::string : DType::f64;
  for (size_t id : columns) demands.want(id, dtype);
}

constexpr EstimatorRow kRows[] = {
    {"sklearn.impute.MissingIndicator", read_indicator, demand_indicator},
    {"sklearn.impute.SimpleImputer", read_imputer, demand_imputer},
    {"sklearn.impute._base.MissingIndicator", read_indicator, demand_indicator},
    {"sklearn.impute._base.SimpleImputer", read_imputer, demand_imputer},
    {"sklearn.preprocessing.imputation.Imputer", read_imputer, demand_imputer},
};

}  // namespace

std::span<const EstimatorRow> imputer_rows() { return kRows; }

}  // namespace panmodel::pickle::sklearn
