// Expressions with a table: NormContinuous, NormDiscrete, Discretize, MapValues, TextIndex.
#include <charconv>
#include <limits>
#include <set>

#include "base/number.h"
#include "base/text.h"
#include "formats/pmml/expression_reader.h"

namespace panmodel::pmml {

using expr::Constant;
using expr::Expr;
using expr::Function;
using expr::Scalar;

namespace {

constexpr double kInfinity = std::numeric_limits<double>::infinity();

std::shared_ptr<const expr::Table> table_of(std::vector<std::pair<std::string, Tensor>> parameters) {
  return std::make_shared<const expr::Table>(expr::Table{std::move(parameters)});
}

Tensor option(std::string text) { return Tensor::vector(std::vector<std::string>{std::move(text)}); }
Tensor option(bool value) { return Tensor::of_bools({1}, {static_cast<uint8_t>(value)}); }

Tensor flags(std::vector<uint8_t> values) {
  const auto count = static_cast<int64_t>(values.size());
  return Tensor::of_bools({count}, std::move(values));
}

// The type of the values of a table; dates stay text, which the field around the table converts.
Scalar value_type(const Element& element) {
  auto name = element.find("dataType");
  const Scalar type = name ? scalar_of(element, *name) : Scalar::string;
  return type >= Scalar::date ? Scalar::string : type;
}

// Texts as a vector of the type, numbers without the space around them; fails "pmml-value".
Tensor typed_values(const Element& at, std::vector<std::string> texts, Scalar type) {
  if (type == Scalar::string || texts.empty()) return Tensor::vector(std::move(texts));
  for (std::string& t : texts) {
    const size_t begin = t.find_first_not_of(" \t\r\n");
    t = begin == t.npos ? "" : t.substr(begin, t.find_last_not_of(" \t\r\n") - begin + 1);
  }
  return values_of(at, texts, type);
}

void set_replacements(Expr& e, const Element& element, Scalar type) {
  if (auto v = element.find("mapMissingTo")) e.map_missing_to = typed_value(element, *v, type);
  if (auto v = element.find("defaultValue")) e.default_value = typed_value(element, *v, type);
}

// Column names may carry a prefix, and escape what no XML name can have as _x0020_.
std::string column_name(std::string_view name) {
  if (size_t colon = name.rfind(':'); colon != name.npos) name.remove_prefix(colon + 1);
  std::string out;
  for (size_t i = 0; i < name.size(); ++i) {
    const bool escape = name.substr(i).starts_with("_x") && i + 6 < name.size() && name[i + 6] == '_';
    const std::string_view digits = escape ? name.substr(i + 2, 4) : std::string_view();
    unsigned code = 0;
    if (escape && std::from_chars(digits.data(), digits.data() + 4, code, 16).ptr == digits.data() + 4 && code < 0x80) {
      out += static_cast<char>(code);
      i += 6;
    } else {
      out += name[i];
    }
  }
  return out;
}

// Cells of the rows of an InlineTable, by column.
std::vector<std::vector<std::string>> table_rows(const Element& owner, const std::vector<std::string>& columns,
                                                 const std::vector<bool>& required) {
  if (owner.child("TableLocator")) {
    owner.refuse("pmml-feature", "a TableLocator: tables outside of the document are not read");
  }
  std::vector<std::vector<std::string>> rows;
  for (const Element& row : owner.require("InlineTable").children("row")) {
    std::vector<std::optional<std::string>> cells(columns.size());
    for (const Element& cell : row.children()) {
      const std::string name = column_name(cell.name());
      for (size_t c = 0; c < columns.size(); ++c) {
        if (columns[c] == name) cells[c] = cell.text();
      }
    }
    std::vector<std::string>& out = rows.emplace_back();
    for (size_t c = 0; c < columns.size(); ++c) {
      if (!cells[c] && required[c]) row.refuse("pmml-element", "no cell of the column '{}'", columns[c]);
      out.push_back(cells[c].value_or(""));
    }
  }
  return rows;
}

std::vector<std::string> column(const std::vector<std::vector<std::string>>& rows, size_t c) {
  std::vector<std::string> out;
  for (const auto& row : rows) out.push_back(row[c]);
  return out;
}

}  // namespace

Expr ExpressionReader::norm_continuous(const Element& element) {
  constexpr std::string_view kOutliers[] = {"asIs", "asMissingValues", "asExtremeValues"};
  constexpr std::string_view kNames[] = {"as_is", "as_missing_values", "as_extreme_values"};
  std::vector<double> orig, norm;
  for (const Element& point : element.children("LinearNorm")) {
    if (!orig.empty() && !(orig.back() < point.real("orig"))) {
      point.refuse("pmml-value", "orig=\"{}\", expected more than the one before", point.attribute("orig"));
    }
    orig.push_back(point.real("orig"));
    norm.push_back(point.real("norm"));
  }
  if (orig.size() < 2) element.refuse("pmml-element", "{} LinearNorm in it, expected two or more", orig.size());
  const size_t outliers = element.choice("outliers", kOutliers, 0);
  Expr e = expr::call(Function::norm_continuous, {reference(element.attribute("field"), element).value},
                      table_of({{"orig", Tensor::vector(std::move(orig))},
                                {"norm", Tensor::vector(std::move(norm))},
                                {"outliers", option(std::string(kNames[outliers]))}}));
  set_replacements(e, element, Scalar::f64);
  return e;
}

Expr ExpressionReader::norm_discrete(const Element& element) {
  constexpr std::string_view kMethods[] = {"indicator"};
  element.choice("method", kMethods, 0);
  Reference field = reference(element.attribute("field"), element);
  Expr value = typed_constant(element, element.attribute("value"), field.type.value_or(Scalar::string));
  Expr e = expr::call(Function::norm_discrete, {std::move(field.value), std::move(value)});
  set_replacements(e, element, Scalar::f64);
  return e;
}

Expr ExpressionReader::discretize(const Element& element) {
  constexpr std::string_view kClosures[] = {"openOpen", "openClosed", "closedOpen", "closedClosed"};
  const Scalar type = value_type(element);
  std::vector<double> left, right;
  std::vector<uint8_t> left_closed, right_closed;
  std::vector<std::string> values;
  for (const Element& bin : element.children("DiscretizeBin")) {
    const Element interval = bin.require("Interval");
    interval.attribute("closure");
    const size_t closure = interval.choice("closure", kClosures, 0);
    left.push_back(interval.real("leftMargin", -kInfinity));
    right.push_back(interval.real("rightMargin", kInfinity));
    left_closed.push_back(closure >= 2 ? 1 : 0);
    right_closed.push_back(static_cast<uint8_t>(closure % 2));
    values.emplace_back(bin.attribute("binValue"));
  }
  Tensor typed = typed_values(element, values, type);
  Expr e = expr::call(Function::discretize, {reference(element.attribute("field"), element).value},
                      table_of({{"left", Tensor::vector(std::move(left))},
                                {"left_closed", flags(std::move(left_closed))},
                                {"right", Tensor::vector(std::move(right))},
                                {"right_closed", flags(std::move(right_closed))},
                                {"values", std::move(typed)}}));
  set_replacements(e, element, type);
  return e;
}

Expr ExpressionReader::map_values(const Element& element) {
  std::vector<Expr> arguments;
  std::vector<Scalar> types;
  std::vector<std::string> columns;
  for (const Element& pair : element.children("FieldColumnPair")) {
    Reference field = reference(pair.attribute("field"), pair);
    Scalar key = field.type.value_or(Scalar::string);
    arguments.push_back(std::move(field.value));
    types.push_back(key >= Scalar::date ? Scalar::string : key);
    columns.push_back(column_name(pair.attribute("column")));
  }
  if (arguments.empty()) element.refuse("pmml-element", "no FieldColumnPair in it");
  columns.push_back(column_name(element.attribute("outputColumn")));
  const auto rows = table_rows(element, columns, std::vector<bool>(columns.size(), true));
  std::set<std::vector<std::string>> seen;
  for (const auto& row : rows) {
    if (!seen.emplace(row.begin(), row.end() - 1).second) {
      element.refuse("pmml-duplicate", "two rows with the keys '{}'", fmt::join(row.begin(), row.end() - 1, "', '"));
    }
  }
  const Scalar type = value_type(element);
  const Element table = element.require("InlineTable");
  std::vector<std::pair<std::string, Tensor>> parameters;
  for (size_t k = 0; k < types.size(); ++k) {
    parameters.emplace_back(fmt::format("key{}", k), typed_values(table, column(rows, k), types[k]));
  }
  parameters.emplace_back("values", typed_values(table, column(rows, types.size()), type));
  Expr e = expr::call(Function::map_values, std::move(arguments), table_of(std::move(parameters)));
  set_replacements(e, element, type);
  return e;
}

Expr ExpressionReader::text_index(const Element& element) {
  constexpr std::string_view kWeights[] = {"termFrequency", "binary", "logarithmic",
                                           "augmentedNormalizedTermFrequency"};
  constexpr std::string_view kWeightNames[] = {"term_frequency", "binary", "logarithmic"};
  constexpr std::string_view kHits[] = {"allHits", "bestHits"};
  constexpr std::string_view kHitNames[] = {"all_hits", "best_hits"};
  const size_t weights = element.choice("localTermWeights", kWeights, 0);
  if (weights == 3) {
    element.refuse("pmml-expression", "localTermWeights=\"augmentedNormalizedTermFrequency\" is not supported");
  }
  if (!element.boolean("tokenize", true)) {
    element.refuse("pmml-expression", "tokenize=\"false\" is not supported");
  }
  const bool sensitive = element.boolean("isCaseSensitive", false);
  std::vector<std::pair<std::string, Tensor>> parameters;
  if (auto word = element.find("x-wordRE")) {
    parameters.emplace_back("word_re", option(std::string(*word)));
  } else {
    parameters.emplace_back("word_separator", option(std::string(element.find("wordSeparatorCharacterRE").value_or("\\s+"))));
  }
  parameters.emplace_back("local_term_weights", option(std::string(kWeightNames[weights])));
  parameters.emplace_back("count_hits", option(std::string(kHitNames[element.choice("countHits", kHits, 0)])));
  parameters.emplace_back("case_sensitive", option(sensitive));
  const int64_t distance = element.find_int("maxLevenshteinDistance").value_or(0);
  if (distance < 0) element.refuse("pmml-attribute", "maxLevenshteinDistance=\"{}\", expected 0 or more", distance);
  parameters.emplace_back("max_levenshtein", Tensor::vector(std::vector<int64_t>{distance}));
  size_t n = 0;
  Element term;
  for (const Element& child : element.children()) {
    if (!child.is("TextIndexNormalization")) {
      if (term) child.refuse("pmml-element", "a second term");
      term = child;
      continue;
    }
    for (std::string_view name : {"maxLevenshteinDistance", "wordSeparatorCharacterRE", "tokenize"}) {
      if (child.find(name)) child.refuse("pmml-expression", "{} is not supported", name);
    }
    const std::vector<std::string> columns{column_name(child.find("inField").value_or("string")),
                                           column_name(child.find("outField").value_or("stem")),
                                           column_name(child.find("regexField").value_or("regex"))};
    const auto rows = table_rows(child, columns, {true, true, false});
    std::vector<uint8_t> regex;
    for (const auto& row : rows) regex.push_back(row[2] == "true" || row[2] == "1" ? 1 : 0);
    const std::string prefix = fmt::format("norm{}_", n++);
    parameters.emplace_back(prefix + "string", Tensor::vector(column(rows, 0)));
    parameters.emplace_back(prefix + "stem", Tensor::vector(column(rows, 1)));
    parameters.emplace_back(prefix + "regex", flags(std::move(regex)));
    parameters.emplace_back(prefix + "recursive", option(child.boolean("recursive", false)));
    parameters.emplace_back(prefix + "case_sensitive", option(child.boolean("isCaseSensitive", sensitive)));
  }
  if (!term) element.refuse("pmml-element", "no term in it");
  Reference text = reference(element.attribute("textField"), element);
  std::vector<Expr> arguments{std::move(text.value)};
  arguments.push_back(read(term));
  return expr::call(Function::text_index, std::move(arguments), table_of(std::move(parameters)));
}

}  // namespace panmodel::pmml
