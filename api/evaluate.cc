#include "api/evaluate.h"

#include "runtime/expr_eval.h"

namespace panmodel {

using expr::Constant;
using expr::Scalar;
using runtime::Datum;

namespace {

Constant constant_of(const Datum& datum) {
  if (datum.missing()) return Constant::missing(datum.type);
  switch (datum.type) {
    case Scalar::f64:
    case Scalar::f32: return {datum.type, datum.real};
    case Scalar::boolean: return datum.whole != 0;
    case Scalar::string: return datum.text;
    default: return {datum.type, datum.whole};
  }
}

}  // namespace

std::vector<std::optional<Constant>> evaluate(const expr::Map& map, const std::vector<std::vector<Constant>>& rows) {
  const runtime::Program program(map.body);
  std::vector<std::optional<Constant>> results;
  for (const std::vector<Constant>& row : rows) {
    std::vector<Datum> cells;
    for (const Constant& c : row) cells.push_back(Datum::of(c));
    const Datum result = convert(program.run(cells), map.type);
    results.push_back(result.refused() ? std::nullopt : std::optional(constant_of(result)));
  }
  return results;
}

}  // namespace panmodel
