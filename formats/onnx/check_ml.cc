// Arrays of the operators of ai.onnx.ml that belong together.
#include <algorithm>
#include <limits>

#include "base/text.h"
#include "formats/onnx/check_parts.h"

namespace panmodel::onnx {
namespace {

class MlCheck {
 public:
  MlCheck(const NodePlace& place, Report& report) : p_(place), report_(report) {}

  void run() {
    std::string_view op = p_.node.op_type;
    if (op == "LinearRegressor") linear_regressor();
    if (op == "LinearClassifier") linear_classifier();
    if (op == "SVMRegressor") svm_regressor();
    if (op == "SVMClassifier") svm_classifier();
    if (op == "Scaler") scaler();
    if (op == "LabelEncoder") label_encoder();
    if (op == "CategoryMapper") same("cats_int64s", "cats_strings");
    if (op == "OneHotEncoder") one_of({"cats_int64s", "cats_strings"});
    if (op == "ZipMap") one_of({"classlabels_int64s", "classlabels_strings"});
    if (op == "DictVectorizer") one_of({"int64_vocabulary", "string_vocabulary"});
    if (op == "Imputer") one_of({"imputed_value_floats", "imputed_value_int64s"});
    if (op == "Normalizer") word("norm", {"MAX", "L1", "L2"});
  }

 private:
  const AttributeProto* find(std::string_view name) const { return find_attribute(p_.node, name); }

  // Entries of a list, whatever its type; of a tensor its number of elements.
  size_t size(std::string_view name) const {
    const AttributeProto* a = find(name);
    if (!a) return 0;
    if (a->t) return a->t->dims.size() == 1 && a->t->dims[0] > 0 ? static_cast<size_t>(a->t->dims[0]) : 0;
    return std::max({a->floats.size(), a->ints.size(), a->strings.size()});
  }
  int64_t integer(std::string_view name, int64_t otherwise) const {
    const AttributeProto* a = find(name);
    return a && a->i ? *a->i : otherwise;
  }

  void expect(std::string_view name, size_t wanted) {
    if (size(name) == wanted) return;
    report_.error(p_, "onnx-ml-length", "attribute '{}' has {} entries, {} expected", name, size(name),
                  wanted);
  }
  void multiple(std::string_view name, size_t of) {
    if (of > 0 && size(name) % of == 0 && size(name) > 0) return;
    report_.error(p_, "onnx-ml-length", "attribute '{}' has {} entries, a multiple of {} expected", name,
                  size(name), of);
  }
  void same(std::string_view a, std::string_view b) {
    if (size(a) == size(b)) return;
    report_.error(p_, "onnx-ml-length", "attribute '{}' has {} entries, '{}' has {}", a, size(a), b,
                  size(b));
  }
  void one_of(std::initializer_list<std::string_view> names) {
    std::vector<std::string_view> given;
    for (std::string_view name : names) {
      if (size(name) > 0) given.push_back(name);
    }
    if (given.size() == 1) return;
    if (given.empty()) {
      report_.error(p_, "onnx-attribute", "neither of '{}' is given", fmt::join(names, "' and '"));
    } else {
      report_.error(p_, "onnx-attribute", "both '{}' are given", fmt::join(given, "' and '"));
    }
  }
  void word(std::string_view name, std::initializer_list<std::string_view> known) {
    const AttributeProto* a = find(name);
    if (!a || !a->s.present() || std::ranges::find(known, a->s.get()) != known.end()) return;
    report_.error(p_, "onnx-attribute", "attribute '{}' is {}, one of {} expected", name,
                  quote(printable(a->s)), fmt::join(known, ", "));
  }
  void post_transform() {
    word("post_transform", {"NONE", "SOFTMAX", "LOGISTIC", "SOFTMAX_ZERO", "PROBIT"});
  }

  void linear_regressor() {
    post_transform();
    int64_t targets = integer("targets", 1);
    if (targets < 1) {
      report_.error(p_, "onnx-attribute", "targets is {}, at least 1 expected", targets);
      return;
    }
    multiple("coefficients", static_cast<size_t>(targets));
    if (size("intercepts") > 0) expect("intercepts", static_cast<size_t>(targets));
  }

  size_t labels(std::string_view integers) {
    if (size(integers) > 0 && size("classlabels_strings") > 0) {
      report_.error(p_, "onnx-attribute", "both '{}' and 'classlabels_strings' are given", integers);
    }
    return std::max(size(integers), size("classlabels_strings"));
  }

  void linear_classifier() {
    post_transform();
    size_t classes = labels("classlabels_ints"), rows = size("intercepts");
    // A row per class, or one row for two classes.
    if (rows > 0 && classes > 0 && rows != classes && !(rows == 1 && classes == 2)) {
      expect("intercepts", classes);
    }
    if (rows == 0) rows = classes == 2 ? 1 : classes;
    multiple("coefficients", std::max<size_t>(rows, 1));
  }

  void kernel() {
    word("kernel_type", {"LINEAR", "POLY", "RBF", "SIGMOID"});
    if (size("kernel_params") > 0) expect("kernel_params", 3);
  }

  void svm_regressor() {
    post_transform();
    kernel();
    expect("rho", 1);
    int64_t supports = integer("n_supports", 0);
    if (supports < 0) {
      report_.error(p_, "onnx-attribute", "n_supports is {}", supports);
    } else if (supports > 0) {
      expect("coefficients", static_cast<size_t>(supports));
      multiple("support_vectors", static_cast<size_t>(supports));
    }
  }

  void svm_classifier() {
    post_transform();
    kernel();
    size_t classes = labels("classlabels_ints");
    const AttributeProto* counts = find("vectors_per_class");
    if (!counts || counts->ints.empty()) {  // linear: a row of coefficients per class
      multiple("coefficients", std::max<size_t>(classes, 1));
      return;
    }
    uint64_t vectors = 0;
    for (int64_t n : counts->ints) {
      if (n < 0 || n > std::numeric_limits<int32_t>::max()) {
        report_.error(p_, "onnx-attribute", "vectors_per_class has {}", n);
        return;
      }
      vectors += static_cast<uint64_t>(n);
    }
    expect("vectors_per_class", classes);
    size_t n = counts->ints.size(), pairs = n * (n - 1) / 2;
    if (vectors == 0) return;
    multiple("support_vectors", vectors);
    expect("coefficients", (n - 1) * vectors);
    expect("rho", pairs);
    for (const char* name : {"prob_a", "prob_b"}) {
      if (size(name) > 0) expect(name, pairs);
    }
    same("prob_a", "prob_b");
  }

  void scaler() {
    size_t offset = size("offset"), scale = size("scale");
    if (offset > 1 && scale > 1) same("offset", "scale");
  }

  void label_encoder() {
    static constexpr std::string_view kKinds[] = {"floats", "int64s", "strings", "tensor"};
    std::vector<std::string> keys, values;
    for (std::string_view kind : kKinds) {
      if (find("keys_" + std::string(kind))) keys.push_back("keys_" + std::string(kind));
      if (find("values_" + std::string(kind))) values.push_back("values_" + std::string(kind));
    }
    if (keys.empty() && values.empty() && find("classes_strings")) return;  // of version 1
    if (keys.size() != 1 || values.size() != 1) {
      report_.error(p_, "onnx-attribute", "{} lists of keys and {} of values, one of each expected",
                    keys.size(), values.size());
      return;
    }
    same(keys[0], values[0]);
  }

  const NodePlace& p_;
  Report& report_;
};

}  // namespace

void check_ml(const NodePlace& place, Report& report) {
  if (place.node.op_type.get().starts_with("TreeEnsemble")) {
    check_tree_ensemble(place, report);
  } else {
    MlCheck(place, report).run();
  }
}

}  // namespace panmodel::onnx
