#pragma once
// Inside the reader of expressions (expression.cc, expression_tables.cc).
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "formats/pmml/dictionary.h"
#include "formats/pmml/scope.h"

namespace panmodel::pmml {

// Parts that one expression may have after its functions are replaced by their bodies.
inline constexpr uint64_t kMaxParts = uint64_t{1} << 18;

// A text as a constant of `type`; dates become the conversion of their text. A whole number where an
// integer stands for a real is a real (predicates compare integers with 0.5). Fails "pmml-value".
expr::Expr typed_constant(const Element& at, std::string_view text, expr::Scalar type);
// The same for types that a table can hold; dates stay text.
expr::Constant typed_value(const Element& at, std::string_view text, expr::Scalar type);
// A text without a type: a number with a decimal point is a double, one without an integer, all else
// text.
expr::Constant untyped_constant(std::string_view text);
// mapMissingTo and defaultValue: a number only when it is printed as it stands there, so that it is
// the same as text.
expr::Constant replacement(std::string_view text);

class ExpressionReader {
 public:
  explicit ExpressionReader(Bindings& bindings) : bindings_(bindings) {}
  expr::Expr read(const Element& element);
  expr::Expr predicate(const Element& element);

 private:
  // An argument of a function, in its body.
  struct Parameter {
    expr::Expr value;
    std::optional<expr::Scalar> type;
    uint32_t depth;
    uint64_t parts;
  };
  using Parameters = std::map<std::string, Parameter, std::less<>>;
  // A field or a parameter by its name, and its type where it is known.
  struct Reference {
    expr::Expr value;
    std::optional<expr::Scalar> type;
  };

  Reference reference(std::string_view name, const Element& at);
  expr::Expr dispatch(const Element& element);
  expr::Expr dispatch_predicate(const Element& element);
  expr::Expr constant(const Element& element);
  expr::Expr field_ref(const Element& element);
  expr::Expr apply(const Element& element);
  std::optional<expr::Expr> domain_test(expr::Function function, const Element& argument,
                                        const expr::Expr& value);
  expr::Expr user_call(const Element& apply, const Element& function, std::vector<expr::Expr> arguments);
  expr::Expr simple_predicate(const Element& element);
  expr::Expr set_predicate(const Element& element);
  expr::Expr compound_predicate(const Element& element);

  // expression_tables.cc
  expr::Expr norm_continuous(const Element& element);
  expr::Expr norm_discrete(const Element& element);
  expr::Expr discretize(const Element& element);
  expr::Expr map_values(const Element& element);
  expr::Expr text_index(const Element& element);

  // Counts parts; fails "pmml-depth" at `at` when the expression becomes too large.
  void count(uint64_t parts, const Element& at);

  Bindings& bindings_;
  const Parameters* parameters_ = nullptr;  // of the function whose body is read
  std::vector<std::string_view> open_;      // functions whose bodies are being read
  uint32_t depth_ = 0;
  uint64_t parts_ = 0;
};

}  // namespace panmodel::pmml
