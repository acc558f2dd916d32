#include "ir/op.h"

#include <algorithm>
#include <bit>

#include "base/text.h"
#include "ir/ops/all.h"

namespace panmodel {
namespace {

template <class T>
bool same_value(const T& a, const T& b) {
  return a == b;
}
bool same_value(double a, double b) { return std::bit_cast<uint64_t>(a) == std::bit_cast<uint64_t>(b); }
bool same_value(const std::vector<double>& a, const std::vector<double>& b) {
  return std::equal(a.begin(), a.end(), b.begin(), b.end(),
                    [](double x, double y) { return same_value(x, y); });
}
bool same_value(const Tensor& a, const Tensor& b) { return a.same_bits(b); }
bool same_value(const std::optional<Tensor>& a, const std::optional<Tensor>& b) {
  return a.has_value() == b.has_value() && (!a || a->same_bits(*b));
}

template <class T>
std::string type_name() {
  if constexpr (std::is_same_v<T, bool>) return "bool";
  if constexpr (std::is_same_v<T, int64_t>) return "integer";
  if constexpr (std::is_same_v<T, double>) return "real";
  if constexpr (std::is_same_v<T, std::string>) return "text";
  if constexpr (std::is_same_v<T, DType>) return "element type";
  if constexpr (std::is_same_v<T, Tensor>) return "tensor";
  if constexpr (std::is_same_v<T, std::optional<Tensor>>) return "optional tensor";
  if constexpr (std::is_same_v<T, Forest>) return "forest";
  if constexpr (std::is_same_v<T, std::vector<int64_t>>) return "list of integer";
  if constexpr (std::is_same_v<T, std::vector<double>>) return "list of real";
  if constexpr (std::is_same_v<T, std::vector<std::string>>) return "list of text";
  if constexpr (std::is_same_v<T, std::vector<std::vector<int64_t>>>) return "list of integer lists";
  if constexpr (std::is_same_v<T, expr::Expr>) return "expression";
  if constexpr (std::is_same_v<T, std::vector<expr::Expr>>) return "list of expressions";
  if constexpr (std::is_enum_v<T> && !std::is_same_v<T, DType>) {
    std::string out;
    for (std::string_view n : enum_names(T{})) out += (out.empty() ? "" : " / ") + std::string(n);
    return out;
  }
}

template <class Op, class F>
void for_each_field(F&& f) {
  std::apply([&](const auto&... field) { (f(field), ...); }, Op::fields());
}

template <class Op>
Types infer_erased(const void* op, InferContext& context) {
  return Op::infer(*static_cast<const Op*>(op), context);
}

template <class Op>
void visit_erased(const void* erased, FieldVisitor& visitor) {
  [[maybe_unused]] static const Op defaults{};
  [[maybe_unused]] const Op& op = *static_cast<const Op*>(erased);
  for_each_field<Op>([&](const auto& f) {
    const auto& value = op.*(f.member);
    using T = std::remove_cvref_t<decltype(value)>;
    bool is_default = same_value(value, defaults.*(f.member));
    if constexpr (std::is_enum_v<T> && !std::is_same_v<T, DType>) {
      visitor.visit(f.name, EnumValue{static_cast<size_t>(value), enum_names(T{})}, is_default);
    } else {
      visitor.visit(f.name, value, is_default);
    }
  });
}

template <class Op>
std::shared_ptr<const void> read_erased(FieldReader& reader) {
  auto op = std::make_shared<Op>();
  for_each_field<Op>([&](const auto& f) {
    auto& value = (*op).*(f.member);
    using T = std::remove_cvref_t<decltype(value)>;
    if constexpr (std::is_enum_v<T> && !std::is_same_v<T, DType>) {
      EnumValue e{static_cast<size_t>(value), enum_names(T{})};
      if (reader.read(f.name, e)) value = static_cast<T>(e.index);
    } else {
      reader.read(f.name, value);
    }
  });
  return op;
}

template <class Op>
bool equal_erased(const void* a, const void* b) {
  [[maybe_unused]] const Op& x = *static_cast<const Op*>(a);
  [[maybe_unused]] const Op& y = *static_cast<const Op*>(b);
  bool equal = true;
  for_each_field<Op>(
      [&](const auto& f) { equal = equal && same_value(x.*(f.member), y.*(f.member)); });
  return equal;
}

template <class Op>
OpInfo make_info() {
  OpInfo info{OpIdOf<Op>::value, Op::meta,         {},
              infer_erased<Op>,  visit_erased<Op>, read_erased<Op>, equal_erased<Op>};
  for_each_field<Op>([&](const auto& f) {
    using T = std::remove_cvref_t<decltype(std::declval<Op&>().*(f.member))>;
    info.fields.push_back({f.name, type_name<T>(), f.doc});
  });
  return info;
}

}  // namespace

std::string_view to_string(Accuracy accuracy) {
  constexpr std::string_view kNames[] = {"exact", "rounded", "transcendental", "random"};
  return kNames[static_cast<size_t>(accuracy)];
}

const std::vector<OpInfo>& op_table() {
  static const std::vector<OpInfo> table = {
#define PANMODEL_OP(dialect, Name) make_info<dialect::Name>(),
#include "ir/ops.def"
#undef PANMODEL_OP
  };
  return table;
}

const OpInfo& op_info(OpId id) { return op_table()[static_cast<size_t>(id)]; }

const OpInfo* find_op(std::string_view name) {
  for (const OpInfo& info : op_table()) {
    if (info.meta.name == name) return &info;
  }
  return nullptr;
}

void InferContext::expect_inputs(size_t min, size_t max) const {
  if (inputs_.size() < min || inputs_.size() > max) {
    fail_type("{} inputs, expected {}", inputs_.size(),
              min == max ? fmt::format("{}", min) : fmt::format("{} to {}", min, max));
  }
  for (size_t i = 0; i < min; ++i) {
    if (!has(i)) fail_type("input {} is absent", i);
  }
}

const Type& InferContext::in(size_t i) const {
  if (!has(i)) fail_type("input {} is absent", i);
  return *inputs_[i];
}

TensorType InferContext::tensor(size_t i) const {
  const Type& type = in(i);
  if (const TensorType* t = type.tensor()) return *t;
  if (const ColumnType* c = type.column()) return {c->dtype, std::vector<Dim>{"N", 1}};
  fail_type("input {} has type {}, expected a tensor", i, to_string(type));
}

void InferContext::expect_dtype(size_t i, std::initializer_list<DType> allowed) const {
  DType found = tensor(i).dtype;
  if (std::find(allowed.begin(), allowed.end(), found) != allowed.end()) return;
  std::string names;
  for (DType d : allowed) names += (names.empty() ? "" : ", ") + std::string(to_string(d));
  fail(loc_, "ir-dtype", "{}: input {} has element type {}, expected {}", op_, i,
       to_string(found), names);
}

void InferContext::expect_attribute(bool ok, std::string_view name,
                                    std::string_view expected) const {
  if (!ok) fail(loc_, "ir-attribute", "{}: attribute '{}' must be {}", op_, name, expected);
}

}  // namespace panmodel
