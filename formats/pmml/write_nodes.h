#pragma once
// The Nodes of trees as text, since there may be millions of them: the document has a mark where they
// belong, in the place of which they are written when it is printed.
#include <functional>
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

// Text that is written in the place of a mark, by its number; `indent`: of the line of the mark.
using Marked = std::function<void(size_t indent, std::string& out)>;
void add_mark(pugi::xml_node parent, std::vector<Marked>& all, Marked text);
// The document as printed, with the texts of its marks.
std::string fill_marks(const std::string& printed, const std::vector<Marked>& all);

}  // namespace panmodel::pmml
