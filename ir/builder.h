#pragma once
// Builder: the only way to append nodes. Infers types, checks attributes, records places.
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "ir/model.h"
#include "ir/op.h"

namespace panmodel {

class Builder {
 public:
  // Appends to `model`, which must outlive the builder.
  explicit Builder(Model& model) : model_(model) {}

  Model& model() { return model_; }
  const Graph& graph() const { return model_.graph; }
  const Type& type(ValueId id) const { return model_.graph.type(id); }
  // Nodes added from now on come from this place.
  void at(const Location& loc);
  void at(LocId loc) { loc_ = loc; }
  LocId current() const { return loc_; }

  ValueId input(std::string name, Type type, std::vector<std::string> features = {});
  void output(std::string name, ValueId value, Role role, Tensor keys = {});

  // Appends a node; fails with the current place when the inputs do not fit. All outputs:
  template <class Op>
  std::vector<ValueId> add_all(Op op, std::vector<ValueId> inputs, std::string name = {}) {
    return add_erased(OpIdOf<Op>::value, std::make_shared<const Op>(std::move(op)),
                      std::move(inputs), std::move(name));
  }
  // The first output:
  template <class Op>
  ValueId add(Op op, std::vector<ValueId> inputs, std::string name = {}) {
    return add_all(std::move(op), std::move(inputs), std::move(name))[0];
  }
  std::vector<ValueId> add_erased(OpId op, std::shared_ptr<const void> payload,
                                  std::vector<ValueId> inputs, std::string name);
  // Appends a copy of `node`, which stands in `from`, with other inputs. Its attributes are not
  // checked again when the inputs have the types that they had there and none is a constant.
  std::vector<ValueId> copy(const Node& node, const Graph& from, std::vector<ValueId> inputs);
  // A tensor.constant node.
  ValueId constant(Tensor value);
  // The value when `id` is made by a tensor.constant, else null.
  const Tensor* constant_value(ValueId id) const;
  void name_value(ValueId id, std::string name) { model_.graph.values[id.v].name = std::move(name); }

 private:
  std::vector<ValueId> append(OpId op, std::shared_ptr<const void> payload,
                              std::vector<ValueId> inputs, std::string name, Types results);

  Model& model_;
  LocId loc_;
};

}  // namespace panmodel
