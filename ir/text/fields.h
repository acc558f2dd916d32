#pragma once
// Reads the fields of an operator: "{form=subtract_divide, offset=[1.0, 2.0]}".
#include "ir/expr/expr.h"
#include "ir/op.h"
#include "ir/text/lexer.h"

namespace panmodel::text {

// What the elements of a text may still cost.
class Budget {
 public:
  explicit Budget(uint64_t bytes) : left_(bytes), limit_(bytes) {}
  // Fails "limit-memory".
  void take(uint64_t bytes);

 private:
  uint64_t left_, limit_;
};

Tensor read_tensor(Lexer& lexer, Budget& budget);
std::vector<std::string> read_texts(Lexer& lexer, Budget& budget);
DType read_dtype(Lexer& lexer);
// Fails beyond expr::kMaxDepth (text/expression.cc).
expr::Expr read_expression(Lexer& lexer, Budget& budget);
expr::Constant read_constant(Lexer& lexer, Budget& budget);

// Fields stand in the order in which the operator declares them; those at their default are absent.
class TextFields final : public FieldReader {
 public:
  TextFields(Lexer& lexer, Budget& budget) : lexer_(lexer), budget_(budget) {}
  // Builds the operator from the braces that come next, if any.
  std::shared_ptr<const void> operator()(const OpInfo& info);

  bool read(std::string_view name, bool& v) override;
  bool read(std::string_view name, int64_t& v) override;
  bool read(std::string_view name, double& v) override;
  bool read(std::string_view name, std::string& v) override;
  bool read(std::string_view name, DType& v) override;
  bool read(std::string_view name, EnumValue& v) override;
  bool read(std::string_view name, Tensor& v) override;
  bool read(std::string_view name, std::optional<Tensor>& v) override;
  bool read(std::string_view name, Forest& v) override;
  bool read(std::string_view name, std::vector<int64_t>& v) override;
  bool read(std::string_view name, std::vector<double>& v) override;
  bool read(std::string_view name, std::vector<std::string>& v) override;
  bool read(std::string_view name, std::vector<std::vector<int64_t>>& v) override;
  bool read(std::string_view name, expr::Expr& v) override;
  bool read(std::string_view name, std::vector<expr::Expr>& v) override;

 private:
  // Takes "name=" when it comes next.
  bool begin(std::string_view name);

  Lexer& lexer_;
  Budget& budget_;
  bool braces_ = false, first_ = true;
};

}  // namespace panmodel::text
