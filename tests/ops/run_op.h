#pragma once
// One kernel on inputs given by hand.
#include <vector>

#include "runtime/kernel.h"

namespace panmodel::runtime {

struct Ran {
  std::vector<Value> outputs;
  std::vector<RowError> errors;
  const Tensor& tensor(size_t i = 0) const { return outputs[i].tensor; }
};

template <class Op>
Ran run_op(const Op& op, const std::vector<Value>& inputs, size_t outputs = 1) {
  Ran ran;
  ran.outputs.resize(outputs);
  std::vector<const Value*> in;
  for (const Value& v : inputs) in.push_back(&v);
  const Kernel& kernel = kernel_of(OpIdOf<Op>::value);
  auto prepared = kernel.prepare(&op);
  Location loc;
  KernelContext context(in, ran.outputs, loc, ran.errors, prepared.get(),
                        uint64_t{1} << 30);
  kernel.run(&op, context);
  return ran;
}

}  // namespace panmodel::runtime
