#include <array>

#include "converters/lower/lower.h"

namespace panmodel::converters {
namespace {

constexpr OpId kElementwise[] = {OpId::tensor_Binary, OpId::tensor_Constant};
constexpr OpId kAssemble[] = {OpId::tensor_Cast, OpId::tensor_Concat};
constexpr OpId kMissing[] = {OpId::tensor_Unary, OpId::tensor_Binary, OpId::tensor_Cast};
constexpr OpId kIdentity[] = {OpId::tensor_Identity};
constexpr OpId kImpute[] = {OpId::table_IsMissing, OpId::tensor_Binary, OpId::tensor_Where};
constexpr OpId kNormalize[] = {OpId::tensor_Reduce, OpId::tensor_Binary, OpId::tensor_Where,
                               OpId::tensor_Unary};
constexpr OpId kBinarize[] = {OpId::tensor_Binary, OpId::tensor_Cast};
constexpr OpId kDiscretize[] = {OpId::tensor_Unsqueeze, OpId::tensor_Binary, OpId::tensor_Unary,
                                OpId::tensor_Cast, OpId::tensor_Reduce, OpId::tensor_Variadic};
constexpr OpId kPolynomial[] = {OpId::tensor_Gather, OpId::tensor_Binary, OpId::tensor_Concat,
                                OpId::tensor_Shape, OpId::tensor_ConstantOfShape};
constexpr OpId kLinear[] = {OpId::tensor_MatMul, OpId::tensor_Binary};
constexpr OpId kLabels[] = {OpId::tensor_ArgReduce, OpId::tensor_Gather, OpId::tensor_Binary,
                            OpId::tensor_Cast, OpId::tensor_Reshape};
constexpr OpId kOneHot[] = {OpId::tensor_Reshape, OpId::tensor_Binary, OpId::tensor_Cast};
constexpr OpId kLabelMap[] = {OpId::ml_LabelMap};
constexpr OpId kLabelPlace[] = {OpId::ml_LabelMap, OpId::tensor_Concat, OpId::tensor_Gather};
constexpr OpId kLabelEqual[] = {OpId::tensor_Binary, OpId::tensor_Where};
constexpr OpId kSpecial[] = {OpId::tensor_Unary, OpId::tensor_Binary, OpId::tensor_Where};
constexpr OpId kTree[] = {OpId::ml_TreeEnsemble, OpId::tensor_Cast, OpId::tensor_Binary};

// In the order in which they are tried for an operator.
constexpr std::array kPatterns = {
    Pattern{"lower_assemble", OpId::table_Assemble, kAssemble, lower_assemble},
    Pattern{"lower_is_missing", OpId::table_IsMissing, kMissing, lower_is_missing},
    Pattern{"lower_require", OpId::table_Require, kIdentity, lower_require},
    Pattern{"lower_impute", OpId::ml_Impute, kImpute, lower_impute},
    Pattern{"lower_scaler", OpId::ml_Scaler, kElementwise, lower_scaler},
    Pattern{"lower_normalize", OpId::ml_Normalize, kNormalize, lower_normalize},
    Pattern{"lower_binarize", OpId::ml_Binarize, kBinarize, lower_binarize},
    Pattern{"lower_discretize", OpId::ml_Discretize, kDiscretize, lower_discretize},
    Pattern{"lower_polynomial", OpId::ml_Polynomial, kPolynomial, lower_polynomial},
    Pattern{"lower_linear", OpId::ml_Linear, kLinear, lower_linear},
    Pattern{"lower_labels", OpId::ml_Labels, kLabels, lower_labels},
    Pattern{"lower_one_hot", OpId::ml_OneHot, kOneHot, lower_one_hot},
    Pattern{"total_label_map", OpId::ml_LabelMap, kLabelMap, total_label_map},
    Pattern{"label_map_by_place", OpId::ml_LabelMap, kLabelPlace, label_map_by_place},
    Pattern{"label_map_to_equal", OpId::ml_LabelMap, kLabelEqual, label_map_to_equal},
    Pattern{"lower_special_function", OpId::tensor_Unary, kSpecial, lower_special_function},
    Pattern{"split_mean", OpId::ml_TreeEnsemble, kTree, split_mean},
    Pattern{"promote_tree", OpId::ml_TreeEnsemble, kTree, promote_tree},
    Pattern{"base_after_trees", OpId::ml_TreeEnsemble, kTree, base_after_trees},
    Pattern{"float_trees", OpId::ml_TreeEnsemble, kTree, float_trees},
};

}  // namespace

std::span<const Pattern> patterns() { return kPatterns; }

}  // namespace panmodel::converters
