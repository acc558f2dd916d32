#pragma once
// What the readers of ai.onnx.ml share: inputs as matrices, class labels, the post_transform
// attribute as nodes of its own.
#include <string_view>
#include <utility>
#include <vector>

#include "formats/onnx/read_nodes.h"

namespace panmodel::onnx {

using Values = std::vector<ValueId>;

enum class PostTransform { none, softmax, logistic, softmax_zero, probit };
// The attribute post_transform, a name; absent = NONE. Fails "onnx-node" for another name.
PostTransform post_transform_of(const NodeReader& r);
// Scores [N,K] transformed as onnxruntime does it (core/providers/cpu/ml/ml_common.h): logistic and
// probit by element, the softmaxes by row.
ValueId post_transform(NodeReader& r, PostTransform transform, ValueId scores);
// Columns [-s, s] of a single column of scores, or of its logistic: what onnxruntime gives for two
// classes with one score.
ValueId mirrored(NodeReader& r, ValueId scores, bool logistic);
// Columns [1 - p, p].
ValueId complemented(NodeReader& r, ValueId p);

// Input 0 as rows by features of f32 or f64: a vector is one row, integers become f32.
ValueId real_matrix(NodeReader& r);
// The same in f32, also for f64: operators whose result is always float.
ValueId float_matrix(NodeReader& r);
// A constant scalar of the element type of `like`.
ValueId number_like(NodeReader& r, double value, ValueId like);

// classlabels_strings, or the integers of `ints`; empty when neither is there.
Tensor class_labels(const NodeReader& r, std::string_view ints);
// "<name>s" of a dialect list: texts or integers as a vector; nullopt when absent or empty.
std::optional<Tensor> text_list(const NodeReader& r, std::string_view name);
std::optional<Tensor> integer_list(const NodeReader& r, std::string_view name);

// Elements of a vector of texts, i64, f64 or f32, by index.
Tensor select(const Tensor& from, const std::vector<int64_t>& places);

// Readers of tree ensembles (read_trees.cc) and of linear models and support vector machines
// (read_linear.cc).
Values read_trees(NodeReader& r);
Values read_tree_classifier(NodeReader& r);
Values read_tree_regressor(NodeReader& r);
Values read_linear_classifier(NodeReader& r);
Values read_linear_regressor(NodeReader& r);
Values read_svm_classifier(NodeReader& r);
Values read_svm_regressor(NodeReader& r);

}  // namespace panmodel::onnx
