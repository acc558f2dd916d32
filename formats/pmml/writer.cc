#include "formats/pmml/writer.h"

#include "formats/pmml/write_column_model.h"
#include "formats/pmml/write_tensor_model.h"
#include "ir/builder.h"
#include "ir/ops/encode.h"

namespace panmodel::pmml {
namespace {

class PmmlTarget : public panmodel::Target {
 public:
  explicit PmmlTarget(std::string version) : version_(std::move(version)) {}
  std::string name() const override { return fmt::format("pmml ({})", version_); }
  bool keeps_signature() const override { return true; }
  bool has_models() const override { return true; }
  Support check(const Node& node, const Graph&) const override {
    switch (node.op) {
      case OpId::expr_Map:
      case OpId::ml_Binarize:
      case OpId::ml_Combine:
      case OpId::ml_DecisionTree:
      case OpId::ml_Discretize:
      case OpId::ml_Impute:
      case OpId::ml_Interpolate:
      case OpId::ml_LabelMap:
      case OpId::ml_Labels:
      case OpId::ml_Linear:
      case OpId::ml_Normalize:
      case OpId::ml_OneHot:
      case OpId::ml_Polynomial:
      case OpId::ml_Scaler:
      case OpId::ml_TreeEnsemble:
      case OpId::ml_Winner:
      case OpId::table_Assemble:
      case OpId::table_IsMissing:
      case OpId::table_Pick:
      case OpId::table_Prepare:
      case OpId::table_Require:
      case OpId::tensor_Binary:
      case OpId::tensor_Cast:
      case OpId::tensor_Clip:
      case OpId::tensor_Concat:
      case OpId::tensor_Constant:
      case OpId::tensor_Flatten:
      case OpId::tensor_Gather:
      case OpId::tensor_GatherElements:
      case OpId::tensor_Identity:
      case OpId::tensor_Reduce:
      case OpId::tensor_Reshape:
      case OpId::tensor_Softmax:
      case OpId::tensor_Squeeze:
      case OpId::tensor_Unary:
      case OpId::tensor_Unsqueeze:
      case OpId::tensor_Variadic:
      case OpId::tensor_Where:
        return Support::yes();
      default:
        return Support::no("it has no form among the PMML models that panmodel writes");
    }
  }

 private:
  std::string version_;
};

}  // namespace

std::unique_ptr<panmodel::Target> make_target(const WriteOptions& options) {
  return std::make_unique<PmmlTarget>(options.pmml_version);
}

namespace {

// Probabilities without a label: a classification of PMML has one, the class with the largest.
Model with_label(const Model& model) {
  Model made = model;
  Builder builder(made);
  for (const Output& output : model.outputs) {
    ml::Labels labels;
    labels.classes = output.keys;
    builder.output("label", builder.add(std::move(labels), {output.value}), Role::label);
  }
  return made;
}

bool lacks_label(const Model& model) {
  return model.outputs.size() == 1 && model.outputs[0].role == Role::probability && model.outputs[0].keys.size() > 1;
}

}  // namespace

void write_model(const Model& model, const WriteOptions& options, const Sink& to,
                 Diagnostics& out) {
  if (is_column_model(model)) return write_column_model(model, options, to);
  write_tensor_model(lacks_label(model) ? with_label(model) : model, options, to, out);
}

}  // namespace panmodel::pmml
