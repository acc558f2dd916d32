#pragma once
// The Nodes of binary trees as text, since there may be millions of them. A missing value leaves
// the test of a child unknown, which passes it over: the branch that missing values take is the
// last child, without a test.
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "formats/pmml/write_expression.h"
#include "ir/forest.h"
#include "ir/ops/encode.h"

namespace panmodel::pmml {

// What trees test: a field, or a field that is rounded to single precision before.
struct Tested {
  NamedField field;
  bool single = false;
  const ml::LabelMap* codes = nullptr;  // categories by the numbers that the tests name
};

// A constant of a predicate in the type of the field.
std::string operand_text(const NamedField& field, double value);
// Appends ScoreDistributions of a row of probabilities (and of confidences, or null); `classes` are
// values of attributes.
void append_distribution(const std::vector<std::string>& classes, const double* probabilities,
                         const double* confidences, std::string& out);

// What the nodes of a forest say.
class Leaves {
 public:
  virtual ~Leaves() = default;
  // Whether a leaf gives no prediction.
  virtual bool empty(uint32_t leaf) const = 0;
  // Appends the Node of a leaf, with its predicate.
  virtual void write(uint32_t leaf, std::string_view predicate, std::string& out) = 0;
  // The id of a node that is no leaf; empty = none.
  virtual std::string inner_id() { return {}; }
};

// Leaves whose weights are what they say.
class WeightLeaves : public Leaves {
 public:
  enum class Kind { number, shares, vote };
  // `classes`: of shares and votes, as values of attributes. A number is the weight for `target`.
  WeightLeaves(const Forest& forest, Kind kind, std::vector<std::string> classes, size_t target = 0)
      : forest_(forest), kind_(kind), classes_(std::move(classes)), target_(target) {}
  bool empty(uint32_t leaf) const override;
  void write(uint32_t leaf, std::string_view predicate, std::string& out) override;
  // The number that shares are of, from now on: the weight of the tree.
  void set_total(double total) { total_ = total; }

 private:
  const Forest& forest_;
  Kind kind_;
  std::vector<std::string> classes_;
  size_t target_;
  double total_ = 1;
  std::vector<double> sums_;
};

// The weights of a leaf, in the order of the forest.
std::span<const double> leaf_weights(const Forest& forest, uint32_t leaf);
// Their sum for a target, and for each of the first targets.
double leaf_weight(const Forest& forest, uint32_t leaf, size_t target);
void leaf_weights_of(const Forest& forest, uint32_t leaf, std::span<double> sums);

class NodesWriter {
 public:
  // `place`: what refusals name. All must live as long as the writer.
  NodesWriter(const Forest& forest, std::vector<Tested> columns, const Location& place);
  // Appends the tree at `root`, a line per Node. Fails "pmml-write" for a test that PMML lacks.
  void write(uint32_t root, Leaves& leaves, std::string& out) const;
  // The columns that the tests of the tree name, in order.
  std::vector<uint32_t> used(uint32_t root) const;
  const std::vector<Tested>& columns() const { return columns_; }

 private:
  enum class Test : uint8_t { always, yes, no, no_or_missing, yes_or_missing };
  struct Open {
    uint32_t node, split;  // split: the node above that the test is of
    uint32_t depth;
    Test test;
    bool end = false;  // its children have been written
  };
  static Test opposite_of(Test test) { return test == Test::yes ? Test::no : Test::yes; }
  bool only_missing(uint32_t node) const;
  bool only_present(uint32_t node) const;
  uint32_t decided(uint32_t node) const;
  void add_children(const Open& of, const Leaves& leaves, std::vector<Open>& out) const;
  void predicate(uint32_t split, Test test, std::string& out) const;
  void simple_predicate(const std::string& field, const char* test, std::string& out) const;
  NodeMode mode_of(uint32_t split, double* threshold) const;
  void operand(uint32_t column, double value, std::string& out) const;
  std::string category(uint32_t column, double value) const;

  const Forest& forest_;
  std::vector<Tested> columns_;
  std::vector<std::string> names_;  // of the columns, as values of attributes
  const Location& place_;
};

}  // namespace panmodel::pmml
