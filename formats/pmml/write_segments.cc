// MiningModel of an ml.combine: its parts are the segments, their masks the predicates.
#include <algorithm>
#include <cmath>

#include "base/diagnostic.h"
#include "formats/pmml/write_graph.h"
#include "formats/pmml/write_xml.h"
#include "ir/ops/all.h"

namespace panmodel::pmml {
namespace {

using expr::Expr;
using expr::Function;
using ml::CombineMethod;
using ml::MissingPart;

bool is_call(const Expr& e, Function function) {
  return e.kind == Expr::Kind::call && e.function == function;
}

class SegmentsWriter {
 public:
  SegmentsWriter(ModelFrame& frame, const Node& node)
      : frame_(frame),
        d_(frame.document()),
        p_(frame.prediction),
        node_(node),
        op_(*node.as<ml::Combine>()),
        parts_(op_.masked ? node.inputs.size() / 2 : node.inputs.size()) {}

  ModelElement write(pugi::xml_node parent) {
    ModelElement model(parent, "MiningModel", p_.classification());
    if (op_.dtype == DType::f32 && op_.method != CombineMethod::first)
      set(model.element, "x-mathContext", "float");
    pugi::xml_node segmentation = add(model.element, "Segmentation");
    set(segmentation, "multipleModelMethod", method());
    if (const char* missing = treatment()) set(segmentation, "missingPredictionTreatment", missing);
    if (op_.missing == MissingPart::skip && op_.threshold != 1) {
      set(segmentation, "missingThreshold", xml_real(op_.threshold));
    }
    for (size_t i = 0; i < parts_; ++i) segment(segmentation, i);
    for (const Wanted& wanted : frame_.outputs) add_segment_output(model.output, wanted);
    return model;
  }

 private:
  const char* method() const {
    const bool weighted = !op_.weights.empty();
    switch (op_.method) {
      case CombineMethod::sum:
        return weighted ? "weightedSum" : "sum";
      case CombineMethod::average:
        return weighted ? "weightedAverage" : "average";
      case CombineMethod::median:
        return weighted ? "weightedMedian" : "median";
      case CombineMethod::max:
        return "max";
      case CombineMethod::vote:
        return weighted ? "weightedMajorityVote" : "majorityVote";
      case CombineMethod::first:
        return "selectFirst";
    }
    return "";
  }
  const char* treatment() const {
    if (op_.missing == MissingPart::skip) return "skipSegment";
    return op_.method == CombineMethod::vote && op_.missing == MissingPart::propagate
               ? "returnMissing"
               : nullptr;
  }

  void segment(pugi::xml_node segmentation, size_t i) {
    const ValueId mask = op_.masked ? node_.inputs[parts_ + i] : ValueId{};
    pugi::xml_node segment = add(segmentation, "Segment");
    set(segment, "id", std::to_string(i + 1));
    if (!op_.weights.empty()) set(segment, "weight", xml_real(op_.weights[i]));
    predicate(segment, mask);
    Prediction part = prediction_of(d_, node_.inputs[i]);
    if (part.classification() && op_.method != CombineMethod::first)
      set_classes(part, node_.inputs[i]);
    ModelScope chain(d_, &frame_.scope, true, mask.valid() ? mask : frame_.scope.mask());
    write_models(segment, chain, part, outputs(i), false);
    predictions_.push_back(std::move(part));
  }

  // A result of one segment, missing where that does not count.
  void add_segment_output(pugi::xml_node output, const Wanted& wanted) {
    if (frame_.given.contains(wanted.cell) || feature_of(d_, p_, wanted.cell)) return;
    const Node* node = d_.producer(wanted.cell.value);
    const auto* one = node != nullptr ? node->as<ml::Combine>() : nullptr;
    const bool counted = one != nullptr && one->method == CombineMethod::first && one->masked &&
                         node->inputs.size() == 2;
    for (size_t i = 0; i < parts_; ++i) {
      if (op_.masked && !(counted && node->inputs[1] == node_.inputs[parts_ + i])) continue;
      const Cell cell = op_.masked
                            ? d_.column(node->inputs[0], static_cast<int64_t>(wanted.cell.column))
                            : wanted.cell;
      const auto feature = feature_of(d_, predictions_[i], cell);
      if (!feature) continue;
      const NamedField field{wanted.name, d_.scalar(wanted.cell.value)};
      pugi::xml_node element =
          add_result_field(output, field, predictions_[i], *feature, wanted.final);
      set(element, "segmentId", std::to_string(i + 1));
      frame_.given.emplace(wanted.cell, field);
      return;
    }
  }

  // The classes of a part are those of the whole, in any order.
  void set_classes(Prediction& part, ValueId scores) const {
    if (part.classes.size() > p_.classes.size())
      d_.refuse(node_.outputs[0], "of models with other classes than its own");
    if (part.label.valid()) return;
    std::vector<std::string> classes(part.classes.size());
    for (size_t k = 0; k < classes.size(); ++k) {
      classes.at(d_.column(scores, static_cast<int64_t>(k)).column) = text_at(p_.classes, k);
    }
    part.classes = Tensor::vector(std::move(classes));
  }

  // Of the first that counts: its output fields are those of the whole.
  std::vector<Wanted> outputs(size_t i) {
    std::vector<Wanted> out;
    if (op_.method != CombineMethod::first) return out;
    for (const Wanted& wanted : frame_.outputs) {
      const Node* node = d_.producer(wanted.cell.value);
      if (node == nullptr || !same_segments(node_, *node) || feature_of(d_, p_, wanted.cell))
        continue;
      out.push_back({wanted.name, d_.cell(node->inputs[i]), wanted.final});
      frame_.given.emplace(wanted.cell, NamedField{wanted.name, d_.scalar(wanted.cell.value)});
    }
    return out;
  }

  // The rows of the segment: those of the model around it where the predicate holds and, where the
  // first segment counts, none before it did.
  void predicate(pugi::xml_node segment, ValueId mask) {
    const auto* map = mask.valid() ? d_.op<expr::Map>(mask) : nullptr;
    if (!mask.valid() || mask == frame_.scope.mask()) {
      add(segment, "True");
      return;
    }
    if (map == nullptr) d_.refuse(mask, "as the predicate of a segment");
    const std::vector<ValueId>& inputs = d_.producer(mask)->inputs;
    const auto is_input = [&](const Expr& e, ValueId v) {
      return v.valid() && e.kind == Expr::Kind::input && inputs.at(e.input) == v;
    };
    Expr body = map->body;
    if (is_call(body, Function::logical_and) && body.arguments.size() == 2 &&
        is_input(body.arguments[0], frame_.scope.mask())) {
      body = Expr(body.arguments[1]);
    }
    if (op_.method == CombineMethod::first && is_call(body, Function::logical_and) &&
        body.arguments.size() == 2 && is_call(body.arguments[0], Function::logical_not) &&
        taken(body.arguments[0].arguments[0], inputs)) {
      body = Expr(body.arguments[1]);
    }
    // False and unknown are the same to a segment.
    const bool no = body.default_value && body.default_value->type == expr::Scalar::boolean &&
                    !std::get<bool>(body.default_value->value);
    if (no) body.default_value.reset();
    before_.push_back(body);
    frame_.scope.write_predicate(segment, body, inputs, d_.place(mask));
  }

  // Whether `e` is true where the predicate of a segment before this one was.
  bool taken(const Expr& e, const std::vector<ValueId>& inputs) const {
    if (e.kind != Expr::Kind::input) return false;
    ValueId v = inputs.at(e.input);
    for (size_t i = before_.size(); i-- > 0;) {
      const auto* map = d_.op<expr::Map>(v);
      if (map == nullptr) return false;
      const Expr* own = &map->body;
      ValueId rest;
      if (i > 0) {
        if (!is_call(*own, Function::logical_or) || own->arguments.size() != 2) return false;
        const Expr& earlier = own->arguments[0];
        if (earlier.kind != Expr::Kind::input) return false;
        rest = d_.producer(v)->inputs.at(earlier.input);
        own = &own->arguments[1];
      }
      Expr plain = *own;
      plain.default_value.reset();
      if (!(plain == before_[i])) return false;
      v = rest;
    }
    return !before_.empty();
  }

  ModelFrame& frame_;
  GraphDocument& d_;
  const Prediction& p_;
  const Node& node_;
  const ml::Combine& op_;
  size_t parts_;
  std::vector<Prediction> predictions_;  // of the parts
  std::vector<Expr> before_;             // predicates of the segments up to now
};

}  // namespace

ModelElement write_segments(pugi::xml_node parent, ModelFrame& frame, const Node& combine) {
  return SegmentsWriter(frame, combine).write(parent);
}

}  // namespace panmodel::pmml
