#include "formats/pmml/dictionary.h"

#include "base/number.h"
#include "ir/ops/expr.h"

namespace panmodel::pmml {
namespace {

using expr::Scalar;
using table::InvalidCell;
using table::OutlierCell;

DataField read_field(const Element& element) {
  constexpr std::string_view kProperties[] = {"valid", "invalid", "missing"};
  constexpr std::string_view kClosures[] = {"openOpen", "closedOpen", "openClosed", "closedClosed"};
  DataField out;
  out.element = element;
  out.field = described(element, Scalar::string);
  std::vector<std::string>* lists[] = {&out.valid, &out.invalid, &out.missing};
  for (const Element& value : element.children("Value")) {
    std::string text(value.attribute("value"));
    if (auto shown = value.find("displayValue")) out.display[text] = *shown;
    lists[value.choice("property", kProperties, 0)]->push_back(std::move(text));
  }
  for (const Element& interval : element.children("Interval")) {
    interval.attribute("closure");
    out.lower.push_back(interval.real("leftMargin", -table::Prepare::kInfinity));
    out.upper.push_back(interval.real("rightMargin", table::Prepare::kInfinity));
    out.closed.push_back(static_cast<int64_t>(interval.choice("closure", kClosures, 0)));
  }
  // Only distances ask whether the last value stands beside the first.
  element.boolean("isCyclic", false);
  if (element.find("taxonomy")) element.refuse("pmml-feature", "taxonomies are not supported");
  out.field.values = out.valid;
  return out;
}

bool is_date(Scalar type) {
  return type == Scalar::date || type == Scalar::time || type == Scalar::date_time;
}

// The year of "dateDaysSince[1960]" and "dateTimeSecondsSince[1960]", types of whole numbers that
// dates are counted as.
std::optional<int64_t> counted_from(const DataField& data) {
  auto type = data.element.find("dataType");
  if (!type || !type->ends_with("]") || type->find('[') == std::string_view::npos) {
    return std::nullopt;
  }
  auto year = parse_int(type->substr(type->find('[') + 1, type->size() - type->find('[') - 2));
  if (!year) data.element.refuse("pmml-type", "dataType=\"{}\" names no year", *type);
  return year;
}

// A column of dates from one of their texts.
ValueId parsed_date(Reader& reader, ValueId text, const DataField& data) {
  using expr::Function;
  expr::Expr body = expr::input(0);
  if (auto year = counted_from(data)) {
    const bool days = data.element.attribute("dataType").starts_with("dateDays");
    body = expr::call(days ? Function::to_date : Function::to_date_time, {std::move(body)});
    body = expr::call(days ? Function::date_days_since_year : Function::date_seconds_since_year,
                      {std::move(body), expr::constant(*year)});
    body.unknown = true;  // a missing cell stays one
  } else {
    const Function cast = data.field.type == Scalar::date   ? Function::to_date
                          : data.field.type == Scalar::time ? Function::to_time
                                                            : Function::to_date_time;
    body = expr::call(cast, {std::move(body)});
  }
  return reader.builder.add(expr::Map{data.field.type, std::move(body), false}, {text});
}

// The rules of a DataField for its cells, where the model looks at them first.
void set_domain(table::Prepare& op, const DataField& data, Scalar type) {
  op.valid = values_of(data.element, data.valid, type);
  op.invalid = values_of(data.element, data.invalid, type);
  op.missing = values_of(data.element, data.missing, type);
  if (type == Scalar::string || type == Scalar::boolean) return;
  op.lower = data.lower;
  op.upper = data.upper;
  op.closed = data.closed;
}

// What the MiningField says of cells. Returns whether it says anything.
bool set_treatments(table::Prepare& op, const Element& field, Scalar type) {
  constexpr std::string_view kOutliers[] = {"asIs", "asMissingValues", "asExtremeValues"};
  constexpr std::string_view kMissing[] = {"asIs",    "asMean",        "asMode",         "asMedian",
                                           "asValue", "returnInvalid", "x-returnInvalid"};
  const bool number = type != Scalar::string && type != Scalar::boolean;
  op.outlier = static_cast<OutlierCell>(field.choice("outliers", kOutliers, 0));
  if (op.outlier != OutlierCell::as_is) {
    if (!number) field.refuse("pmml-attribute", "outliers of a field that is no number");
    op.low = field.real("lowValue", op.low);
    op.high = field.real("highValue", op.high);
  }
  op.refuse_missing = field.choice("missingValueTreatment", kMissing, 0) >= 5;
  if (auto value = field.find("missingValueReplacement")) {
    op.missing_value = values_of(field, {std::string(*value)}, type);
  }
  return op.outlier != OutlierCell::as_is || op.refuse_missing || op.missing_value.has_value();
}

void set_invalid(table::Prepare& op, const Element& field, Scalar type, bool strict) {
  constexpr std::string_view kInvalid[] = {"returnInvalid", "asIs", "asMissing", "asValue"};
  op.invalid_cell = static_cast<InvalidCell>(field.choice("invalidValueTreatment", kInvalid, 0));
  auto value = field.find("invalidValueReplacement");
  // Its name before PMML 4.4.
  if (!value) value = field.find("x-invalidValueReplacement");
  // JPMML-Evaluator replaces the cells of asIs too.
  const bool replaced = op.invalid_cell == InvalidCell::as_value ||
                        (op.invalid_cell == InvalidCell::as_is && !strict);
  if (value && replaced) {
    op.invalid_cell = InvalidCell::as_value;
    op.invalid_value = values_of(field, {std::string(*value)}, type);
  } else if (op.invalid_cell == InvalidCell::as_value) {
    field.refuse("pmml-attribute", "asValue without invalidValueReplacement");
  }
}

// The nodes of a treatment. returnInvalid is for cells that came missing: those that became so have
// a step of their own behind it.
ValueId treat(Builder& b, table::Prepare op, std::vector<ValueId> inputs) {
  const bool makes_missing = op.invalid_cell == InvalidCell::as_missing ||
                             op.outlier == OutlierCell::as_missing || op.missing_value;
  if (op.refuse_missing && makes_missing) {
    table::Prepare refuse;
    refuse.field = op.field;
    refuse.missing = op.missing;
    refuse.masked = op.masked;
    refuse.refuse_missing = true;
    inputs[0] = b.add(std::move(refuse), inputs);
    op.refuse_missing = false;
  }
  return b.add(std::move(op), std::move(inputs));
}

// An input of the model, treated.
Field input_field(Reader& reader, const Element& mining, const std::string& name) {
  const DataField* data = reader.dictionary.find(name);
  if (data == nullptr) {
    mining.refuse("pmml-field", "the field '{}' is not in the data dictionary", name);
  }
  Field field = data->field;
  Builder& b = reader.builder;
  b.at(mining.place());
  // Dates come as text, are compared with the declared values as text, and parsed then.
  const bool date = is_date(field.type) || counted_from(*data);
  const Scalar raw = date ? Scalar::string : field.type;
  field.value = b.input(name, ColumnType{expr::dtype_of(raw), true});
  table::Prepare op;
  op.field = name;
  set_domain(op, *data, raw);
  set_invalid(op, mining, raw, reader.strict);
  const bool treated = set_treatments(op, mining, raw);
  const bool bounded = !op.valid.empty() || !op.invalid.empty() || !op.missing.empty() ||
                       !op.lower.empty();
  if (bounded && op.invalid_cell == InvalidCell::as_is) {
    field.domain = std::make_shared<Domain>();
    field.domain->cells = field.value;
    set_domain(field.domain->rules, *data, raw);
    field.domain->rules.field = name;
  }
  if (treated || bounded) field.value = treat(b, std::move(op), {field.value});
  if (date) field.value = parsed_date(reader, field.value, *data);
  if (auto optype = mining.find("optype")) field.categorical = *optype != "continuous";
  return field;
}

// A field of the model around a segment. Its cells were checked there; only what the segment does
// with outliers and missing cells is left.
Field inherited(Scope& scope, const Element& mining, const std::string& name) {
  Field field = scope.require(name, mining);
  table::Prepare op;
  op.field = name;
  op.masked = scope.mask().valid();
  const bool treated = set_treatments(op, mining, is_date(field.type) ? Scalar::i64 : field.type);
  if (treated) {
    Builder& b = scope.reader().builder;
    b.at(mining.place());
    std::vector<ValueId> inputs{field.value};
    if (op.masked) inputs.push_back(scope.mask());
    field.value = treat(b, std::move(op), std::move(inputs));
  }
  if (auto optype = mining.find("optype")) field.categorical = *optype != "continuous";
  return field;
}

}  // namespace

ValueId invalid_cells(Domain& domain, Builder& b) {
  if (domain.invalid.valid()) return domain.invalid;
  table::Prepare present = domain.rules;
  present.valid = present.invalid = {};
  present.lower = present.upper = {};
  present.closed = {};
  const bool all = present.missing.empty();
  ValueId there = all ? domain.cells : b.add(std::move(present), {domain.cells});
  table::Prepare valid = domain.rules;
  valid.invalid_cell = InvalidCell::as_missing;
  ValueId good = b.add(std::move(valid), {domain.cells});
  using expr::Function;
  expr::Expr body =
      expr::call(Function::logical_and, {expr::call(Function::is_not_missing, {expr::input(0)}),
                                         expr::call(Function::is_missing, {expr::input(1)})});
  domain.invalid = b.add(expr::Map{Scalar::boolean, std::move(body), false}, {there, good});
  return domain.invalid;
}

const DataField* Dictionary::find(std::string_view name) const {
  auto found = fields.find(name);
  return found == fields.end() ? nullptr : &found->second;
}

Dictionary read_dictionary(const Element& pmml) {
  Dictionary out;
  for (const Element& e : pmml.require("DataDictionary").children("DataField")) {
    std::string name(e.attribute("name"));
    if (!out.fields.emplace(name, read_field(e)).second) {
      e.refuse("pmml-duplicate", "the field '{}' is declared twice", name);
    }
  }
  if (Element transformations = pmml.child("TransformationDictionary")) {
    for (const Element& e : transformations.children("DefineFunction")) {
      std::string name(e.attribute("name"));
      if (!out.functions.emplace(name, e).second) {
        e.refuse("pmml-duplicate", "the function '{}' is defined twice", name);
      }
    }
  }
  return out;
}

Tensor values_of(const Element& at, const std::vector<std::string>& texts, Scalar type) {
  if (texts.empty()) return {};
  const auto parsed = [&](auto parse, std::string_view expected) {
    std::vector<typename decltype(parse(texts[0]))::value_type> out;
    for (const std::string& text : texts) {
      auto value = parse(text);
      if (!value) at.refuse("pmml-value", "the value '{}', expected {}", text, expected);
      out.push_back(*value);
    }
    return out;
  };
  switch (expr::dtype_of(type)) {
    case DType::f64: return Tensor::vector(parsed([](auto& t) { return parse_real(t); }, "a number"));
    case DType::f32: return Tensor::vector(parsed([](auto& t) { return parse_float(t); }, "a number"));
    case DType::i64:
      // Producers write 3.0 for a whole number.
      return Tensor::vector(parsed([](auto& t) -> std::optional<int64_t> {
        if (auto i = parse_int(t)) return i;
        auto real = parse_real(t);
        if (!real || *real != static_cast<double>(static_cast<int64_t>(*real))) return std::nullopt;
        return static_cast<int64_t>(*real);
      }, "an integer"));
    case DType::boolean: {
      auto bits = parsed([](auto& t) -> std::optional<uint8_t> {
        if (t == "true" || t == "1") return 1;
        if (t == "false" || t == "0") return 0;
        return std::nullopt;
      }, "true or false");
      Shape shape{static_cast<int64_t>(bits.size())};
      return Tensor::of_bools(std::move(shape), std::move(bits));
    }
    default: return Tensor::vector(texts);
  }
}

Schema read_schema(const Element& model, Scope& scope, bool inputs) {
  constexpr std::string_view kUsage[] = {"active", "predicted", "target", "supplementary", "group",
                                         "order", "frequencyWeight", "analysisWeight"};
  Schema out;
  for (const Element& mining : model.require("MiningSchema").children("MiningField")) {
    std::string name(mining.attribute("name"));
    for (std::string_view vendor : mining.attributes()) {
      if (vendor.starts_with("x-") && vendor != "x-invalidValueReplacement") {
        mining.refuse("pmml-feature", "the vendor attribute '{}' is not supported", vendor);
      }
    }
    const size_t usage = mining.choice("usageType", kUsage, 0);
    if (usage == 1 || usage == 2) {
      out.targets.push_back(mining);
      continue;
    }
    // Fields that only describe the data are no inputs.
    if (usage > 3) continue;
    if (inputs) {
      scope.add(name, mining, [&reader = scope.reader(), name, mining] {
        return input_field(reader, mining, name);
      });
      if (usage == 0) scope.require(name, mining);
    } else {
      scope.add(name, inherited(scope, mining, name));
    }
  }
  return out;
}

}  // namespace panmodel::pmml
