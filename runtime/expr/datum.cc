// Scalars: conversion, text, order.
#include <fmt/format.h>

#include <cmath>

#include "base/fail.h"
#include "base/number.h"
#include "base/text.h"
#include "runtime/expr/calendar.h"
#include "runtime/expr_eval.h"

namespace panmodel::runtime {

using expr::Scalar;

namespace {

bool is_calendar(Scalar type) { return type >= Scalar::date; }

Datum no_value(const Datum& value, Scalar type) {
  return Datum::refuse(fmt::format("'{}' is no {}", printable(to_text(value), 60), to_string(type)));
}

std::string_view trim(std::string_view s) {
  while (!s.empty() && static_cast<unsigned char>(s.front()) <= ' ') s.remove_prefix(1);
  while (!s.empty() && static_cast<unsigned char>(s.back()) <= ' ') s.remove_suffix(1);
  return s;
}

Datum to_integer(const Datum& value) {
  switch (value.type) {
    case Scalar::i64:
    case Scalar::boolean: return Datum::of(value.whole);
    case Scalar::f64:
    case Scalar::f32:
      if (std::abs(value.real) < 9.2e18 && value.real == std::trunc(value.real)) {
        return Datum::of(static_cast<int64_t>(value.real));
      }
      break;
    case Scalar::string: {
      std::string_view text = trim(value.text);
      if (auto v = parse_int(text)) return Datum::of(*v);
      // "3.0" is the integer 3.
      if (auto v = parse_real(text); v && std::abs(*v) < 9e15 && *v == std::trunc(*v)) {
        return Datum::of(static_cast<int64_t>(*v));
      }
      break;
    }
    default: break;
  }
  return no_value(value, Scalar::i64);
}

Datum to_real(const Datum& value, Scalar type) {
  auto make = [&](double v) { return type == Scalar::f32 ? Datum::of_float(v) : Datum::of(v); };
  switch (value.type) {
    case Scalar::f64:
    case Scalar::f32: return make(value.real);
    case Scalar::i64:
    case Scalar::boolean: return make(static_cast<double>(value.whole));
    case Scalar::string:
      if (type == Scalar::f32) {
        if (auto v = parse_float(trim(value.text))) return Datum::of_float(static_cast<double>(*v));
      } else if (auto v = parse_real(trim(value.text))) {
        return Datum::of(*v);
      }
      break;
    default: break;
  }
  return no_value(value, type);
}

Datum to_boolean(const Datum& value) {
  switch (value.type) {
    case Scalar::boolean: return value;
    case Scalar::f64:
    case Scalar::f32:
      if (value.real == 0 || value.real == 1) return Datum::of(value.real == 1);
      break;
    case Scalar::i64:
      if (value.whole == 0 || value.whole == 1) return Datum::of(value.whole == 1);
      break;
    case Scalar::string: {
      std::string lower(trim(value.text));
      for (char& c : lower) c = c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c;
      if (lower == "true") return Datum::of(true);
      if (lower == "false") return Datum::of(false);
      break;
    }
    default: break;
  }
  return no_value(value, Scalar::boolean);
}

Datum to_calendar(const Datum& value, Scalar type) {
  constexpr int64_t kDay = 86400;
  if (value.type == type) return value;
  if (value.type == Scalar::i64) return Datum::of(value.whole, type);
  if (value.type == Scalar::date_time) {
    int64_t day = floor_div(value.whole, kDay);
    return Datum::of(type == Scalar::date ? day : value.whole - day * kDay, type);
  }
  if (value.type == Scalar::string) {
    if (auto v = parse_calendar(trim(value.text), type)) return Datum::of(*v, type);
  }
  return no_value(value, type);
}

template <class T>
int sign(T a, T b) {
  return a < b ? -1 : a > b ? 1 : 0;
}

}  // namespace

Datum Datum::of_float(double v) {
  return {State::value, Scalar::f32, static_cast<double>(round_nearest(v)), 0, {}};
}

Datum Datum::of(const expr::Constant& c) {
  Datum d = none(c.type);
  if (c.is_missing()) return d;
  d.state = State::value;
  if (const double* v = std::get_if<double>(&c.value)) d.real = *v;
  if (const int64_t* v = std::get_if<int64_t>(&c.value)) d.whole = *v;
  if (const bool* v = std::get_if<bool>(&c.value)) d.whole = *v ? 1 : 0;
  if (const std::string* v = std::get_if<std::string>(&c.value)) d.text = *v;
  return d;
}

Datum convert(Datum value, Scalar type) {
  if (value.state != Datum::State::value || value.type == type) {
    if (value.missing()) value.type = type;
    return value;
  }
  switch (type) {
    case Scalar::f64:
    case Scalar::f32: return to_real(value, type);
    case Scalar::i64: return to_integer(value);
    case Scalar::boolean: return to_boolean(value);
    case Scalar::string: return Datum::of(to_text(value));
    default: return to_calendar(value, type);
  }
}

std::string to_text(const Datum& value) {
  switch (value.type) {
    case Scalar::f64: return real_text(value.real);
    case Scalar::f32: return real_text(static_cast<float>(value.real));
    case Scalar::i64: return std::to_string(value.whole);
    case Scalar::boolean: return value.whole != 0 ? "true" : "false";
    case Scalar::string: return value.text;
    default: return print_calendar(value.whole, value.type);
  }
}

std::optional<int> compare(const Datum& a, const Datum& b) {
  auto is_text = [](const Datum& d) { return d.type == Scalar::string; };
  if (is_text(a) && is_text(b)) return sign(a.text.compare(b.text), 0);
  if (is_text(a) || is_text(b)) {
    Datum read = is_text(a) ? convert(a, b.type) : convert(b, a.type);
    if (read.refused()) return std::nullopt;
    return is_text(a) ? compare(read, b) : compare(a, read);
  }
  if (is_calendar(a.type) || is_calendar(b.type)) {
    Datum read = convert(b, a.type);
    if (read.refused() || !is_calendar(a.type)) return std::nullopt;
    return sign(a.whole, read.whole);
  }
  if (a.type > Scalar::f32 && b.type > Scalar::f32) return sign(a.whole, b.whole);
  double x = a.number(), y = b.number();
  if (std::isnan(x) || std::isnan(y)) return sign(static_cast<int>(std::isnan(x)), static_cast<int>(std::isnan(y)));
  return sign(x, y);
}

}  // namespace panmodel::runtime
