#include "runtime/probe.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <random>
#include <set>

#include "base/diagnostic.h"
#include "base/number.h"
#include "ir/ops/decision_tree.h"
#include "ir/ops/encode.h"
#include "ir/ops/expr.h"
#include "ir/ops/impute.h"
#include "ir/ops/linear.h"
#include "ir/ops/prepare.h"
#include "ir/ops/scale.h"
#include "ir/ops/table.h"
#include "ir/ops/tensor_elementwise.h"
#include "ir/ops/tensor_shape.h"
#include "ir/ops/tree.h"

namespace panmodel::runtime {
namespace {

constexpr double kNaN = std::numeric_limits<double>::quiet_NaN();
constexpr size_t kFreeWidth = 2;      // of a matrix that may have any number of columns
constexpr size_t kMaxValues = 1024;  // interesting values per column

// A raw input column, and the affine map from it to what an operator sees: seen = (x - shift) / by.
struct Source {
  size_t column = SIZE_MAX;
  double shift = 0, by = 1;
  bool known() const { return column != SIZE_MAX; }
};

struct ColumnValues {
  std::set<double> numbers;
  std::set<std::string> texts;
  bool categories = false;  // the values are known categories, others may be refused
  bool text = false, can_miss = true, narrow = false, integer = false;
  double largest = 1e9;  // integer that is tried
  std::vector<std::pair<double, double>> valid;  // numbers outside of these may be refused; empty = none
};

// Follows columns of values back to raw input columns, through operators that keep columns apart.
class Tracer {
 public:
  explicit Tracer(const Model& model) : model_(model), sources_(model.graph.values.size()) {
    for (const Input& input : model.inputs) add_input(input);
    for (const Node& node : model.graph.nodes) add_node(node);
  }
  std::vector<ColumnValues> columns;
  std::vector<size_t> widths;  // per input

 private:
  using Row = std::vector<Source>;

  void add_input(const Input& input) {
    const Type& type = model_.graph.type(input.value);
    ColumnValues fresh;
    size_t width = 1;
    DType dtype = DType::f64;
    if (const ColumnType* c = type.column()) {
      dtype = c->dtype;
      fresh.can_miss = c->optional;
    } else if (const TensorType* t = type.tensor()) {
      dtype = t->dtype;
      if (t->dims && t->dims->size() == 2 && t->dims->back().fixed()) {
        width = static_cast<size_t>(t->dims->back().size);
      } else if (!input.features.empty()) {
        width = input.features.size();
      } else if (t->dims && t->dims->size() == 2) {
        width = kFreeWidth;
      } else if (!t->dims || t->dims->size() != 1) {
        fail({}, "run-shape", "no rows can be made for input '{}' of type {}", input.name,
             to_string(type));
      }
      if (is_integer(dtype) || dtype == DType::boolean) fresh.can_miss = false;
    } else {
      fail({}, "run-shape", "no rows can be made for input '{}' of type {}", input.name,
           to_string(type));
    }
    fresh.text = dtype == DType::string;
    fresh.narrow = dtype == DType::f32;
    if (dtype == DType::i64) fresh.largest = 9e18;
    fresh.integer = is_integer(dtype) || dtype == DType::boolean;
    Row row;
    for (size_t k = 0; k < width; ++k) {
      row.push_back({columns.size(), 0, 1});
      columns.push_back(fresh);
    }
    widths.push_back(width);
    sources_[input.value.v] = std::move(row);
  }

  const Row& of(ValueId v) const {
    static const Row none;
    return v.valid() ? sources_[v.v] : none;
  }

  void want(const Row& row, size_t k, double value) {
    if (k >= row.size() || !row[k].known() || std::isnan(value)) return;
    ColumnValues& c = columns[row[k].column];
    if (c.numbers.size() < kMaxValues) c.numbers.insert(value * row[k].by + row[k].shift);
  }

  void add_node(const Node& node) {
    if (node.inputs.empty() || node.outputs.empty()) return;
    const Row& in = of(node.inputs[0]);
    Row& out = sources_[node.outputs[0].v];
    const auto* unary = node.as<tensor::Unary>();
    if (node.as<tensor::Cast>() || node.as<tensor::Identity>() ||
        (unary && unary->fn == tensor::UnaryFn::floor)) {
      out = in;
    } else if (node.as<tensor::Where>()) {
      out = of(node.inputs[2]);  // columns of the second choice; the first is made from the same
    } else if (node.as<table::Assemble>() || node.as<tensor::Concat>()) {
      for (ValueId v : node.inputs) out.insert(out.end(), of(v).begin(), of(v).end());
    } else if (const auto* scaler = node.as<ml::Scaler>()) {
      scale(*scaler, in, out);
    } else if (node.as<tensor::Gather>()) {
      gather(node, in, out);
    } else if (const auto* trees = node.as<ml::TreeEnsemble>()) {
      const Forest& f = trees->forest;
      // Large forests have more thresholds than are wanted: every stride-th, so that all trees count.
      size_t stride = 1 + f.nodes() / (4 * kMaxValues * std::max<size_t>(1, in.size()));
      for (size_t i = 0; i < f.nodes(); i += stride) {
        if (f.is_leaf(i)) continue;
        if (f.node_mode(i) != NodeMode::member) {
          want(in, f.feature[i], f.threshold[i]);
          continue;
        }
        size_t set = static_cast<size_t>(f.threshold[i]);
        double largest = 0;
        for (uint32_t k = f.set_begin[set]; k < f.set_begin[set + 1]; ++k) {
          want(in, f.feature[i], f.set_value[k]);
          largest = std::max(largest, f.set_value[k]);
        }
        want(in, f.feature[i], largest + 1);  // beyond the set, and perhaps unknown
        want(in, f.feature[i], -1);
      }
    } else if (const auto* map = node.as<ml::LabelMap>()) {
      for (const Source& s : in) {
        add_keys(map->keys, s);
        if (s.known()) columns[s.column].categories = true;
      }
    } else if (const auto* bins = node.as<ml::Discretize>()) {
      size_t at = 0;
      for (size_t k = 0; k < bins->counts.size(); ++k) {
        for (int64_t e = 0; e < bins->counts[k]; ++e) want(in, k, bins->edges[at++]);
      }
    } else if (const auto* step = node.as<ml::Binarize>()) {
      for (size_t k = 0; k < in.size(); ++k) want(in, k, step->threshold);
    } else if (const auto* impute = node.as<ml::Impute>()) {
      out = in;
      for (const Source& s : in) {
        if (impute->missing) add_keys(*impute->missing, s);
      }
    } else if (node.as<table::Require>()) {
      out = in;
    } else if (const auto* prepare = node.as<table::Prepare>()) {
      out = in;
      for (const Source& s : in) add_domain(*prepare, s);
    } else if (const auto* tree = node.as<ml::DecisionTree>()) {
      add_tests(node, *tree);
    } else if (const auto* cells = node.as<expr::Map>()) {
      if (cells->body.kind == expr::Expr::Kind::input) out = of(node.inputs[cells->body.input]);
      add_constants(node, cells->body);
    }
  }

  void add_domain(const table::Prepare& op, const Source& s) {
    if (!s.known()) return;
    for (const Tensor* values : {&op.valid, &op.invalid, &op.missing}) add_keys(*values, s);
    ColumnValues& c = columns[s.column];
    if (!op.valid.empty()) {
      c.categories = true;
      if (op.valid.dtype() == DType::string) return;
      for (double v : op.valid.reals()) c.valid.emplace_back(v, v);
    }
    for (size_t i = 0; i < op.lower.size(); ++i) {
      c.valid.emplace_back(op.lower[i], op.upper[i]);
      // Ends, and what lies between them.
      for (double v : {op.lower[i], op.upper[i], (op.lower[i] + op.upper[i]) / 2}) {
        if (std::isfinite(v)) c.numbers.insert(v);
      }
    }
    for (double v : {op.low, op.high}) {
      if (std::isfinite(v)) c.numbers.insert(v);
    }
  }

  void add_text(const Row& row, const std::string& text) {
    if (row.size() == 1 && row[0].known() && columns[row[0].column].text) columns[row[0].column].texts.insert(text);
  }

  void add_tests(const Node& node, const ml::DecisionTree& tree) {
    for (size_t i = 0; i < tree.test.size(); ++i) {
      if (tree.test[i] >= static_cast<int64_t>(ml::TreeTest::all_of)) continue;
      const Row& row = of(node.inputs[static_cast<size_t>(tree.input[i])]);
      const bool text = row.size() == 1 && row[0].known() && columns[row[0].column].text;
      for (auto k = static_cast<size_t>(tree.operand_begin[i]); k < static_cast<size_t>(tree.operand_end[i]); ++k) {
        if (text) {
          add_text(row, tree.texts[k]);
        } else {
          want(row, 0, tree.numbers[k]);
        }
      }
    }
  }

  // What an expression compares inputs with, and the edges of its tables.
  void add_constants(const Node& node, const expr::Expr& e) {
    for (const expr::Expr& a : e.arguments) {
      add_constants(node, a);
      if (a.kind != expr::Expr::Kind::input) continue;
      const Row& row = of(node.inputs[a.input]);
      for (const expr::Expr& other : e.arguments) {
        if (other.kind != expr::Expr::Kind::constant) continue;
        const expr::Constant& c = other.constant;
        if (const auto* text = std::get_if<std::string>(&c.value)) add_text(row, *text);
        if (const auto* real = std::get_if<double>(&c.value)) want(row, 0, *real);
        if (const auto* whole = std::get_if<int64_t>(&c.value)) want(row, 0, static_cast<double>(*whole));
      }
      if (e.function == expr::Function::to_date || e.function == expr::Function::to_date_time) {
        for (const char* text : {"2004-02-29", "1960-01-01"}) add_text(row, text);
      }
      if (e.function == expr::Function::to_time) add_text(row, "12:34:56");
      for (const char* name : {"left", "right", "orig", "key0"}) {
        const Tensor* values = e.table == nullptr ? nullptr : e.table->find(name);
        if (values == nullptr) continue;
        for (size_t i = 0; i < std::min(values->size(), kMaxValues); ++i) {
          if (values->dtype() == DType::string) {
            add_text(row, values->text(i));
          } else if (std::isfinite(values->real(i))) {
            want(row, 0, values->real(i));
          }
        }
      }
    }
  }

  void scale(const ml::Scaler& op, const Row& in, Row& out) {
    out = in;
    for (size_t k = 0; k < out.size(); ++k) {
      auto at = [&](const std::vector<double>& v, double none) {
        return v.empty() ? none : v[v.size() == 1 ? 0 : std::min(k, v.size() - 1)];
      };
      double offset = at(op.offset, 0), factor = at(op.scale, 1);
      if (op.form == ml::ScaleForm::subtract_multiply) factor = 1 / factor;
      if (op.form == ml::ScaleForm::multiply_add) {
        factor = 1 / factor;
        offset = -offset * factor;
      }
      out[k].shift += offset * out[k].by;
      out[k].by *= factor;
      want(in, k, offset);
      want(in, k, offset + factor);
    }
  }

  void gather(const Node& node, const Row& in, Row& out) {
    const auto& op = *node.as<tensor::Gather>();
    const Node* maker = node.inputs[1].valid() ? model_.graph.producer(node.inputs[1]) : nullptr;
    const auto* index = maker ? maker->as<tensor::Constant>() : nullptr;
    if (op.axis != 1 || index == nullptr) return;
    for (int64_t k : index->value.integers()) {
      bool inside = k >= 0 && static_cast<size_t>(k) < in.size();
      out.push_back(inside ? in[static_cast<size_t>(k)] : Source{});
    }
  }

  void add_keys(const Tensor& keys, const Source& s) {
    if (!s.known()) return;
    ColumnValues& c = columns[s.column];
    for (size_t i = 0; i < std::min(keys.size(), kMaxValues); ++i) {
      if (keys.dtype() == DType::string) {
        c.texts.insert(keys.text(i));
      } else if (!std::isnan(keys.real(i))) {
        c.numbers.insert(keys.real(i));
      }
    }
  }

  const Model& model_;
  std::vector<Row> sources_;
};

// One cell of a probe row.
struct Cell {
  double number = 0;
  std::string text;
  bool missing = false;
};

double representable(const ColumnValues& c, double v) {
  if (c.integer) v = std::isfinite(v) ? std::clamp(std::round(v), -c.largest, c.largest) : 0;
  return c.narrow ? static_cast<double>(round_nearest(v)) : v;
}

std::vector<Cell> candidates(const ColumnValues& c) {
  std::vector<Cell> all;
  auto number = [&](double v) { all.push_back({representable(c, v), {}, false}); };
  if (c.text) {
    for (const std::string& t : c.texts) all.push_back({0, t, false});
    for (const char* t : {"", "no such category", "\xc3\xa9t\xc3\xa9"}) all.push_back({0, t, false});
  } else {
    for (double v : c.numbers) {
      number(v);
      number(next_up(v));
      number(next_down(v));
      float f = round_nearest(v);
      if (!std::isfinite(f)) continue;
      number(static_cast<double>(f));
      number(static_cast<double>(next_up(f)));
      number(static_cast<double>(next_down(f)));
    }
    for (double v : {0.0, -0.0, 1.0, -1.0, 0.5, 16777217.0, 5e-324, 1e-40, 1e6}) number(v);
  }
  if (c.can_miss) all.push_back({kNaN, {}, true});
  return all;
}

bool is_valid(const ColumnValues& c, double v) {
  return c.valid.empty() || std::any_of(c.valid.begin(), c.valid.end(), [&](const auto& range) {
    return range.first <= v && v <= range.second;
  });
}

// The cells that a usual row has: known categories, numbers of the domain, or anything but a missing
// value.
std::vector<Cell> usual_cells(const ColumnValues& c, const std::vector<Cell>& all) {
  std::vector<Cell> out;
  if (!c.valid.empty()) {
    std::copy_if(all.begin(), all.end(), std::back_inserter(out),
                 [&](const Cell& x) { return !x.missing && is_valid(c, x.number); });
  } else if (c.categories) {
    for (const std::string& t : c.texts) out.push_back({0, t, false});
    for (double v : c.numbers) out.push_back({representable(c, v), {}, false});
  }
  if (!out.empty()) return out;
  std::copy_if(all.begin(), all.end(), std::back_inserter(out), [](const Cell& x) { return !x.missing; });
  return out;
}

// A usual value: the middle of the interesting ones.
Cell typical(const ColumnValues& c) {
  if (c.text) return {0, c.texts.empty() ? "a" : *c.texts.begin(), false};
  if (c.numbers.empty()) return {0.5, {}, false};
  std::vector<double> usual;
  std::copy_if(c.numbers.begin(), c.numbers.end(), std::back_inserter(usual), [&](double v) { return is_valid(c, v); });
  const double middle = usual.empty() ? *c.numbers.begin() : usual[usual.size() / 2];
  return {c.integer ? std::round(middle) : middle, {}, false};
}

Value to_value(const Type& type, size_t from, size_t width, const std::vector<std::vector<Cell>>& rows) {
  DType dtype = type.column() ? type.column()->dtype : type.tensor()->dtype;
  Shape shape{static_cast<int64_t>(rows.size()), static_cast<int64_t>(width)};
  const TensorType* t = type.tensor();
  if (t && t->dims && t->dims->size() == 1) shape.pop_back();
  auto valid = std::make_shared<std::vector<uint8_t>>();
  auto numbers = [&]<class T>(T) {
    std::vector<T> out;
    for (const auto& row : rows) {
      for (size_t k = 0; k < width; ++k) {
        out.push_back(static_cast<T>(std::is_integral_v<T> && row[from + k].missing
                                         ? 0 : row[from + k].number));
      }
    }
    return Tensor::of(shape, std::move(out));
  };
  Value value;
  switch (dtype) {
    case DType::f64: value = numbers(double()); break;
    case DType::f32: value = numbers(float()); break;
    case DType::i64: value = numbers(int64_t()); break;
    case DType::i32: value = numbers(int32_t()); break;
    case DType::boolean: {
      std::vector<uint8_t> out;
      for (const auto& row : rows) out.push_back(row[from].number > 0.5);
      value = Tensor::of_bools(shape, std::move(out));
      break;
    }
    case DType::string: {
      std::vector<std::string> out;
      for (const auto& row : rows) {
        for (size_t k = 0; k < width; ++k) out.push_back(row[from + k].missing ? "" : row[from + k].text);
      }
      value = Tensor::of(shape, std::move(out));
      break;
    }
    default: fail({}, "run-shape", "no rows can be made of type {}", to_string(type));
  }
  if (type.column() && type.column()->optional) {
    for (const auto& row : rows) valid->push_back(!row[from].missing);
    value.valid = std::move(valid);
  }
  return value;
}

}  // namespace

std::vector<Value> probe_rows(const Model& model, const ProbeOptions& options) {
  Tracer tracer(model);
  std::vector<std::vector<Cell>> choices, usual;
  std::vector<Cell> base;
  for (const ColumnValues& c : tracer.columns) {
    choices.push_back(candidates(c));
    usual.push_back(usual_cells(c, choices.back()));
    base.push_back(typical(c));
  }
  std::mt19937_64 rng(options.seed);
  auto below = [&](size_t n) { return static_cast<size_t>(rng() % n); };
  // One cell at a time from the usual row, then rows of random interesting cells.
  std::vector<std::vector<Cell>> rows{base};
  std::vector<std::pair<size_t, size_t>> singles;
  for (size_t k = 0; k < choices.size(); ++k) {
    for (size_t i = 0; i < choices[k].size(); ++i) singles.emplace_back(k, i);
  }
  std::shuffle(singles.begin(), singles.end(), rng);
  for (auto [k, i] : singles) {
    if (rows.size() >= options.rows / 2 + 1) break;
    rows.push_back(base);
    rows.back()[k] = choices[k][i];
  }
  while (rows.size() < options.rows && !choices.empty()) {
    // Missing cells and unknown categories stay rare enough to leave rows that are not refused.
    bool plain = below(2) == 0;
    std::vector<Cell> row;
    for (size_t k = 0; k < choices.size(); ++k) {
      const std::vector<Cell>& from = plain || below(8) != 0 ? usual[k] : choices[k];
      row.push_back(from[below(from.size())]);
    }
    rows.push_back(std::move(row));
  }
  std::vector<Value> values;
  size_t from = 0;
  for (size_t i = 0; i < model.inputs.size(); ++i) {
    const Type& type = model.graph.type(model.inputs[i].value);
    values.push_back(to_value(type, from, tracer.widths[i], rows));
    from += tracer.widths[i];
  }
  return values;
}

}  // namespace panmodel::runtime
