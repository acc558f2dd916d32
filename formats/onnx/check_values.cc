// What the constants and attributes of operators of ai.onnx say without running anything: sizes that
// cannot be, and results that a small file makes huge.
#include <algorithm>

#include "base/bytes.h"
#include "formats/onnx/check_parts.h"
#include "formats/onnx/tensor_data.h"

namespace panmodel::onnx {
namespace {

class ValueCheck {
 public:
  ValueCheck(const NodePlace& place, const Scope& scope, Report& report)
      : p_(place), scope_(scope), report_(report) {}

  void run() {
    std::string_view op = p_.node.op_type;
    windows();
    if (op == "ConstantOfShape" || op == "Expand" || op == "Tile" || op == "Reshape") shape(op);
    if (op == "Range") range();
    if (op == "Loop") trip_count();
    if (op == "Scan") scan_inputs();
    if (op == "Slice") steps();
    if (op == "SplitToSequence") split();
    if (op == "OneHot") depth();
    for (const char* name : {"to", "dtype", "output_datatype"}) element_type(name);
  }

 private:
  std::optional<std::vector<int64_t>> constant(size_t input) const {
    if (input >= p_.node.input.size() || p_.node.input[input].empty()) return std::nullopt;
    return scope_.integers(p_.node.input[input], kMaxRank);
  }
  std::optional<int64_t> scalar(size_t input) const {
    auto v = constant(input);
    return v && v->size() == 1 ? std::optional(v->front()) : std::nullopt;
  }
  const std::vector<int64_t>* list(std::string_view name) const {
    const AttributeProto* a = find_attribute(p_.node, name);
    return a && a->ref_attr_name.empty() && !a->ints.empty() ? &a->ints : nullptr;
  }

  // Windows of convolutions and pools.
  void windows() {
    size_t rank = 0;
    for (const char* name : {"kernel_shape", "strides", "dilations"}) {
      const std::vector<int64_t>* v = list(name);
      if (!v) continue;
      for (size_t i = 0; i < v->size(); ++i) {
        if ((*v)[i] >= 1) continue;
        report_.error(p_, "onnx-window", "{}[{}] is {}, at least 1 expected", name, i, (*v)[i]);
      }
      if (rank == 0) {
        rank = v->size();
      } else if (v->size() != rank) {
        report_.error(p_, "onnx-window", "{} has {} entries, {} expected", name, v->size(), rank);
      }
    }
    const std::vector<int64_t>* pads = list("pads");
    if (rank > 0 && pads && pads->size() != 2 * rank) {
      report_.error(p_, "onnx-window", "pads has {} entries, {} expected", pads->size(), 2 * rank);
    }
  }

  void shape(std::string_view op) {
    const size_t at = op == "ConstantOfShape" ? 0 : 1;
    if (at >= p_.node.input.size()) return;
    auto length = scope_.length(p_.node.input[at]);
    if (length && *length > static_cast<int64_t>(kMaxRank)) {
      report_.error(p_, "onnx-tensor-rank", "a shape of {} dimensions, {} are the limit", *length,
                    static_cast<int64_t>(kMaxRank));
      return;
    }
    auto dims = constant(at);
    // -1 of Reshape is computed; what it copies or infers is no larger than its input.
    if (!dims || op == "Reshape") return;
    uint64_t count = 1;
    bool fits = true;
    for (size_t i = 0; i < dims->size(); ++i) {
      int64_t d = (*dims)[i];
      if (d < 0) {
        report_.error(p_, "onnx-tensor-dims", "dimension {} of the constant shape is {}", i, d);
        return;
      }
      if (d == 0) return;
      fits = fits && checked_mul(count, static_cast<uint64_t>(d), &count);
    }
    if (fits && count <= report_.options.max_elements) return;
    huge(op == "Tile" ? "repeats of" : "a result of", fits ? fmt::format("{}", count) : "over 2^64");
  }

  void huge(std::string_view what, const std::string& found) {
    report_.warning(p_, "onnx-huge", "constants ask for {} {} elements, {} are the limit",
                    what, found, report_.options.max_elements);
  }

  void range() {
    auto start = scalar(0), limit = scalar(1), delta = scalar(2);
    if (delta && *delta == 0) report_.error(p_, "onnx-step", "delta is 0");
    if (!start || !limit || !delta || *delta == 0) return;
    const bool up = *delta > 0;
    if (up ? *start >= *limit : *start <= *limit) return;
    uint64_t from = static_cast<uint64_t>(*start), to = static_cast<uint64_t>(*limit);
    uint64_t span = up ? to - from : from - to;
    uint64_t step = up ? static_cast<uint64_t>(*delta) : ~static_cast<uint64_t>(*delta) + 1;
    uint64_t count = span / step + (span % step != 0);
    if (count > report_.options.max_elements) huge("a result of", fmt::format("{}", count));
  }

  void trip_count() {
    auto trips = scalar(0);
    if (!trips || *trips < 0 || static_cast<uint64_t>(*trips) <= report_.options.max_elements) return;
    // INT64_MAX is how exporters write a loop that its condition ends.
    if (*trips == INT64_MAX && p_.node.input.size() > 1 && !p_.node.input[1].empty()) return;
    report_.warning(p_, "onnx-huge", "a constant asks for {} iterations, {} are the limit",
                    *trips, report_.options.max_elements);
  }

  void scan_inputs() {
    const AttributeProto* a = find_attribute(p_.node, "num_scan_inputs");
    if (!a || !a->i) return;
    if (*a->i >= 1 && static_cast<uint64_t>(*a->i) <= p_.node.input.size()) return;
    report_.error(p_, "onnx-scan", "num_scan_inputs is {}, the node has {} inputs", *a->i,
                  p_.node.input.size());
  }

  void steps() {
    auto v = constant(4);
    if (!v || std::ranges::find(*v, 0) == v->end()) return;
    report_.error(p_, "onnx-step", "a step is 0");
  }

  void split() {
    auto v = constant(1);
    const TensorProto* t = nullptr;
    auto at = scope_.constants.find(p_.node.input.size() > 1 ? p_.node.input[1].get() : "");
    if (at != scope_.constants.end()) t = at->second.tensor;
    // A vector may hold empty parts; a scalar divides.
    if (!v || (t && !t->dims.empty())) {
      if (v && std::ranges::any_of(*v, [](int64_t n) { return n < 0; })) {
        report_.error(p_, "onnx-step", "a length of split is negative");
      }
      return;
    }
    if (v->size() == 1 && v->front() < 1) {
      report_.error(p_, "onnx-step", "split is {}, at least 1 expected", v->front());
    }
  }

  void depth() {
    auto v = scalar(1);
    if (v && *v < 1) report_.error(p_, "onnx-step", "depth is {}, at least 1 expected", *v);
    if (v && *v > 0 && static_cast<uint64_t>(*v) > report_.options.max_elements) {
      huge("a depth of", fmt::format("{}", *v));
    }
  }

  void element_type(const char* name) {
    const AttributeProto* a = find_attribute(p_.node, name);
    if (!a || !a->i || data_type_row(*a->i)) return;
    report_.error(p_, "onnx-type", "{} is element type {}, 1 to {} are defined", name, *a->i,
                  std::size(kDataTypes) - 1);
  }

  const NodePlace& p_;
  const Scope& scope_;
  Report& report_;
};

}  // namespace

void check_values(const NodePlace& place, const Scope& scope, Report& report) {
  // Its attribute is its result.
  if (place.node.op_type == "Constant") return;
  ValueCheck(place, scope, report).run();
}

}  // namespace panmodel::onnx
