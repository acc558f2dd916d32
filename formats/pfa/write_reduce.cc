// What one number is made of all items of a row: sums, extremes, norms, and the softmax.
#include "formats/pfa/write_values.h"
#include "ir/ops/tensor_reduce.h"

namespace panmodel::pfa::writing {
namespace {

using tensor::ReduceFn;

Ast sum_of(Ast x, const std::string& name, Ast each) {
  return call("a.sum", {call("a.map", {std::move(x), function({{name, "double"}}, "double", {std::move(each)})})});
}

bool last_axis(int64_t axis) { return axis == 1 || axis == -1; }

Ast reduced(ReduceFn fn, Ast x, Values& values, const Node& node) {
  const std::string item = values.program().symbol("item");
  switch (fn) {
    case ReduceFn::sum: return call("a.sum", {std::move(x)});
    case ReduceFn::mean: return call("a.mean", {std::move(x)});
    case ReduceFn::max: return call("a.max", {std::move(x)});
    case ReduceFn::min: return call("a.min", {std::move(x)});
    case ReduceFn::prod: return call("a.product", {std::move(x)});
    case ReduceFn::l1: return sum_of(std::move(x), item, call("m.abs", {item}));
    case ReduceFn::l2: return call("m.sqrt", {sum_of(std::move(x), item, call("*", {item, item}))});
    case ReduceFn::sum_square: return sum_of(std::move(x), item, call("*", {item, item}));
    case ReduceFn::log_sum: return call("m.ln", {call("a.sum", {std::move(x)})});
    case ReduceFn::log_sum_exp: {
      const Ast all = values.symbol(std::move(x), "scores");
      const Ast largest = values.symbol(call("a.max", {all}), "largest");
      return call("+", {largest, call("m.ln", {sum_of(all, item, call("m.exp", {call("-", {item, largest})}))})});
    }
  }
  values.refuse(node, "by an unknown function");
}

}  // namespace

bool write_reduce(const Node& node, Values& values) {
  Program& program = values.program();
  if (const auto* op = node.as<tensor::Reduce>()) {
    std::vector<int64_t> axes = op->axes;
    if (axes.empty() && node.inputs.size() > 1 && values.of(node.inputs[1]).constant) {
      axes = values.of(node.inputs[1]).constant->integers();
    }
    const Form& from = values.of(node.inputs[0]);
    const auto* type = values.graph().type(node.outputs[0]).tensor();
    if (axes.size() != 1 || !last_axis(axes[0])) values.refuse(node, "over rows");
    if (type->dtype == DType::f32) values.refuse(node, "in single precision");
    if (from.type != "double" && (op->fn == ReduceFn::mean || op->fn > ReduceFn::prod)) values.refuse(node, "of integers");
    const bool may_miss = from.may_miss;
    Form f = scalar_form(from.type, reduced(op->fn, values.array(node.inputs[0]), values, node));
    f.may_miss = may_miss;
    values.set(node.outputs[0], std::move(f));
    return true;
  }
  if (const auto* op = node.as<tensor::Softmax>()) {
    const Form& from = values.of(node.inputs[0]);
    if (!last_axis(op->axis) || from.single) values.refuse(node, from.single ? "in single precision" : "over rows");
    Ast shares = program.user_call("softmax", {values.array(node.inputs[0])});
    if (op->log) {
      const std::string share = program.symbol("share");
      shares = call("a.map", {std::move(shares), function({{share, "double"}}, "double", {call("m.ln", {share})})});
    }
    const size_t width = from.width;
    const bool may_miss = from.may_miss;
    Form f = vector_form("double", width, std::move(shares), "probability");
    if (width == 1) f = scalar_form("double", element(values.symbol(std::move(*f.whole), "shares"), 0));
    f.may_miss = may_miss;
    values.set(node.outputs[0], std::move(f));
    return true;
  }
  if (const auto* op = node.as<tensor::ArgReduce>()) {
    if (!last_axis(op->axis) || op->select_last) values.refuse(node, op->select_last ? "that takes the last of equals" : "over rows");
    values.set(node.outputs[0], scalar_form("int", call(op->largest ? "a.argmax" : "a.argmin", {values.array(node.inputs[0])})));
    return true;
  }
  return false;
}

}  // namespace panmodel::pfa::writing
