#pragma once
// Numbers as text (shortest form that reads back to the same bits, locale-free) and directed
// rounding from double to float.
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace panmodel {

// Shortest text that reads back to the same bits; "nan", "inf", "-inf"; "-0.0" keeps its sign.
// Integral values keep a ".0" so that they read as reals ("1.0").
std::string print_real(double value);
std::string print_real(float value);
// Whole text must be a number ("1e3", "-0.5", "nan", "inf", "Infinity" case-insensitively); out of
// double range gives +-inf only when `text` spells it, else nullopt.
std::optional<double> parse_real(std::string_view text);
// The float nearest to the text, in one rounding.
std::optional<float> parse_float(std::string_view text);
std::optional<int64_t> parse_int(std::string_view text);
std::optional<uint64_t> parse_uint(std::string_view text);

// Largest float <= value (RD) and smallest float >= value (RU); NaN stays NaN, infinities stay.
float round_down(double value);
float round_up(double value);
// Nearest float, ties to even: the IEEE cast. Overflows to infinity as numpy's astype does.
inline float round_nearest(double value) { return static_cast<float>(value); }
// True when the double is exactly a float (NaN and infinities are).
bool is_float(double value);
// Largest double w with round_nearest(w) <= t, so (float)x <= t iff x <= w.
double last_double_rounding_to_at_most(float t);

// Neighbours in the total order of finite numbers.
double next_up(double value);
double next_down(double value);
float next_up(float value);
float next_down(float value);

}  // namespace panmodel
