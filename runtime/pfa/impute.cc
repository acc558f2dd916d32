// impute: what takes the place of missing values.
#include <cmath>

#include "runtime/pfa/library.h"

namespace panmodel::pfa {
namespace {

Value error_on_null(const Call& call) {
  if (call[0].is_null()) call.fail(21000, "encountered null");
  return call.take(0);
}
Value default_on_null(const Call& call) { return call.take(call[0].is_null() ? 1 : 0); }

Value is_nan(const Call& call) { return Value::boolean(std::isnan(call.real(0))); }
Value is_infinite(const Call& call) { return Value::boolean(std::isinf(call.real(0))); }
Value is_finite(const Call& call) { return Value::boolean(std::isfinite(call.real(0))); }

Value error_on_non_number(const Call& call) {
  double x = call.real(0);
  if (std::isnan(x)) call.fail(21050, "encountered nan");
  if (std::isinf(x)) x > 0 ? call.fail(21051, "encountered +inf") : call.fail(21052, "encountered -inf");
  return call.take(0);
}
Value default_on_non_number(const Call& call) { return call.take(std::isfinite(call.real(0)) ? 0 : 1); }

constexpr LibraryRow kRows[] = {
    {"impute.defaultOnNonNum", default_on_non_number},
    {"impute.defaultOnNull", default_on_null},
    {"impute.errorOnNonNum", error_on_non_number},
    {"impute.errorOnNull", error_on_null},
    {"impute.isinf", is_infinite},
    {"impute.isnan", is_nan},
    {"impute.isnum", is_finite},
};

}  // namespace

std::span<const LibraryRow> impute_library() { return kRows; }

}  // namespace panmodel::pfa
