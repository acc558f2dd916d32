// Scalers, norms, thresholds, bins and curves.
#include <algorithm>

#include "formats/pfa/write_values.h"
#include "ir/ops/scale.h"

namespace panmodel::pfa::writing {
namespace {

constexpr size_t kFew = 3;

class Scales {
 public:
  Scales(const Node& node, Values& values) : node_(node), values_(values), program_(values.program()) {}

  bool write() {
    if (const auto* op = node_.as<ml::Scaler>()) return scaler(*op);
    if (const auto* op = node_.as<ml::Normalize>()) return normalize(*op);
    if (const auto* op = node_.as<ml::Binarize>()) return binarize(*op);
    if (const auto* op = node_.as<ml::Discretize>()) return discretize(*op);
    if (const auto* op = node_.as<ml::Interpolate>()) return interpolate(*op);
    return false;
  }

 private:
  bool set(Form f, bool may_miss) {
    f.may_miss = may_miss;
    values_.set(node_.outputs[0], std::move(f));
    return true;
  }
  Ast rounded(Ast e) const {
    const auto* type = values_.graph().type(node_.outputs[0]).tensor();
    return type->dtype == DType::f32 ? program_.user_call("single", {std::move(e)}) : e;
  }
  // In the type of X the constants are rounded too.
  std::vector<double> constants(std::vector<double> all) const {
    if (values_.graph().type(node_.outputs[0]).tensor()->dtype == DType::f32) {
      for (double& c : all) c = static_cast<double>(static_cast<float>(c));
    }
    return all;
  }

  bool scaler(const ml::Scaler& op) {
    const Form& from = values_.of(node_.inputs[0]);
    const size_t width = from.width;
    const bool may_miss = from.may_miss;
    const std::vector<double> offset = constants(op.offset), scale = constants(op.scale);
    const bool first_offset = op.form != ml::ScaleForm::multiply_add;
    const auto formula = [&](Ast x, const std::optional<Ast>& o, const std::optional<Ast>& s) {
      if (first_offset) {
        if (o) x = rounded(call("-", {std::move(x), *o}));
        if (s) x = rounded(call(op.form == ml::ScaleForm::subtract_divide ? "/" : "*", {std::move(x), *s}));
      } else {
        if (s) x = rounded(call("*", {std::move(x), *s}));
        if (o) x = rounded(call("+", {std::move(x), *o}));
      }
      return x;
    };
    const auto at = [](const std::vector<double>& all, size_t i) {
      return all.empty() ? std::nullopt : std::optional<Ast>(real(all.size() == 1 ? all[0] : all.at(i)));
    };
    if (width <= kFew) {
      std::vector<Ast> items = values_.items(node_.inputs[0]);
      for (size_t i = 0; i < width; ++i) items[i] = formula(std::move(items[i]), at(offset, i), at(scale, i));
      return set(items_form("double", std::move(items), "scaled"), may_miss);
    }
    const std::string x = program_.symbol("x");
    Asts arrays{values_.array(node_.inputs[0])};
    std::vector<Parameter> parameters{{x, "double"}};
    std::optional<Ast> o = at(offset, 0), s = at(scale, 0);
    const auto per_feature = [&](const std::vector<double>& all, const char* name, std::optional<Ast>& symbol) {
      if (all.size() <= 1) return;
      parameters.push_back({program_.symbol(name), "double"});
      symbol = parameters.back().name;
      arrays.push_back(program_.numbers(name, all));
    };
    per_feature(offset, "offset", o);
    per_feature(scale, "scale", s);
    const char* library = arrays.size() == 1 ? "a.map" : "a.zipmap";
    arrays.push_back(function(std::move(parameters), "double", {formula(x, o, s)}));
    return set(vector_form("double", width, call(library, std::move(arrays)), "scaled"), may_miss);
  }

  bool normalize(const ml::Normalize& op) {
    const size_t width = values_.of(node_.inputs[0]).width;
    const bool may_miss = values_.of(node_.inputs[0]).may_miss;
    if (values_.graph().type(node_.outputs[0]).tensor()->dtype == DType::f32) values_.refuse(node_, "in single precision");
    const Ast x = values_.array_symbol(node_.inputs[0]);
    const std::string item = program_.symbol("item"), part = program_.symbol("x");
    const auto each = [&](Ast body) { return call("a.map", {x, function({{item, "double"}}, "double", {std::move(body)})}); };
    Ast norm;
    switch (op.norm) {
      case ml::Norm::l1: norm = call("a.sum", {each(call("m.abs", {item}))}); break;
      case ml::Norm::l2: norm = call("m.sqrt", {call("a.sum", {each(call("*", {item, item}))})}); break;
      case ml::Norm::max: norm = call("a.max", {each(call("m.abs", {item}))}); break;
    }
    const Ast length = values_.symbol(std::move(norm), "norm");
    Ast small = call("==", {length, 0.0});
    if (op.smallest > 0) small = call("<", {length, op.smallest});
    const Ast divisor = values_.symbol(if_else(std::move(small), 1.0, length), "divisor");
    return set(vector_form("double", width, call("a.map", {x, function({{part, "double"}}, "double", {call("/", {part, divisor})})})), may_miss);
  }

  bool binarize(const ml::Binarize& op) {
    const Form& from = values_.of(node_.inputs[0]);
    const size_t width = from.width;
    const auto test = [&](const Ast& x) {
      Ast above = call(">", {x, real(op.threshold)});
      if (from.may_miss) above = call("&&", {call("!", {call("impute.isnan", {x})}), std::move(above)});
      return if_else(std::move(above), 1.0, 0.0);
    };
    if (width <= kFew) {
      std::vector<Ast> items = values_.items(node_.inputs[0]);
      for (Ast& item : items) item = test(from.may_miss ? values_.symbol(std::move(item), "value") : std::move(item));
      return set(items_form("double", std::move(items)), false);
    }
    const std::string x = program_.symbol("x");
    return set(vector_form("double", width, call("a.map", {values_.array(node_.inputs[0]), function({{x, "double"}}, "double", {test(x)})})), false);
  }

  // NaN is above all edges in PFA's order too.
  bool discretize(const ml::Discretize& op) {
    const size_t width = op.counts.size();
    Asts all;
    size_t at = 0;
    for (int64_t count : op.counts) {
      Asts edges;
      for (int64_t i = 0; i < count; ++i) edges.push_back(op.edges.at(at++));
      all.push_back(std::move(edges));
    }
    const std::string edge = program_.symbol("edge"), x = program_.symbol("x"), edges = program_.symbol("edges");
    const auto bin = [&](Ast list, const Ast& item) {
      return call("a.count", {std::move(list), function({{edge, "double"}}, "boolean", {call("<=", {edge, item})})});
    };
    if (width == 1) {
      Ast cell = program_.cell("edges", array_of("double"), std::move(all[0]));
      return set(scalar_form("double", call("cast.double", {bin(std::move(cell), values_.item_symbol(node_.inputs[0]))})), false);
    }
    Ast cell = program_.cell("edges", array_of(array_of("double")), std::move(all));
    return set(vector_form("double", width,
                           call("a.zipmap", {values_.array(node_.inputs[0]), std::move(cell),
                                             function({{x, "double"}, {edges, array_of("double")}}, "double", {bin(edges, x)})})),
               false);
  }

  bool interpolate(const ml::Interpolate& op) {
    if (values_.graph().type(node_.outputs[0]).tensor()->dtype == DType::f32) values_.refuse(node_, "in single precision");
    if (op.outside != ml::Outside::clamp || op.upper_closed) values_.refuse(node_, "that does not clamp");
    const bool may_miss = values_.of(node_.inputs[0]).may_miss;
    const size_t last = op.x.size() - 1;
    if (last == 0) values_.refuse(node_, "with one knot");
    // The knot at or before x, and the slope from it to the next.
    std::vector<double> slope;
    for (size_t i = 0; i < last; ++i) slope.push_back((op.y[i + 1] - op.y[i]) / (op.x[i + 1] - op.x[i]));
    const Ast value = values_.item_symbol(node_.inputs[0]);
    const std::string knot = program_.symbol("knot");
    const Ast knots = program_.numbers("knots", op.x), levels = program_.numbers("levels", op.y);
    const Ast count = values_.symbol(call("a.count", {knots, function({{knot, "double"}}, "boolean", {call("<=", {knot, value})})}), "below");
    const Ast place = values_.symbol(call("-", {count, 1}), "segment");
    const auto at = [&](const Ast& cell) {
      Members read = std::get<Members>(cell.v);
      read.emplace_back("path", Asts{place});
      return Ast(std::move(read));
    };
    Ast line = call("+", {call("*", {at(program_.numbers("slopes", slope)), call("-", {value, at(knots)})}), at(levels)});
    Ast e = if_else(call("==", {count, 0}), op.y[0], if_else(call("==", {count, op.x.size()}), op.y[last], std::move(line)));
    if (may_miss) e = if_else(call("impute.isnan", {value}), value, std::move(e));
    return set(scalar_form("double", std::move(e)), may_miss);
  }

  const Node& node_;
  Values& values_;
  Program& program_;
};

}  // namespace

bool write_scale(const Node& node, Values& values) { return Scales(node, values).write(); }

}  // namespace panmodel::pfa::writing
