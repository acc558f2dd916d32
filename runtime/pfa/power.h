#pragma once
#include <cmath>
#include <limits>

namespace panmodel::pfa {

// The power as PFA means it, that of Java: unlike with IEEE 754, 1 to the power of NaN or of an
// infinity is NaN.
inline double power(double x, double y) {
  if (std::isnan(y) || (std::isinf(y) && std::fabs(x) == 1)) return std::numeric_limits<double>::quiet_NaN();
  return std::pow(x, y);
}

}  // namespace panmodel::pfa
