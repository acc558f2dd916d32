#include "ir/text/print.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstring>
#include <iterator>

#include "base/number.h"
#include "base/text.h"
#include "ir/expr/expr.h"
#include "ir/op.h"
#include "ir/text/literal.h"

namespace panmodel {
namespace {

constexpr size_t kShown = 8;         // elements of a shortened array
constexpr size_t kLineWidth = 100;   // fields of an operator share a line up to here
constexpr size_t kTextsPerLine = 4, kNumbersPerLine = 8;

struct Items {
  size_t count;
  size_t per_line;
};

class Writer {
 public:
  Writer(std::string& out, bool full) : out_(out), full_(full) {}

  // A bracketed list; `element(i)` appends one element, `hash(h)` adds all of them.
  template <class Element, class HashAll>
  void list(std::string_view brackets, Items items, Element&& element, HashAll&& hash) {
    bool cut = !full_ && items.count > 2 * kShown;
    size_t shown = cut ? kShown : items.count;
    bool wrap = shown > items.per_line;
    out_ += brackets[0];
    for (size_t i = 0; i < shown; ++i) {
      bool fresh = wrap && i % items.per_line == 0;
      if (i > 0) out_ += fresh ? "," : ", ";
      if (fresh) out_ += "\n      ";
      element(i);
    }
    if (cut) {
      text::Hash h;
      hash(h);
      fmt::format_to(std::back_inserter(out_), ", ... {} more, hash {:016x}", items.count - shown,
                     h.value());
    }
    out_ += brackets[1];
  }
  template <class T>
  void numbers(const std::vector<T>& v) {
    list("[]", {v.size(), 2 * kNumbersPerLine},
         [&](size_t i) { fmt::format_to(std::back_inserter(out_), "{}", v[i]); },
         [&](text::Hash& h) { h.add(std::as_bytes(std::span(v))); });
  }
  void reals(const std::vector<double>& v) {
    list("[]", {v.size(), kNumbersPerLine}, [&](size_t i) { text::append_real(out_, v[i]); },
         [&](text::Hash& h) { h.add(std::as_bytes(std::span(v))); });
  }
  void texts(const std::vector<std::string>& v) {
    list("[]", {v.size(), kTextsPerLine}, [&](size_t i) { text(v[i]); },
         [&](text::Hash& h) {
           for (const std::string& s : v) h.add(s);
         });
  }
  // A long text is shortened too: it may hold a whole node of another format.
  void text(const std::string& v) {
    constexpr size_t kLongText = 64;
    if (full_ || v.size() <= kLongText) {
      out_ += quote(v);
      return;
    }
    text::Hash h;
    h.add(v);
    fmt::format_to(std::back_inserter(out_), "{} ... {} more, hash {:016x}",
                   quote(v.substr(0, kShown)), v.size() - kShown, h.value());
  }
  void tensor(const Tensor& v) {
    std::vector<Dim> dims(v.shape().begin(), v.shape().end());
    out_ += to_string(tensor_type(v.dtype(), std::move(dims)));
    size_t per_line = v.dtype() == DType::string ? kTextsPerLine
                      : is_integer(v.dtype())    ? 2 * kNumbersPerLine
                                                 : kNumbersPerLine;
    // One row of a matrix per line where it fits.
    if (v.rank() >= 2 && v.size() > 0) {
      size_t row = static_cast<size_t>(v.shape().back());
      if (row <= 2 * per_line) per_line = row;
    }
    list("()", {v.size(), per_line}, [&](size_t i) { text::append_element(out_, v, i); },
         [&](text::Hash& h) {
           if (v.dtype() != DType::string) return h.add(v.bytes());
           for (const std::string& s : v.as<std::string>()) h.add(s);
         });
  }
  void forest(const Forest& f) {
    out_ += "{";
    auto part = [&](std::string_view name) {
      if (out_.back() != '{') out_ += ',';
      fmt::format_to(std::back_inserter(out_), "\n      {}=", name);
    };
    part("roots");
    numbers(f.roots);
    part("nodes");
    nodes(f);
    if (!f.leaf_begin.empty()) part("leaf_begin"), numbers(f.leaf_begin);
    if (!f.leaf_target.empty()) part("leaf_target"), numbers(f.leaf_target);
    if (!f.leaf_weight.empty()) part("leaf_weight"), reals(f.leaf_weight);
    if (!f.set_begin.empty()) part("set_begin"), numbers(f.set_begin);
    if (!f.set_value.empty()) part("set_value"), reals(f.set_value);
    out_ += "}";
  }
  void constant(const expr::Constant& c) {
    using expr::Scalar;
    if (c.is_missing()) {
      fmt::format_to(std::back_inserter(out_), "missing({})", to_string(c.type));
      return;
    }
    bool typed = c.type == Scalar::f32 || (expr::dtype_of(c.type) == DType::i64 && c.type != Scalar::i64);
    if (typed) fmt::format_to(std::back_inserter(out_), "{}(", to_string(c.type));
    if (const double* v = std::get_if<double>(&c.value)) {
      if (c.type == Scalar::f32 && *v == *v) {
        out_ += print_real(static_cast<float>(*v));
      } else {
        text::append_real(out_, *v);
      }
    }
    if (const int64_t* v = std::get_if<int64_t>(&c.value)) out_ += std::to_string(*v);
    if (const bool* v = std::get_if<bool>(&c.value)) out_ += *v ? "true" : "false";
    if (const std::string* v = std::get_if<std::string>(&c.value)) text(*v);
    if (typed) out_ += ')';
  }
  void expression(const expr::Expr& e) {
    using expr::Expr;
    if (e.kind == Expr::Kind::constant) return constant(e.constant);
    if (e.kind == Expr::Kind::input) {
      fmt::format_to(std::back_inserter(out_), "x{}", e.input);
    } else {
      call(e);
    }
    std::string_view separator = "[";
    auto option = [&](std::string_view name, const expr::Constant* value) {
      out_ += separator;
      out_ += name;
      if (value) constant(*value);
      separator = ", ";
    };
    if (e.map_missing_to) option("missing=", &*e.map_missing_to);
    if (e.default_value) option("default=", &*e.default_value);
    if (e.invalid != expr::InvalidTreatment::refuse) {
      option("invalid=", nullptr);
      out_ += enum_names(e.invalid)[static_cast<size_t>(e.invalid)];
    }
    if (e.unknown) option("unknown", nullptr);
    if (separator != "[") out_ += ']';
  }
  void location(const Location& loc) {
    struct Print {
      Writer& w;
      std::string& out;
      void inner(const std::shared_ptr<const Location>& l) const {
        if (l) return w.location(*l);
        out += "none";
      }
      void operator()(const NoLoc&) const { out += "none"; }
      void operator()(const BytesLoc& l) const { out += fmt::format("byte({})", l.offset); }
      void operator()(const TextLoc& l) const { out += fmt::format("text({}, {})", l.line, l.column); }
      void operator()(const PickleLoc& l) const {
        out += fmt::format("pickle({}, {}, {})", quote(l.path), l.offset, quote(l.opcode));
      }
      void operator()(const ProtoLoc& l) const { out += fmt::format("proto({}, {})", quote(l.path), l.offset); }
      void operator()(const XmlLoc& l) const {
        out += fmt::format("xml({}, {}, {})", quote(l.path), l.line, l.column);
      }
      void operator()(const JsonLoc& l) const {
        out += fmt::format("json({}, {}, {})", quote(l.pointer), l.line, l.column);
      }
      void operator()(const MemberLoc& l) const {
        out += fmt::format("member({}, ", quote(l.member));
        inner(l.inner);
        out += ')';
      }
      void operator()(const FusedLoc& l) const {
        out += "fused(";
        inner(l.a);
        out += ", ";
        inner(l.b);
        out += ')';
      }
    };
    std::visit(Print{*this, out_}, loc.at);
  }

 private:
  // One line per node: "0: x2 <= 0.8 or missing ? 1 : 2", "1: leaf 0".
  void nodes(const Forest& f) {
    constexpr std::string_view kTests[] = {"leaf", "<=", "<", ">=", ">", "==", "!=", "in"};
    auto at = std::back_inserter(out_);
    list("[]", {f.nodes(), 1},
         [&](size_t i) {
           if (f.is_leaf(i)) {
             fmt::format_to(at, "{}: leaf {}", i, f.yes[i]);
             bool plain = f.feature[i] == 0 && f.no[i] == 0;
             double zero = 0;
             if (plain && std::memcmp(&zero, &f.threshold[i], sizeof zero) == 0) return;
             fmt::format_to(at, " x{} ", f.feature[i]);
             text::append_real(out_, f.threshold[i]);
             fmt::format_to(at, " {}", f.no[i]);
             return;
           }
           fmt::format_to(at, "{}: x{} {} ", i, f.feature[i],
                          kTests[std::min(static_cast<size_t>(f.node_mode(i)), std::size(kTests) - 1)]);
           text::append_real(out_, f.threshold[i]);
           fmt::format_to(at, "{} ? {} : {}", f.missing_yes(i) ? " or missing" : "", f.yes[i], f.no[i]);
         },
         [&](text::Hash& h) {
           h.add(std::as_bytes(std::span(f.mode)));
           h.add(std::as_bytes(std::span(f.feature)));
           h.add(std::as_bytes(std::span(f.threshold)));
           h.add(std::as_bytes(std::span(f.yes)));
           h.add(std::as_bytes(std::span(f.no)));
         });
  }

  void call(const expr::Expr& e) {
    out_ += expr::info(e.function).name;
    out_ += '(';
    for (size_t i = 0; i < e.arguments.size(); ++i) {
      if (i > 0) out_ += ", ";
      expression(e.arguments[i]);
    }
    for (size_t i = 0; e.table && i < e.table->parameters.size(); ++i) {
      out_ += i > 0 ? ", " : "; ";
      out_ += e.table->parameters[i].first;
      out_ += '=';
      tensor(e.table->parameters[i].second);
    }
    out_ += ')';
  }

  std::string& out_;
  bool full_;
};

// The fields of an operator that are not at their default.
class FieldPrinter final : public FieldVisitor {
 public:
  explicit FieldPrinter(bool full) : full_(full) {}

  // "{a=1, b=2}" on one line, or one field per line; empty without fields.
  std::string text(size_t column) const {
    if (fields_.empty()) return {};
    size_t width = column;
    bool wrap = false;
    for (const std::string& f : fields_) {
      width += f.size() + 2;
      wrap = wrap || f.find('\n') != std::string::npos;
    }
    wrap = wrap || width > kLineWidth;
    std::string out = " {";
    for (size_t i = 0; i < fields_.size(); ++i) {
      if (i > 0) out += wrap ? "," : ", ";
      if (wrap) out += "\n    ";
      out += fields_[i];
    }
    return out + "}";
  }

  void visit(std::string_view n, const bool& v, bool d) override {
    add(n, d, [&](std::string& out, Writer&) { out += v ? "true" : "false"; });
  }
  void visit(std::string_view n, const int64_t& v, bool d) override {
    add(n, d, [&](std::string& out, Writer&) { out += std::to_string(v); });
  }
  void visit(std::string_view n, const double& v, bool d) override {
    add(n, d, [&](std::string& out, Writer&) { text::append_real(out, v); });
  }
  void visit(std::string_view n, const std::string& v, bool d) override {
    add(n, d, [&](std::string&, Writer& w) { w.text(v); });
  }
  void visit(std::string_view n, const DType& v, bool d) override {
    add(n, d, [&](std::string& out, Writer&) { out += to_string(v); });
  }
  void visit(std::string_view n, const EnumValue& v, bool d) override {
    add(n, d, [&](std::string& out, Writer&) { out += v.names[v.index]; });
  }
  void visit(std::string_view n, const Tensor& v, bool d) override {
    add(n, d, [&](std::string&, Writer& w) { w.tensor(v); });
  }
  void visit(std::string_view n, const std::optional<Tensor>& v, bool d) override {
    add(n, d, [&](std::string& out, Writer& w) {
      if (v) return w.tensor(*v);
      out += "none";
    });
  }
  void visit(std::string_view n, const Forest& v, bool d) override {
    add(n, d, [&](std::string&, Writer& w) { w.forest(v); });
  }
  void visit(std::string_view n, const std::vector<int64_t>& v, bool d) override {
    add(n, d, [&](std::string&, Writer& w) { w.numbers(v); });
  }
  void visit(std::string_view n, const std::vector<double>& v, bool d) override {
    add(n, d, [&](std::string&, Writer& w) { w.reals(v); });
  }
  void visit(std::string_view n, const std::vector<std::string>& v, bool d) override {
    add(n, d, [&](std::string&, Writer& w) { w.texts(v); });
  }
  void visit(std::string_view n, const std::vector<std::vector<int64_t>>& v, bool d) override {
    add(n, d, [&](std::string&, Writer& w) {
      w.list("[]", {v.size(), kNumbersPerLine}, [&](size_t i) { w.numbers(v[i]); },
             [&](text::Hash& h) {
               for (const auto& part : v) {
                 int64_t size = static_cast<int64_t>(part.size());
                 h.add(std::as_bytes(std::span(&size, 1)));
                 h.add(std::as_bytes(std::span(part)));
               }
             });
    });
  }
  void visit(std::string_view n, const expr::Expr& v, bool d) override {
    add(n, d, [&](std::string&, Writer& w) { w.expression(v); });
  }
  void visit(std::string_view n, const std::vector<expr::Expr>& v, bool d) override {
    add(n, d, [&](std::string&, Writer& w) {
      w.list("[]", {v.size(), 1}, [&](size_t i) { w.expression(v[i]); },
             [&](text::Hash& h) {
               for (const expr::Expr& e : v) h.add(print_expression(e));
             });
    });
  }

 private:
  template <class Append>
  void add(std::string_view name, bool is_default, Append&& append) {
    if (is_default) return;
    std::string field(name);
    field += '=';
    Writer writer(field, full_);
    append(field, writer);
    fields_.push_back(std::move(field));
  }

  bool full_;
  std::vector<std::string> fields_;
};

class ModelPrinter {
 public:
  ModelPrinter(const Model& model, bool full) : model_(model), full_(full), writer_(out_, full) {}

  std::string run() {
    out_ = "panir 1\n";
    metadata();
    size_t input = 0;
    for (const Node& node : model_.graph.nodes) {
      // Inputs stand where their values are numbered.
      while (input < model_.inputs.size() && !node.outputs.empty() &&
             model_.inputs[input].value < node.outputs[0]) {
        print_input(model_.inputs[input++]);
      }
      print_node(node);
    }
    while (input < model_.inputs.size()) print_input(model_.inputs[input++]);
    for (const Output& o : model_.outputs) {
      append("output {} %{} {}", quote(o.name), o.value.v, to_string(o.role));
      if (!o.keys.same_bits(Tensor())) {
        out_ += " keys=";
        writer_.tensor(o.keys);
      }
      out_ += '\n';
    }
    return std::move(out_);
  }

 private:
  template <class... A>
  void append(fmt::format_string<A...> f, A&&... args) {
    fmt::format_to(std::back_inserter(out_), f, std::forward<A>(args)...);
  }

  void metadata() {
    const Metadata& m = model_.metadata;
    auto line = [&](std::string_view word, std::initializer_list<std::string_view> texts) {
      bool empty = true;
      for (std::string_view t : texts) empty = empty && t.empty();
      if (empty) return;
      out_ += word;
      for (std::string_view t : texts) out_ += ' ' + quote(t);
      out_ += '\n';
    };
    line("source", {m.format, m.format_version});
    line("producer", {m.producer, m.producer_version});
    line("name", {m.name});
    line("doc", {m.doc});
    for (const auto& [key, value] : m.properties) append("property {} {}\n", quote(key), quote(value));
    for (const Step& s : model_.steps) {
      append("step {} {} {}\n", quote(s.path), quote(s.kind), quote(s.summary));
    }
  }

  void print_input(const Input& input) {
    const Value& value = model_.graph.value(input.value);
    append("input {} %{}", quote(input.name), input.value.v);
    if (value.name != input.name) append(" {}", quote(value.name));
    append(": {}", to_string(value.type));
    if (!input.features.empty()) {
      out_ += " features=";
      writer_.texts(input.features);
    }
    out_ += '\n';
  }

  void print_node(const Node& node) {
    size_t start = out_.size();
    if (node.outputs.empty()) out_ += "()";
    for (size_t i = 0; i < node.outputs.size(); ++i) {
      const Value& value = model_.graph.value(node.outputs[i]);
      append("{}%{}", i ? ", " : "", node.outputs[i].v);
      if (!value.name.empty()) append(" {}", quote(value.name));
      append(": {}", to_string(value.type));
    }
    const OpInfo& info = op_info(node.op);
    append(" = {}(", info.meta.name);
    for (size_t i = 0; i < node.inputs.size(); ++i) {
      if (i > 0) out_ += ", ";
      if (node.inputs[i].valid()) {
        append("%{}", node.inputs[i].v);
      } else {
        out_ += '_';
      }
    }
    out_ += ')';
    FieldPrinter fields(full_);
    info.visit(node.payload.get(), fields);
    out_ += fields.text(out_.size() - start);
    if (!node.name.empty()) out_ += ' ' + quote(node.name);
    if (full_) {
      const Location& loc = model_.location(node.loc);
      if (!std::holds_alternative<NoLoc>(loc.at) && !std::holds_alternative<TextLoc>(loc.at)) {
        out_ += " @";
        writer_.location(loc);
      }
    }
    out_ += '\n';
  }

  const Model& model_;
  bool full_;
  std::string out_;
  Writer writer_;
};

}  // namespace

std::string print_model(const Model& model, const PrintOptions& options) {
  return ModelPrinter(model, options.full).run();
}

std::string print_expression(const expr::Expr& e, const PrintOptions& options) {
  std::string out;
  Writer(out, options.full).expression(e);
  return out;
}

}  // namespace panmodel
