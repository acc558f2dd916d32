// joblib's files: arrays whose bytes stand in the stream behind the wrapper that describes them
// (joblib/numpy_pickle.py), or, before joblib 0.10, in files of their own.
#include <algorithm>
#include <utility>

#include "base/text.h"
#include "formats/pickle/machine_impl.h"

namespace panmodel::pickle {

namespace {
const Value* find(const Value& dict, std::string_view name) {
  const Value* found = nullptr;
  for (const Pair& pair : dict.pairs()) {
    if (pair.key->kind == Kind::text && pair.key->text() == name) found = pair.value;
  }
  return found;
}
}  // namespace

void Machine::build_wrapped(Value* target, const Value& state) {
  const Value* subclass = find(state, "subclass");
  const Value* shape = find(state, "shape");
  const Value* order = find(state, "order");
  const Value* dtype = find(state, "dtype");
  const Value* align = find(state, "numpy_array_alignment_bytes");
  if (subclass == nullptr || shape == nullptr || order == nullptr || dtype == nullptr ||
      subclass->kind != Kind::global || subclass->global().role != Role::array_type ||
      order->kind != Kind::text || dtype->kind != Kind::dtype ||
      (order->text() != "C" && order->text() != "F")) {
    stop("pickle-state", "a NumpyArrayWrapper without subclass, shape, order or dtype");
  }
  if (context_.nested) stop("pickle-build", "an array of joblib within an array of joblib");
  if (context_.frame_end != 0 && context_.frame_end != at_) {
    stop("pickle-frame", "the bytes of an array within a frame");
  }
  context_.frame_end = 0;  // the frame ended with the opcode before the bytes
  storage_.joblib = true;
  const std::span<const uint64_t> extent = shape_of(*shape);
  Array* array = nullptr;
  if (dtype->dtype().kind == 'O') {
    // A complete pickle of its own: same names, same budgets, a fresh stack and memo.
    const uint64_t outer_op = op_at_;
    const uint8_t outer_code = op_;
    Context outer;
    std::swap(outer, context_);
    context_.nested = true;
    const Value* root = run_stream();
    std::swap(outer, context_);
    op_at_ = outer_op;
    op_ = outer_code;
    if (root->kind != Kind::array || root->u.a->dtype == nullptr || root->array().dtype->kind != 'O') {
      stop("pickle-shape", "the nested stream of an object array holds a {}", to_string(root->kind));
    }
    array = root->u.a;
    if (!std::equal(extent.begin(), extent.end(), array->shape.begin(), array->shape.end())) {
      stop("pickle-shape", "the nested stream of an object array has another shape");
    }
  } else {
    if (align != nullptr && align->kind != Kind::none) {
      const auto padding = static_cast<uint8_t>(*take(1));
      const std::string_view pad(take(padding), padding);
      if (pad.find_first_not_of('\xff') != std::string_view::npos) {
        stop("pickle-shape", "the padding of an array is not padding");
      }
    }
    freeze(dtype->dtype());
    const uint64_t count = element_count(extent, dtype->dtype());
    const uint64_t size = count * dtype->dtype().itemsize;
    array = arena_.make<Array>();
    array->data = std::as_bytes(std::span(take(size), size));
    array->dtype = &dtype->dtype();
    array->shape = extent;
    array->fortran = order->text() == "F";
    array->count = count;
    storage_.payload_bytes += size;
  }
  if (subclass->global().name != "ndarray") array->subclass = &subclass->global();
  target->kind = Kind::array;
  target->tracked = true;
  target->u.a = array;
}

void Machine::build_array_file(Value* target, const Value& state) {
  const Value* name = find(state, "filename");
  if (name == nullptr || name->kind != Kind::text) {
    stop("pickle-state", "an array file of joblib without name");
  }
  const std::string_view file = name->text();
  if (file.empty() || file == "." || file == ".." || file.find_first_of(std::string_view("/\\\0", 3)) != std::string_view::npos) {
    stop("pickle-path", "the array file \"{}\" is no bare file name", printable(file, 60));
  }
  stop("pickle-companion", "the array {} ({}.{} of joblib before 0.10) is in a file of its own, which is "
       "not read", printable(file, 60), target->object().cls->module, target->object().cls->name);
}

}  // namespace panmodel::pickle
