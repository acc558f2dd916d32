#pragma once
// Models inside a tensor graph whose results later parts read, as segments of a modelChain.
#include <map>
#include <set>
#include <string>
#include <vector>

#include "formats/pmml/write_models.h"

namespace panmodel::pmml {

// RegressionModel without its tables and its schema.
OpenModel begin_regression(pugi::xml_node parent, const char* normalization, bool classification,
                           const std::string& target);
pugi::xml_node add_output_field(OpenModel& model, const std::string& name, const char* feature,
                                expr::Scalar type = expr::Scalar::f64);
// The trees of a node, and where they compare.
Trees trees_of(const Node& node, double divisor, Columns& columns);

class Chain : public Segments {
 public:
  // Segments are made in `tree`, to be moved to their place.
  Chain(pugi::xml_document& tree, Fields& fields, Columns& columns)
      : tree_(tree), fields_(fields), columns_(columns) {}

  // One model per column, or one for the shares of all classes.
  std::vector<FieldId> results(const Node& node) override;
  // The classes of the target, for names.
  void set_classes(std::vector<std::string> classes) { classes_ = std::move(classes); }
  // While it is frozen, a result that needs a model of its own is refused.
  void set_frozen(bool frozen) { frozen_ = frozen; }
  // The form with the linear predictors in place of the segments that give them.
  LinearForm expanded(const LinearForm& form) const;

  // An element for a model, which is then finished.
  pugi::xml_node begin_segment();
  void finish_segment(OpenModel& model);
  // Moves the segments to `segmentation`: the last ones, and those before that one of them reads.
  // Adds the fields that they take from the model around them to `outer`. Returns their number.
  size_t move_segments(pugi::xml_node segmentation, size_t last, std::set<FieldId>& outer);
  // Removes what was not moved.
  void drop() { tree_.remove_child(scratch_); }

 private:
  // What a model reads of the fields around it and of the segments before it.
  struct Segment {
    pugi::xml_node element;
    std::set<FieldId> outer, names;
    std::vector<FieldId> results;
  };
  FieldId result_of(OpenModel& model, const std::string& wanted);
  std::string score_name(size_t k, size_t count) const;
  std::vector<FieldId> linear_results(const Node& node, const ml::Linear& linear);

  pugi::xml_document& tree_;
  Fields& fields_;
  Columns& columns_;
  std::vector<std::string> classes_;
  pugi::xml_node scratch_;
  std::vector<Segment> segments_;
  std::map<FieldId, LinearForm> forms_;  // of results
  bool frozen_ = false;
};

}  // namespace panmodel::pmml
