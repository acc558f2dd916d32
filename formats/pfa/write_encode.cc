// Categories, class labels, and what stands for missing values.
#include <algorithm>
#include <cmath>
#include <limits>

#include "formats/pfa/write_values.h"
#include "ir/ops/encode.h"
#include "ir/ops/impute.h"

namespace panmodel::pfa::writing {
namespace {

constexpr size_t kFew = 4;  // values that are compared one by one

bool fits_int(const Tensor& values) {
  for (int64_t v : values.integers()) {
    if (v < std::numeric_limits<int32_t>::min() || v > std::numeric_limits<int32_t>::max()) return false;
  }
  return true;
}

// Of labels: an int where all are.
std::string label_type(const Tensor& values) {
  const std::string type = type_of(values.dtype());
  return type == "long" && fits_int(values) ? "int" : type;
}

class Encodings {
 public:
  Encodings(const Node& node, Values& values) : node_(node), values_(values), program_(values.program()) {}

  bool write() {
    if (const auto* op = node_.as<ml::LabelMap>()) return label_map(*op);
    if (const auto* op = node_.as<ml::OneHot>()) return one_hot(*op);
    if (const auto* op = node_.as<ml::Labels>()) return labels(*op);
    if (const auto* op = node_.as<ml::Impute>()) return impute(*op);
    return false;
  }

 private:
  bool set(Form f) {
    values_.set(node_.outputs[0], std::move(f));
    return true;
  }

  static bool counts_up(const Tensor& values) {
    for (size_t i = 0; i < values.size(); ++i) {
      if (values.dtype() == DType::string || values.real(i) != static_cast<double>(i)) return false;
    }
    return true;
  }

  // The value of a table at an index that is an expression.
  Ast table_at(const char* name, const Tensor& values, Ast index) {
    Ast cell = program_.tensor(name, values);
    std::get<Members>(cell.v).emplace_back("path", Asts{std::move(index)});
    return cell;
  }

  // x looked up among keys that are not null, with what is not found.
  Ast found(const ml::LabelMap& op, const Ast& x, const std::string& type) {
    Ast otherwise = Members{{"error", "a value that the model does not know"}};
    if (op.fallback) otherwise = element_of(*op.fallback, 0);
    if (op.keys.size() <= kFew) {
      Asts cases;
      for (size_t i = 0; i < op.keys.size(); ++i) {
        if (is_floating(op.keys.dtype()) && std::isnan(op.keys.real(i))) continue;
        cases.push_back(Members{{"if", call("==", {x, element_of(op.keys, i)})}, {"then", branch(element_of(op.values, i))}});
      }
      if (cases.empty()) return otherwise;
      return Members{{"cond", std::move(cases)}, {"else", branch(std::move(otherwise))}};
    }
    if (op.keys.dtype() == DType::string) return by_text(op, x, std::move(otherwise));
    const Ast index = call("a.index", {program_.tensor("keys", op.keys), x});
    if (counts_up(op.values) && op.fallback && op.fallback->real(0) == -1) {
      return type == "double" ? call("cast.double", {index}) : index;
    }
    const std::string place = program_.symbol("place");
    Ast value = counts_up(op.values) ? (type == "double" ? call("cast.double", {place}) : place) : table_at("values", op.values, place);
    return Members{{"do", Asts{Members{{"let", Members{{place, index}}}},
                               if_else(call("<", {place, 0}), std::move(otherwise), std::move(value))}}};
  }

  // The cell of a map from text; a missing key is an error by itself.
  Ast by_text(const ml::LabelMap& op, const Ast& x, Ast otherwise) {
    Members codes;
    for (size_t i = 0; i < op.keys.size(); ++i) {
      const bool known = std::any_of(codes.begin(), codes.end(), [&](const auto& m) { return m.first == op.keys.text(i); });
      if (known) continue;
      Ast e = element_of(op.values, i);
      if (const auto* text = e.array()) e = std::get<std::string>((*text)[0].v);
      if (!std::holds_alternative<double>(e.v) && is_floating(op.values.dtype())) values_.refuse(node_, "with a value that JSON cannot say");
      codes.emplace_back(op.keys.text(i), std::move(e));
    }
    const Ast cell = program_.cell("codes", map_of(type_of(op.values.dtype())), std::move(codes));
    Members read = std::get<Members>(cell.v);
    read.emplace_back("path", Asts{x});
    if (!op.fallback) return read;
    return if_else(call("map.containsKey", {cell, x}), Ast(std::move(read)), std::move(otherwise));
  }

  bool label_map(const ml::LabelMap& op) {
    const Form& from = values_.of(node_.inputs[0]);
    const std::string type = type_of(op.values.dtype());
    std::optional<Ast> for_nan;
    if (is_floating(op.keys.dtype())) {
      for (size_t i = 0; i < op.keys.size() && !for_nan; ++i) {
        if (std::isnan(op.keys.real(i))) for_nan = element_of(op.values, i);
      }
    }
    std::optional<Ast> for_missing;
    if (op.missing_value) for_missing = element_of(*op.missing_value, 0);
    if (!for_missing) for_missing = for_nan;
    if (!for_missing && op.fallback) for_missing = element_of(*op.fallback, 0);
    const bool nullable = from.nullable, may_miss = from.may_miss, vector = from.vector;
    std::vector<Ast> items;
    for (Ast& item : values_.items(node_.inputs[0], false)) {
      if (nullable && for_missing) {
        // Where it is not null it has another symbol.
        const std::string known = program_.symbol("known");
        Ast inner = found(op, known, type);
        items.push_back(Members{{"ifnotnull", Members{{known, std::move(item)}}},
                                {"then", branch(std::move(inner))},
                                {"else", branch(*for_missing)}});
        continue;
      }
      if (nullable) item = call("impute.errorOnNull", {std::move(item)});
      const Ast x = values_.symbol(std::move(item), "value");
      Ast e = found(op, x, type);
      if (may_miss && for_nan) e = if_else(call("impute.isnan", {x}), *for_nan, std::move(e));
      items.push_back(std::move(e));
    }
    Form f = items_form(type, std::move(items));
    f.vector = vector;
    f.may_miss = is_floating(op.values.dtype());
    if (f.may_miss) {
      const auto real_at = [](const Tensor& t, size_t i) { return t.real(i); };
      f.may_miss = false;
      for (size_t i = 0; i < op.values.size(); ++i) f.may_miss = f.may_miss || std::isnan(real_at(op.values, i));
      if (op.fallback) f.may_miss = f.may_miss || std::isnan(op.fallback->real(0));
      if (op.missing_value) f.may_miss = f.may_miss || std::isnan(op.missing_value->real(0));
    }
    return set(std::move(f));
  }

  bool one_hot(const ml::OneHot& op) {
    const Form& from = values_.of(node_.inputs[0]);
    if (from.vector) values_.refuse(node_, "of several indices");
    const std::string type = type_of(op.dtype);
    const char* fanout = type == "double" ? "cast.fanoutDouble" : type == "boolean" ? "cast.fanoutBoolean" : type == "long" ? "cast.fanoutLong" : "cast.fanoutInt";
    Ast index = values_.item(node_.inputs[0]);
    if (from.type == "double") {
      const Ast x = values_.symbol(std::move(index), "index");
      // A number that is no index has no place.
      const Ast inside = call("&&", {call(">=", {x, 0.0}), call("<", {x, static_cast<double>(op.width)})});
      index = if_else(call("&&", {inside, call("==", {x, call("m.floor", {x})})}), call("cast.int", {x}), -1);
    } else if (from.type == "long") {
      const Ast x = values_.symbol(std::move(index), "index");
      const Ast inside = call("&&", {call(">=", {x, 0}), call("<", {x, op.width})});
      index = if_else(inside, call("cast.int", {x}), -1);
    }
    Ast row = call(fanout, {std::move(index), 0, op.width, false});
    if (op.width == 1) return set(scalar_form(type, element(values_.symbol(std::move(row), "indicator"), 0)));
    return set(vector_form(type, static_cast<size_t>(op.width), std::move(row)));
  }

  Ast class_at(const Tensor& classes, size_t i) { return element_of(classes, i); }

  bool labels(const ml::Labels& op) {
    const std::string type = label_type(op.classes);
    if (op.classes.size() == 1) {
      return set(scalar_form(type, element_of(op.classes, 0)));
    }
    if (op.rule == ml::LabelRule::argmax) {
      Ast cell = program_.cell("classes", array_of(type), classes_of(op.classes));
      std::get<Members>(cell.v).emplace_back("path", Asts{call("a.argmax", {values_.array(node_.inputs[0])})});
      return set(scalar_form(type, std::move(cell)));
    }
    const bool may_miss = values_.of(node_.inputs[0]).may_miss;
    Ast score = may_miss ? values_.item_symbol(node_.inputs[0]) : values_.item(node_.inputs[0]);
    Ast test = call(op.rule == ml::LabelRule::above ? ">" : ">=", {score, real(op.threshold)});
    if (may_miss) test = call("&&", {call("!", {call("impute.isnan", {score})}), std::move(test)});
    return set(scalar_form(type, if_else(std::move(test), class_at(op.classes, 1), class_at(op.classes, 0))));
  }

  static Ast classes_of(const Tensor& classes) {
    Asts all;
    for (size_t i = 0; i < classes.size(); ++i) {
      if (classes.dtype() == DType::string) {
        all.push_back(classes.text(i));
      } else {
        all.push_back(element_of(classes, i));
      }
    }
    return all;
  }

  bool impute(const ml::Impute& op) {
    const Form& from = values_.of(node_.inputs[0]);
    const bool by_value = op.missing && (op.missing->dtype() == DType::string || !is_floating(op.missing->dtype()) || !std::isnan(op.missing->real(0)));
    const bool nullable = from.nullable, may_miss = from.may_miss, vector = from.vector;
    const std::string type = from.type;
    const Ast fill_type = type;
    std::vector<Ast> items = values_.items(node_.inputs[0], false);
    for (size_t i = 0; i < items.size(); ++i) {
      const Ast fill = element_of(op.fill, op.fill.size() == 1 ? 0 : i);
      if (nullable) {
        items[i] = call("impute.defaultOnNull", {std::move(items[i]), fill});
      } else if (may_miss) {
        const Ast x = values_.symbol(std::move(items[i]), "value");
        items[i] = if_else(call("impute.isnan", {x}), fill, x);
      }
      if (by_value) {
        const Ast x = values_.symbol(std::move(items[i]), "value");
        items[i] = if_else(call("==", {x, element_of(*op.missing, 0)}), fill, x);
      }
    }
    Form f = items_form(type, std::move(items));
    f.vector = vector;
    return set(std::move(f));
  }

  const Node& node_;
  Values& values_;
  Program& program_;
};

}  // namespace

bool write_encode(const Node& node, Values& values) { return Encodings(node, values).write(); }

}  // namespace panmodel::pfa::writing
