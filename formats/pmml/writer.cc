#include "formats/pmml/writer.h"

#include <algorithm>

#include "base/number.h"
#include "formats/pmml/write_column_model.h"
#include "formats/pmml/write_document.h"
#include "formats/pmml/write_models.h"
#include "formats/pmml/write_nodes.h"
#include "ir/op.h"
#include "ir/ops/all.h"

namespace panmodel::pmml {
namespace {

class PmmlTarget : public panmodel::Target {
 public:
  explicit PmmlTarget(std::string version) : version_(std::move(version)) {}
  std::string name() const override { return fmt::format("pmml ({})", version_); }
  bool keeps_signature() const override { return true; }
  bool has_models() const override { return true; }
  Support check(const Node& node, const Graph&) const override {
    switch (node.op) {
      case OpId::expr_Map:
      case OpId::ml_Binarize:
      case OpId::ml_Combine:
      case OpId::ml_DecisionTree:
      case OpId::ml_Discretize:
      case OpId::ml_Impute:
      case OpId::ml_Interpolate:
      case OpId::ml_LabelMap:
      case OpId::ml_Labels:
      case OpId::ml_Linear:
      case OpId::ml_Normalize:
      case OpId::ml_OneHot:
      case OpId::ml_Polynomial:
      case OpId::ml_Scaler:
      case OpId::ml_TreeEnsemble:
      case OpId::ml_Winner:
      case OpId::table_Assemble:
      case OpId::table_IsMissing:
      case OpId::table_Pick:
      case OpId::table_Prepare:
      case OpId::table_Require:
      case OpId::tensor_Binary:
      case OpId::tensor_Cast:
      case OpId::tensor_Clip:
      case OpId::tensor_Concat:
      case OpId::tensor_Constant:
      case OpId::tensor_Flatten:
      case OpId::tensor_Gather:
      case OpId::tensor_GatherElements:
      case OpId::tensor_Identity:
      case OpId::tensor_Reduce:
      case OpId::tensor_Reshape:
      case OpId::tensor_Softmax:
      case OpId::tensor_Squeeze:
      case OpId::tensor_Unary:
      case OpId::tensor_Unsqueeze:
      case OpId::tensor_Variadic:
      case OpId::tensor_Where:
        return Support::yes();
      default:
        return Support::no("it has no form among the PMML models that panmodel writes");
    }
  }

 private:
  std::string version_;
};

const char* type_of(DType classes) {
  switch (classes) {
    case DType::string: return "string";
    case DType::boolean: return "boolean";
    case DType::f32:
    case DType::f64: return "double";
    default: return "integer";
  }
}

pugi::xml_node output_field(OpenModel& model, const std::string& name, const char* feature,
                            expr::Scalar type = expr::Scalar::f64) {
  pugi::xml_node field = add(model.output, "OutputField");
  set(field, "name", name);
  set(field, "optype", optype_of(type));
  set(field, "dataType", data_type_of(type));
  set(field, "feature", feature);
  return field;
}

// What the model computes in the end: a RegressionModel, a tree model, or a threshold on a score.
struct Prediction {
  enum class Kind { regression, trees, threshold } kind = Kind::regression;
  const char* normalization = "none";
  std::vector<LinearForm> tables;   // regression: in the order of the classes
  bool first_class_last = false;    // of two classes the table of the second comes first
  Trees trees;
  FieldId score = 0;                // threshold
  bool has_score = false;           // else there is one class
  double threshold = 0;
  bool closed = false;              // the score at the threshold is the second class
};

// A result of the source that no model gives: an OutputField with an expression.
struct Extra {
  const Output* output;
  size_t column;
  std::string name;
  FieldId field;
  std::string role, key;
};

class Document : public Segments {
 public:
  Document(const Model& model, const WriteOptions& options, Diagnostics& out)
      : model_(model), graph_(model.graph), options_(options), out_(out), columns_(model, fields_, *this) {}

  void write(const Sink& to) {
    const Output* label = output(Role::label);
    const Output* probability = output(Role::probability);
    const Output* value = output(Role::value);
    pugi::xml_node pmml = add_root(document_, model_.metadata);
    pugi::xml_node dictionary = add(pmml, "DataDictionary");
    if (label != nullptr) {
      classify(*label, probability);
    } else if (value != nullptr) {
      regress(*value);
    } else {
      transform();
    }
    for (const Output& o : model_.outputs) {
      if (&o != label && &o != probability && (label != nullptr || &o != value)) extra(o);
    }
    write_models(pmml);
    write_dictionary(dictionary);
    if (!fields_.conversions().empty()) {
      fields_.conversions().write(pmml.insert_child_after("TransformationDictionary", dictionary));
    }
    write_verification(pmml.last_child(), verified_fields(), options_.verification);
    set_version(pmml, options_.pmml_version);
    print_document(pmml, fields_.marked(), to);
  }

  // Segments of a chain: one model per column, or one for the shares of all classes.
  std::vector<FieldId> results(const Node& node) override {
    if (frozen_) fail({}, "pmml-write", "a model of its own");
    if (const auto* linear = node.as<ml::Linear>()) return linear_results(node, *linear);
    Trees trees = trees_of(node, 1);
    const auto targets = static_cast<size_t>(trees.ensemble->targets);
    std::vector<FieldId> out;
    if (is_distribution(trees)) {
      trees.classes = targets == classes_.size() ? classes_ : numbered(targets);
      OpenModel model = write_trees(segment(), trees, "", fields_);
      for (const std::string& c : trees.classes) {
        out.push_back(fields_.result(fmt::format("share({})", c), expr::Scalar::f64));
        segments_.back().results.push_back(out.back());
        pugi::xml_node field = output_field(model, fields_[out.back()].name, "probability");
        set(field, "value", c);
        set(field, "isFinalResult", "false");
      }
      finish_segment(model);
      return out;
    }
    for (size_t k = 0; k < targets; ++k) {
      trees.target = k;
      OpenModel model = write_trees(segment(), trees, "", fields_);
      out.push_back(result_of(model, score_name(k, targets)));
    }
    return out;
  }

 private:
  const Output* output(Role role) const {
    auto found = std::find_if(model_.outputs.begin(), model_.outputs.end(),
                              [&](const Output& o) { return o.role == role; });
    return found == model_.outputs.end() ? nullptr : &*found;
  }
  template <class Op>
  const Op* op(ValueId value) const {
    return columns_.op<Op>(value);
  }
  ValueId input(ValueId value, size_t i = 0) const { return graph_.producer(value)->inputs[i]; }
  const Location& place(ValueId value) const {
    const Node* maker = graph_.producer(value);
    return maker != nullptr ? columns_.place(*maker) : model_.location({});
  }
  static std::vector<std::string> numbered(size_t count) {
    std::vector<std::string> out;
    for (size_t k = 0; k < count; ++k) out.push_back(std::to_string(k));
    return out;
  }

  // Segments.

  // A model of a chain, with what it reads of the fields around it and of the segments before it.
  struct Segment {
    pugi::xml_node element;
    std::set<FieldId> outer, names;
    std::vector<FieldId> results;
  };

  pugi::xml_node segment() {
    if (!scratch_) scratch_ = document_.append_child("Segmentation");
    segments_.push_back({add(scratch_, "Segment"), {}, {}, {}});
    set(segments_.back().element, "id", "");
    add(segments_.back().element, "True");
    return segments_.back().element;
  }
  void finish_segment(OpenModel& model) { segments_.back().names = finish_model(model, fields_, &segments_.back().outer); }
  FieldId result_of(OpenModel& model, const std::string& wanted) {
    const FieldId id = fields_.result(wanted, expr::Scalar::f64);
    segments_.back().results.push_back(id);
    pugi::xml_node field = output_field(model, fields_[id].name, "predictedValue");
    set(field, "isFinalResult", "false");
    finish_segment(model);
    return id;
  }
  std::string score_name(size_t k, size_t count) const {
    if (count == classes_.size()) return fmt::format("score({})", classes_[k]);
    return count == 1 ? "score" : fmt::format("score({})", k);
  }

  std::vector<FieldId> linear_results(const Node& node, const ml::Linear& linear) {
    const std::vector<FieldId> features = columns_.fields_of(node.inputs[0]);
    std::vector<FieldId> out;
    const size_t count = linear.intercept.size();
    for (size_t k = 0; k < count; ++k) {
      OpenModel model = regression_model(segment(), "none", false, "");
      const LinearForm form = linear_form(linear, k, features);
      write_table(model, form, "", fields_);
      out.push_back(result_of(model, score_name(k, count)));
      forms_of_results_.emplace(out.back(), form);
    }
    return out;
  }

  static OpenModel regression_model(pugi::xml_node parent, const char* normalization, bool classification,
                                       const std::string& target) {
    OpenModel model = begin_model(parent, "RegressionModel", classification ? "classification" : "regression");
    if (std::string_view(normalization) != "none") set(model.element, "normalizationMethod", normalization);
    model.target = target;
    return model;
  }

  // Predictions.

  Trees trees_of(const Node& node, double divisor) {
    Trees trees;
    trees.ensemble = node.as<ml::TreeEnsemble>();
    trees.place = &columns_.place(node);
    trees.features = features_of(node.inputs[0], columns_, *trees.place);
    trees.divisor = divisor;
    return trees;
  }

  // The ensemble that makes the value, divided by a constant or not.
  std::optional<Trees> ensemble(ValueId value) {
    double divisor = 1;
    const auto* quotient = op<tensor::Binary>(value);
    if (quotient != nullptr && quotient->fn == tensor::BinaryFn::div) {
      const auto* by = op<tensor::Constant>(input(value, 1));
      if (by == nullptr || by->value.size() != 1 || op<ml::TreeEnsemble>(input(value)) == nullptr) return std::nullopt;
      divisor = by->value.real(0);
      value = input(value);
    }
    if (op<ml::TreeEnsemble>(value) == nullptr) return std::nullopt;
    return trees_of(*graph_.producer(value), divisor);
  }

  // With the linear predictors in place of the segments that give them.
  LinearForm expanded(const LinearForm& form) const {
    LinearForm out{form.intercept, {}};
    for (const auto& [field, coefficient] : form.terms) {
      std::optional<LinearForm> inner;
      if (auto found = forms_of_results_.find(field); found != forms_of_results_.end()) {
        inner = found->second;
      } else if (fields_[field].local && fields_[field].origin == WrittenField::Origin::derived) {
        inner = linear_form(fields_[field].body);
        if (inner) inner = expanded(*inner);
      }
      if (!inner) {
        out.add(field, coefficient);
        continue;
      }
      out.intercept += coefficient * inner->intercept;
      for (const auto& [part, factor] : inner->terms) out.add(part, coefficient * factor);
    }
    return out;
  }

  // Every column of the value as a linear form.
  std::vector<LinearForm> forms(ValueId value) {
    std::vector<LinearForm> out;
    if (const auto* linear = op<ml::Linear>(value)) {
      const std::vector<FieldId> features = columns_.fields_of(input(value));
      for (size_t k = 0; k < linear->intercept.size(); ++k) out.push_back(linear_form(*linear, k, features));
      return out;
    }
    for (const Column& c : columns_.of(value)) out.push_back(form_of(c, columns_, place(value)));
    return out;
  }

  void regress(const Output& output) {
    ValueId y = output.value;
    Prediction p;
    const auto* mean = op<tensor::Unary>(y);
    if (mean != nullptr && mean->fn == tensor::UnaryFn::exp) {
      p.normalization = "exp";
      y = input(y);
    }
    auto trees = ensemble(y);
    if (trees && p.normalization == std::string_view("none")) {
      p.kind = Prediction::Kind::trees;
      p.trees = *trees;
      for (size_t k = 0; k < static_cast<size_t>(trees->ensemble->targets); ++k) {
        p.trees.target = k;
        predictions_.push_back(p);
      }
    } else {
      for (const LinearForm& form : forms(y)) {
        p.tables = {expanded(form)};
        predictions_.push_back(p);
      }
    }
    const size_t count = predictions_.size();
    for (size_t k = 0; k < count; ++k) {
      targets_.push_back(fields_.unique(count == 1 ? "y" : fmt::format("y{}", k + 1)));
    }
    target_type_ = "double";
  }

  // concat(1 - s, s) with s = sigmoid(z): z, else an invalid value.
  ValueId logit(ValueId probability) const {
    const auto* concat = op<tensor::Concat>(probability);
    if (concat == nullptr || graph_.producer(probability)->inputs.size() != 2) return {};
    const ValueId s = input(probability, 1), rest = input(probability, 0);
    const auto* sigmoid = op<tensor::Unary>(s);
    const auto* difference = op<tensor::Binary>(rest);
    if (sigmoid == nullptr || sigmoid->fn != tensor::UnaryFn::sigmoid || difference == nullptr ||
        difference->fn != tensor::BinaryFn::sub || input(rest, 1) != s) {
      return {};
    }
    const auto* one = op<tensor::Constant>(input(rest, 0));
    return one != nullptr && one->value.size() == 1 && one->value.real(0) == 1 ? input(s) : ValueId{};
  }

  // Whether z is s times a positive constant.
  bool same_sign(ValueId z, ValueId s) const {
    if (z == s) return true;
    const auto* product = op<tensor::Binary>(z);
    if (product == nullptr || product->fn != tensor::BinaryFn::mul) return false;
    for (size_t i : {size_t{0}, size_t{1}}) {
      const auto* by = op<tensor::Constant>(input(z, i));
      if (by != nullptr && by->value.size() == 1 && by->value.real(0) > 0) return input(z, 1 - i) == s;
    }
    return false;
  }

  void classify(const Output& label, const Output* probability) {
    const auto* labels = op<ml::Labels>(label.value);
    if (labels == nullptr) {
      fail(place(label.value), "pmml-write", "a label that is not chosen by scores");
    }
    for (size_t k = 0; k < labels->classes.size(); ++k) classes_.push_back(text_at(labels->classes, k));
    target_type_ = type_of(labels->classes.dtype());
    targets_ = {fields_.unique("y")};
    refuse_wide(labels->classes, place(label.value));
    const ValueId scores = input(label.value);
    if (classes_.size() == 1) {
      Prediction one;
      one.kind = Prediction::Kind::threshold;
      predictions_ = {one};
      probability_ = probability;
      return;
    }
    if (probability != nullptr && !near_ties(scores) && with_probabilities(*labels, scores, probability->value)) {
      probability_ = probability;
      return;
    }
    Prediction p;
    if (labels->rule == ml::LabelRule::argmax) {
      if (near_ties(scores)) {
        p.normalization = "simplemax";
        p.tables = largest(scores);
      } else {
        p.normalization = "softmax";  // which is largest where the score is
        p.tables = forms(scores);
      }
    } else {
      p.kind = Prediction::Kind::threshold;
      p.score = columns_.fields_of(scores).at(0);
      p.has_score = true;
      p.threshold = labels->threshold;
      p.closed = labels->rule == ml::LabelRule::at_least;
    }
    predictions_ = {p};
    if (probability != nullptr) extra(*probability);
  }

  // Whether rows near 0 have scores that differ by less than their probabilities can tell.
  bool near_ties(ValueId scores) const {
    const auto* linear = op<ml::Linear>(scores);
    if (linear == nullptr) return false;
    const std::vector<double> intercepts = linear->intercept.reals();
    if (intercepts.size() == 1) return intercepts[0] == 0;
    return std::all_of(intercepts.begin(), intercepts.end(), [&](double v) { return v == intercepts[0]; });
  }

  // 1 for the scores that are the largest.
  std::vector<LinearForm> largest(ValueId scores) {
    using expr::Function;
    const std::vector<FieldId> fields = columns_.fields_of(scores);
    std::vector<expr::Expr> all;
    for (FieldId f : fields) all.push_back(expr::input(f));
    expr::Expr most = expr::call(Function::max, all);
    for (const expr::Expr& e : all) {
      if (fields_.can_miss(e)) most = expr::call(Function::if_else, {expr::call(Function::is_not_missing, {e}), std::move(most)});
    }
    const FieldId top = fields_.derived("largest", std::move(most), expr::Scalar::f64, place(scores));
    std::vector<LinearForm> out;
    for (size_t k = 0; k < fields.size(); ++k) {
      expr::Expr same = expr::call(Function::equal, {expr::input(fields[k]), expr::input(top)});
      expr::Expr e = expr::call(Function::if_else, {std::move(same), expr::constant(1.0), expr::constant(0.0)});
      if (fields_[top].can_miss) {
        e = expr::call(Function::if_else, {expr::call(Function::is_not_missing, {expr::input(top)}), std::move(e)});
      }
      out.push_back({0, {{fields_.derived(fmt::format("largest({})", classes_.at(k)), std::move(e), expr::Scalar::f64, place(scores)), 1.0}}});
    }
    return out;
  }

  // A model whose probabilities choose the label that the source chooses; false when there is none.
  bool with_probabilities(const ml::Labels& labels, ValueId scores, ValueId probability) {
    const bool argmax = labels.rule == ml::LabelRule::argmax;
    Prediction p;
    const auto* softmax = op<tensor::Softmax>(probability);
    const ValueId z = logit(probability);
    if (softmax != nullptr && !softmax->log && argmax && (scores == probability || scores == input(probability))) {
      p.normalization = "softmax";
      p.tables = forms(input(probability));
    } else if (z.valid() && (argmax ? scores == probability : labels.threshold == 0 && same_sign(z, scores))) {
      // The first table wins where both classes have one half.
      p.first_class_last = labels.rule == ml::LabelRule::at_least;
      p.normalization = p.first_class_last ? "logit" : "softmax";
      p.tables = {{}, forms(z).at(0)};
    } else if (argmax && scores == probability) {
      if (auto trees = ensemble(probability); trees && is_distribution(*trees)) {
        p.kind = Prediction::Kind::trees;
        p.trees = *trees;
        p.trees.classes = classes_;
      } else {
        p.normalization = "simplemax";
        p.tables = forms(probability);
      }
    } else {
      return false;
    }
    predictions_ = {p};
    return true;
  }

  // A transformer: a model that predicts nothing, with its results as output fields.
  void transform() {
    Prediction p;
    p.tables = {{}};
    predictions_ = {p};
    targets_ = {""};
  }

  // The columns of an output as output fields; a loss where they would need models of their own.
  void extra(const Output& o) {
    const size_t known = extras_.size();
    const bool transformer = targets_ == std::vector<std::string>{""};
    try {
      frozen_ = !transformer && o.role != Role::probability;
      const std::vector<Column> columns = columns_.of(o.value);
      for (size_t k = 0; k < columns.size(); ++k) {
        const std::string key = o.keys.size() == columns.size() ? text_at(o.keys, k) : std::to_string(k);
        const bool keyed = columns.size() > 1 || o.keys.size() == 1;
        const std::string name = o.role == Role::probability ? fmt::format("probability({})", key)
                                 : keyed                     ? fmt::format("{}({})", o.name, key)
                                                             : o.name;
        const FieldId field = columns_.field(columns[k], name + " value", place(o.value));
        extras_.push_back({&o, k, fields_.unique(name), field, std::string(to_string(o.role)), keyed ? key : ""});
      }
    } catch (const Failure& f) {
      if (!frozen_) throw;
      extras_.resize(known);
      out_.report(Severity::loss, place(o.value), "pmml-lost-output",
                  "the output '{}' has no place in the PMML document", o.name);
    }
    frozen_ = false;
  }

  // Writing.

  void write_models(pugi::xml_node pmml) {
    const bool chain = reads_segments(), several = predictions_.size() > 1;
    if (!chain && !several) {
      document_.remove_child(scratch_);
      OpenModel model = write_prediction(pmml, predictions_[0], targets_[0]);
      write_outputs(model);
      keep_inputs(model);
      finish_model(model, fields_, nullptr);
      return;
    }
    OpenModel top = begin_model(pmml, "MiningModel", classes_.empty() ? "regression" : "classification");
    pugi::xml_node segmentation = add(top.element, "Segmentation");
    if (several) {
      set(segmentation, "multipleModelMethod", "x-multiModelChain");
      out_.report(Severity::note, {}, "pmml-vendor",
                  "several targets: multipleModelMethod=\"x-multiModelChain\", an extension of JPMML-Evaluator");
    }
    for (size_t k = 0; k < predictions_.size(); ++k) {
      OpenModel model = write_prediction(segment(), predictions_[k], targets_[k]);
      if (k + 1 == predictions_.size()) write_outputs(model);
      finish_segment(model);
    }
    // A segment counts when a later one reads it.
    std::set<FieldId> named;
    std::vector<const Segment*> kept;
    for (size_t i = segments_.size(); i-- > 0;) {
      const Segment& s = segments_[i];
      const bool last = i + predictions_.size() >= segments_.size();
      if (!last && std::none_of(s.results.begin(), s.results.end(), [&](FieldId f) { return named.contains(f); })) continue;
      named.insert(s.names.begin(), s.names.end());
      top.used.insert(s.outer.begin(), s.outer.end());
      kept.push_back(&s);
    }
    if (several && kept.size() > predictions_.size()) {
      fail({}, "pmml-write", "several targets of models in a chain: evaluators take only one unnamed target");
    }
    for (size_t i = kept.size(); i-- > 0;) {
      pugi::xml_node moved = segmentation.append_move(kept[i]->element);
      moved.attribute("id").set_value(std::to_string(kept.size() - i).c_str());
    }
    document_.remove_child(scratch_);
    if (!several) set(segmentation, "multipleModelMethod", "modelChain");
    keep_inputs(top);
    finish_model(top, fields_, nullptr);
    for (const std::string& target : targets_) {
      if (target.empty()) continue;
      pugi::xml_node field = add(top.schema, "MiningField");
      set(field, "name", target);
      set(field, "usageType", "target");
    }
  }

  // Whether the last models name results of segments, themselves or by what they are made of.
  bool reads_segments() const {
    std::set<FieldId> named;
    for (const Prediction& p : predictions_) {
      for (const LinearForm& form : p.tables) {
        for (const auto& [field, coefficient] : form.terms) named.insert(field);
      }
      for (const Feature& f : p.trees.features) named.insert(f.field);
      if (p.kind == Prediction::Kind::threshold && p.has_score) named.insert(p.score);
    }
    for (const Extra& e : extras_) named.insert(e.field);
    return std::any_of(named.begin(), named.end(), [&](FieldId f) { return fields_[f].local; });
  }

  OpenModel write_prediction(pugi::xml_node parent, const Prediction& p, const std::string& target) {
    if (p.kind == Prediction::Kind::trees) return write_trees(parent, p.trees, target, fields_);
    if (p.kind == Prediction::Kind::threshold) return write_threshold(parent, p, target);
    OpenModel model = regression_model(parent, p.normalization, !classes_.empty(), target);
    if (classes_.empty()) {
      write_table(model, p.tables[0], "", fields_);
      return model;
    }
    for (size_t i = 0; i < p.tables.size(); ++i) {
      const size_t k = p.first_class_last ? p.tables.size() - 1 - i : i;
      write_table(model, p.tables[k], classes_.at(k), fields_);
    }
    return model;
  }

  OpenModel write_threshold(pugi::xml_node parent, const Prediction& p, const std::string& target) {
    OpenModel model = begin_model(parent, "TreeModel", "classification");
    set(model.element, "missingValueStrategy", "nullPrediction");
    model.target = target;
    pugi::xml_node root = add(model.element, "Node");
    if (!p.has_score) {
      set(root, "score", classes_[0]);
      add(root, "True");
      pugi::xml_node share = add(root, "ScoreDistribution");
      set(share, "value", classes_[0]);
      set(share, "recordCount", "1");
      return model;
    }
    add(root, "True");
    const std::string& score = model.use(fields_, p.score);
    for (size_t k : {size_t{0}, size_t{1}}) {
      pugi::xml_node node = add(root, "Node");
      set(node, "score", classes_.at(k));
      pugi::xml_node test = add(node, "SimplePredicate");
      set(test, "field", score);
      set(test, "operator", p.closed ? (k == 0 ? "lessThan" : "greaterOrEqual") : (k == 0 ? "lessOrEqual" : "greaterThan"));
      set(test, "value", xml_real(p.threshold == 0 ? 0.0 : p.threshold));
    }
    return model;
  }

  void write_outputs(OpenModel& model) {
    if (probability_ != nullptr) {
      for (const std::string& c : classes_) {
        probabilities_.push_back(fields_.unique(fmt::format("probability({})", c)));
        set(output_field(model, probabilities_.back(), "probability"), "value", c);
      }
    }
    for (const Extra& e : extras_) {
      pugi::xml_node field = output_field(model, e.name, "transformedValue", fields_[e.field].type);
      // What the result means, for panmodel to read.
      pugi::xml_node extension = add(field, "Extension");
      set(extension, "extender", "panmodel");
      set(extension, "name", "role");
      set(extension, "value", e.role);
      if (!e.key.empty()) set(field, "value", e.key);
      set(add(field, "FieldRef"), "field", model.use(fields_, e.field));
    }
  }

  // The outermost model lists all inputs, as the source does.
  void keep_inputs(OpenModel& top) const {
    for (FieldId id = 0; id < fields_.size() && fields_[id].origin == WrittenField::Origin::input; ++id) {
      top.used.insert(id);
    }
  }

  void write_dictionary(pugi::xml_node dictionary) {
    for (FieldId id = 0; id < fields_.size(); ++id) {
      const WrittenField& from = fields_[id];
      if (from.origin != WrittenField::Origin::input) continue;
      pugi::xml_node field = add(dictionary, "DataField");
      set(field, "name", from.name);
      set(field, "optype", from.values.empty() ? optype_of(from.type) : "categorical");
      set(field, "dataType", data_type_of(from.type));
      for (const std::string& value : from.values) set(add(field, "Value"), "value", value);
    }
    for (const std::string& target : targets_) {
      if (target.empty()) continue;
      pugi::xml_node field = add(dictionary, "DataField");
      set(field, "name", target);
      set(field, "optype", classes_.empty() ? "continuous" : "categorical");
      set(field, "dataType", target_type_);
      for (const std::string& c : classes_) set(add(field, "Value"), "value", c);
    }
  }

  // Inputs, then probabilities and other output fields where they say all, else the targets.
  std::vector<VerifiedField> verified_fields() {
    std::vector<VerifiedField> out;
    size_t column = 0;
    for (FieldId id = 0; id < fields_.size() && fields_[id].origin == WrittenField::Origin::input; ++id) {
      out.push_back({fields_[id].name, column++, false});
    }
    const bool transformer = targets_ == std::vector<std::string>{""};
    for (const Output& o : model_.outputs) {
      const size_t width = columns_of(o);
      const bool target = o.role == Role::label || (classes_.empty() && o.role == Role::value);
      for (size_t k = 0; k < width; ++k, ++column) {
        if (&o == probability_) {
          out.push_back({probabilities_.at(k), column, true});
        } else if (target && probability_ == nullptr && !transformer) {
          out.push_back({targets_.at(k), column, true});
        }
        for (const Extra& e : extras_) {
          if (transformer && e.output == &o && e.column == k) out.push_back({e.name, column, true});
        }
      }
    }
    return out;
  }
  size_t columns_of(const Output& o) const {
    const TensorType* tensor = graph_.type(o.value).tensor();
    if (tensor == nullptr || !tensor->dims || tensor->dims->size() < 2) return 1;
    return (*tensor->dims)[1].fixed() ? static_cast<size_t>((*tensor->dims)[1].size) : 1;
  }

  const Model& model_;
  const Graph& graph_;
  const WriteOptions& options_;
  Diagnostics& out_;
  pugi::xml_document document_;
  Fields fields_;
  Columns columns_;
  std::vector<std::string> classes_;     // of the target; empty = a regression
  std::vector<std::string> targets_;     // target fields, one per prediction; "" = none
  std::string target_type_;
  std::vector<Prediction> predictions_;
  const Output* probability_ = nullptr;  // given by the last model
  std::vector<std::string> probabilities_;  // names of their output fields
  std::vector<Extra> extras_;
  pugi::xml_node scratch_;               // where segments are until the chain is written
  std::vector<Segment> segments_;
  std::map<FieldId, LinearForm> forms_of_results_;
  bool frozen_ = false;                  // no more segments
};

}  // namespace

std::unique_ptr<panmodel::Target> make_target(const WriteOptions& options) {
  return std::make_unique<PmmlTarget>(options.pmml_version);
}

void write_model(const Model& model, const WriteOptions& options, const Sink& to, Diagnostics& out) {
  if (is_column_model(model)) return write_column_model(model, options, to);
  Document(model, options, out).write(to);
}

}  // namespace panmodel::pmml
