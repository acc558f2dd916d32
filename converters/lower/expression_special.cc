// Functions of mathematics that ONNX has for f32 only, or not at all.
#include <numbers>

#include "converters/lower/expression.h"

namespace panmodel::converters {

using tensor::BinaryFn;
using tensor::UnaryFn;

// Of 1 / |x| above 1, the angle halved three times by
// tan(a / 2) = t / (1 + sqrt(1 + t t)), then its series.
ValueId Expressions::arc_tangent(ValueId x) {
  ValueId one = real(1), size = un(UnaryFn::abs, x);
  ValueId above = bin(BinaryFn::greater, size, one);
  ValueId t = where(b_, above, bin(BinaryFn::div, one, size), size);
  for (int i = 0; i < 3; ++i) {
    ValueId root = un(UnaryFn::sqrt, bin(BinaryFn::add, one, bin(BinaryFn::mul, t, t)));
    t = bin(BinaryFn::div, t, bin(BinaryFn::add, one, root));
  }
  ValueId square = bin(BinaryFn::mul, t, t), sum = real(1.0 / 17);
  for (int k = 15; k >= 1; k -= 2) {
    ValueId term = bin(BinaryFn::mul, square, sum);
    sum = bin(BinaryFn::sub, real(1.0 / k), term);
  }
  ValueId angle = bin(BinaryFn::mul, real(8), bin(BinaryFn::mul, t, sum));
  angle = where(b_, above, bin(BinaryFn::sub, real(std::numbers::pi / 2), angle), angle);
  return where(b_, bin(BinaryFn::less, x, real(0)), un(UnaryFn::neg, angle), angle);
}

// The angle of the point (x, y); the signs of zeros count.
ValueId Expressions::arc_tangent(ValueId y, ValueId x) {
  ValueId zero = real(0), pi = real(std::numbers::pi);
  const auto is_negative = [&](ValueId v) {
    return either(b_, bin(BinaryFn::less, v, zero), bin(BinaryFn::less, bin(BinaryFn::div, real(1), v), zero));
  };
  ValueId left = is_negative(x), below = is_negative(y);
  // Of equal sizes, two infinities among them, the quotient is 1 or -1, of two zeros 0.
  ValueId unit = where(b_, bin(BinaryFn::logical_xor, left, below), real(-1), real(1));
  unit = where(b_, bin(BinaryFn::equal, x, zero), zero, unit);
  ValueId sizes = bin(BinaryFn::equal, un(UnaryFn::abs, x), un(UnaryFn::abs, y));
  ValueId angle = arc_tangent(where(b_, sizes, unit, bin(BinaryFn::div, y, x)));
  ValueId turned = where(b_, below, bin(BinaryFn::sub, angle, pi), bin(BinaryFn::add, angle, pi));
  return where(b_, left, turned, angle);
}

ValueId Expressions::polynomial(ValueId x, std::initializer_list<double> coefficients) {
  ValueId sum;
  for (double c : coefficients) sum = sum.valid() ? bin(BinaryFn::add, bin(BinaryFn::mul, sum, x), real(c)) : real(c);
  return sum;
}

namespace {

constexpr double kSmall = 0.46875;  // where the error function is the better one to approximate

}  // namespace

// W. J. Cody, "Rational Chebyshev approximations for the error function", Mathematics of Computation 23
// (1969).
ValueId Expressions::complement(ValueId x) {
  ValueId y = un(UnaryFn::abs, x), decay = un(UnaryFn::exp, un(UnaryFn::neg, bin(BinaryFn::mul, y, y)));
  ValueId middle = bin(BinaryFn::div,
      polynomial(y, {2.15311535474403846e-8, 5.64188496988670089e-1, 8.88314979438837594e0, 6.61191906371416295e1,
                     2.98635138197400131e2, 8.81952221241769090e2, 1.71204761263407058e3, 2.05107837782607147e3,
                     1.23033935479799725e3}),
      polynomial(y, {1, 1.57449261107098347e1, 1.17693950891312499e2, 5.37181101862009858e2, 1.62138957456669019e3,
                     3.29079923573345963e3, 4.36261909014324716e3, 3.43936767414372164e3, 1.23033935480374942e3}));
  ValueId z = bin(BinaryFn::div, real(1), bin(BinaryFn::mul, y, y));
  ValueId ratio = bin(BinaryFn::div,
      polynomial(z, {1.63153871373020978e-2, 3.05326634961232344e-1, 3.60344899949804439e-1, 1.25781726111229246e-1,
                     1.60837851487422766e-2, 6.58749161529837803e-4}),
      polynomial(z, {1, 2.56852019228982242e0, 1.87295284992346725e0, 5.27905102951428412e-1, 6.05183413124413191e-2,
                     2.33520497626869185e-3}));
  ValueId far = bin(BinaryFn::sub, real(std::numbers::inv_sqrtpi), bin(BinaryFn::mul, z, ratio));
  far = bin(BinaryFn::div, far, y);
  ValueId scaled = where(b_, bin(BinaryFn::greater, y, real(4)), far, middle);
  // Beyond 27 there is nothing left; what is computed there may be no number.
  ValueId tail = where(b_, bin(BinaryFn::greater, y, real(27)), real(0), bin(BinaryFn::mul, decay, scaled));
  tail = where(b_, bin(BinaryFn::less, x, real(0)), bin(BinaryFn::sub, real(2), tail), tail);
  ValueId near = bin(BinaryFn::less_or_equal, y, real(kSmall));
  return where(b_, near, bin(BinaryFn::sub, real(1), error_near_zero(x)), tail);
}

ValueId Expressions::error_near_zero(ValueId x) {
  ValueId z = bin(BinaryFn::mul, x, x);
  ValueId ratio = bin(BinaryFn::div,
      polynomial(z, {1.85777706184603153e-1, 3.16112374387056560e0, 1.13864154151050156e2, 3.77485237685302021e2,
                     3.20937758913846947e3}),
      polynomial(z, {1, 2.36012909523441209e1, 2.44024637934444173e2, 1.28261652607737228e3, 2.84423683343917062e3}));
  return bin(BinaryFn::mul, x, ratio);
}

ValueId Expressions::error_function(ValueId x) {
  ValueId y = un(UnaryFn::abs, x), beyond = bin(BinaryFn::sub, real(1), complement(y));
  ValueId negative = bin(BinaryFn::less, x, real(0));
  ValueId far = where(b_, negative, un(UnaryFn::neg, beyond), beyond);
  return where(b_, bin(BinaryFn::less_or_equal, y, real(kSmall)), error_near_zero(x), far);
}

ValueId Expressions::normal_share(ValueId z) {
  return bin(BinaryFn::mul, real(0.5), complement(bin(BinaryFn::mul, z, real(-1 / std::numbers::sqrt2))));
}

ValueId Expressions::normal_density(ValueId z) {
  ValueId square = bin(BinaryFn::mul, z, z);
  return bin(BinaryFn::mul, un(UnaryFn::exp, bin(BinaryFn::mul, real(-0.5), square)), real(0.3989422804014327));
}

}  // namespace panmodel::converters
