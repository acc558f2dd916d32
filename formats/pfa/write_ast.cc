#include "formats/pfa/write_ast.h"

#include <algorithm>
#include <cmath>

#include "base/fail.h"
#include "base/text.h"

namespace panmodel::pfa::writing {
namespace {

void write_text(std::string_view text, JsonSink& out) {
  if (!is_utf8(text)) fail({}, "pfa-write", "a text that is not UTF-8: {}", quote(text));
  out.text(text);
}

}  // namespace

void write_ast(const Ast& ast, JsonSink& out) {
  if (const auto* array = ast.array()) {
    out.begin_array(std::none_of(array->begin(), array->end(), [](const Ast& c) {
      return c.array() != nullptr || std::holds_alternative<Members>(c.v) || std::holds_alternative<Ast::Stream>(c.v);
    }));
    for (const Ast& c : *array) write_ast(c, out);
    out.end_array();
  } else if (const auto* object = std::get_if<Members>(&ast.v)) {
    out.begin_object(object->size() == 1);
    for (const auto& [name, value] : *object) {
      if (!is_utf8(name)) fail({}, "pfa-write", "a text that is not UTF-8: {}", quote(name));
      out.key(name);
      write_ast(value, out);
    }
    out.end_object();
  } else if (const auto* stream = std::get_if<Ast::Stream>(&ast.v)) {
    (*stream)(out);
  } else if (const auto* text = std::get_if<std::string>(&ast.v)) {
    write_text(*text, out);
  } else if (const auto* real = std::get_if<double>(&ast.v)) {
    if (!std::isfinite(*real)) fail({}, "pfa-write", "{} among the model's numbers, which JSON cannot say", *real);
    out.real(*real);
  } else if (const auto* integer = std::get_if<int64_t>(&ast.v)) {
    out.integer(*integer);
  } else if (const auto* truth = std::get_if<bool>(&ast.v)) {
    out.boolean(*truth);
  } else {
    out.null();
  }
}

Ast array_of(Ast items) { return Members{{"type", "array"}, {"items", std::move(items)}}; }
Ast map_of(Ast values) { return Members{{"type", "map"}, {"values", std::move(values)}}; }
Ast nullable(Ast type) { return Asts{"null", std::move(type)}; }

Ast call(std::string function, Asts arguments) {
  // One argument stands by itself, unless it is an array: a text in brackets is a literal.
  if (arguments.size() == 1 && arguments[0].array() == nullptr) {
    Ast one = std::move(arguments[0]);
    return Members{{std::move(function), std::move(one)}};
  }
  return Members{{std::move(function), std::move(arguments)}};
}

Ast literal(std::string text) { return Asts{Ast(std::move(text))}; }

Ast real(double value) {
  if (std::isfinite(value)) return value;
  return call("/", {std::isnan(value) ? 0.0 : value > 0 ? 1.0 : -1.0, 0.0});
}

Ast make_array(Asts items, Ast item_type) {
  return Members{{"type", array_of(std::move(item_type))}, {"new", std::move(items)}};
}

Ast branch(Ast e) {
  if (e.array() != nullptr) return Asts{std::move(e)};
  return e;
}

Ast if_else(Ast condition, Ast yes, Ast no) {
  return Members{{"if", std::move(condition)}, {"then", branch(std::move(yes))}, {"else", branch(std::move(no))}};
}

Ast function(std::vector<Parameter> parameters, Ast result, Asts body) {
  Asts list;
  for (Parameter& p : parameters) list.push_back(Members{{std::move(p.name), std::move(p.type)}});
  return Members{{"params", std::move(list)}, {"ret", std::move(result)}, {"do", std::move(body)}};
}

Ast element(const Ast& of, Ast index) {
  return Members{{"attr", of}, {"path", Asts{std::move(index)}}};
}

}  // namespace panmodel::pfa::writing
