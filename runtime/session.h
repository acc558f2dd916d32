#pragma once
// Session: a model made ready to score. Plans once, then runs batches of rows on several threads;
// the result does not depend on the number of threads or on the size of a batch.
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "ir/model.h"
#include "runtime/row_error.h"
#include "runtime/value.h"

namespace panmodel::runtime {

struct SessionOptions {
  unsigned jobs = 1;                 // threads; 0 = all cores
  size_t batch_rows = 0;             // 0 = chosen
  // Bytes that one tensor may take at run time; a model that asks for more fails "limit-memory".
  uint64_t max_tensor_bytes = uint64_t{1} << 33;
  std::vector<std::string> outputs;  // names to compute, in this order; empty = all of the model
};

struct Prediction {
  std::vector<Value> outputs;    // parallel to Session::outputs()
  std::vector<RowError> errors;  // by row, first error of each row
};

class Session {
 public:
  // Fails for an unknown output name and for operators that cannot be evaluated (by name).
  Session(std::shared_ptr<const Model> model, SessionOptions options);
  // `inputs` parallel to model().inputs, each holding all rows.
  Prediction run(std::span<const Value> inputs) const;
  const Model& model() const;
  // The chosen outputs.
  std::span<const Output> outputs() const;

 private:
  struct Plan;
  std::shared_ptr<const Plan> plan_;
};

}  // namespace panmodel::runtime
