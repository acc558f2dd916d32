#include "runtime/compare.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <limits>
#include <set>

#include "base/number.h"
#include "ir/op.h"
#include "runtime/frame.h"

namespace panmodel::runtime {
namespace {

constexpr double kNaN = std::numeric_limits<double>::quiet_NaN();

bool is_text(const Tensor& t) { return t.dtype() == DType::string; }

// The cells of a value; a missing number is NaN, a missing text empty.
Tensor visible(const Value& value) {
  const Tensor& t = value.maps ? value.maps->values : value.tensor;
  if (!value.valid || t.rank() == 0) return t;
  const size_t rows = value.valid->size();
  if (rows == 0 || std::all_of(value.valid->begin(), value.valid->end(), [](uint8_t v) { return v != 0; })) {
    return t;
  }
  const size_t width = t.size() / rows;
  if (is_text(t)) {
    std::vector<std::string> out(t.as<std::string>().begin(), t.as<std::string>().end());
    for (size_t i = 0; i < out.size(); ++i) {
      if (!value.is_valid(i / width)) out[i].clear();
    }
    return Tensor::of(t.shape(), std::move(out));
  }
  std::vector<double> out = t.reals();
  for (size_t i = 0; i < out.size(); ++i) {
    if (!value.is_valid(i / width)) out[i] = kNaN;
  }
  if (t.dtype() != DType::f32) return Tensor::of(t.shape(), std::move(out));
  return Tensor::of(t.shape(), std::vector<float>(out.begin(), out.end()));
}

// Labels are equal as text of the same number: 1, 1.0 and "1" differ only where the types do. A missing
// one is empty.
std::string label_text(const Tensor& t, size_t i) {
  if (is_text(t)) return t.text(i);
  double v = t.real(i);
  if (std::isnan(v)) return {};
  if (v == std::floor(v) && std::abs(v) < 9e15) return std::to_string(static_cast<int64_t>(v));
  return element_text(t, i);
}

// An output as it is compared: its cells, and what its columns are called.
struct Shown {
  Output output;
  Tensor cells, keys;
};

// Whether two labels are the same although one is a text: of a number or of a truth value.
bool same_label(const Tensor& x, size_t i, const Tensor& y, size_t j) {
  const std::string a = label_text(x, i), b = label_text(y, j);
  if (a == b) return true;
  if (is_text(x) == is_text(y)) return false;
  const std::string& text = is_text(x) ? a : b;
  const Tensor& other = is_text(x) ? y : x;
  const size_t at = is_text(x) ? j : i;
  if (other.dtype() == DType::boolean) return text == (other.real(at) != 0 ? "true" : "false");
  const std::optional<double> number = parse_real(text);
  return number && *number == other.real(at);
}

bool is_column(const Tensor& t) { return t.rank() > 0 && t.size() == static_cast<size_t>(t.shape()[0]); }

// The columns become one output, the first of them.
void unite(std::vector<Shown>& all, const std::vector<size_t>& columns) {
  const auto rows = all[columns[0]].cells.shape()[0];
  const bool text = is_text(all[columns[0]].cells);
  const size_t count = static_cast<size_t>(rows) * columns.size();
  std::vector<double> cells(text ? 0 : count);
  std::vector<std::string> texts(text ? count : 0), keys;
  bool narrow = true;
  for (size_t k = 0; k < columns.size(); ++k) {
    const Shown& one = all[columns[k]];
    narrow = narrow && one.cells.dtype() == DType::f32;
    keys.push_back(one.keys.size() == 1 ? label_text(one.keys, 0) : one.output.name);
    for (size_t r = 0; r < one.cells.size(); ++r) {
      if (text) {
        texts[r * columns.size() + k] = one.cells.text(r);
      } else {
        cells[r * columns.size() + k] = one.cells.real(r);
      }
    }
  }
  Shown& first = all[columns[0]];
  first.output.name = fmt::format("{} ... {}", first.output.name, all[columns.back()].output.name);
  Shape shape{rows, static_cast<int64_t>(columns.size())};
  first.cells = text     ? Tensor::of(shape, std::move(texts))
                : narrow ? Tensor::of(shape, std::vector<float>(cells.begin(), cells.end()))
                       : Tensor::of(shape, std::move(cells));
  first.keys = Tensor::vector(std::move(keys));
  for (size_t k = columns.size(); k-- > 1;) all.erase(all.begin() + static_cast<ptrdiff_t>(columns[k]));
}

// A transformer may have several results, whose columns are called name(column).
bool of_one_result(const Output& a, const Output& b) {
  return a.role != Role::transformed || a.name.substr(0, a.name.find('(')) == b.name.substr(0, b.name.find('('));
}

// A format may give every class, target or feature an output of its own: the columns of one role are
// compared as one output, column by column of the same class.
std::vector<Shown> united(std::vector<Shown> all) {
  for (size_t o = 0; o < all.size(); ++o) {
    const Role role = all[o].output.role;
    if (role != Role::probability && role != Role::decision && role != Role::transformed) continue;
    std::vector<size_t> like;
    for (size_t i = o; i < all.size(); ++i) {
      const Shown& one = all[i];
      const bool same = one.output.role == role && is_text(one.cells) == is_text(all[o].cells);
      if (same && is_column(one.cells) && one.keys.size() == 1 && of_one_result(all[o].output, one.output)) like.push_back(i);
    }
    std::set<std::string> classes;
    for (size_t i : like) classes.insert(label_text(all[i].keys, 0));
    // With two models in one a class may come twice: these stay apart.
    if (like.size() > 1 && like[0] == o && classes.size() == like.size()) unite(all, like);
  }
  return all;
}

// One side may give every target an output of its own, in the order of the other's columns.
void unite_targets(std::vector<Shown>& singles, const std::vector<Shown>& other) {
  const Shown* wide = nullptr;
  for (const Shown& o : other) {
    if (o.output.role != Role::value) continue;
    if (wide != nullptr) return;
    wide = &o;
  }
  if (wide == nullptr || wide->cells.rank() != 2 || wide->cells.shape()[1] < 2) return;
  std::vector<size_t> columns;
  for (size_t o = 0; o < singles.size(); ++o) {
    if (singles[o].output.role == Role::value && is_column(singles[o].cells) && !is_text(singles[o].cells)) columns.push_back(o);
  }
  if (columns.size() != static_cast<size_t>(wide->cells.shape()[1])) return;
  unite(singles, columns);
}

// The outputs of `b`. Where all names are those of `a`, the names say what belongs together: the results
// have the roles that they have there, which a format may not be able to say.
std::vector<Output> outputs_beside(std::span<const Output> a, std::span<const Output> b) {
  const std::vector<Output> own(b.begin(), b.end());
  std::vector<Output> outputs = own;
  if (a.size() != b.size()) return own;
  for (Output& o : outputs) {
    auto same = std::find_if(a.begin(), a.end(), [&](const Output& other) { return other.name == o.name; });
    if (same == a.end()) return own;
    if (o.role == same->role) continue;
    o.role = same->role;
    o.keys = same->keys;
  }
  return outputs;
}

struct Side {
  std::vector<Shown> outputs;
  std::vector<uint8_t> refused;

  Side(std::span<const Output> described, const Prediction& p, size_t rows) : refused(rows, 0) {
    for (size_t o = 0; o < described.size(); ++o) {
      const Value& value = p.outputs[o];
      const Output& output = described[o];
      outputs.push_back({output, visible(value), value.maps ? value.maps->keys : output.keys});
    }
    outputs = united(std::move(outputs));
    for (const RowError& e : p.errors) {
      if (e.row < rows) refused[e.row] = 1;
    }
  }
  bool scores() const {
    return std::any_of(outputs.begin(), outputs.end(), [](const Shown& o) {
      return o.output.role == Role::probability || o.output.role == Role::decision;
    });
  }
  // The score that goes with a label: its probability, else its decision value.
  double score(uint64_t row, const std::string& label) const {
    for (Role role : {Role::probability, Role::decision}) {
      for (const Shown& o : outputs) {
        if (o.output.role != role) continue;
        const Tensor& t = o.cells;
        size_t width = t.rank() == 2 ? static_cast<size_t>(t.shape()[1]) : 1;
        if (width == 1) return t.real(row);
        for (size_t k = 0; k < o.keys.size() && k < width; ++k) {
          if (label_text(o.keys, k) == label) return t.real(row * width + k);
        }
      }
    }
    return kNaN;
  }
};

size_t rows_of(const Prediction& p) {
  if (p.outputs.empty()) return 0;
  const Value& first = p.outputs[0];
  const Tensor& t = first.maps ? first.maps->values : first.tensor;
  return t.rank() == 0 ? 1 : static_cast<size_t>(t.shape()[0]);
}

// A label of a row whose scores are no numbers: the first class, by the rule, where another model gives
// no label.
bool no_prediction(const Side& side, uint64_t row, const std::string& label) {
  return side.scores() && std::isnan(side.score(row, label));
}

void compare_labels(const Tensor& x, const Tensor& y, const Side& a, const Side& b, size_t rows,
                    OutputComparison& result, std::vector<Flip>& flips) {
  size_t width = rows == 0 ? 0 : x.size() / rows;
  for (size_t row = 0; row < rows; ++row) {
    if (a.refused[row] || b.refused[row]) continue;
    for (size_t k = 0; k < width; ++k) {
      size_t i = row * width + k;
      std::string la = label_text(x, i), lb = label_text(y, i);
      ++result.compared;
      if (la == lb || (lb.empty() && no_prediction(a, row, la)) || (la.empty() && no_prediction(b, row, lb))) continue;
      ++result.differing;
      flips.push_back({row, result.name_a, la, lb, a.score(row, la), b.score(row, lb)});
    }
  }
}

// Place of a finite real in the ascending order of all reals of its type.
template <class Real, class Int>
int64_t order_of(Real x) {
  Int bits = std::bit_cast<Int>(x);
  return bits < 0 ? -static_cast<int64_t>(bits & std::numeric_limits<Int>::max()) : bits;
}

size_t ulp_bucket(double u, double v, bool narrow) {
  if (!std::isfinite(u) || !std::isfinite(v)) return 5;
  int64_t a = narrow ? order_of<float, int32_t>(static_cast<float>(u)) : order_of<double, int64_t>(u);
  int64_t b = narrow ? order_of<float, int32_t>(static_cast<float>(v)) : order_of<double, int64_t>(v);
  uint64_t distance = static_cast<uint64_t>(std::max(a, b)) - static_cast<uint64_t>(std::min(a, b));
  constexpr uint64_t kEnds[] = {0, 1, 4, 16, 256};
  return static_cast<size_t>(std::lower_bound(std::begin(kEnds), std::end(kEnds), distance) - kEnds);
}

// Which column of y belongs to each column of x. By keys where both have them; the decision value of
// two classes in one column is that of the second class where the other side has two columns.
// Returns why there is no such order; empty = `order` is set.
struct Columns {
  std::vector<size_t> of_x, of_y;  // pairs of columns
};
std::string match_columns(const Output& a, const Output& b, size_t width_x, size_t width_y,
                          const Tensor& keys_x, const Tensor& keys_y, Columns& columns) {
  bool scores = a.role == Role::decision && b.role == Role::decision;
  if (scores && width_x + width_y == 3 && width_x != 0 && width_y != 0) {
    columns = {{width_x - 1}, {width_y - 1}};
    return {};
  }
  if (width_x != width_y) return fmt::format("{} columns on one side, {} on the other", width_x, width_y);
  bool keyed = keys_x.size() == width_x && keys_y.size() == width_y &&
               (a.role == Role::probability || a.role == Role::decision);
  for (size_t k = 0; k < width_x; ++k) {
    size_t partner = k;
    if (keyed) {
      for (partner = 0; partner < width_y; ++partner) {
        if (same_label(keys_y, partner, keys_x, k)) break;
      }
      if (partner == width_y) return fmt::format("class {} is on one side only", label_text(keys_x, k));
    }
    columns.of_x.push_back(k);
    columns.of_y.push_back(partner);
  }
  return {};
}

void compare_numbers(const Tensor& x, const Tensor& y, const Columns& columns, const Side& a,
                     const Side& b, size_t rows, OutputComparison& result, std::vector<uint8_t>& beyond) {
  size_t width_x = rows == 0 ? 0 : x.size() / rows, width_y = rows == 0 ? 0 : y.size() / rows;
  double sum = 0, worst = -1;
  bool narrow = x.dtype() == DType::f32 || y.dtype() == DType::f32;
  for (size_t row = 0; row < rows; ++row) {
    if (a.refused[row] || b.refused[row]) continue;
    for (size_t k = 0; k < columns.of_x.size(); ++k) {
      double u = x.real(row * width_x + columns.of_x[k]), v = y.real(row * width_y + columns.of_y[k]);
      ++result.compared;
      if (u == v || (std::isnan(u) && std::isnan(v))) {
        ++result.ulps[0];
        continue;
      }
      ++result.ulps[ulp_bucket(u, v, narrow)];
      double absolute = std::abs(u - v);
      double scale = std::max(std::abs(u), std::abs(v));
      double relative = absolute / scale;
      if (!std::isfinite(absolute)) absolute = relative = std::numeric_limits<double>::infinity();
      sum += absolute;
      result.max_absolute = std::max(result.max_absolute, absolute);
      result.max_relative = std::max(result.max_relative, relative);
      bool passes = absolute <= result.tolerance.absolute + result.tolerance.relative * scale;
      result.differing += !passes;
      if (!passes) beyond[row] = 1;
      double needed = std::max(0.0, absolute - result.tolerance.absolute) / scale;
      if (!std::isfinite(absolute)) needed = std::numeric_limits<double>::infinity();
      result.needed_relative = std::max(result.needed_relative, needed);
      if (needed > worst) {
        worst = needed;
        result.worst_row = row;
      }
    }
  }
  if (result.compared > 0) result.mean_absolute = sum / static_cast<double>(result.compared);
}

// The output of `right` to compare with x: of the same role, by name where several share it. An
// output whose role is not known goes with the only one left of its kind and size.
size_t partner_of(const Shown& x, const Side& right, const std::vector<uint8_t>& taken) {
  size_t partner = SIZE_MAX;
  for (size_t j = 0; j < right.outputs.size(); ++j) {
    const Output& y = right.outputs[j].output;
    if (taken[j] || y.role != x.output.role) continue;
    if (partner == SIZE_MAX || y.name == x.output.name) partner = j;
  }
  if (partner != SIZE_MAX) return partner;
  size_t candidates = 0;
  for (size_t j = 0; j < right.outputs.size(); ++j) {
    const Shown& y = right.outputs[j];
    bool unknown = x.output.role == Role::none || y.output.role == Role::none;
    if (taken[j] || !unknown || y.cells.size() != x.cells.size() || is_text(x.cells) != is_text(y.cells)) continue;
    ++candidates;
    partner = j;
  }
  return candidates == 1 ? partner : SIZE_MAX;
}

// What is asked for this output, where nothing is what its types and operators allow.
Tolerance tolerance_of(const OutputComparison& output, const CompareOptions& options, Tolerance rule) {
  Tolerance asked{options.relative, options.absolute};
  for (const std::string* name : {&output.name_b, &output.name_a}) {
    const auto own = options.outputs.find(*name);
    if (own == options.outputs.end()) continue;
    if (own->second.relative >= 0) asked.relative = own->second.relative;
    if (own->second.absolute >= 0) asked.absolute = own->second.absolute;
  }
  return {asked.relative >= 0 ? asked.relative : rule.relative, asked.absolute >= 0 ? asked.absolute : rule.absolute};
}

}  // namespace

bool Comparison::equal() const {
  for (const OutputComparison& o : outputs) {
    if (o.differing > 0 || !o.error.empty()) return false;
  }
  return flips.empty() && refused_a == 0 && refused_b == 0 && !outputs.empty();
}

Tolerance default_tolerance(const Model& model, const Output& output) {
  DType dtype = DType::f64;
  const Type& type = model.graph.type(output.value);
  if (const TensorType* t = type.tensor()) {
    dtype = t->dtype;
  } else if (std::holds_alternative<SeqType>(type.v)) {
    dtype = DType::f32;
  }
  bool transcendental = false, narrow = dtype != DType::f64 && is_floating(dtype);
  std::vector<uint8_t> seen(model.graph.values.size(), 0);
  std::vector<ValueId> stack{output.value};
  while (!stack.empty()) {
    ValueId v = stack.back();
    stack.pop_back();
    if (!v.valid() || seen[v.v]) continue;
    seen[v.v] = 1;
    const Node* node = model.graph.producer(v);
    if (node == nullptr) continue;
    transcendental |= op_info(node->op).meta.accuracy >= Accuracy::transcendental;
    stack.insert(stack.end(), node->inputs.begin(), node->inputs.end());
  }
  if (narrow) return {1e-5, 1e-6};
  return transcendental ? Tolerance{1e-9, 1e-12} : Tolerance{1e-12, 1e-12};
}

Comparison compare(const Session& a, const Prediction& of_a, const Session& b,
                   const Prediction& of_b, const CompareOptions& options) {
  Comparison result;
  result.rows = rows_of(of_a);
  if (rows_of(of_b) != result.rows) {
    fail({}, "run-shape", "{} rows on one side, {} on the other", result.rows, rows_of(of_b));
  }
  Side left(a.outputs(), of_a, result.rows), right(outputs_beside(a.outputs(), b.outputs()), of_b, result.rows);
  unite_targets(left.outputs, right.outputs);
  unite_targets(right.outputs, left.outputs);
  for (size_t row = 0; row < result.rows; ++row) {
    result.refused_both += left.refused[row] && right.refused[row];
    if (options.allow_refusals) continue;
    result.refused_a += left.refused[row] && !right.refused[row];
    result.refused_b += right.refused[row] && !left.refused[row];
  }
  std::vector<uint8_t> taken(right.outputs.size(), 0), flipped(result.rows, 0), beyond(result.rows, 0);
  for (const Shown& shown : left.outputs) {
    const size_t partner = partner_of(shown, right, taken);
    const Output& x = shown.output;
    if (partner == SIZE_MAX) {
      result.only_a.push_back(x.name);
      continue;
    }
    taken[partner] = 1;
    const Output& y = right.outputs[partner].output;
    OutputComparison c;
    c.name_a = x.name;
    c.name_b = y.name;
    c.role = x.role;
    Tolerance ta = default_tolerance(a.model(), x), tb = default_tolerance(b.model(), y);
    c.tolerance = tolerance_of(c, options, {std::max(ta.relative, tb.relative), std::max(ta.absolute, tb.absolute)});
    const Tensor &u = shown.cells, &v = right.outputs[partner].cells;
    bool text = is_text(u) || is_text(v);
    Columns columns;
    if (text || x.role == Role::label) {
      std::vector<Flip> texts;
      if (u.size() != v.size()) {
        c.error = fmt::format("{} cells on one side, {} on the other", u.size(), v.size());
      } else {
        compare_labels(u, v, left, right, result.rows, c, x.role == Role::label ? result.flips : texts);
        for (const Flip& f : texts) beyond[f.row] = 1;
      }
    } else if (result.rows > 0) {
      c.error = match_columns(x, y, u.size() / result.rows, v.size() / result.rows, shown.keys,
                              right.outputs[partner].keys, columns);
      if (c.error.empty()) compare_numbers(u, v, columns, left, right, result.rows, c, beyond);
    }
    result.outputs.push_back(std::move(c));
  }
  for (const Flip& f : result.flips) flipped[f.row] = 1;
  result.flipped_rows = static_cast<uint64_t>(std::count(flipped.begin(), flipped.end(), 1));
  result.beyond_rows = static_cast<uint64_t>(std::count(beyond.begin(), beyond.end(), 1));
  for (size_t j = 0; j < right.outputs.size(); ++j) {
    if (!taken[j]) result.only_b.push_back(right.outputs[j].output.name);
  }
  return result;
}

}  // namespace panmodel::runtime
