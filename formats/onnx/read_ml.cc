// Operators of ai.onnx.ml as the ml dialect.
#include <cmath>

#include "formats/onnx/read_nodes.h"
#include "ir/ops/encode.h"
#include "ir/ops/tree.h"

namespace panmodel::onnx {
namespace {

using Values = std::vector<ValueId>;

// TreeEnsemble, ai.onnx.ml 5.
Values read_trees(NodeReader& r) {
  auto need = [&](std::string_view name, size_t size) {
    std::vector<int64_t> v = r.integers(name);
    if (v.size() != size) {
      fail(r.loc, "onnx-node", "attribute '{}' has {} entries, expected {}", name, v.size(), size);
    }
    return v;
  };
  auto splits = r.tensor("nodes_splits");
  auto modes = r.tensor("nodes_modes");
  auto weights = r.tensor("leaf_weights");
  if (!splits || !modes || !weights) fail(r.loc, "onnx-node", "TreeEnsemble lacks its tensors");
  size_t n = splits->size();
  if (modes->size() != n || byte_size(modes->dtype()) != 1) {
    fail(r.loc, "onnx-node", "{} modes for {} nodes", modes->size(), n);
  }
  auto feature = need("nodes_featureids", n), yes = need("nodes_truenodeids", n),
       no = need("nodes_falsenodeids", n), yes_leaf = need("nodes_trueleafs", n),
       no_leaf = need("nodes_falseleafs", n), targets = need("leaf_targetids", weights->size());
  std::vector<int64_t> missing = r.integers("nodes_missing_value_tracks_true");
  if (!missing.empty() && missing.size() != n) fail(r.loc, "onnx-node", "missing-value flags of {} nodes, expected {}", missing.size(), n);
  std::vector<double> members;
  if (auto m = r.tensor("membership_values")) members = m->reals();

  ml::TreeEnsemble op;
  op.targets = r.integer("n_targets", 1);
  op.accumulate = weights->dtype() == DType::f64 ? DType::f64 : DType::f32;
  constexpr ml::Aggregate kAggregate[] = {ml::Aggregate::mean, ml::Aggregate::sum, ml::Aggregate::min,
                                          ml::Aggregate::max};
  int64_t aggregate = r.integer("aggregate_function", 1);
  if (aggregate < 0 || aggregate > 3) fail(r.loc, "onnx-node", "aggregate_function {}", aggregate);
  op.aggregate = kAggregate[aggregate];
  if (r.integer("post_transform", 0) != 0) {
    fail(r.loc, "onnx-node", "post_transform {} of TreeEnsemble is not supported",
         r.integer("post_transform", 0));
  }
  Forest& f = op.forest;
  size_t next_member = 0;
  size_t leaves = weights->size();
  // Nodes first, then one leaf node per leaf.
  for (size_t i = 0; i < n; ++i) {
    int64_t mode = modes->as<uint8_t>()[i];
    if (mode > 6) fail(r.loc, "onnx-node", "node {} has mode {}", i, mode);
    double split = splits->real(i);
    if (mode == 6) {
      if (f.set_begin.empty()) f.set_begin.push_back(0);
      split = static_cast<double>(f.set_begin.size() - 1);
      while (next_member < members.size() && !std::isnan(members[next_member])) {
        f.set_value.push_back(members[next_member++]);
      }
      ++next_member;
      f.set_begin.push_back(static_cast<uint32_t>(f.set_value.size()));
    }
    auto child = [&](int64_t id, int64_t leaf) {
      size_t limit = leaf ? leaves : n;
      if (id < 0 || static_cast<size_t>(id) >= limit) {
        fail(r.loc, "onnx-node", "node {} has child {}, expected less than {}", i, id, limit);
      }
      return static_cast<uint32_t>(leaf ? static_cast<size_t>(id) + n : static_cast<size_t>(id));
    };
    if (feature[i] < 0 || feature[i] > INT32_MAX) fail(r.loc, "onnx-node", "node {} tests feature {}", i, feature[i]);
    f.add_node(static_cast<NodeMode>(mode + 1), static_cast<uint32_t>(feature[i]), split,
               child(yes[i], yes_leaf[i]), child(no[i], no_leaf[i]),
               !missing.empty() && missing[i] != 0);
  }
  for (size_t i = 0; i < leaves; ++i) {
    if (targets[i] < 0 || targets[i] >= op.targets) {
      fail(r.loc, "onnx-node", "leaf {} adds to target {} of {}", i, targets[i], op.targets);
    }
    f.add_leaf();
    f.add_weight(static_cast<uint32_t>(targets[i]), weights->real(i));
  }
  for (int64_t root : r.integers("tree_roots")) {
    if (root < 0 || static_cast<size_t>(root) >= n) fail(r.loc, "onnx-node", "tree root {} of {} nodes", root, n);
    f.roots.push_back(static_cast<uint32_t>(root));
  }
  return {r.builder.add(std::move(op), {r.in(0)})};
}

Tensor text_list(const AttributeProto& a) {
  std::vector<std::string> v;
  for (const Text& t : a.strings) v.push_back(t.str());
  return Tensor::vector(std::move(v));
}

// keys_tensor or keys_strings / keys_int64s / keys_floats; likewise values.
Tensor label_list(NodeReader& r, std::string_view what) {
  std::string name(what);
  if (auto t = r.tensor(name + "_tensor")) return t->reshaped({static_cast<int64_t>(t->size())});
  if (const auto* a = find_attribute(r.proto, name + "_strings")) return text_list(*a);
  if (const auto* a = find_attribute(r.proto, name + "_int64s")) return Tensor::vector(a->ints);
  if (const auto* a = find_attribute(r.proto, name + "_floats")) return Tensor::vector(a->floats);
  fail(r.loc, "onnx-node", "LabelEncoder lacks its {}", what);
}

Values read_label_encoder(NodeReader& r) {
  ml::LabelMap op;
  op.keys = label_list(r, "keys");
  op.values = label_list(r, "values");
  if (auto t = r.tensor("default_tensor"); t && t->size() == 1) {
    op.fallback = t->reshaped({});
  } else if (op.values.dtype() == DType::string) {
    op.fallback = Tensor::scalar(r.text("default_string", "_Unused"));
  } else if (op.values.dtype() == DType::i64) {
    op.fallback = Tensor::scalar(r.integer("default_int64", -1));
  } else if (op.values.dtype() == DType::f32) {
    op.fallback = Tensor::scalar(static_cast<float>(r.real("default_float", -0.0)));
  } else {
    op.fallback = Tensor::scalar(-0.0);
  }
  return {r.builder.add(std::move(op), {r.in(0)})};
}

Values read_zip_map(NodeReader& r) {
  if (const auto* a = find_attribute(r.proto, "classlabels_strings"); a && !a->strings.empty()) {
    return {r.builder.add(ml::ZipMap{text_list(*a)}, {r.in(0)})};
  }
  return {r.builder.add(ml::ZipMap{Tensor::vector(r.integers("classlabels_int64s"))}, {r.in(0)})};
}

constexpr ReadRow kRows[] = {
    {"ai.onnx.ml", "LabelEncoder", 2, read_label_encoder},
    {"ai.onnx.ml", "TreeEnsemble", 5, read_trees},
    {"ai.onnx.ml", "ZipMap", 1, read_zip_map},
};

}  // namespace

std::span<const ReadRow> ml_read_rows() { return kRows; }

}  // namespace panmodel::onnx
