// The kernel table: row i serves OpId i, made from ops.def.
#include "ir/ops/all.h"
#include "runtime/kernel.h"

namespace panmodel::runtime {
namespace {

template <class Op>
void run_erased(const void* op, KernelContext& context) {
  run(*static_cast<const Op*>(op), context);
}

template <class Op>
std::shared_ptr<const void> prepare_erased(const void* op) {
  return prepare(*static_cast<const Op*>(op));
}

constexpr Kernel kKernels[] = {
#define PANMODEL_OP(dialect, Name) {run_erased<dialect::Name>, prepare_erased<dialect::Name>},
#include "ir/ops.def"
#undef PANMODEL_OP
};
static_assert(std::size(kKernels) == kOpCount);

}  // namespace

const Kernel& kernel_of(OpId id) { return kKernels[static_cast<size_t>(id)]; }

}  // namespace panmodel::runtime
