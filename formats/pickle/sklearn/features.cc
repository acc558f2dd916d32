// X on its way through estimators, and arithmetic that several families share.
#include <algorithm>

#include "formats/pickle/sklearn/families.h"
#include "ir/ops/table.h"
#include "ir/ops/tensor_elementwise.h"
#include "ir/ops/tensor_reduce.h"
#include "ir/ops/tensor_shape.h"

namespace panmodel::pickle::sklearn {
namespace {

DType dtype_of(Reader& r, ValueId v) {
  if (!v.valid()) {
    fail(r.builder.model().location(r.builder.current()), "internal",
         "an input column is used that no estimator asked for");
  }
  const Type& type = r.builder.type(v);
  if (const ColumnType* c = type.column()) return c->dtype;
  return type.tensor()->dtype;
}

}  // namespace

int64_t Features::width() const {
  int64_t all = 0;
  for (const Part& p : parts) {
    if (p.width < 0) return -1;
    all += p.width;
  }
  return all;
}

ValueId as_matrix(Reader& r, const Features& x, DType dtype) {
  if (x.parts.empty()) {
    fail(r.builder.model().location(r.builder.current()), "sklearn-value", "no column is left of X");
  }
  bool one = x.parts.size() == 1 && r.builder.type(x.parts[0].value).tensor() != nullptr;
  if (one && dtype_of(r, x.parts[0].value) == dtype) return x.parts[0].value;
  std::vector<ValueId> parts;
  for (const Part& p : x.parts) {
    if (dtype != DType::string && dtype_of(r, p.value) == DType::string) {
      fail(r.builder.model().location(r.builder.current()), "sklearn-value",
           "a column of text where the estimator needs numbers");
    }
    parts.push_back(p.value);
  }
  if (one) return r.builder.add(tensor::Cast{dtype}, {parts[0]});
  return r.builder.add(table::Assemble{dtype}, parts);
}

Features select(Reader& r, const Features& x, std::span<const int64_t> columns) {
  std::vector<std::pair<size_t, int64_t>> owner;  // part and column in it, per column of X
  for (size_t p = 0; p < x.parts.size(); ++p) {
    for (int64_t k = 0; k < x.parts[p].width; ++k) owner.emplace_back(p, k);
  }
  Features out;
  for (size_t i = 0; i < columns.size();) {
    int64_t c = columns[i];
    if (c < 0 || c >= static_cast<int64_t>(owner.size())) {
      fail(r.builder.model().location(r.builder.current()), "sklearn-value",
           "column {} of {} columns", c, owner.size());
    }
    // A run of columns from one part.
    size_t part = owner[static_cast<size_t>(c)].first;
    std::vector<int64_t> inside;
    size_t j = i;
    for (; j < columns.size(); ++j) {
      int64_t d = columns[j];
      if (d < 0 || d >= static_cast<int64_t>(owner.size())) break;
      if (owner[static_cast<size_t>(d)].first != part) break;
      inside.push_back(owner[static_cast<size_t>(d)].second);
    }
    const Part& source = x.parts[part];
    dtype_of(r, source.value);
    bool whole = static_cast<int64_t>(inside.size()) == source.width;
    for (size_t k = 0; k < inside.size(); ++k) whole = whole && inside[k] == static_cast<int64_t>(k);
    if (whole) {
      out.parts.push_back(source);
    } else if (r.builder.type(source.value).column() != nullptr) {
      for (size_t k = 0; k < inside.size(); ++k) out.parts.push_back(source);
    } else {
      int64_t width = static_cast<int64_t>(inside.size());
      out.parts.push_back({columns_of(r, source.value, std::move(inside)), width});
    }
    i = j;
  }
  if (!x.names.empty()) {
    for (int64_t c : columns) out.names.push_back(x.names[static_cast<size_t>(c)]);
  }
  return out;
}

Features features_of(ValueId matrix, int64_t width, std::vector<std::string> names) {
  Features f;
  f.parts.push_back({matrix, width});
  if (static_cast<int64_t>(names.size()) == width) f.names = std::move(names);
  return f;
}

Features join(std::span<const Features> all) {
  Features out;
  bool named = true;
  for (const Features& f : all) {
    out.parts.insert(out.parts.end(), f.parts.begin(), f.parts.end());
    named = named && static_cast<int64_t>(f.names.size()) == f.width();
    out.names.insert(out.names.end(), f.names.begin(), f.names.end());
  }
  if (!named) out.names.clear();
  return out;
}

Features weighted(Reader& r, Features x, const std::optional<PyCursor>& weights,
                  const std::string& name) {
  auto weight = weights ? weights->find_some(name) : std::nullopt;
  if (!weight || x.parts.empty()) return x;
  ValueId v = r.builder.add(tensor::Binary{tensor::BinaryFn::mul},
                            {as_matrix(r, x), scalar(r, weight->as_real())});
  return features_of(v, x.width(), std::move(x.names));
}

void prefix_names(Features& x, const std::string& name) {
  for (std::string& n : x.names) n = name + "__" + n;
}

ValueId sigmoid(Reader& r, ValueId x) {
  return r.builder.add(tensor::Unary{tensor::UnaryFn::sigmoid}, {x});
}

ValueId scalar(Reader& r, double value) {
  return r.builder.constant(Tensor::vector(std::vector<double>{value}));
}

ValueId divide_by_sum(Reader& r, ValueId x) {
  ValueId sum = r.builder.add(tensor::Reduce{tensor::ReduceFn::sum, {1}}, {x});
  return r.builder.add(tensor::Binary{tensor::BinaryFn::div}, {x, sum});
}

ValueId both_classes(Reader& r, ValueId p) {
  ValueId other = r.builder.add(tensor::Binary{tensor::BinaryFn::sub}, {scalar(r, 1), p});
  return concat(r, {other, p});
}

ValueId columns_of(Reader& r, ValueId x, std::vector<int64_t> columns) {
  ValueId index = r.builder.constant(Tensor::vector(std::move(columns)));
  return r.builder.add(tensor::Gather{1}, {x, index});
}

ValueId concat(Reader& r, std::vector<ValueId> parts) {
  if (parts.size() == 1) return parts[0];
  return r.builder.add(tensor::Concat{1}, std::move(parts));
}

}  // namespace panmodel::pickle::sklearn
