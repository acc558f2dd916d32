#pragma once
// Kernels: one overload of `run` per operator, defined in kernels/<family>.cc. A missing kernel is
// a link error. Kernels are plain loops over one batch of rows; they run on many threads at once.
// Inputs are those of the node; ml.tree_ensemble gets several columns instead of the matrix that a
// table.assemble would make of them.
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "base/fail.h"
#include "ir/graph.h"
#include "ir/op_fwd.h"
#include "runtime/row_error.h"
#include "runtime/value.h"

namespace panmodel::runtime {

class KernelContext {
 public:
  KernelContext(std::vector<const Value*> inputs, std::span<Value> outputs, const Location& loc,
                std::vector<RowError>& errors, const void* prepared, uint64_t max_bytes)
      : inputs_(std::move(inputs)), outputs_(outputs), loc_(loc), errors_(errors),
        prepared_(prepared), max_bytes_(max_bytes) {}

  size_t inputs() const { return inputs_.size(); }
  bool has(size_t i) const { return i < inputs_.size() && inputs_[i] != nullptr; }
  const Value& in(size_t i) const { return *inputs_[i]; }
  const Tensor& tensor(size_t i) const { return inputs_[i]->tensor; }
  size_t outputs() const { return outputs_.size(); }
  void set(size_t i, Value value) { outputs_[i] = std::move(value); }
  // Marks row `row` of the batch as refused; its outputs are ignored.
  template <class... A>
  void fail_row(size_t row, Code code, fmt::format_string<A...> f, A&&... args) {
    errors_.push_back({row, code.name(), fmt::format(f, std::forward<A>(args)...), to_string(loc_)});
  }
  const Location& loc() const { return loc_; }
  // Bytes that one tensor may take: SessionOptions::max_tensor_bytes.
  uint64_t max_bytes() const { return max_bytes_; }
  // What prepare() returned for this node.
  template <class T>
  const T& prepared() const {
    return *static_cast<const T*>(prepared_);
  }

 private:
  std::vector<const Value*> inputs_;
  std::span<Value> outputs_;
  const Location& loc_;
  std::vector<RowError>& errors_;
  const void* prepared_;
  uint64_t max_bytes_;
};

#define PANMODEL_OP(dialect, Name) void run(const dialect::Name& op, KernelContext& context);
#include "ir/ops.def"
#undef PANMODEL_OP

// Work done once per node when a session is planned. Overload it for an operator that needs it.
template <class Op>
std::shared_ptr<const void> prepare(const Op&) {
  return nullptr;
}
std::shared_ptr<const void> prepare(const expr::Map& op);
std::shared_ptr<const void> prepare(const ml::TreeEnsemble& op);
std::shared_ptr<const void> prepare(const ml::LabelMap& op);
std::shared_ptr<const void> prepare(const pfa::Document& op);

// Type-erased row of the kernel table.
struct Kernel {
  void (*run)(const void* op, KernelContext& context);
  std::shared_ptr<const void> (*prepare)(const void* op);
};
const Kernel& kernel_of(OpId id);

}  // namespace panmodel::runtime
