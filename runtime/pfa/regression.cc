// model.reg: linear models and Gaussian processes. Its measures of fit, which have moved to
// stat.test, are in goodness_of_fit.cc.
// Source: PFA 0.8.1, function library, "model.reg".
#include <Eigen/Cholesky>
#include <algorithm>
#include <cmath>
#include <limits>
#include <optional>
#include <vector>

#include "base/fail.h"
#include "runtime/pfa/library.h"

namespace panmodel::pfa {
namespace {

// Of a map: a key that is not there counts as 0.
double value_or_0(const Map& map, std::string_view key) {
  const Value* value = map.find(key);
  return value ? value->real() : 0;
}

double dot(const Call& call, const Array& datum, const Array& coefficients) {
  if (datum.size() != coefficients.size()) call.fail(31000, "misaligned coeff");
  double sum = 0;
  for (size_t i = 0; i < datum.size(); ++i) sum += datum[i].real() * coefficients[i].real();
  return sum;
}

double dot(const Map& datum, const Map& coefficients) {
  double sum = 0;
  for (const auto& [key, value] : datum) sum += value.real() * value_or_0(coefficients, key);
  for (const auto& [key, value] : coefficients) {
    if (!datum.contains(key)) sum += 0 * value.real();
  }
  return sum;
}

Value linear(const Call& call) {
  struct Fields {
    uint32_t coefficients, constant;
  };
  const Fields& fields = call.once<Fields>([&] {
    return Fields{*call.parameter(1).field("coeff"), *call.parameter(1).field("const")};
  });
  const Value& coefficients = call.items(1)[fields.coefficients];
  const Value& constant = call.items(1)[fields.constant];
  if (constant.is_number()) {
    return Value::float64((coefficients.is(Kind::array)
                               ? dot(call, call.items(0), coefficients.items())
                               : dot(call.members(0), coefficients.members())) +
                          constant.real());
  }
  if (constant.is(Kind::array)) {
    const Array& rows = coefficients.items();
    if (rows.size() != constant.items().size()) call.fail(31001, "misaligned const");
    Array out;
    for (size_t i = 0; i < rows.size(); ++i) {
      const double product = dot(call, call.items(0), rows[i].items());
      out.push_back(Value::float64(product + constant.items()[i].real()));
    }
    return Value::array(std::move(out));
  }
  Map out;
  for (const auto& [key, row] : coefficients.members()) {
    const double product = dot(call.members(0), row.members());
    out.set(key, Value::float64(product + value_or_0(constant.members(), key)));
  }
  for (const auto& [key, value] : constant.members()) {
    if (out.contains(key)) continue;
    out.set(key, Value::float64(dot(call.members(0), Map()) + value.real()));
  }
  return Value::map(std::move(out));
}

// x^T C x of a datum and the 1 behind it.
double variance(const Call& call, const Array& datum, const Array& covariance) {
  const size_t n = datum.size() + 1;
  const auto x = [&](size_t i) { return i + 1 == n ? 1 : datum[i].real(); };
  const auto aligned = [&](const Value& row) { return row.items().size() == n; };
  if (covariance.size() != n || !std::ranges::all_of(covariance, aligned)) {
    call.fail(31010, "misaligned covariance");
  }
  call.steps(n * n);
  double sum = 0;
  for (size_t i = 0; i < n; ++i) {
    double row = 0;
    for (size_t j = 0; j < n; ++j) row += covariance[i].items()[j].real() * x(j);
    sum += x(i) * row;
  }
  return sum;
}

// The same by names; the 1 is called "". What is not there is 0.
double variance(const Call& call, const Map& datum, const Map& covariance) {
  Map x = datum;
  x.set("", Value::float64(1));
  call.steps(x.size() * (x.size() + covariance.size()));
  double sum = 0;
  for (const auto& [key, row] : covariance) sum += value_or_0(x, key) * dot(x, row.members());
  for (const auto& [key, value] : x) {
    if (!covariance.contains(key)) sum += value.real() * dot(x, Map());
  }
  return sum;
}

double variance(const Call& call, const Value& covariance) {
  return covariance.is(Kind::array) ? variance(call, call.items(0), covariance.items())
                                    : variance(call, call.members(0), covariance.members());
}

Value linear_variance(const Call& call) {
  const uint32_t field = call.once<uint32_t>([&] { return *call.parameter(1).field("covar"); });
  const Value& covariance = call.items(1)[field];
  if (call.type().kind == Kind::array) {
    Array out;
    for (const Value& one : covariance.items()) out.push_back(Value::float64(variance(call, one)));
    return Value::array(std::move(out));
  }
  if (call.type().kind == Kind::map) {
    Map out;
    for (const auto& [key, one] : covariance.members()) {
      out.set(key, Value::float64(variance(call, one)));
    }
    return Value::map(std::move(out));
  }
  return Value::float64(variance(call, covariance));
}

// A Gaussian process with the regression function 1 (Lophaven, Nielsen, Sondergaard: DACE, 2002).
using Vector = std::vector<double>;

Vector numbers(const Value& value) {
  if (value.is_number()) return {value.real()};
  Vector out;
  for (const Value& item : value.items()) out.push_back(item.real());
  return out;
}

bool finite(const Vector& values) {
  return std::ranges::all_of(values, [](double v) { return std::isfinite(v); });
}

struct Scale {
  double mean = 0, deviation = 0;
  double to_standard(double v) const { return (v - mean) / deviation; }
};

// Of column j.
Scale make_scale(const std::vector<Vector>& rows, size_t j) {
  Scale scale;
  const double n = static_cast<double>(rows.size());
  for (const Vector& row : rows) scale.mean += row[j] / n;
  double squares = 0;
  for (const Vector& row : rows) squares += (row[j] - scale.mean) * (row[j] - scale.mean);
  scale.deviation = std::sqrt(squares / n);
  return scale;
}

struct Samples {
  std::vector<Vector> x, to, sigma;  // sigma is empty when the table has none
};

struct TableFields {
  uint32_t x, to;
  std::optional<uint32_t> sigma;
};

TableFields make_fields(const Call& call) {
  const Type& row = *call.parameter(1).element;
  const TableFields fields = {*row.field("x"), *row.field("to"), row.field("sigma")};
  if (fields.sigma && row.fields[*fields.sigma].type != row.fields[fields.to].type) {
    fail({}, "pfa-semantic",
         "model.reg.gaussianProcess: the field \"sigma\" of the table has the type {}, the field "
         "\"to\" {}: both must be the same",
         to_string(*row.fields[*fields.sigma].type), to_string(*row.fields[fields.to].type));
  }
  return fields;
}

Samples read_samples(const Call& call, const Vector& x) {
  const TableFields& fields = call.once<TableFields>([&] { return make_fields(call); });
  if (call.items(1).empty()) call.fail(31080, "table must have at least 1 entry");
  if (x.empty()) call.fail(31081, "x must have at least 1 feature");
  Samples samples;
  for (const Value& row : call.items(1)) {
    samples.x.push_back(numbers(row.items()[fields.x]));
    samples.to.push_back(numbers(row.items()[fields.to]));
    if (fields.sigma) samples.sigma.push_back(numbers(row.items()[*fields.sigma]));
  }
  const auto all = [](const std::vector<Vector>& rows, auto&& holds) {
    return std::ranges::all_of(rows, holds);
  };
  const auto as_wide_as = [](size_t n) {
    return [n](const Vector& row) { return row.size() == n; };
  };
  if (!all(samples.x, as_wide_as(x.size()))) {
    call.fail(31082, "table must have the same number of features as x");
  }
  const size_t outputs = samples.to[0].size();
  if (outputs == 0) call.fail(31083, "table outputs must have at least 1 dimension");
  if (!all(samples.to, as_wide_as(outputs)) || !all(samples.sigma, as_wide_as(outputs))) {
    call.fail(31084, "table outputs must all have the same number of dimensions");
  }
  if (!finite(x)) call.fail(31085, "x is not finite");
  if (!all(samples.to, finite) || !all(samples.x, finite)) {
    call.fail(31086, "table value is not finite");
  }
  return samples;
}

double kernel(const Call& call, const Vector& a, const Vector& b) {
  const auto value = [](const Vector& v) {
    Array items;
    for (const double x : v) items.push_back(Value::float64(x));
    return Value::array(std::move(items));
  };
  return call.apply(3, value(a), value(b)).real();
}

// The kernel of all pairs of samples, in the lower triangle; the diagonal is left at 0.
Eigen::MatrixXd correlations(const Call& call, const std::vector<Vector>& x) {
  const auto n = static_cast<Eigen::Index>(x.size());
  Eigen::MatrixXd matrix = Eigen::MatrixXd::Zero(n, n);
  for (size_t j = 0; j < x.size(); ++j) {
    for (size_t i = j + 1; i < x.size(); ++i) {
      matrix(static_cast<Eigen::Index>(i), static_cast<Eigen::Index>(j)) = kernel(call, x[j], x[i]);
    }
  }
  if (!matrix.allFinite()) call.fail(31088, "matrix of kernel results is not positive definite");
  return matrix;
}

// What is added to the 1 on the diagonal for a sample.
double nugget(const Samples& samples, size_t sample, size_t output) {
  if (samples.sigma.empty()) return 10 * std::numeric_limits<double>::epsilon();
  const double to = samples.to[sample][output];
  if (to == 0) return std::numeric_limits<double>::infinity();
  const double ratio = samples.sigma[sample][output] / to;
  return ratio * ratio;
}

Value gaussian_process(const Call& call) {
  Vector x = numbers(call[0]);
  Samples samples = read_samples(call, x);
  const Value& weight = call[2];
  if (!weight.is_null() && !std::isfinite(weight.real())) {
    call.fail(31087, "krigingWeight is not finite");
  }
  for (size_t j = 0; j < x.size(); ++j) {
    const Scale scale = make_scale(samples.x, j);
    for (Vector& row : samples.x) row[j] = scale.to_standard(row[j]);
    x[j] = scale.to_standard(x[j]);
  }
  const size_t n = samples.x.size();
  call.steps(n * n * n / 3);
  Eigen::MatrixXd matrix = correlations(call, samples.x);
  Eigen::VectorXd to_x(static_cast<Eigen::Index>(n)), values = to_x;
  for (size_t i = 0; i < n; ++i) {
    to_x(static_cast<Eigen::Index>(i)) = kernel(call, x, samples.x[i]);
  }

  Array out;
  for (size_t output = 0; output < samples.to[0].size(); ++output) {
    const Scale scale = make_scale(samples.to, output);
    for (size_t i = 0; i < n; ++i) {
      const auto at = static_cast<Eigen::Index>(i);
      matrix(at, at) = 1 + nugget(samples, i, output);
      values(at) = scale.to_standard(samples.to[i][output]);
    }
    const Eigen::LLT<Eigen::MatrixXd> factor(matrix);
    if (factor.info() != Eigen::Success) {
      call.fail(31088, "matrix of kernel results is not positive definite");
    }
    const auto lower = factor.matrixL();
    const Eigen::VectorXd ones = lower.solve(Eigen::VectorXd::Ones(values.size()));
    const Eigen::VectorXd standard = lower.solve(values);
    const double mean =
        weight.is_null() ? ones.dot(standard) / ones.squaredNorm() : weight.real();
    const Eigen::VectorXd weights = factor.matrixU().solve(standard - mean * ones);
    out.push_back(Value::float64(scale.mean + scale.deviation * (mean + to_x.dot(weights))));
  }
  return call.type().kind == Kind::array ? Value::array(std::move(out)) : out[0];
}

constexpr LibraryRow kRows[] = {
    {"model.reg.gaussianProcess", gaussian_process},
    {"model.reg.linear", linear},
    {"model.reg.linearVariance", linear_variance},
};

}  // namespace

std::span<const LibraryRow> regression_library() { return kRows; }

}  // namespace panmodel::pfa
