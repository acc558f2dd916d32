#include "api/inspect_nodes.h"

#include <algorithm>
#include <cmath>

#include "base/number.h"
#include "base/text.h"
#include "ir/expr/expr.h"
#include "ir/op.h"
#include "ir/text/literal.h"
#include "ir/text/print.h"

namespace panmodel {
namespace {

using JsonWriter = json::Writer;

constexpr size_t kShown = 16;

void json_text(JsonWriter& w, std::string_view s) {
  // Bytes that are not UTF-8 would be no JSON.
  std::string safe = is_utf8(s) ? std::string(s) : printable(s, s.size());
  w.String(safe.data(), static_cast<rapidjson::SizeType>(safe.size()));
}

void raw(JsonWriter& w, const std::string& number) {
  w.RawValue(number.data(), number.size(), rapidjson::kNumberType);
}

// JSON has no NaN and no infinity: these are texts.
void real(JsonWriter& w, double v) {
  std::string s;
  text::append_real(s, v);
  if (std::isfinite(v)) {
    raw(w, s);
  } else {
    json_text(w, s);
  }
}

class FieldsToJson final : public FieldVisitor {
 public:
  explicit FieldsToJson(JsonWriter& w) : w_(w) {}

  void visit(std::string_view n, const bool& v, bool) override { key(n), w_.Bool(v); }
  void visit(std::string_view n, const int64_t& v, bool) override { key(n), w_.Int64(v); }
  void visit(std::string_view n, const double& v, bool) override { key(n), real(w_, v); }
  void visit(std::string_view n, const std::string& v, bool) override { key(n), json_text(w_, v); }
  void visit(std::string_view n, const DType& v, bool) override { key(n), json_text(w_, to_string(v)); }
  void visit(std::string_view n, const EnumValue& v, bool) override {
    key(n), json_text(w_, v.names[v.index]);
  }
  void visit(std::string_view n, const Tensor& v, bool) override { key(n), tensor(v); }
  void visit(std::string_view n, const std::optional<Tensor>& v, bool) override {
    key(n);
    if (v) return tensor(*v);
    w_.Null();
  }
  void visit(std::string_view n, const Forest& v, bool) override {
    key(n);
    ForestStats s = stats(v);
    w_.StartObject();
    for (auto [name, count] : {std::pair{"trees", s.trees}, {"nodes", s.nodes},
                               {"leaves", s.leaves}, {"depth", s.depth}}) {
      w_.Key(name);
      w_.Uint64(count);
    }
    w_.EndObject();
  }
  void visit(std::string_view n, const std::vector<int64_t>& v, bool) override {
    key(n);
    list(v.size(), [&](size_t i) { w_.Int64(v[i]); });
  }
  void visit(std::string_view n, const std::vector<double>& v, bool) override {
    key(n);
    list(v.size(), [&](size_t i) { real(w_, v[i]); });
  }
  void visit(std::string_view n, const std::vector<std::string>& v, bool) override {
    key(n);
    list(v.size(), [&](size_t i) { json_text(w_, v[i]); });
  }
  void visit(std::string_view n, const std::vector<std::vector<int64_t>>& v, bool) override {
    key(n);
    list(v.size(), [&](size_t i) {
      w_.StartArray();
      for (int64_t x : v[i]) w_.Int64(x);
      w_.EndArray();
    });
  }
  void visit(std::string_view n, const expr::Expr& v, bool) override {
    key(n), json_text(w_, print_expression(v, {.full = false}));
  }
  void visit(std::string_view n, const std::vector<expr::Expr>& v, bool) override {
    key(n);
    list(v.size(), [&](size_t i) { json_text(w_, print_expression(v[i], {.full = false})); });
  }

 private:
  void key(std::string_view name) {
    w_.Key(name.data(), static_cast<rapidjson::SizeType>(name.size()));
  }
  template <class Element>
  void values(size_t count, Element&& element) {
    w_.StartArray();
    for (size_t i = 0; i < std::min(count, kShown); ++i) element(i);
    w_.EndArray();
  }
  // A short list as an array, a long one with its length.
  template <class Element>
  void list(size_t count, Element&& element) {
    if (count <= kShown) return values(count, element);
    w_.StartObject();
    w_.Key("elements");
    w_.Uint64(count);
    w_.Key("first");
    values(count, element);
    w_.EndObject();
  }
  void tensor(const Tensor& t) {
    w_.StartObject();
    w_.Key("type");
    json_text(w_, to_string(t.dtype()));
    w_.Key("shape");
    w_.StartArray();
    for (int64_t d : t.shape()) w_.Int64(d);
    w_.EndArray();
    w_.Key("elements");
    w_.Uint64(t.size());
    w_.Key("first");
    values(t.size(), [&](size_t i) { element(t, i); });
    w_.EndObject();
  }
  void element(const Tensor& t, size_t i) {
    if (t.dtype() == DType::string) return json_text(w_, t.text(i));
    std::string s;
    text::append_element(s, t, i);
    bool number = s.find_first_not_of("0123456789+-.e") == std::string::npos;
    if (number || s == "true" || s == "false") {
      raw(w_, s);
    } else {
      json_text(w_, s);
    }
  }

  JsonWriter& w_;
};

}  // namespace

void write_nodes(JsonWriter& w, const Model& model) {
  w.StartArray();
  for (const Node& node : model.graph.nodes) {
    const OpInfo& info = op_info(node.op);
    w.StartObject();
    w.Key("operator");
    json_text(w, info.meta.name);
    if (!node.name.empty()) {
      w.Key("name");
      json_text(w, node.name);
    }
    w.Key("inputs");
    w.StartArray();
    for (ValueId v : node.inputs) {
      if (v.valid()) {
        w.Uint(v.v);
      } else {
        w.Null();
      }
    }
    w.EndArray();
    w.Key("results");
    w.StartArray();
    for (ValueId v : node.outputs) {
      w.StartObject();
      w.Key("value");
      w.Uint(v.v);
      w.Key("type");
      json_text(w, to_string(model.graph.type(v)));
      w.EndObject();
    }
    w.EndArray();
    w.Key("attributes");
    w.StartObject();
    FieldsToJson fields(w);
    info.visit(node.payload.get(), fields);
    w.EndObject();
    w.EndObject();
  }
  w.EndArray();
}

}  // namespace panmodel
