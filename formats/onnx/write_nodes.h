#pragma once
// Writing one node: a row per operator says whether a version of ONNX holds it, and how.
#include <deque>
#include <functional>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "formats/onnx/make.h"
#include "ir/graph.h"
#include "ir/target.h"
#include "ir/tensor.h"

namespace panmodel::onnx {

// State of a writing: names values, collects nodes and initialisers.
class NodeWriter {
 public:
  NodeWriter(const Graph& graph, int opset) : graph_(graph), opset_(opset) {}
  int opset() const { return opset_; }
  const Graph& graph() const { return graph_; }
  std::string name(ValueId v);
  void set_name(ValueId v, std::string name);
  // Keeps a name from being made up for another value.
  void reserve(const std::string& name) { reserved_.insert(name); }
  // Appends a node and returns it for attributes.
  NodeProto& node(std::string_view op_type, std::vector<Text> inputs, std::vector<Text> outputs,
                  std::string_view domain = {});
  // Names of all inputs / outputs of a node of the graph.
  std::vector<Text> inputs(const Node& n);
  std::vector<Text> outputs(const Node& n);
  // A new initialiser; returns its name.
  std::string constant(const Tensor& value);
  void initialiser(ValueId v, const Tensor& value);
  // Keeps bytes for as long as the nodes, which may borrow them.
  Text keep(std::string bytes) { return Text::view(kept_.emplace_back(std::move(bytes))); }

  std::vector<NodeProto> nodes;
  std::vector<TensorProto> initialisers;
  std::map<std::string, int64_t> domains;  // with their versions

 private:
  // A name that no input and no output of the model has.
  std::string fresh(std::string name) const;

  const Graph& graph_;
  int opset_;
  std::vector<std::string> names_;
  std::deque<std::string> kept_;
  std::set<std::string> reserved_;
  size_t next_constant_ = 0;
};

struct WriteRow {
  OpId op;
  Support (*check)(const Node& node, const Graph& graph, int opset);
  void (*write)(NodeWriter& writer, const Node& node);
};
// Null when no version of ONNX holds the operator as it stands.
const WriteRow* write_row(OpId op);

// An operator of ONNX that panmodel only carries (write_foreign.cc).
Support check_foreign(const Node& node, const Graph& graph, int opset);
void write_foreign(NodeWriter& writer, const Node& node);

// Rows of the ml dialect (write_ml.cc).
Support check_trees(const Node& node, const Graph& graph, int opset);
void write_trees(NodeWriter& writer, const Node& node);
Support check_label_map(const Node& node, const Graph& graph, int opset);
void write_label_map(NodeWriter& writer, const Node& node);
Support check_zip_map(const Node& node, const Graph& graph, int opset);
void write_zip_map(NodeWriter& writer, const Node& node);

}  // namespace panmodel::onnx
