#pragma once
// Model: the graph, its signature with roles, metadata, and the places its parts came from.
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "base/location.h"
#include "ir/graph.h"
#include "ir/tensor.h"

namespace panmodel {

// What an output means; comparison matches outputs by role, never by name.
enum class Role {
  none,
  label,          // predicted class
  probability,    // per class, keys = classes
  decision,       // decision function, keys = classes where there is a column per class
  value,          // regression value, keys = target names
  cluster,
  anomaly_score,  // score_samples of an outlier detector
  transformed,    // columns of a transformer, keys = feature names
};
std::string_view to_string(Role role);
bool parse_role(std::string_view name, Role* role);

struct Input {
  std::string name;
  ValueId value;
  std::vector<std::string> features;  // names of the columns of a matrix; empty = unnamed
};

struct Output {
  std::string name;  // "predict", "predict_proba", "probabilities" ...
  ValueId value;
  Role role = Role::none;
  Tensor keys;  // class labels or names of the columns; empty = unnamed
};

// One step of preprocessing or composition, for `inspect`.
struct Step {
  std::string path;     // "steps[0]"
  std::string kind;     // "sklearn.preprocessing.StandardScaler"
  std::string summary;  // the options that matter, "with_mean=True"
};

struct Metadata {
  std::string format;            // "pickle", "onnx" ...
  std::string format_version;    // "protocol 5", "IR 10, ai.onnx 21"
  std::string producer;          // "scikit-learn"
  std::string producer_version;  // "1.9.0"
  std::string name, doc;
  std::map<std::string, std::string> properties;
};

struct Model {
  Graph graph;
  std::vector<Input> inputs;
  std::vector<Output> outputs;
  Metadata metadata;
  std::vector<Step> steps;
  std::vector<Location> locations;  // indexed by LocId

  const Location& location(LocId id) const;
};

}  // namespace panmodel
