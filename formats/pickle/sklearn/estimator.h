#pragma once
// How scikit-learn estimators become IR. One reader function per family, found by class name in
// table.cc; composites call read_estimator for their parts, so any estimator nests in any other.
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/diagnostic.h"
#include "formats/pickle/cursor.h"
#include "ir/builder.h"

namespace panmodel::pickle::sklearn {

using panmodel::Role;  // of an output; hides the role of a name in a pickle

// A scikit-learn release, comparable: Version{1, 2} <= v.
struct Version {
  int major = 0, minor = 0;
  auto operator<=>(const Version&) const = default;
};

// Neighbouring columns of X that are one value: a tensor [N,width], or one table column (width 1).
// The width of a raw X whose model looks at no particular column is unknown: -1, and it is the only
// part. A raw column that no estimator uses has an invalid value.
struct Part {
  ValueId value;
  int64_t width = 1;
};

// The X that flows into an estimator or out of a transformer: parts side by side.
struct Features {
  std::vector<Part> parts;
  std::vector<std::string> names;  // one per column, or empty
  int64_t width() const;  // -1 when unknown
};

// What a fitted estimator can say about X. Absent members are invalid.
struct Estimate {
  ValueId predict;        // labels [N] (or [N,outputs]) for classifiers, values [N,targets] else
  Role role = Role::none;  // of predict: label or value (cluster, ...)
  Tensor classes;         // class labels in column order, when there are any
  ValueId proba;          // [N,K]
  ValueId decision;       // [N,1] or [N,K]
  ValueId score_samples;  // [N,1]
  std::optional<Features> transform;
  // Multi-output classifiers: one probability matrix and class list per output.
  std::vector<ValueId> output_proba;
  std::vector<Tensor> output_classes;
};

// What the caller needs of an estimator.
enum class Want {
  everything,
  transform,  // its transform alone: what only its predictions need is left out
};

// State of one reading.
struct Reader {
  Builder& builder;
  Diagnostics& diagnostics;
  Version version;  // of the estimator being read; set from its _sklearn_version by read_estimator
  Want want = Want::everything;  // of the estimator being read; set by read_estimator
};

// Element types that the estimators need the raw input columns to have, found before any node is
// built.
struct Demands {
  struct Column {
    std::string name;  // empty when unknown
    std::optional<DType> dtype;  // absent: no estimator uses the column
  };
  std::vector<Column> columns;
  // f64 is what an estimator of plain numbers asks for; any other type wins over it.
  void want(size_t column, DType dtype);
};

// Raw input columns that a view of X consists of, by index into Demands::columns.
using ColumnIds = std::vector<size_t>;

struct EstimatorRow {
  std::string_view class_name;  // "sklearn.linear_model._base.LinearRegression"
  // Appends nodes for the fitted estimator `self` on `x`. Fails by name for options not handled.
  Estimate (*read)(Reader& reader, const PyCursor& self, const Features& x);
  // Notes which element types `self` needs of the raw columns; null = f64 for all of them.
  void (*demand)(const PyCursor& self, const ColumnIds& columns, Demands& demands);
  // It treats all columns alike, or only passes X on to parts: fits an X of any width, as far as its
  // parts do.
  bool any_width = false;
};
// All rows, by class name. Every module path that a class ever had is a row.
std::span<const EstimatorRow> estimators();

// Dispatches on the class of `self`, with the place and the version set around the call. An unknown
// class fails "sklearn-estimator" naming it.
Estimate read_estimator(Reader& reader, const PyCursor& self, const Features& x,
                        Want want = Want::everything);
void demand_of(const PyCursor& self, const ColumnIds& columns, Demands& demands);
// Fails "sklearn-estimator" unless there is a reader for the class of `self`.
void require_known(const PyCursor& self);
// Whether the row of `self` says any_width.
bool takes_any_width(const PyCursor& self);
// The transform of an estimator, failing where it has none.
Features read_transform(Reader& reader, const PyCursor& self, const Features& x);

// X as one matrix: a column's missing cells become NaN, other numbers are cast to `dtype`.
ValueId as_matrix(Reader& reader, const Features& x, DType dtype = DType::f64);
// Some columns of X, in this order. Whole parts pass unchanged; matrix parts are gathered.
Features select(Reader& reader, const Features& x, std::span<const int64_t> columns);
// One value as Features.
Features features_of(ValueId matrix, int64_t width, std::vector<std::string> names = {});
// Parts of several side by side; names are kept when all have them.
Features join(std::span<const Features> all);

// The parts of a composite that see its own X (of a pipeline: all steps), in order.
std::vector<PyCursor> parts_of(const PyCursor& self);
// Number of features that the estimator was fitted on (n_features_in_, n_features_, coef_ ...; -1
// when it does not tell), and their names (feature_names_in_, pandas columns), walking into
// composites.
int64_t feature_count(const PyCursor& self);
std::vector<std::string> feature_names(const PyCursor& self);
// Names that `self` itself holds; empty when it holds none, or columns that are not named by text.
std::vector<std::string> own_feature_names(const PyCursor& self);

// Guards every walk from an estimator into its parts: fails "pickle-limit-depth" when they nest too
// deep and "pickle-limit-estimators" when shared parts make the walk endless for practical purposes.
class Walk {
 public:
  explicit Walk(const PyCursor& self);
  ~Walk();
  Walk(const Walk&) = delete;
  Walk& operator=(const Walk&) = delete;
};

// Class labels: integers (i64), reals (f64), booleans or text, from an array or a list.
Tensor labels_of(const PyCursor& classes);

// The whole model: signature, graph, steps, metadata.
Model read_model(const PyCursor& root, Diagnostics& diagnostics);

}  // namespace panmodel::pickle::sklearn
