// Encoders of the labels y: transform takes one column.
#include "formats/pickle/sklearn/categories.h"
#include "formats/pickle/sklearn/families.h"
#include "ir/ops/encode.h"
#include "ir/ops/table.h"
#include "ir/ops/tensor_elementwise.h"

namespace panmodel::pickle::sklearn {
namespace {

Categories read_classes(const PyCursor& self) {
  PyCursor classes = self.attr("classes_");
  Categories c = read_categories(classes, Integers::as_integers);
  if (c.count == 0) classes.refuse("sklearn-value", "no classes");
  return c;
}

void demand_classes(const PyCursor& self, const ColumnIds& columns, Demands& demands) {
  for (size_t id : columns) demands.want(id, read_classes(self).keys.dtype());
}

ValueId label_column(Reader& r, const PyCursor& self, const Features& y) {
  if (y.width() != 1) self.refuse("sklearn-value", "{} columns of labels, expected 1", y.width());
  return split_columns(r, y)[0];
}

Estimate read_label_encoder(Reader& r, const PyCursor& self, const Features& y) {
  Categories c = read_classes(self);
  std::vector<int64_t> codes;
  for (int64_t k = 0; k < c.count; ++k) codes.push_back(k);
  Estimate e;
  ValueId column = label_column(r, self, y);
  e.transform = features_of(
      look_up<int64_t>(r, self.attr("classes_"), c, column, codes, std::nullopt), 1, y.names);
  return e;
}

// One column per class, of two classes the second only. A label that is no class is no error: it is
// negative everywhere.
Estimate read_label_binarizer(Reader& r, const PyCursor& self, const Features& y) {
  PyCursor kind = self.attr("y_type_");
  if (!kind.is_text("binary") && !kind.is_text("multiclass")) {
    kind.refuse("sklearn-option", "labels of the kind {}",
                kind.is_text() ? "'" + kind.as_text() + "'" : kind.describe());
  }
  Categories c = read_classes(self);
  if (c.missing) self.attr("classes_").refuse("sklearn-value", "a missing value as a class");
  int64_t negative = self.attr("neg_label").as_int(), positive = self.attr("pos_label").as_int();
  if (negative >= positive) {
    self.attr("neg_label").refuse("sklearn-value", "{}, expected less than pos_label {}", negative, positive);
  }
  ValueId column = label_column(r, self, y);
  column = r.builder.add(table::Require{}, {column, column});
  ValueId v;
  if (c.count <= 2) {
    std::vector<int64_t> results(static_cast<size_t>(c.count), negative);
    if (c.count == 2) results[1] = positive;
    v = look_up<int64_t>(r, self.attr("classes_"), c, column, results, negative);
  } else {
    std::vector<int64_t> places;
    for (int64_t k = 0; k < c.count; ++k) places.push_back(k);
    ValueId index = look_up<int64_t>(r, self.attr("classes_"), c, column, places, -1);
    v = r.builder.add(ml::OneHot{c.count, DType::i64}, {index});
    auto apply = [&](tensor::BinaryFn fn, int64_t with) {
      ValueId constant = r.builder.constant(Tensor::vector(std::vector<int64_t>{with}));
      v = r.builder.add(tensor::Binary{fn}, {v, constant});
    };
    if (positive - negative != 1) apply(tensor::BinaryFn::mul, positive - negative);
    if (negative != 0) apply(tensor::BinaryFn::add, negative);
  }
  Estimate e;
  e.transform = features_of(v, c.count <= 2 ? 1 : c.count);
  return e;
}

constexpr EstimatorRow kRows[] = {
    {"sklearn.preprocessing._label.LabelBinarizer", read_label_binarizer, demand_classes},
    {"sklearn.preprocessing._label.LabelEncoder", read_label_encoder, demand_classes},
    {"sklearn.preprocessing.label.LabelBinarizer", read_label_binarizer, demand_classes},
    {"sklearn.preprocessing.label.LabelEncoder", read_label_encoder, demand_classes},
};

}  // namespace

std::span<const EstimatorRow> label_rows() { return kRows; }

}  // namespace panmodel::pickle::sklearn
