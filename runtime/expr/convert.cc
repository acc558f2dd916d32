// Conversion functions.
#include "runtime/expr/call.h"

namespace panmodel::runtime::scalar {

using expr::Scalar;

Datum to_f64(Call& c) { return convert(std::move(c[0]), Scalar::f64); }
Datum to_f32(Call& c) { return convert(std::move(c[0]), Scalar::f32); }
Datum to_i64(Call& c) { return convert(std::move(c[0]), Scalar::i64); }
Datum to_boolean(Call& c) { return convert(std::move(c[0]), Scalar::boolean); }
Datum to_string(Call& c) { return convert(std::move(c[0]), Scalar::string); }
Datum to_date(Call& c) { return convert(std::move(c[0]), Scalar::date); }
Datum to_time(Call& c) { return convert(std::move(c[0]), Scalar::time); }
Datum to_date_time(Call& c) { return convert(std::move(c[0]), Scalar::date_time); }

}  // namespace panmodel::runtime::scalar
