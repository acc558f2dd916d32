#pragma once
// What every operator declares, and the type-erased table made from it. An operator is a plain
// struct with `meta`, `fields()` and `infer`; one line in ops.def does the rest (docs/add-operator.md).
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <tuple>
#include <type_traits>
#include <vector>

#include "base/fail.h"
#include "ir/forest.h"
#include "ir/op_fwd.h"
#include "ir/tensor.h"
#include "ir/type.h"

namespace panmodel {

namespace expr {
struct Expr;  // ir/expr/expr.h
}

// How exact an operator's result is; the default tolerance of a comparison follows from it.
enum class Accuracy {
  exact,           // same bits on every conforming runtime
  rounded,         // sums or products whose order or rounding may differ in the last digits
  transcendental,  // exp, log, pow ...: libraries differ by a few ulp
  random,
};
std::string_view to_string(Accuracy accuracy);

struct OpMeta {
  std::string_view name;  // "ml.tree_ensemble": dialect and snake-case name
  std::string_view doc;   // one sentence, with the formula where there is one
  Accuracy accuracy = Accuracy::exact;
};

template <class Op, class T>
struct Field {
  std::string_view name;
  T Op::*member;
  std::string_view doc;
};
template <class Op, class T>
constexpr Field<Op, T> field(std::string_view name, T Op::*member, std::string_view doc) {
  return {name, member, doc};
}

// Types an operator's field may have (beside enums, which need an ADL function
// `std::span<const std::string_view> enum_names(E)` listing the enumerators in order):
// bool, int64_t, double, std::string, DType, Tensor, std::optional<Tensor>, Forest, expr::Expr,
// vectors of int64_t, double, std::string, expr::Expr, and of vector<int64_t>.

// Inputs of a node while its types are inferred.
class InferContext {
 public:
  InferContext(std::string_view op, std::vector<const Type*> inputs,
               std::vector<const Tensor*> constants, const Location& loc)
      : op_(op), inputs_(std::move(inputs)), constants_(std::move(constants)), loc_(loc) {}

  size_t size() const { return inputs_.size(); }
  bool has(size_t i) const { return i < inputs_.size() && inputs_[i] != nullptr; }
  // Fails "ir-type" unless between `min` and `max` inputs are given and the first `min` present.
  void expect_inputs(size_t min, size_t max) const;
  const Type& in(size_t i) const;
  // Input i as a tensor type; a column counts as [N,1]. Fails for other types.
  TensorType tensor(size_t i) const;
  // Value of input i when it is a constant of the graph, else null.
  const Tensor* constant(size_t i) const { return i < constants_.size() ? constants_[i] : nullptr; }
  // Fails "ir-dtype" unless input i has one of these element types.
  void expect_dtype(size_t i, std::initializer_list<DType> allowed) const;
  // Fails "ir-attribute" unless `ok`.
  void expect_attribute(bool ok, std::string_view name, std::string_view expected) const;
  template <class... A>
  [[noreturn]] void fail_type(fmt::format_string<A...> f, A&&... args) const {
    fail(loc_, "ir-type", "{}: {}", op_, fmt::format(f, std::forward<A>(args)...));
  }
  const Location& loc() const { return loc_; }

 private:
  std::string_view op_;
  std::vector<const Type*> inputs_;
  std::vector<const Tensor*> constants_;
  const Location& loc_;
};

// Enum value of a field, by name.
struct EnumValue {
  size_t index;
  std::span<const std::string_view> names;
};

// Called once per field in declaration order. `is_default` = equal to a default-constructed op.
class FieldVisitor {
 public:
  virtual ~FieldVisitor() = default;
  virtual void visit(std::string_view name, const bool& v, bool is_default) = 0;
  virtual void visit(std::string_view name, const int64_t& v, bool is_default) = 0;
  virtual void visit(std::string_view name, const double& v, bool is_default) = 0;
  virtual void visit(std::string_view name, const std::string& v, bool is_default) = 0;
  virtual void visit(std::string_view name, const DType& v, bool is_default) = 0;
  virtual void visit(std::string_view name, const EnumValue& v, bool is_default) = 0;
  virtual void visit(std::string_view name, const Tensor& v, bool is_default) = 0;
  virtual void visit(std::string_view name, const std::optional<Tensor>& v, bool is_default) = 0;
  virtual void visit(std::string_view name, const Forest& v, bool is_default) = 0;
  virtual void visit(std::string_view name, const std::vector<int64_t>& v, bool is_default) = 0;
  virtual void visit(std::string_view name, const std::vector<double>& v, bool is_default) = 0;
  virtual void visit(std::string_view name, const std::vector<std::string>& v, bool is_default) = 0;
  virtual void visit(std::string_view name, const std::vector<std::vector<int64_t>>& v,
                     bool is_default) = 0;
  virtual void visit(std::string_view name, const expr::Expr& v, bool is_default) = 0;
  virtual void visit(std::string_view name, const std::vector<expr::Expr>& v, bool is_default) = 0;
};

// Supplies field values when an op is built from text. Each returns false when the field is absent
// (the default stays) and fails by itself when it is malformed.
class FieldReader {
 public:
  virtual ~FieldReader() = default;
  virtual bool read(std::string_view name, bool& v) = 0;
  virtual bool read(std::string_view name, int64_t& v) = 0;
  virtual bool read(std::string_view name, double& v) = 0;
  virtual bool read(std::string_view name, std::string& v) = 0;
  virtual bool read(std::string_view name, DType& v) = 0;
  virtual bool read(std::string_view name, EnumValue& v) = 0;  // names given, index to be set
  virtual bool read(std::string_view name, Tensor& v) = 0;
  virtual bool read(std::string_view name, std::optional<Tensor>& v) = 0;
  virtual bool read(std::string_view name, Forest& v) = 0;
  virtual bool read(std::string_view name, std::vector<int64_t>& v) = 0;
  virtual bool read(std::string_view name, std::vector<double>& v) = 0;
  virtual bool read(std::string_view name, std::vector<std::string>& v) = 0;
  virtual bool read(std::string_view name, std::vector<std::vector<int64_t>>& v) = 0;
  virtual bool read(std::string_view name, expr::Expr& v) = 0;
  virtual bool read(std::string_view name, std::vector<expr::Expr>& v) = 0;
};

struct FieldInfo {
  std::string_view name;
  std::string type;  // "f64 list", "enum sum|mean", "tensor" ...
  std::string_view doc;
};

struct OpInfo {
  OpId id;
  OpMeta meta;
  std::vector<FieldInfo> fields;
  Types (*infer)(const void* op, InferContext& context);
  void (*visit)(const void* op, FieldVisitor& visitor);
  std::shared_ptr<const void> (*read)(FieldReader& reader);
  bool (*equal)(const void* a, const void* b);
};

// The table, in the order of ops.def.
const std::vector<OpInfo>& op_table();
const OpInfo& op_info(OpId id);
// By text name ("ml.linear"); null when there is none.
const OpInfo* find_op(std::string_view name);

}  // namespace panmodel
