#pragma once
// The Nodes of trees as text, since there may be millions of them.
#include <memory>
#include <string>
#include <vector>

#include "formats/pmml/write_models.h"

namespace panmodel::pmml {

class NodesWriter {
 public:
  NodesWriter(const Trees& trees, const Fields& fields);
  // Appends the tree at `root`, each line behind `indent` spaces.
  void write(uint32_t root, size_t indent, std::string& out) const;
  // The fields that its tests name.
  std::set<FieldId> used(uint32_t root) const;

 private:
  struct Names {
    FieldId id;
    std::string field;  // escaped
    expr::Scalar type;
    bool single;
  };
  std::string set_predicate(uint32_t split, bool yes) const;
  std::string value_of(uint32_t split) const;
  void predicate(uint32_t split, bool yes, const std::string& value, std::string& out) const;
  NodeMode mode_of(uint32_t split, double* threshold) const;
  void leaf(uint32_t node, std::string& out) const;

  Trees trees_;
  const Forest& forest_;
  std::vector<Names> features_;
  std::vector<std::string> classes_;  // escaped
};

// Sum of the weights of a leaf node for a target.
double leaf_weight(const Forest& forest, uint32_t leaf, size_t target);

}  // namespace panmodel::pmml
