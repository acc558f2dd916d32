#include <array>

#include "converters/lower/lower.h"

namespace panmodel::converters {
namespace {

constexpr OpId kElementwise[] = {OpId::tensor_Binary, OpId::tensor_Constant};
constexpr OpId kAssemble[] = {OpId::tensor_Cast, OpId::tensor_Concat};
constexpr OpId kMissing[] = {OpId::tensor_Unary, OpId::tensor_Binary, OpId::tensor_Cast};
constexpr OpId kIdentity[] = {OpId::tensor_Identity};
constexpr OpId kImpute[] = {OpId::table_IsMissing, OpId::tensor_Binary, OpId::tensor_Where};
constexpr OpId kMap[] = {OpId::tensor_Unary,  OpId::tensor_Binary,    OpId::tensor_Where,
                         OpId::tensor_Cast,   OpId::tensor_Reduce,    OpId::tensor_ArgReduce,
                         OpId::tensor_Gather, OpId::tensor_Unsqueeze, OpId::ml_LabelMap};
constexpr OpId kPrepare[] = {OpId::tensor_Binary, OpId::tensor_Unary,  OpId::tensor_Cast,
                             OpId::tensor_Where,  OpId::tensor_Reduce, OpId::ml_LabelMap};
constexpr OpId kCombine[] = {OpId::tensor_Unsqueeze, OpId::tensor_Squeeze,        OpId::tensor_Concat,
                             OpId::tensor_Cast,      OpId::tensor_Reduce,         OpId::tensor_Binary,
                             OpId::tensor_Unary,     OpId::tensor_Where,          OpId::tensor_ArgReduce,
                             OpId::tensor_Gather,    OpId::tensor_GatherElements, OpId::tensor_TopK,
                             OpId::tensor_CumSum,    OpId::ml_LabelMap};
constexpr OpId kDecisionTree[] = {OpId::ml_TreeEnsemble, OpId::ml_LabelMap,   OpId::tensor_Concat,
                                  OpId::tensor_Cast,     OpId::tensor_Binary, OpId::tensor_Where,
                                  OpId::tensor_Gather,   OpId::tensor_Reduce, OpId::tensor_Reshape,
                                  OpId::tensor_MatMul,   OpId::tensor_Unary};
constexpr OpId kWinner[] = {OpId::tensor_ArgReduce, OpId::tensor_Unary, OpId::tensor_Cast,
                            OpId::tensor_Reduce,    OpId::tensor_Where, OpId::tensor_Gather};
constexpr OpId kPick[] = {OpId::tensor_Unary, OpId::tensor_Where, OpId::tensor_Cast,
                          OpId::tensor_Gather, OpId::tensor_Reshape};
constexpr OpId kNormalize[] = {OpId::tensor_Reduce, OpId::tensor_Binary, OpId::tensor_Where,
                               OpId::tensor_Unary};
constexpr OpId kBinarize[] = {OpId::tensor_Binary, OpId::tensor_Cast};
constexpr OpId kDiscretize[] = {OpId::tensor_Unsqueeze, OpId::tensor_Binary, OpId::tensor_Unary,
                                OpId::tensor_Cast, OpId::tensor_Reduce, OpId::tensor_Variadic};
constexpr OpId kInterpolate[] = {OpId::ml_Discretize, OpId::tensor_Gather, OpId::tensor_Binary,
                                 OpId::tensor_Cast, OpId::tensor_Where};
constexpr OpId kPolynomial[] = {OpId::tensor_Gather, OpId::tensor_Binary, OpId::tensor_Concat,
                                OpId::tensor_Shape, OpId::tensor_ConstantOfShape};
constexpr OpId kLinear[] = {OpId::tensor_MatMul, OpId::tensor_Binary};
constexpr OpId kLabels[] = {OpId::tensor_ArgReduce, OpId::tensor_Gather, OpId::tensor_Binary,
                            OpId::tensor_Cast, OpId::tensor_Reshape};
constexpr OpId kOneHot[] = {OpId::tensor_Reshape, OpId::tensor_Binary, OpId::tensor_Cast};
constexpr OpId kLabelMap[] = {OpId::ml_LabelMap};
constexpr OpId kLabelEqual[] = {OpId::tensor_Binary, OpId::tensor_Where};
constexpr OpId kSpecial[] = {OpId::tensor_Unary, OpId::tensor_Binary, OpId::tensor_Where, OpId::tensor_Cast};
constexpr OpId kTree[] = {OpId::ml_TreeEnsemble, OpId::tensor_Cast, OpId::tensor_Binary};
constexpr OpId kLeafTable[] = {OpId::ml_TreeEnsemble, OpId::tensor_Cast,   OpId::tensor_Transpose,
                               OpId::tensor_Gather,   OpId::tensor_Concat, OpId::tensor_Unsqueeze,
                               OpId::tensor_Reduce,   OpId::tensor_Reshape};
constexpr OpId kCompare[] = {OpId::tensor_Binary, OpId::tensor_Unary};
constexpr OpId kTextEqual[] = {OpId::ml_LabelMap, OpId::tensor_Binary};
constexpr OpId kClip[] = {OpId::tensor_Binary, OpId::tensor_Where, OpId::tensor_Identity};
constexpr OpId kShape[] = {OpId::tensor_Shape, OpId::tensor_Gather};
constexpr OpId kPlaces[] = {OpId::ml_LabelMap, OpId::tensor_Concat, OpId::tensor_Gather};
constexpr OpId kPlaceOf[] = {OpId::tensor_Unsqueeze, OpId::tensor_Binary,    OpId::tensor_Unary,
                             OpId::tensor_Cast,      OpId::tensor_ArgReduce, OpId::tensor_Reduce,
                             OpId::tensor_Where,     OpId::tensor_Concat,    OpId::tensor_Gather};

// In the order in which they are tried for an operator.
constexpr std::array kPatterns = {
    Pattern{"lower_assemble", OpId::table_Assemble, kAssemble, lower_assemble},
    Pattern{"lower_is_missing", OpId::table_IsMissing, kMissing, lower_is_missing},
    Pattern{"lower_require", OpId::table_Require, kIdentity, lower_require},
    Pattern{"lower_impute", OpId::ml_Impute, kImpute, lower_impute},
    Pattern{"lower_map", OpId::expr_Map, kMap, lower_map},
    Pattern{"lower_prepare", OpId::table_Prepare, kPrepare, lower_prepare},
    Pattern{"lower_combine", OpId::ml_Combine, kCombine, lower_combine},
    Pattern{"lower_decision_tree", OpId::ml_DecisionTree, kDecisionTree, lower_decision_tree},
    Pattern{"lower_winner", OpId::ml_Winner, kWinner, lower_winner},
    Pattern{"lower_pick", OpId::table_Pick, kPick, lower_pick},
    Pattern{"lower_scaler", OpId::ml_Scaler, kElementwise, lower_scaler},
    Pattern{"lower_normalize", OpId::ml_Normalize, kNormalize, lower_normalize},
    Pattern{"lower_binarize", OpId::ml_Binarize, kBinarize, lower_binarize},
    Pattern{"lower_discretize", OpId::ml_Discretize, kDiscretize, lower_discretize},
    Pattern{"lower_interpolate", OpId::ml_Interpolate, kInterpolate, lower_interpolate},
    Pattern{"lower_polynomial", OpId::ml_Polynomial, kPolynomial, lower_polynomial},
    Pattern{"lower_linear", OpId::ml_Linear, kLinear, lower_linear},
    Pattern{"lower_labels", OpId::ml_Labels, kLabels, lower_labels},
    Pattern{"lower_one_hot", OpId::ml_OneHot, kOneHot, lower_one_hot},
    Pattern{"total_label_map", OpId::ml_LabelMap, kLabelMap, total_label_map},
    Pattern{"label_map_by_place", OpId::ml_LabelMap, kPlaces, label_map_by_place},
    Pattern{"label_map_by_comparison", OpId::ml_LabelMap, kPlaceOf, label_map_by_comparison},
    Pattern{"label_map_to_equal", OpId::ml_LabelMap, kLabelEqual, label_map_to_equal},
    Pattern{"lower_special_function", OpId::tensor_Unary, kSpecial, lower_special_function},
    Pattern{"factor_near_one", OpId::tensor_Binary, kElementwise, factor_near_one},
    Pattern{"negate_comparison", OpId::tensor_Binary, kCompare, negate_comparison},
    Pattern{"text_equal_by_table", OpId::tensor_Binary, kTextEqual, text_equal_by_table},
    Pattern{"clip_to_where", OpId::tensor_Clip, kClip, clip_to_where},
    Pattern{"infinity_by_comparison", OpId::tensor_Unary, kCompare, infinity_by_comparison},
    Pattern{"shape_by_gather", OpId::tensor_Shape, kShape, shape_by_gather},
    Pattern{"split_mean", OpId::ml_TreeEnsemble, kTree, split_mean},
    Pattern{"leaf_table_of_many", OpId::ml_TreeEnsemble, kLeafTable, leaf_table_of_many},
    Pattern{"narrow_leaves", OpId::ml_TreeEnsemble, kTree, narrow_leaves},
    Pattern{"promote_tree", OpId::ml_TreeEnsemble, kTree, promote_tree},
    Pattern{"base_after_trees", OpId::ml_TreeEnsemble, kTree, base_after_trees},
    Pattern{"leaf_table", OpId::ml_TreeEnsemble, kLeafTable, leaf_table},
    Pattern{"float_trees", OpId::ml_TreeEnsemble, kTree, float_trees},
};

}  // namespace

std::span<const Pattern> patterns() { return kPatterns; }

}  // namespace panmodel::converters
