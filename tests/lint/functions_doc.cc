// Prints docs/functions.md from ir/expr/functions.def.
#include <fmt/format.h>

#include <cstdio>
#include <string>

#include "base/fail.h"
#include "ir/expr/expr.h"
#include "tests/markdown.h"

namespace {

using namespace panmodel;

std::string arity(const expr::FunctionInfo& f) {
  if (f.max_arguments == f.min_arguments) return std::to_string(f.min_arguments);
  if (f.max_arguments == expr::kAny) return fmt::format("{}+", f.min_arguments);
  return fmt::format("{}-{}", f.min_arguments, f.max_arguments);
}

constexpr const char* kHead = R"(# Scalar functions

Generated from ir/expr/functions.def by `ninja -C build/release docs`; do not edit.

Expressions (operator `expr.map`) make one cell of a row from others. They are what the transformation
language of PMML says; docs/panir.md describes their text form. Every example below is evaluated by a
test.

**Types.** `numeric`: numbers only; the result has the widest type among them (integer < float <
double). `mean`: the same, but a double for integers. `real`: a double; text that is a number and
booleans are taken too. `whole`: an integer, from the same. Integers have 32 bits. `f64`, `boolean`,
`integer`, `string`: as they say. `argument`: of the argument that is chosen. `cast`: the type in the
name. `table`: of the table's values.

**Missing arguments.** `refuse`: the row is refused. `propagate`: the result is missing. `skip`: the
argument is left out. `answer`: as the description says. A call may map missing arguments and missing
results to a constant (mapMissingTo, defaultValue). In predicates the first two, and isIn and isNotIn,
give an unknown truth value instead.

**Invalid results** (no number, an integer that does not fit, integer division by zero) refuse the row
unless the call says invalidValueTreatment="asMissing", or "asIs", which lets a NaN pass.

Semantics are those of JPMML-Evaluator 1.7.7, as measured, where the specification leaves room.
Where panmodel differs on purpose:

| what | panmodel | JPMML-Evaluator 1.7.7 |
|---|---|---|
| `median(-3, 0, 2)` | 0.0, as PMML 4.4 defines it | the function is not defined |
| `stringLength` of a character beyond the basic plane | 1 | 2 (UTF-16 units) |
| `formatDatetime` with `%p`, `%%`, `%e` on the first | `PM`, `%`, ` 1`, as strftime | `pm`, `%1$t`, `1` |
| `formatDatetime` with `%u`, `%w`, `%n`, `%t` | as strftime | the row is refused |
| mapMissingTo and defaultValue inside arithmetic | numbers where they read as numbers | text, which refuses the row |
| `isIn` with a constant that is no value of the field's type | equals nothing | the row is refused |
| a date as text (`concat`) | ISO 8601 | the row is refused |
| `Aggregate`, `Lag` | refused when the file is read | rows are refused, or depend on the rows before |
| regular expressions with look-around, back references, possessive quantifiers, class intersections | refused when the model is made ready | backtracking |

)";

}  // namespace

int main() {
  std::string text = kHead;
  text += "| function | PMML | arguments | type | missing | meaning | example |\n|---|---|---|---|---|---|---|\n";
  for (const expr::FunctionInfo& f : expr::functions()) {
    text += fmt::format("| {} | {} | {} | {} | {} | {} | `{}` = `{}` |\n", f.name,
                        f.pmml.empty() ? "" : fmt::format("`{}`", f.pmml), arity(f), to_string(f.type),
                        to_string(f.missing), markdown_cell(f.doc), markdown_cell(f.example),
                        markdown_cell(f.result));
  }
  return std::fputs(text.c_str(), stdout) < 0 ? 1 : 0;
}
