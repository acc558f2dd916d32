// Documents of PFA: random ones, which add, compare and choose.
#include <fmt/format.h>

#include "base/number.h"
#include "ir/ops/pfa.h"
#include "tests/ops/sample.h"

namespace panmodel::random {

template <>
void sample<pfa::Document>(Rng& rng, Builder& b) {
  std::string sum = rng.coin() ? R"({"+": ["input.a", "input.b"]})" : R"({"*": ["input.a", "input.b"]})";
  std::string text = fmt::format(
      R"({{"input": {{"type": "record", "name": "In", "fields": [{{"name": "a", "type": "double"}}, )"
      R"({{"name": "b", "type": "{}"}}]}}, "output": "double", )"
      R"("action": {{"if": {{"<": ["input.a", {}]}}, "then": {}, "else": "input.a"}}}})",
      rng.coin() ? "double" : "int", print_real(rng.real()), sum);
  bool whole = text.find(R"("type": "int")") != std::string::npos;
  ValueId x = b.input("a", ColumnType{DType::f64, false});
  ValueId y = b.input("b", ColumnType{whole ? DType::i32 : DType::f64, false});
  outputs(b, {b.add(pfa::Document{std::move(text), nullptr}, {x, y})});
}

}  // namespace panmodel::random
