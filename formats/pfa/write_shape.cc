// Constants, columns, element types, and operators that move items.
#include <algorithm>
#include <cmath>
#include <numeric>

#include "formats/pfa/write_values.h"
#include "base/fail.h"
#include "ir/ops/table.h"
#include "ir/ops/tensor_elementwise.h"
#include "ir/ops/tensor_shape.h"

namespace panmodel::pfa::writing {
namespace {

class Shapes {
 public:
  Shapes(const Node& node, Values& values) : node_(node), values_(values) {}

  bool write() {
    if (const auto* op = node_.as<tensor::Constant>()) return constant(op->value);
    if (const auto* op = node_.as<tensor::Cast>()) return cast(*op);
    if (const auto* op = node_.as<tensor::Concat>()) return concat(op->axis);
    if (const auto* op = node_.as<tensor::Gather>()) return gather(op->axis);
    if (const auto* op = node_.as<tensor::Split>()) return split(*op);
    if (node_.as<tensor::Slice>() != nullptr) return slice();
    if (const auto* op = node_.as<table::Assemble>()) return assemble(*op);
    if (node_.as<table::Require>() != nullptr) return require();
    if (node_.as<table::IsMissing>() != nullptr) return is_missing();
    if (node_.as<tensor::Identity>() != nullptr) return same_items();
    if (node_.as<tensor::Reshape>() || node_.as<tensor::Flatten>() || node_.as<tensor::Squeeze>() ||
        node_.as<tensor::Unsqueeze>()) {
      return same_items();
    }
    return false;
  }

 private:
  Form result() { return form_of(values_.graph().type(node_.outputs[0]), node_, values_); }
  bool set(Form form) {
    values_.set(node_.outputs[0], std::move(form));
    return true;
  }

  bool constant(const Tensor& value) {
    Form f{type_of(value.dtype())};
    const Shape& shape = value.shape();
    const bool row = shape.size() < 2 || (shape.size() == 2 && shape[0] == 1);
    // Operands of other operators (an index, a table) may have any shape: they look at the tensor.
    f.width = row ? value.size() : 1;
    f.vector = f.width != 1;
    f.constant = value;
    return set(std::move(f));
  }

  const Tensor& constant_of(size_t input) {
    const auto& c = values_.of(node_.inputs[input]).constant;
    if (!c) values_.refuse(node_, fmt::format("with an operand {} that is no constant", input));
    return *c;
  }

  bool same_items() {
    const Form& from = values_.of(node_.inputs[0]);
    if (from.constant) {
      const TensorType* t = values_.graph().type(node_.outputs[0]).tensor();
      Shape shape;
      for (const Dim& d : t->dims.value_or(std::vector<Dim>{})) shape.push_back(d.size);
      if (std::any_of(shape.begin(), shape.end(), [](int64_t d) { return d < 0; }) ||
          element_count(shape) != from.constant->size()) {
        values_.refuse(node_, "of a constant");
      }
      return constant(from.constant->reshaped(shape));
    }
    const Form wanted = result();
    if (wanted.width != from.width) values_.refuse(node_, "that makes other rows");
    Form f = from;
    f.vector = wanted.vector;
    return set(std::move(f));
  }

  bool cast(const tensor::Cast& op) {
    const Form& from = values_.of(node_.inputs[0]);
    if (from.constant && type_of(op.to) == from.type) return set(from);
    const Form wanted = result();
    Form f = from;
    f.constant.reset();
    const bool real = from.type == "double", whole = from.type == "int" || from.type == "long";
    if (wanted.type == from.type || (whole && (wanted.type == "double" || wanted.type == "long"))) {
      if (op.to == DType::f32) f.single = true;
      f.type = wanted.type;
      if (from.constant) f.items = values_.items(node_.inputs[0]);
      return set(std::move(f));
    }
    std::vector<Ast> items = values_.items(node_.inputs[0], true);
    for (Ast& item : items) {
      if (from.type == "boolean" && wanted.type == "double") {
        item = if_else(std::move(item), 1.0, 0.0);
      } else if (from.type == "boolean" && (wanted.type == "int" || wanted.type == "long")) {
        item = if_else(std::move(item), 1, 0);
      } else if (wanted.type == "boolean" && (real || whole)) {
        item = call("!=", {std::move(item), real ? Ast(0.0) : Ast(0)});
      } else if (real && (wanted.type == "int" || wanted.type == "long")) {
        // Towards zero; cast.* rounds to the nearest whole number.
        Ast x = values_.symbol(std::move(item), "value");
        item = call("cast." + wanted.type, {if_else(call("<", {x, 0.0}), call("m.ceil", {x}), call("m.floor", {x}))});
      } else if (wanted.type == "int" && from.type == "long") {
        item = call("cast.int", {std::move(item)});
      } else {
        values_.refuse(node_, fmt::format("from {} to {}", from.type, wanted.type));
      }
    }
    Form made = items_form(wanted.type, std::move(items));
    made.vector = from.vector;
    made.may_miss = from.may_miss && wanted.type == "double";
    return set(std::move(made));
  }

  bool is_last_axis(int64_t axis) const {
    const TensorType* t = values_.graph().type(node_.inputs[0]).tensor();
    const size_t rank = t != nullptr && t->dims ? t->dims->size() : 2;
    return rank == 2 && (axis == 1 || axis == -1);
  }

  bool concat(int64_t axis) {
    if (!is_last_axis(axis)) values_.refuse(node_, "of rows");
    return join(result());
  }
  bool assemble(const table::Assemble& op) {
    Form f = result();
    f.single = false;
    (void)op;
    return join(std::move(f));
  }

  // Few items by themselves, long arrays as arrays.
  bool join(Form f) {
    bool whole = true;
    for (ValueId v : node_.inputs) {
      const Form& part = values_.of(v);
      whole = whole && (part.constant || (part.items.empty() && part.vector));
      f.may_miss = f.may_miss || part.may_miss;
    }
    const bool kept = std::all_of(node_.inputs.begin(), node_.inputs.end(), [&](ValueId v) {
      const Form& part = values_.of(v);
      return !part.constant && part.type == f.type && !part.single;
    });
    // Where one item may be null all are items of the record that a tree reads, or defaults stand in.
    const bool nulls = kept && std::all_of(node_.inputs.begin(), node_.inputs.end(),
                                           [&](ValueId v) { return !values_.of(v).items.empty(); }) &&
                       std::any_of(node_.inputs.begin(), node_.inputs.end(), [&](ValueId v) { return values_.of(v).nullable; });
    const bool all_items = std::all_of(node_.inputs.begin(), node_.inputs.end(), [&](ValueId v) {
      return !values_.of(v).items.empty() || values_.of(v).width <= 3;
    });
    if (nulls) {
      f.nullable = true;
      for (ValueId v : node_.inputs) {
        for (Ast& item : values_.items(v, false)) f.items.push_back(std::move(item));
      }
      return set(std::move(f));
    }
    if (whole || !all_items) {
      std::optional<Ast> made;
      for (ValueId v : node_.inputs) {
        Ast part = values_.array(v);
        made = made ? call("a.concat", {std::move(*made), std::move(part)}) : std::move(part);
      }
      f.whole = std::move(made);
      return set(std::move(f));
    }
    for (ValueId v : node_.inputs) {
      for (Ast& item : values_.items(v)) f.items.push_back(std::move(item));
    }
    return set(std::move(f));
  }

  // Chosen items of the first input.
  bool choose(const std::vector<size_t>& places, ValueId output) {
    const Form& from = values_.of(node_.inputs[0]);
    Form f = form_of(values_.graph().type(output), node_, values_);
    f.may_miss = from.may_miss;
    f.nullable = from.nullable;
    f.single = from.single && !from.constant;
    const bool numbers = !from.nullable;
    std::vector<Ast> items;
    if (f.single && !from.items.empty()) {
      items = from.items;
    } else {
      f.single = false;
      items = values_.items(node_.inputs[0], numbers);
    }
    for (size_t p : places) {
      if (p >= items.size()) values_.refuse(node_, "of a row of any length");
      f.items.push_back(items[p]);
    }
    if (f.items.size() != f.width) values_.refuse(node_, "of another shape");
    values_.set(output, std::move(f));
    return true;
  }

  bool gather(int64_t axis) {
    const Form& from = values_.of(node_.inputs[0]);
    const bool table = from.constant && (axis == 0 || from.constant->rank() == 1);
    if (table) return look_up(*from.constant);
    if (!is_last_axis(axis)) values_.refuse(node_, "of rows");
    std::vector<size_t> places;
    for (int64_t i : constant_of(1).integers()) {
      places.push_back(static_cast<size_t>(i < 0 ? i + static_cast<int64_t>(from.width) : i));
    }
    return choose(places, node_.outputs[0]);
  }

  // The element of a table that an index of the row names.
  bool look_up(const Tensor& table) {
    const Form& index = values_.of(node_.inputs[1]);
    if (index.constant || index.vector || table.rank() > 2) values_.refuse(node_, "of a table by several indices");
    Form f = result();
    Ast cell = values_.program().tensor("table", table);
    std::get<Members>(cell.v).emplace_back("path", Asts{values_.item(node_.inputs[1])});
    if (table.rank() == 2 && f.vector) {
      f.whole = std::move(cell);
    } else if (table.rank() == 1) {
      f.items = {std::move(cell)};
    } else {
      f.items = {element(cell, 0)};
    }
    return set(std::move(f));
  }

  bool split(const tensor::Split& op) {
    if (!is_last_axis(op.axis)) values_.refuse(node_, "of rows");
    size_t at = 0;
    for (size_t k = 0; k < node_.outputs.size(); ++k) {
      std::vector<size_t> places(static_cast<size_t>(op.sizes.at(k)));
      std::iota(places.begin(), places.end(), at);
      at += places.size();
      choose(places, node_.outputs[k]);
    }
    return true;
  }

  bool slice() {
    const auto integers = [&](size_t i, int64_t otherwise) {
      return node_.inputs.size() > i && node_.inputs[i].valid() ? constant_of(i).integers() : std::vector<int64_t>{otherwise};
    };
    const std::vector<int64_t> starts = integers(1, 0), ends = integers(2, 0), axes = integers(3, 0), steps = integers(4, 1);
    const auto width = static_cast<int64_t>(values_.of(node_.inputs[0]).width);
    if (starts.size() != 1 || !is_last_axis(axes[0]) || steps[0] < 1) values_.refuse(node_, "of rows");
    const auto bound = [&](int64_t i) { return std::clamp<int64_t>(i < 0 ? i + width : i, 0, width); };
    std::vector<size_t> places;
    for (int64_t i = bound(starts[0]); i < bound(ends[0]); i += steps[0]) places.push_back(static_cast<size_t>(i));
    return choose(places, node_.outputs[0]);
  }

  // Where a value may be missing a missing one ends the row; inputs without nulls have none.
  bool require() {
    Form f = values_.of(node_.inputs[0]);
    bool self = false;
    Ast missing = false;
    for (size_t i = 1; i < node_.inputs.size(); ++i) {
      const Form& other = values_.of(node_.inputs[i]);
      if (!other.may_miss) continue;
      self = self || node_.inputs[i] == node_.inputs[0];
      for (Ast& item : values_.items(node_.inputs[i], false)) {
        Ast test = is_missing_item(std::move(item), other);
        missing = std::holds_alternative<bool>(missing.v) ? std::move(test) : call("||", {std::move(missing), std::move(test)});
      }
    }
    if (std::holds_alternative<bool>(missing.v)) return set(std::move(f));
    if (f.vector) values_.refuse(node_, "of several columns");
    Ast item = values_.item(node_.inputs[0], false);
    if (f.nullable && self) item = call("impute.errorOnNull", {std::move(item)});
    Ast checked = if_else(std::move(missing), Members{{"error", "a missing value"}}, std::move(item));
    Form made = scalar_form(f.type, std::move(checked));
    made.may_miss = f.may_miss && !self;
    made.nullable = f.nullable && !self;
    return set(std::move(made));
  }

  static Ast is_missing_item(Ast item, const Form& of) {
    if (of.nullable) return call("==", {std::move(item), Ast()});
    return call("impute.isnan", {std::move(item)});
  }

  bool is_missing() {
    const Form& from = values_.of(node_.inputs[0]);
    std::vector<Ast> items;
    for (Ast& item : values_.items(node_.inputs[0], false)) {
      items.push_back(from.may_miss ? is_missing_item(std::move(item), from) : Ast(false));
    }
    Form f = items_form("boolean", std::move(items));
    f.vector = from.vector;
    return set(std::move(f));
  }

  const Node& node_;
  Values& values_;
};

}  // namespace

bool write_shape(const Node& node, Values& values) { return Shapes(node, values).write(); }

}  // namespace panmodel::pfa::writing
