#include "formats/pmml/write_tables.h"

#include <cmath>

#include "base/diagnostic.h"
#include "formats/pmml/write_xml.h"

namespace panmodel::pmml {

using expr::Expr;
using expr::Function;
using expr::Scalar;

namespace {

std::vector<std::string> texts_of(const Tensor& values) {
  std::vector<std::string> out;
  for (size_t i = 0; i < values.size(); ++i) out.push_back(text_at(values, i));
  return out;
}

// The field that an argument is, or a new one of `type` with its value.
std::string field_name(const Expr& e, Scalar type, const ExpressionFrame& frame) {
  const bool date = e.kind == Expr::Kind::call && e.function >= Function::to_date &&
                    e.function <= Function::to_date_time &&
                    e.arguments[0].kind == Expr::Kind::input;
  const Expr& inner = date ? e.arguments[0] : e;
  if (inner.kind == Expr::Kind::input && !inner.map_missing_to) {
    const NamedField& field = frame.inputs[inner.input];
    if (date == (field.type >= Scalar::date)) return field.name;
  }
  return frame.derive(e, type).name;
}

void set_replacements(pugi::xml_node element, const Expr& e) {
  if (e.map_missing_to) set(element, "mapMissingTo", text_of(*e.map_missing_to));
  if (e.default_value) set(element, "defaultValue", text_of(*e.default_value));
}

void norm_continuous(pugi::xml_node parent, const Expr& e, const ExpressionFrame& frame) {
  pugi::xml_node element = add(parent, "NormContinuous");
  set(element, "field", field_name(e.arguments[0], Scalar::f64, frame));
  set_replacements(element, e);
  if (const Tensor* outliers = e.table->find("outliers");
      outliers != nullptr && outliers->text(0) != "as_is") {
    set(element, "outliers",
        outliers->text(0) == "as_missing_values" ? "asMissingValues" : "asExtremeValues");
  }
  const Tensor& orig = *e.table->find("orig");
  const Tensor& norm = *e.table->find("norm");
  for (size_t i = 0; i < orig.size(); ++i) {
    pugi::xml_node point = add(element, "LinearNorm");
    set(point, "orig", xml_real(orig.real(i)));
    set(point, "norm", xml_real(norm.real(i)));
  }
}

void norm_discrete(pugi::xml_node parent, const Expr& e, const ExpressionFrame& frame) {
  const Expr& value = e.arguments[1];
  const bool date = value.kind == Expr::Kind::call && value.function >= Function::to_date &&
                    value.function <= Function::to_date_time;
  const Expr& constant = date ? value.arguments[0] : value;
  if (constant.kind != Expr::Kind::constant || constant.constant.is_missing()) {
    fail(frame.place, "pmml-write", "an indicator of a value that is no constant");
  }
  pugi::xml_node element = add(parent, "NormDiscrete");
  set(element, "field", field_name(e.arguments[0], constant.constant.type, frame));
  set(element, "value", text_of(constant.constant));
  set_replacements(element, e);
}

void discretize(pugi::xml_node parent, const Expr& e, const ExpressionFrame& frame) {
  constexpr const char* kClosures[] = {"openOpen", "openClosed", "closedOpen", "closedClosed"};
  const Tensor& values = *e.table->find("values");
  const Tensor& left = *e.table->find("left");
  const Tensor& right = *e.table->find("right");
  const auto left_closed = e.table->find("left_closed")->as<uint8_t>();
  const auto right_closed = e.table->find("right_closed")->as<uint8_t>();
  pugi::xml_node element = add(parent, "Discretize");
  set(element, "field", field_name(e.arguments[0], Scalar::f64, frame));
  set_replacements(element, e);
  set(element, "dataType", data_type_of(scalar_of_dtype(values.dtype())));
  for (size_t i = 0; i < values.size(); ++i) {
    pugi::xml_node bin = add(element, "DiscretizeBin");
    set(bin, "binValue", text_at(values, i));
    pugi::xml_node interval = add(bin, "Interval");
    set(interval, "closure", kClosures[2 * left_closed[i] + right_closed[i]]);
    if (!std::isinf(left.real(i))) set(interval, "leftMargin", xml_real(left.real(i)));
    if (!std::isinf(right.real(i))) set(interval, "rightMargin", xml_real(right.real(i)));
  }
}

void map_values(pugi::xml_node parent, const Expr& e, const ExpressionFrame& frame) {
  const Tensor& values = *e.table->find("values");
  pugi::xml_node element = add(parent, "MapValues");
  set(element, "outputColumn", "output");
  set(element, "dataType", data_type_of(scalar_of_dtype(values.dtype())));
  set_replacements(element, e);
  std::vector<std::string> columns;
  std::vector<std::vector<std::string>> texts;
  for (size_t k = 0; k < e.arguments.size(); ++k) {
    const Tensor& keys = *e.table->find(fmt::format("key{}", k));
    columns.push_back(e.arguments.size() == 1 ? "input" : fmt::format("input{}", k + 1));
    texts.push_back(texts_of(keys));
    pugi::xml_node pair = add(element, "FieldColumnPair");
    set(pair, "field", field_name(e.arguments[k], scalar_of_dtype(keys.dtype()), frame));
    set(pair, "column", columns.back());
  }
  columns.emplace_back("output");
  texts.push_back(texts_of(values));
  write_inline_table(element, columns, texts);
}

void normalization(pugi::xml_node parent, const expr::Table& table, const std::string& prefix) {
  pugi::xml_node element = add(parent, "TextIndexNormalization");
  const auto flag = [&](const char* name) {
    const Tensor* value = table.find(prefix + name);
    return value != nullptr && value->integer(0) != 0 ? "true" : "false";
  };
  set(element, "recursive", flag("recursive"));
  set(element, "isCaseSensitive", flag("case_sensitive"));
  write_inline_table(
      element, {"string", "stem", "regex"},
      {texts_of(*table.find(prefix + "string")), texts_of(*table.find(prefix + "stem")),
       texts_of(*table.find(prefix + "regex"))});
}

void text_index(pugi::xml_node parent, const Expr& e, const ExpressionFrame& frame) {
  pugi::xml_node element = add(parent, "TextIndex");
  set(element, "textField", field_name(e.arguments[0], Scalar::string, frame));
  const auto option = [&](const char* parameter, const char* attribute) {
    const Tensor* value = e.table == nullptr ? nullptr : e.table->find(parameter);
    if (value != nullptr) set(element, attribute, text_at(*value, 0));
  };
  const auto choice = [&](const char* parameter, const char* attribute,
                          std::initializer_list<std::pair<std::string_view, const char*>> names) {
    const Tensor* value = e.table == nullptr ? nullptr : e.table->find(parameter);
    if (value == nullptr) return;
    for (const auto& [ours, pmml] : names) {
      if (value->text(0) == ours) return set(element, attribute, pmml);
    }
    fail(frame.place, "pmml-write", "{}=\"{}\" of text_index", parameter, value->text(0));
  };
  choice(
      "local_term_weights", "localTermWeights",
      {{"term_frequency", "termFrequency"}, {"binary", "binary"}, {"logarithmic", "logarithmic"}});
  option("case_sensitive", "isCaseSensitive");
  option("max_levenshtein", "maxLevenshteinDistance");
  choice("count_hits", "countHits", {{"all_hits", "allHits"}, {"best_hits", "bestHits"}});
  option("word_separator", "wordSeparatorCharacterRE");
  option("word_re", "x-wordRE");
  for (size_t n = 0; e.table != nullptr; ++n) {
    const std::string prefix = fmt::format("norm{}_", n);
    if (e.table->find(prefix + "string") == nullptr) break;
    normalization(element, *e.table, prefix);
  }
  write_expression(element, e.arguments[1], frame);
}

}  // namespace

bool writes_table(Function function) {
  return function >= Function::norm_continuous && function <= Function::text_index;
}

void write_table_call(pugi::xml_node parent, const Expr& e, const ExpressionFrame& frame) {
  switch (e.function) {
    case Function::norm_continuous:
      return norm_continuous(parent, e, frame);
    case Function::norm_discrete:
      return norm_discrete(parent, e, frame);
    case Function::discretize:
      return discretize(parent, e, frame);
    case Function::map_values:
      return map_values(parent, e, frame);
    default:
      return text_index(parent, e, frame);
  }
}

void write_inline_table(pugi::xml_node parent, const std::vector<std::string>& columns,
                        const std::vector<std::vector<std::string>>& texts) {
  pugi::xml_node table = add(parent, "InlineTable");
  for (size_t i = 0; i < texts[0].size(); ++i) {
    pugi::xml_node row = add(table, "row");
    for (size_t c = 0; c < columns.size(); ++c) {
      add(row, columns[c].c_str()).text().set(xml_text(texts[c][i]).c_str());
    }
  }
}

void write_set_predicate(pugi::xml_node parent, const NamedField& field, bool in,
                         const std::vector<std::string>& items) {
  pugi::xml_node element = add(parent, "SimpleSetPredicate");
  set(element, "field", field.name);
  set(element, "booleanOperator", in ? "isIn" : "isNotIn");
  pugi::xml_node array = add(element, "Array");
  const bool whole = field.type == Scalar::i64, real = field.type <= Scalar::f32;
  set(array, "type", whole ? "int" : real ? "real" : "string");
  set(array, "n", std::to_string(items.size()));
  std::string text;
  for (const std::string& item : items) {
    if (!text.empty()) text += ' ';
    if (whole || real) {
      text += item;
      continue;
    }
    // A word stands as it is, all else in quotes.
    const bool plain = !item.empty() && item.find_first_of(" \t\r\n\"\\") == item.npos;
    if (!plain) text += '"';
    for (char c : item) {
      if (c == '"') text += '\\';
      text += c;
    }
    if (!plain) text += '"';
  }
  array.text().set(xml_text(text).c_str());
}

}  // namespace panmodel::pmml
