#include "formats/pfa/write_functions.h"

#include <algorithm>
#include <array>
#include <cassert>
#include <limits>

namespace panmodel::pfa::writing {
namespace {

constexpr double kInfinity = std::numeric_limits<double>::infinity();
constexpr double kNan = std::numeric_limits<double>::quiet_NaN();

Ast doubles() { return array_of("double"); }

Ast of_double(Asts body) { return function({{"x", "double"}}, "double", std::move(body)); }
Ast of_doubles(Asts body) { return function({{"x", doubles()}}, doubles(), std::move(body)); }

// exp(x): infinite where it overflows. m.exp may fail there.
Ast exponential() {
  return of_double({if_else(call(">", {"x", 709.782712893384}), real(kInfinity), call("m.exp", {"x"}))});
}

// 1 / (1 + exp(-x)), which is exp(x) for x far below 0, where exp(-x) overflows.
Ast logistic() {
  return of_double({if_else(call("<", {"x", -709.0}), call("m.exp", {"x"}), call("m.link.logit", {"x"}))});
}

// exp(x - max) / sum. m.link.softmax subtracts the least of negative scores and may overflow.
Ast softmax() {
  Asts body;
  body.push_back(Members{{"let", Members{{"largest", call("a.max", {"x"})}}}});
  body.push_back(Members{{"let", Members{{"shares", call("a.map", {"x", function({{"score", "double"}}, "double",
                                                                    {call("m.exp", {call("-", {"score", "largest"})})})})}}}});
  body.push_back(Members{{"let", Members{{"total", call("a.sum", {"shares"})}}}});
  body.push_back(call("a.map", {"shares", function({{"share", "double"}}, "double", {call("/", {"share", "total"})})}));
  return of_doubles(std::move(body));
}

// A missing number as NaN.
Ast number_or_nan() {
  return function({{"x", nullable("double")}}, "double",
                  {call("impute.defaultOnNull", {"x", real(kNan)})});
}

// x itself; NaN ends the row.
Ast valid() {
  return of_double({if_else(call("impute.isnan", {"x"}), Members{{"error", "no number"}}, "x")});
}

// The numbers among some that may be missing.
Ast known() {
  Ast one = function({{"item", nullable("double")}}, doubles(),
                     {Members{{"ifnotnull", Members{{"number", "item"}}},
                              {"then", make_array({"number"}, "double")},
                              {"else", make_array({}, "double")}}});
  return function({{"x", array_of(nullable("double"))}}, doubles(), {call("a.flatMap", {"x", std::move(one)})});
}

// NaN as a missing number.
Ast number_or_null() {
  Ast none = Members{{"type", nullable("double")}, {"value", Ast()}};
  return function({{"x", "double"}}, nullable("double"),
                  {if_else(call("impute.isnan", {"x"}), std::move(none), "x")});
}

// The double nearest to x among the numbers of single precision, halves to even.
Ast single() {
  // Above the largest of them by more than half a step it overflows; below 2^-126 the steps are 2^-149.
  // Else x * (2^29 + 1) less what that is above x has 24 bits, rounded to nearest; where x lies in the
  // middle of two, both are tried and the one with an even last bit has 23 bits.
  constexpr double kSplit = 536870913.0, kSplitEven = 1073741825.0;
  const auto rounded = [](Ast x, double split) {
    return call("-", {call("*", {x, split}), call("-", {call("*", {x, split}), x})});
  };
  Asts normal;
  normal.push_back(Members{{"let", Members{{"near", rounded("x", kSplit)}}}});
  normal.push_back(Members{{"let", Members{{"other", call("-", {call("*", {2.0, "x"}), "near"})}}}});
  normal.push_back(if_else(call("&&", {call("!=", {"near", "other"}),
                                       call("&&", {call("==", {"other", rounded("other", kSplit)}),
                                                   call("!=", {"near", rounded("near", kSplitEven)})})}),
                           "other", "near"));
  Ast cond = Members{{"cond", Asts{
      Members{{"if", call("||", {call("impute.isnan", {"x"}), call("impute.isinf", {"x"})})}, {"then", "x"}},
      Members{{"if", call(">=", {call("m.abs", {"x"}), 3.4028235677973366e38})},
              {"then", call("*", {"x", real(kInfinity)})}},
      Members{{"if", call("<", {call("m.abs", {"x"}), 1.1754943508222875e-38})},
              {"then", call("/", {call("m.rint", {call("*", {"x", 713623846352979940529142984724747568191373312.0})}),
                                  713623846352979940529142984724747568191373312.0})}}}},
                     {"else", Members{{"do", std::move(normal)}}}};
  return of_double({std::move(cond)});
}

const std::array kFunctions = {
    UserFunction{"exp", exponential, {}},
    UserFunction{"known", known, {}},
    UserFunction{"logistic", logistic, {}},
    UserFunction{"numberOrNan", number_or_nan, {}},
    UserFunction{"numberOrNull", number_or_null, {}},
    UserFunction{"single", single, {}},
    UserFunction{"softmax", softmax, {}},
    UserFunction{"valid", valid, {}},
};

}  // namespace

const UserFunction& user_function_info(std::string_view name) {
  const auto found = std::find_if(kFunctions.begin(), kFunctions.end(), [&](const UserFunction& f) { return f.name == name; });
  assert(found != kFunctions.end());
  return *found;
}

}  // namespace panmodel::pfa::writing
