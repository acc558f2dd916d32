// Text, date and table functions.
#include "runtime/expr/call.h"

namespace panmodel::runtime {
std::shared_ptr<const void> prepare_text(const expr::Expr&) { return nullptr; }
std::shared_ptr<const void> prepare_table(const expr::Expr&) { return nullptr; }
std::shared_ptr<const void> prepare_text_index(const expr::Expr&) { return nullptr; }
namespace scalar {
#define PENDING(name) Datum name(Call& c) { return c.refuse("not evaluated yet"); }
PENDING(uppercase) PENDING(lowercase) PENDING(string_length) PENDING(substring) PENDING(trim_blanks)
PENDING(concat) PENDING(replace) PENDING(matches) PENDING(format_number) PENDING(format_datetime)
PENDING(date_days_since_year) PENDING(date_seconds_since_year) PENDING(date_seconds_since_midnight)
PENDING(norm_continuous) PENDING(norm_discrete) PENDING(discretize) PENDING(map_values) PENDING(text_index)
}  // namespace scalar
}  // namespace panmodel::runtime
