// FunctionTransformer: a numpy function of every number of X.
#include <numbers>

#include "base/text.h"
#include "formats/pickle/sklearn/families.h"
#include "ir/ops/tensor_elementwise.h"

namespace panmodel::pickle::sklearn {
namespace {

using tensor::BinaryFn;
using tensor::UnaryFn;

ValueId unary(Reader& r, UnaryFn fn, ValueId x) { return r.builder.add(tensor::Unary{fn}, {x}); }
ValueId binary(Reader& r, BinaryFn fn, ValueId a, ValueId b) {
  return r.builder.add(tensor::Binary{fn}, {a, b});
}

struct Function {
  std::string_view name;
  ValueId (*apply)(Reader& r, ValueId x);
};

template <UnaryFn fn>
ValueId plain(Reader& r, ValueId x) {
  return unary(r, fn, x);
}
ValueId itself(Reader&, ValueId x) { return x; }
ValueId square(Reader& r, ValueId x) { return binary(r, BinaryFn::mul, x, x); }
ValueId exp2(Reader& r, ValueId x) { return binary(r, BinaryFn::pow, scalar(r, 2), x); }
ValueId log2(Reader& r, ValueId x) {
  return binary(r, BinaryFn::div, unary(r, UnaryFn::log, x), scalar(r, std::numbers::ln2));
}
ValueId log10(Reader& r, ValueId x) {
  return binary(r, BinaryFn::div, unary(r, UnaryFn::log, x), scalar(r, std::numbers::ln10));
}
ValueId tan(Reader& r, ValueId x) {
  return binary(r, BinaryFn::div, unary(r, UnaryFn::sin, x), unary(r, UnaryFn::cos, x));
}
ValueId radians(Reader& r, ValueId x) {
  return binary(r, BinaryFn::mul, x, scalar(r, std::numbers::pi / 180));
}
ValueId degrees(Reader& r, ValueId x) {
  return binary(r, BinaryFn::mul, x, scalar(r, 180 / std::numbers::pi));
}

// Universal functions of numpy, and of scipy.special.
constexpr Function kFunctions[] = {
    {"abs", plain<UnaryFn::abs>},
    {"absolute", plain<UnaryFn::abs>},
    {"ceil", plain<UnaryFn::ceil>},
    {"cos", plain<UnaryFn::cos>},
    {"deg2rad", radians},
    {"degrees", degrees},
    {"exp", plain<UnaryFn::exp>},
    {"exp2", exp2},
    {"expit", plain<UnaryFn::sigmoid>},
    {"expm1", plain<UnaryFn::expm1>},
    {"fabs", plain<UnaryFn::abs>},
    {"floor", plain<UnaryFn::floor>},
    {"log", plain<UnaryFn::log>},
    {"log10", log10},
    {"log1p", plain<UnaryFn::log1p>},
    {"log2", log2},
    {"negative", plain<UnaryFn::neg>},
    {"positive", itself},
    {"rad2deg", degrees},
    {"radians", radians},
    {"reciprocal", plain<UnaryFn::reciprocal>},
    {"rint", plain<UnaryFn::round>},
    {"sign", plain<UnaryFn::sign>},
    {"sin", plain<UnaryFn::sin>},
    {"sqrt", plain<UnaryFn::sqrt>},
    {"square", square},
    {"tan", tan},
    {"tanh", plain<UnaryFn::tanh>},
};

// "numpy.log1p", "numpy.core._multiarray_umath.log1p", or the arguments of _ufunc_reconstruct.
std::string function_name(const PyCursor& function) {
  if (function.is_global()) return function.class_name();
  if (function.is_object() && function.class_name().ends_with("._ufunc_reconstruct") &&
      function.arg_count() == 2) {
    return function.arg(0).as_text() + "." + function.arg(1).as_text();
  }
  function.refuse("sklearn-option", "the function is {}, expected a function of numpy",
                  function.describe());
}

void refuse_arguments(const PyCursor& self, const char* name) {
  auto arguments = self.find_some(name);
  if (arguments && arguments->size() > 0) {
    arguments->refuse("sklearn-option", "arguments of the function");
  }
}

Estimate read_function(Reader& r, const PyCursor& self, const Features& x) {
  Estimate e;
  if (is_identity(self)) {
    e.transform = x;
    return e;
  }
  refuse_arguments(self, "kw_args");
  ValueId v = apply_function(r, self.attr("func"), as_matrix(r, x));
  e.transform = Features{{{v, x.width()}}, x.names};
  return e;
}

constexpr EstimatorRow kRows[] = {
    {"sklearn.preprocessing._function_transformer.FunctionTransformer", read_function, nullptr, true},
};

}  // namespace

bool is_identity(const PyCursor& self) {
  if (!self.is_object() || !self.class_name().ends_with("FunctionTransformer")) return false;
  auto function = self.find("func");
  auto validate = self.find("validate");
  bool checks = validate && validate->is_bool() && validate->as_bool();
  return function && function->is_none() && !checks;
}

ValueId apply_function(Reader& r, const PyCursor& function, ValueId x) {
  if (function.is_none()) return x;
  std::string full = function_name(function);
  size_t dot = full.rfind('.');
  bool known = full.starts_with("numpy.") || full.starts_with("scipy.special.");
  for (const Function& f : kFunctions) {
    if (known && full.substr(dot + 1) == f.name) return f.apply(r, x);
  }
  function.refuse("sklearn-option", "the function '{}' is not supported", printable(full));
}

std::span<const EstimatorRow> function_rows() { return kRows; }

}  // namespace panmodel::pickle::sklearn
