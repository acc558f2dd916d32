#include "runtime/session.h"

#include <algorithm>
#include <atomic>
#include <mutex>
#include <optional>
#include <system_error>
#include <thread>

#include "base/fail.h"
#include "base/text.h"
#include "ir/ops/foreign.h"
#include "ir/ops/pfa.h"
#include "ir/ops/table.h"
#include "ir/ops/tensor_shape.h"
#include "ir/ops/tree.h"
#include "runtime/kernel.h"

namespace panmodel::runtime {
namespace {

constexpr size_t kDefaultBatch = 4096;

// Whether the first dimension of a type runs over the rows.
bool is_rows(const Type& type) {
  if (type.column() != nullptr) return true;
  const TensorType* t = type.tensor();
  if (t == nullptr) return std::holds_alternative<SeqType>(type.v);
  return t->dims && !t->dims->empty() && !(*t->dims)[0].fixed();
}

size_t rows_in(const Value& value) {
  if (value.maps) return static_cast<size_t>(value.maps->values.shape()[0]);
  const Shape& shape = value.tensor.shape();
  return shape.empty() ? 1 : static_cast<size_t>(shape[0]);
}

// Rows [from, from + count) of a value. A view: nothing but strings is copied.
Tensor slice_rows(const Tensor& t, size_t from, size_t count) {
  if (from == 0 && t.rank() > 0 && static_cast<size_t>(t.shape()[0]) == count) return t;
  Shape shape = t.shape();
  shape[0] = static_cast<int64_t>(count);
  size_t width = shape[0] == 0 ? 0 : static_cast<size_t>(element_count(shape)) / count;
  if (t.dtype() == DType::string) {
    auto all = t.as<std::string>().subspan(from * width, count * width);
    return Tensor::of(std::move(shape), std::vector<std::string>(all.begin(), all.end()));
  }
  size_t stride = width * byte_size(t.dtype());
  auto keep = std::make_shared<const Tensor>(t);
  return Tensor::view(t.dtype(), std::move(shape),
                      Bytes(t.bytes().subspan(from * stride, count * stride), std::move(keep)));
}

Value slice_rows(const Value& value, size_t from, size_t count) {
  Value part(slice_rows(value.tensor, from, count));
  if (value.valid) {
    auto begin = value.valid->begin() + static_cast<ptrdiff_t>(from);
    part.valid = std::make_shared<const std::vector<uint8_t>>(
        begin, begin + static_cast<ptrdiff_t>(count));
  }
  return part;
}

template <class T>
void append(std::vector<T>& all, std::span<const T> part) {
  all.insert(all.end(), part.begin(), part.end());
}

// Tensors that differ in the first dimension only, one after another.
Tensor join_rows(const std::vector<const Tensor*>& parts) {
  if (parts.size() == 1) return *parts[0];
  Shape shape = parts[0]->shape();
  shape[0] = 0;
  size_t bytes = 0;
  for (const Tensor* p : parts) {
    shape[0] += p->shape()[0];
    bytes += p->dtype() == DType::string ? 0 : p->bytes().size();
  }
  if (parts[0]->dtype() == DType::string) {
    std::vector<std::string> all;
    for (const Tensor* p : parts) append(all, p->as<std::string>());
    return Tensor::of(std::move(shape), std::move(all));
  }
  auto storage = std::make_shared<std::vector<std::byte>>();
  storage->reserve(bytes);
  for (const Tensor* p : parts) append(*storage, p->bytes());
  return Tensor::view(parts[0]->dtype(), std::move(shape), Bytes(*storage, storage));
}

Value join_rows(const std::vector<const Value*>& parts) {
  std::vector<const Tensor*> tensors;
  if (parts[0]->maps) {
    for (const Value* p : parts) tensors.push_back(&p->maps->values);
    Value joined;
    joined.maps = std::make_shared<const MapRows>(MapRows{parts[0]->maps->keys, join_rows(tensors)});
    return joined;
  }
  for (const Value* p : parts) tensors.push_back(&p->tensor);
  Value joined(join_rows(tensors));
  if (std::any_of(parts.begin(), parts.end(), [](const Value* p) { return p->valid != nullptr; })) {
    auto valid = std::make_shared<std::vector<uint8_t>>();
    for (const Value* p : parts) {
      if (p->valid) {
        append(*valid, std::span<const uint8_t>(*p->valid));
      } else {
        valid->insert(valid->end(), rows_in(*p), 1);
      }
    }
    joined.valid = std::move(valid);
  }
  return joined;
}

}  // namespace

struct Session::Plan {
  struct Step {
    const Node* node;
    const Kernel* kernel;
    std::vector<ValueId> inputs;
    std::shared_ptr<const void> prepared;
    std::vector<uint32_t> last_used;  // values that nobody needs after this step
  };
  std::shared_ptr<const Model> model;
  SessionOptions options;
  std::vector<Output> outputs;
  std::vector<Step> steps;
  bool splits_rows = true;
  bool in_order = false;  // a node remembers the rows before

  void choose_outputs();
  void plan_steps();
  std::vector<ValueId> inputs_of(const Node& node) const;
  Prediction run_batch(std::span<const Value> inputs) const;
};

void Session::Plan::choose_outputs() {
  if (options.outputs.empty()) {
    outputs = model->outputs;
    return;
  }
  std::vector<std::string_view> names;
  for (const Output& o : model->outputs) names.push_back(o.name);
  for (const std::string& name : options.outputs) {
    auto found = std::find(names.begin(), names.end(), name);
    if (found == names.end()) {
      std::string all;
      for (std::string_view n : names) all += (all.empty() ? "" : ", ") + std::string(n);
      std::string_view near = nearest(name, names);
      fail_help({}, "run-output", fmt::format("no output '{}'; the model has {}", name, all),
                near.empty() ? "choose one of these" : fmt::format("did you mean '{}'?", near));
    }
    outputs.push_back(model->outputs[static_cast<size_t>(found - names.begin())]);
  }
}

// Of a node as it is evaluated: a forest gets the columns that a table.assemble in front of it would
// only copy into a matrix of their type. One that others need too is evaluated for those.
std::vector<ValueId> Session::Plan::inputs_of(const Node& node) const {
  if (node.as<ml::TreeEnsemble>() == nullptr) return node.inputs;
  const Graph& graph = model->graph;
  for (const Node& made : graph.nodes) {
    const auto* assemble = made.as<table::Assemble>();
    if (assemble == nullptr || made.outputs[0] != node.inputs[0]) continue;
    const bool same = std::all_of(made.inputs.begin(), made.inputs.end(), [&](ValueId v) {
      const ColumnType* column = graph.type(v).column();
      return column != nullptr && column->dtype == assemble->dtype;
    });
    // One column alone would look like a matrix.
    if (same && made.inputs.size() > 1) return made.inputs;
  }
  return node.inputs;
}

void Session::Plan::plan_steps() {
  const Graph& graph = model->graph;
  std::vector<uint8_t> needed(graph.values.size(), 0);
  for (const Output& o : outputs) needed[o.value.v] = 1;
  std::vector<uint8_t> freed = needed;  // outputs live to the end
  std::vector<Step> reversed;
  for (size_t i = graph.nodes.size(); i-- > 0;) {
    const Node& node = graph.nodes[i];
    bool used = std::any_of(node.outputs.begin(), node.outputs.end(),
                            [&](ValueId v) { return needed[v.v] != 0; });
    if (!used) continue;
    if (const auto* op = node.as<foreign::Op>()) {
      fail(model->location(node.loc), "run-foreign",
           "operator '{}' of {} version {} cannot be evaluated{}{}", printable(op->type),
           printable(op->domain), op->version, op->reason.empty() ? "" : ": ", printable(op->reason));
    }
    in_order |= node.as<pfa::Document>() != nullptr;
    Step step{&node, &kernel_of(node.op), inputs_of(node), nullptr, {}};
    step.prepared = step.kernel->prepare(node.payload.get());
    for (ValueId v : node.outputs) {
      if (needed[v.v] == 0) step.last_used.push_back(v.v);
    }
    for (ValueId v : step.inputs) {
      if (!v.valid()) continue;
      needed[v.v] = 1;
      if (freed[v.v] != 0) continue;
      freed[v.v] = 1;
      step.last_used.push_back(v.v);
    }
    reversed.push_back(std::move(step));
  }
  steps.assign(std::make_move_iterator(reversed.rbegin()), std::make_move_iterator(reversed.rend()));
  for (const Input& input : model->inputs) splits_rows &= is_rows(graph.type(input.value));
  for (const Output& output : outputs) splits_rows &= is_rows(graph.type(output.value));
}

Prediction Session::Plan::run_batch(std::span<const Value> inputs) const {
  const Graph& graph = model->graph;
  std::vector<Value> values(graph.values.size());
  for (size_t i = 0; i < inputs.size(); ++i) values[model->inputs[i].value.v] = inputs[i];
  Prediction result;
  std::vector<Value> made;
  for (const Step& step : steps) {
    const Node& node = *step.node;
    std::vector<const Value*> in;
    for (ValueId v : step.inputs) in.push_back(v.valid() ? &values[v.v] : nullptr);
    made.assign(node.outputs.size(), {});
    KernelContext context(std::move(in), made, model->location(node.loc), result.errors,
                          step.prepared.get(), options.max_tensor_bytes);
    step.kernel->run(node.payload.get(), context);
    for (size_t i = 0; i < made.size(); ++i) values[node.outputs[i].v] = std::move(made[i]);
    for (uint32_t v : step.last_used) values[v] = {};
  }
  for (const Output& output : outputs) result.outputs.push_back(values[output.value.v]);
  return result;
}

Session::Session(std::shared_ptr<const Model> model, SessionOptions options) {
  auto plan = std::make_shared<Plan>();
  plan->model = std::move(model);
  plan->options = std::move(options);
  plan->choose_outputs();
  plan->plan_steps();
  plan_ = std::move(plan);
}

const Model& Session::model() const { return *plan_->model; }
std::span<const Output> Session::outputs() const { return plan_->outputs; }

Prediction Session::run(std::span<const Value> inputs) const {
  if (inputs.size() != model().inputs.size()) {
    fail({}, "run-shape", "{} inputs given, the model has {}", inputs.size(),
         model().inputs.size());
  }
  size_t rows = inputs.empty() ? 0 : rows_in(inputs[0]);
  bool split = plan_->splits_rows && rows > 0;
  for (const Value& v : inputs) split = split && !v.maps && v.tensor.rank() > 0;
  if (split) {
    for (size_t i = 0; i < inputs.size(); ++i) {
      if (rows_in(inputs[i]) != rows) {
        fail({}, "run-shape", "input '{}' has {} rows, input '{}' has {}",
             model().inputs[i].name, rows_in(inputs[i]), model().inputs[0].name, rows);
      }
    }
  }
  size_t batch = plan_->options.batch_rows ? plan_->options.batch_rows : kDefaultBatch;
  size_t batches = split ? (rows + batch - 1) / batch : 1;
  std::vector<Prediction> parts(batches);
  std::atomic<size_t> next{0};
  std::mutex mutex;
  std::exception_ptr failure;
  size_t failed_at = SIZE_MAX;
  auto work = [&] {
    for (size_t i = next++; i < batches; i = next++) {
      try {
        std::vector<Value> part;
        size_t from = i * batch, count = std::min(batch, rows - std::min(rows, from));
        for (const Value& v : inputs) part.push_back(split ? slice_rows(v, from, count) : v);
        parts[i] = plan_->run_batch(part);
        for (RowError& e : parts[i].errors) e.row += split ? from : 0;
      } catch (...) {
        std::lock_guard lock(mutex);
        if (i < failed_at) {
          failed_at = i;
          failure = std::current_exception();
        }
      }
    }
  };
  size_t jobs = plan_->in_order ? 1
                : plan_->options.jobs ? plan_->options.jobs
                                    : std::max(1u, std::thread::hardware_concurrency());
  std::vector<std::jthread> threads;
  try {
    for (size_t t = 1; t < std::min(jobs, batches); ++t) threads.emplace_back(work);
  } catch (const std::system_error&) {
    // The system gives no more threads: those that run do all of the work.
  }
  work();
  threads.clear();
  if (failure) std::rethrow_exception(failure);

  Prediction result;
  for (size_t o = 0; o < plan_->outputs.size(); ++o) {
    std::vector<const Value*> pieces;
    for (const Prediction& p : parts) pieces.push_back(&p.outputs[o]);
    result.outputs.push_back(join_rows(pieces));
  }
  for (Prediction& p : parts) append(result.errors, std::span<const RowError>(p.errors));
  std::stable_sort(result.errors.begin(), result.errors.end(),
                   [](const RowError& a, const RowError& b) { return a.row < b.row; });
  auto same_row = [](const RowError& a, const RowError& b) { return a.row == b.row; };
  result.errors.erase(std::unique(result.errors.begin(), result.errors.end(), same_row),
                      result.errors.end());
  return result;
}

}  // namespace panmodel::runtime
