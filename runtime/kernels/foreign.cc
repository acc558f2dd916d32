#include "ir/ops/foreign.h"

#include "base/text.h"
#include "runtime/kernel.h"

namespace panmodel::runtime {

void run(const foreign::Op& op, KernelContext& context) {
  fail(context.loc(), "run-foreign", "operator '{}' of {} version {} cannot be evaluated",
       printable(op.type), printable(op.domain.empty() ? "ai.onnx" : op.domain), op.version);
}

}  // namespace panmodel::runtime
