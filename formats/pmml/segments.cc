#include "formats/pmml/segments.h"

namespace panmodel::pmml {
namespace {

using ml::MissingPart;

constexpr std::string_view kMethods[] = {
    "majorityVote", "weightedMajorityVote", "average", "weightedAverage", "median",
    "weightedMedian", "max", "sum", "weightedSum", "selectFirst", "selectAll", "modelChain",
    "x-multiModelChain"};

// Index of a method; the weighted sum began as an extension.
SegmentMethod method_of(const Element& segmentation) {
  if (segmentation.attribute("multipleModelMethod") == "x-weightedSum") {
    return SegmentMethod::weighted_sum;
  }
  return static_cast<SegmentMethod>(segmentation.choice("multipleModelMethod", kMethods, 0));
}

MissingPart missing_of(const Element& segmentation, bool votes) {
  constexpr std::string_view kTreatments[] = {"continue", "skipSegment", "returnMissing"};
  std::string_view name = segmentation.find("missingPredictionTreatment")
                              ? "missingPredictionTreatment"
                              : "x-missingPredictionTreatment";
  switch (segmentation.choice(name, kTreatments, 0)) {
    case 0: return votes ? MissingPart::as_class : MissingPart::propagate;
    case 1: return MissingPart::skip;
    default: return MissingPart::propagate;
  }
}

bool is_predicate(const Element& e) {
  return e.is("True") || e.is("False") || e.is("SimplePredicate") || e.is("SimpleSetPredicate") ||
         e.is("CompoundPredicate");
}

}  // namespace

bool Segmentation::weighted() const {
  return method == SegmentMethod::weighted_majority_vote ||
         method == SegmentMethod::weighted_average || method == SegmentMethod::weighted_median ||
         method == SegmentMethod::weighted_sum;
}

std::vector<double> Segmentation::weights() const {
  std::vector<double> out;
  if (!weighted()) return out;
  for (const Segment& segment : segments) out.push_back(segment.weight);
  return out;
}

SegmentContent content_of(const Segment& segment) {
  const Element& e = segment.element;
  SegmentContent out{{}, model_in(e)};
  for (Element p = e.first(); p && !out.predicate; p = p.next()) {
    if (is_predicate(p)) out.predicate = p;
  }
  if (!out.predicate) e.refuse("pmml-element", "no predicate in it");
  if (!out.model) e.refuse("pmml-element", "no model in it");
  if (e.child("VariableWeight")) e.refuse("pmml-feature", "VariableWeight is not supported");
  return out;
}

Segmentation read_segmentation(const Element& model) {
  Segmentation out;
  out.element = model.require("Segmentation");
  out.method = method_of(out.element);
  out.missing = missing_of(out.element, out.votes());
  out.threshold = out.element.real(
      out.element.find("missingThreshold") ? "missingThreshold" : "x-missingThreshold", 1);
  for (const Element& e : out.element.children("Segment")) {
    out.segments.push_back({e, e.real("weight", 1)});
  }
  if (out.segments.empty()) out.element.refuse("pmml-element", "no Segment in it");
  return out;
}

}  // namespace panmodel::pmml
