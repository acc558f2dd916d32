// Model functions of the library on symbols.
#include <algorithm>

#include "converters/program/raiser.h"
#include "ir/ops/encode.h"
#include "ir/ops/linear.h"
#include "ir/ops/tensor_linalg.h"
#include "ir/ops/tensor_reduce.h"
#include "ir/ops/tensor_shape.h"

namespace panmodel::converters {

using pfa::Kind;
using tensor::BinaryFn;

namespace {
const pfa::Type* real() { return pfa::primitive(Kind::float64); }
}  // namespace

Sym Raiser::linear(const Sym& datum, const Sym& model) {
  Sym coeff = field(model, "coeff"), constant = field(model, "const");
  if (coeff->type->kind != Kind::array) stay("a linear model whose coefficients are a map");
  std::vector<Sym> x = items(datum);
  bool single = coeff->type->element->is_number();
  std::vector<Sym> rows = single ? std::vector{coeff} : items(coeff);
  std::vector<double> weights, intercept;
  for (const Sym& row : rows) {
    std::optional<std::vector<double>> w = numbers(row);
    if (!w) stay("a linear model whose coefficients depend on the row");
    if (w->size() != x.size()) stay("a linear model with {} coefficients for {} numbers", w->size(), x.size());
    weights.insert(weights.end(), w->begin(), w->end());
  }
  if (single) intercept.push_back(number_of(constant));
  else intercept = numbers(constant).value_or(std::vector<double>());
  if (intercept.size() != rows.size()) stay("a linear model whose constants do not fit its coefficients");
  auto k = static_cast<int64_t>(rows.size());
  ml::Linear op;
  op.coef = Tensor::of({k, static_cast<int64_t>(x.size())}, std::move(weights));
  op.intercept = Tensor::of({k}, std::move(intercept));
  ValueId y = b_.add(std::move(op), {matrix(x)});
  if (single) return scalar(y, real());
  return list(split_all(y, rows.size(), real()), constant->type);
}

namespace {

Sym linear(const SymbolicCall& call) { return call.raiser.linear(call[0], call[1]); }

// [N,M]: how far the row is from each of M known points.
struct Points {
  std::vector<Sym> records;
  ValueId distances;
};

constexpr size_t kColumnwise = 64;  // products up to which distances are told by columns, which every target can say

Points distances(const SymbolicCall& call, size_t datum, size_t clusters) {
  Raiser& r = call.raiser;
  Points points;
  points.records = r.items(call[clusters]);
  if (points.records.empty()) stay("no clusters");
  bool metric = call.size() > clusters + 1;
  std::vector<std::vector<double>> centers;
  for (const Sym& record : points.records) {
    std::optional<std::vector<double>> c = r.numbers(r.field(record, "center"));
    if (!c) stay("clusters that depend on the row");
    centers.push_back(std::move(*c));
  }
  std::vector<Sym> x = r.items(call[datum]);
  for (const auto& c : centers) {
    if (c.size() != x.size()) stay("clusters of other dimensions than the row");
  }
  if (metric || centers.size() * x.size() <= kColumnwise) {
    std::vector<Sym> all;
    for (size_t m = 0; m < centers.size(); ++m) {
      if (metric) {
        all.push_back(r.apply(call.function(clusters + 1), {call[datum], r.field(points.records[m], "center")}));
        continue;
      }
      std::vector<Sym> squares;
      for (size_t f = 0; f < x.size(); ++f) {
        Sym d = r.binary(BinaryFn::sub, x[f], r.number(centers[m][f]));
        squares.push_back(r.binary(BinaryFn::mul, d, d));
      }
      all.push_back(r.sum(squares));
    }
    points.distances = r.matrix(all);
    return points;
  }
  auto n = static_cast<int64_t>(centers.size()), width = static_cast<int64_t>(x.size());
  std::vector<double> flat;
  for (const auto& c : centers) flat.insert(flat.end(), c.begin(), c.end());
  Builder& b = r.builder();
  ValueId rows = b.add(tensor::Reshape{}, {r.matrix(x), b.constant(Tensor::vector(std::vector<int64_t>{-1, 1, width}))});
  ValueId d = b.add(tensor::Binary{BinaryFn::sub}, {rows, b.constant(Tensor::of({1, n, width}, std::move(flat)))});
  tensor::Reduce sum;
  sum.axes = {2};
  sum.keep_dims = false;
  points.distances = b.add(std::move(sum), {b.add(tensor::Binary{BinaryFn::mul}, {d, d})});
  return points;
}

// A record with the fields of the one whose index [N,1] is given; only numbers and texts.
Sym record_at(Raiser& r, const std::vector<Sym>& records, ValueId index, const pfa::Type* type) {
  std::vector<Sym> positions;
  auto result = std::make_shared<Symbol>();
  result->kind = Symbol::Kind::record;
  result->type = type;
  Sym key = r.scalar(index, pfa::primitive(Kind::int32));
  for (const pfa::Field& field : type->fields) {
    std::vector<Sym> values;
    for (const Sym& record : records) values.push_back(r.field(record, field.name));
    if (!field.type->is_number() && !is_text(*field.type)) {
      result->parts.push_back(nullptr);  // asked for, it cannot be followed
      continue;
    }
    pfa::Types& types = r.types();
    result->parts.push_back(r.index(r.list(std::move(values), types.array(field.type)), key));
  }
  return result;
}

Sym closest(const SymbolicCall& call) {
  Raiser& r = call.raiser;
  Points points = distances(call, 0, 1);
  Builder& b = r.builder();
  auto result = std::make_shared<Symbol>();
  result->kind = Symbol::Kind::record;
  result->type = call.type();
  // Texts by their scores, which classifiers of every target know; the rest by position.
  ValueId scores = b.add(tensor::Unary{tensor::UnaryFn::neg}, {points.distances});
  std::optional<Sym> rest;
  for (size_t f = 0; f < call.type()->fields.size(); ++f) {
    const pfa::Field& field = call.type()->fields[f];
    if (is_text(*field.type)) {
      std::vector<std::string> texts;
      for (const Sym& record : points.records) texts.push_back(r.text_of(r.field(record, field.name)));
      result->parts.push_back(r.winner(scores, texts));
      continue;
    }
    if (!rest) {
      tensor::ArgReduce op;
      op.largest = false;
      op.axis = 1;
      ValueId index = b.add(tensor::Cast{DType::f64}, {b.add(std::move(op), {points.distances})});
      rest = record_at(r, points.records, index, call.type());
    }
    result->parts.push_back((*rest)->parts[f]);
  }
  return result;
}

Sym closest_n(const SymbolicCall& call) {
  Raiser& r = call.raiser;
  int64_t n = r.known(call[0]).whole();
  Points points = distances(call, 1, 2);
  if (n < 0) stay("a negative number of neighbours");
  n = std::min(n, static_cast<int64_t>(points.records.size()));
  Builder& b = r.builder();
  tensor::TopK op;
  op.largest = false;
  ValueId indices = b.add_all(std::move(op), {points.distances, b.constant(Tensor::vector(std::vector<int64_t>{n}))})[1];
  ValueId reals = b.add(tensor::Cast{DType::f64}, {indices});
  std::vector<Sym> records;
  for (const Sym& at : r.split_all(reals, static_cast<size_t>(n), real())) {
    records.push_back(record_at(r, points.records, at->value, call.type()->element));
  }
  return r.list(std::move(records), call.type());
}

Sym layers(const SymbolicCall& call) {
  Raiser& r = call.raiser;
  Sym values = call[0];
  std::vector<Sym> models = r.items(call[1]);
  if (models.empty()) stay("a network without layers");
  for (size_t k = 0; k < models.size(); ++k) {
    Sym weights = r.field(models[k], "weights"), bias = r.field(models[k], "bias");
    std::vector<Sym> rows = r.items(weights);
    std::optional<std::vector<double>> intercept = r.numbers(bias);
    std::vector<double> coef;
    std::vector<Sym> x = r.items(values);
    for (const Sym& row : rows) {
      std::optional<std::vector<double>> w = r.numbers(row);
      if (!w || w->size() != x.size()) stay("a layer whose weights do not fit its values");
      coef.insert(coef.end(), w->begin(), w->end());
    }
    if (!intercept || intercept->size() != rows.size() || rows.empty()) stay("a layer whose bias does not fit its weights");
    ml::Linear op;
    op.coef = Tensor::of({static_cast<int64_t>(rows.size()), static_cast<int64_t>(x.size())}, std::move(coef));
    op.intercept = Tensor::vector(std::move(*intercept));
    values = r.list(r.split_all(r.builder().add(std::move(op), {r.matrix(x)}), rows.size(), real()), call.type());
    if (k + 1 == models.size()) break;
    auto active = std::make_shared<Symbol>(*values);
    for (Sym& part : active->parts) part = r.apply(call.function(2), {part});
    values = active;
  }
  return values;
}

Sym tree_walk(const SymbolicCall& call) { return call.raiser.tree(call); }

constexpr SymbolicRow kRows[] = {
    {"model.cluster.closest", closest},
    {"model.cluster.closestN", closest_n},
    {"model.neural.simpleLayers", layers},
    {"model.reg.linear", linear},
    {"model.tree.missingWalk", tree_walk},
    {"model.tree.simpleTree", tree_walk},
    {"model.tree.simpleWalk", tree_walk},
};

}  // namespace

std::span<const SymbolicRow> model_rows() { return kRows; }

}  // namespace panmodel::converters
