#include "formats/pfa/writer.h"
#include "ir/op_fwd.h"

namespace panmodel::pfa {
namespace {

class PfaTarget : public Target {
 public:
  std::string name() const override { return "pfa (0.8.1)"; }
  bool keeps_signature() const override { return true; }
  bool has_models() const override { return true; }
  Support check(const Node& node, const Graph&) const override {
    switch (node.op) {
      case OpId::expr_Map:
      case OpId::ml_Binarize:
      case OpId::ml_Combine:
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
      case OpId::pfa_Document:
      case OpId::ml_Winner:
      case OpId::table_Assemble:
      case OpId::table_IsMissing:
      case OpId::table_Pick:
      case OpId::table_Prepare:
      case OpId::table_Require:
      case OpId::tensor_ArgReduce:
      case OpId::tensor_Binary:
      case OpId::tensor_Cast:
      case OpId::tensor_Clip:
      case OpId::tensor_Concat:
      case OpId::tensor_Constant:
      case OpId::tensor_Flatten:
      case OpId::tensor_Gather:
      case OpId::tensor_Gemm:
      case OpId::tensor_Identity:
      case OpId::tensor_MatMul:
      case OpId::tensor_Reduce:
      case OpId::tensor_Reshape:
      case OpId::tensor_Slice:
      case OpId::tensor_Softmax:
      case OpId::tensor_Split:
      case OpId::tensor_Squeeze:
      case OpId::tensor_Unary:
      case OpId::tensor_Unsqueeze:
      case OpId::tensor_Variadic:
      case OpId::tensor_Where: return Support::yes();
      case OpId::foreign_Op: return Support::no("an operator that panmodel does not know");
      case OpId::tensor_Shape: return Support::no("a PFA document sees one row, not how many there are");
      default: return Support::no("it has no form among the expressions that panmodel writes");
    }
  }
};

}  // namespace

std::unique_ptr<Target> make_target(const WriteOptions&) { return std::make_unique<PfaTarget>(); }

}  // namespace panmodel::pfa
