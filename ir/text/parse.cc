#include "ir/text/parse.h"

#include <unordered_map>

#include "base/text.h"
#include "ir/builder.h"
#include "ir/expr/expr.h"
#include "ir/text/fields.h"
#include "ir/verify.h"

namespace panmodel {
namespace {

using text::Lexer;

constexpr int kMaxLocationDepth = 32;

// "%7" in the text; names are kept as they stand there.
struct Result {
  size_t offset;
  std::string_view id;
  std::string name;
  bool named = false;
  std::optional<Type> type;
};

class Parser {
 public:
  Parser(std::string_view text, const ParseOptions& options, Diagnostics& out)
      : lexer_(text), budget_(options.memory_limit), builder_(model_), out_(out) {}

  Model run() {
    if (!lexer_.eat_word("panir")) lexer_.expected("'panir', the first word of a .panir text");
    size_t start = lexer_.offset();
    if (lexer_.integer<uint32_t>("the version of the text form") != 1) {
      lexer_.fail_at(start, "unknown version of the text form, expected 1");
    }
    size_t errors = out_.count(Severity::error);
    while (!lexer_.at_end()) statement();
    if (out_.count(Severity::error) == errors) verify(model_, {}, out_);
    return std::move(model_);
  }

 private:
  void statement() {
    char c = lexer_.peek();
    if (c == '%' || c == '(') return node();
    size_t start = lexer_.offset();
    std::string_view word = lexer_.word();
    Metadata& m = model_.metadata;
    auto text = [&] { return lexer_.quoted("a quoted text"); };
    if (word == "source") {
      m.format = text();
      m.format_version = text();
    } else if (word == "producer") {
      m.producer = text();
      m.producer_version = text();
    } else if (word == "name") {
      m.name = text();
    } else if (word == "doc") {
      m.doc = text();
    } else if (word == "property") {
      std::string key = text();
      m.properties[std::move(key)] = text();
    } else if (word == "step") {
      Step step{text(), text(), text()};
      model_.steps.push_back(std::move(step));
    } else if (word == "input") {
      input();
    } else if (word == "output") {
      output();
    } else {
      lexer_.expected_at(start, "a statement: source, producer, name, doc, property, step, input, "
                                "%value = operator(...), output");
    }
  }

  std::string_view id() {
    lexer_.expect("%");
    return lexer_.token("the number of a value");
  }

  std::optional<Type> type() {
    size_t start = lexer_.offset();
    std::string_view left = lexer_.rest();
    std::optional<Type> type = take_type(left);
    if (!type) lexer_.expected_at(start, "a type such as f64[N,4]");
    lexer_.resume(left);
    return type;
  }

  // "%7 "name": f64[N,1]"
  Result result() {
    Result r{lexer_.offset(), id(), {}, false, std::nullopt};
    if (lexer_.peek() == '"') {
      r.name = lexer_.quoted("a name");
      r.named = true;
    }
    if (lexer_.eat(":")) r.type = type();
    return r;
  }

  void define(const Result& r, ValueId v) {
    if (!values_.emplace(r.id, v).second) {
      lexer_.fail_at(r.offset, "value %{} is made twice", printable(r.id));
    }
  }

  ValueId use() {
    size_t start = lexer_.offset();
    std::string_view name = id();
    auto found = values_.find(name);
    if (found == values_.end()) {
      lexer_.fail_at(start, "value %{} is not made above", printable(name));
    }
    return found->second;
  }

  void input() {
    std::string name = lexer_.quoted("the name of the input");
    Result r = result();
    if (!r.type) lexer_.expected("':' and the type of the input");
    std::vector<std::string> features;
    if (lexer_.eat_word("features")) {
      lexer_.expect("=");
      features = text::read_texts(lexer_, budget_);
    }
    ValueId v = builder_.input(std::move(name), *r.type, std::move(features));
    if (r.named) builder_.name_value(v, std::move(r.name));
    define(r, v);
  }

  void output() {
    std::string name = lexer_.quoted("the name of the output");
    ValueId v = use();
    size_t start = lexer_.offset();
    Role role = Role::none;
    if (!parse_role(lexer_.word(), &role)) {
      lexer_.expected_at(start, "a role: none, label, probability, decision, value, cluster, "
                                "anomaly_score, transformed");
    }
    Tensor keys;
    if (lexer_.eat_word("keys")) {
      lexer_.expect("=");
      keys = text::read_tensor(lexer_, budget_);
    }
    builder_.output(std::move(name), v, role, std::move(keys));
  }

  const OpInfo& op() {
    size_t start = lexer_.offset();
    std::string_view name = lexer_.word();
    if (name.empty()) lexer_.expected("the name of an operator");
    if (const OpInfo* info = find_op(name)) return *info;
    std::vector<std::string_view> names;
    for (const OpInfo& info : op_table()) names.push_back(info.meta.name);
    std::string_view near = nearest(name, names);
    fail_help(Location(lexer_.place(start)), "ir-parse",
              fmt::format("unknown operator '{}'", printable(name)),
              near.empty() ? "see 'panmodel ops'" : fmt::format("did you mean '{}'?", near));
  }

  void node() {
    Location place(lexer_.place());
    std::vector<Result> results;
    if (lexer_.eat("(")) {
      lexer_.expect(")");
    } else {
      do {
        results.push_back(result());
      } while (lexer_.eat(","));
    }
    lexer_.expect("=");
    const OpInfo& info = op();
    std::vector<ValueId> inputs;
    lexer_.expect("(");
    if (!lexer_.eat(")")) {
      do {
        inputs.push_back(lexer_.peek() == '%' ? use() : absent());
      } while (lexer_.eat(","));
      lexer_.expect(")");
    }
    std::shared_ptr<const void> payload = text::TextFields(lexer_, budget_)(info);
    std::string name = lexer_.peek() == '"' ? lexer_.quoted("the name of the node") : std::string();
    builder_.at(lexer_.eat("@") ? location(0) : place);
    std::vector<ValueId> made = add(info, std::move(payload), inputs, std::move(name), place, results);
    for (size_t i = 0; i < results.size(); ++i) {
      if (results[i].named) builder_.name_value(made[i], std::move(results[i].name));
      define(results[i], made[i]);
    }
  }

  ValueId absent() {
    if (!lexer_.eat_word("_")) lexer_.expected("a value such as %0, or _ for an absent input");
    return {};
  }

  // Appends the node. A wrong one is reported; its values then have the types that the text gives.
  std::vector<ValueId> add(const OpInfo& info, std::shared_ptr<const void> payload,
                           const std::vector<ValueId>& inputs, std::string name,
                           const Location& place, const std::vector<Result>& results) {
    std::vector<ValueId> made;
    try {
      made = builder_.add_erased(info.id, std::move(payload), inputs, std::move(name));
    } catch (Failure& f) {
      f.diagnostic.location = place;
      out_.add(std::move(f.diagnostic));
    }
    if (!made.empty() && made.size() != results.size()) {
      out_.report(Severity::error, place, "ir-type", "{} has {} results, the text names {}",
                  info.meta.name, made.size(), results.size());
    }
    for (size_t i = 0; i < results.size(); ++i) {
      const std::optional<Type>& said = results[i].type;
      if (i >= made.size()) {
        made.push_back({static_cast<uint32_t>(model_.graph.values.size())});
        model_.graph.values.push_back({said.value_or(Type()), {}, {}, 0});
        if (!said) lexer_.fail_at(results[i].offset, "the type of this value cannot be told");
      } else if (said && *said != builder_.type(made[i])) {
        out_.report(Severity::error, Location(lexer_.place(results[i].offset)), "ir-type",
                    "value %{} has type {}, {} gives {}", results[i].id, to_string(*said),
                    info.meta.name, to_string(builder_.type(made[i])));
      }
    }
    return made;
  }

  Location location(int depth) {
    size_t start = lexer_.offset();
    if (depth > kMaxLocationDepth) lexer_.fail_at(start, "a place is nested too deeply");
    std::string_view kind = lexer_.word();
    auto comma = [&] { lexer_.expect(","); };
    auto inner = [&]() -> std::shared_ptr<const Location> {
      if (lexer_.eat_word("none")) return nullptr;
      return std::make_shared<const Location>(location(depth + 1));
    };
    auto close = [&](Location loc) {
      lexer_.expect(")");
      return loc;
    };
    lexer_.expect("(");
    if (kind == "byte") return close(BytesLoc{lexer_.integer<uint64_t>("an offset")});
    if (kind == "text") {
      TextLoc loc;
      loc.line = lexer_.integer<uint32_t>("a line");
      comma();
      loc.column = lexer_.integer<uint32_t>("a column");
      return close(loc);
    }
    if (kind == "pickle") {
      PickleLoc loc;
      loc.path = lexer_.quoted("an object path");
      comma();
      loc.offset = lexer_.integer<uint64_t>("an offset");
      comma();
      loc.opcode = lexer_.quoted("an opcode");
      return close(std::move(loc));
    }
    if (kind == "proto") {
      ProtoLoc loc;
      loc.path = lexer_.quoted("a field path");
      comma();
      loc.offset = lexer_.integer<int64_t>("an offset");
      return close(std::move(loc));
    }
    if (kind == "xml") {
      XmlLoc loc;
      loc.path = lexer_.quoted("an element path");
      line_and_column(loc);
      return close(std::move(loc));
    }
    if (kind == "json") {
      JsonLoc loc;
      loc.pointer = lexer_.quoted("a JSON pointer");
      line_and_column(loc);
      return close(std::move(loc));
    }
    if (kind == "member") {
      MemberLoc loc;
      loc.member = lexer_.quoted("a member");
      comma();
      loc.inner = inner();
      return close(std::move(loc));
    }
    if (kind == "fused") {
      FusedLoc loc;
      loc.a = inner();
      comma();
      loc.b = inner();
      return close(std::move(loc));
    }
    lexer_.expected_at(start, "a place: byte, text, pickle, proto, xml, json, member, fused");
  }
  template <class Loc>
  void line_and_column(Loc& loc) {
    lexer_.expect(",");
    loc.line = lexer_.integer<uint32_t>("a line");
    lexer_.expect(",");
    loc.column = lexer_.integer<uint32_t>("a column");
  }

  Lexer lexer_;
  text::Budget budget_;
  Model model_;
  Builder builder_;
  Diagnostics& out_;
  std::unordered_map<std::string_view, ValueId> values_;
};

}  // namespace

Model parse_model(std::string_view text, const ParseOptions& options, Diagnostics& out) {
  return Parser(text, options, out).run();
}

expr::Expr parse_expression(std::string_view text) {
  Lexer lexer(text);
  text::Budget budget(ParseOptions().memory_limit);
  expr::Expr e = text::read_expression(lexer, budget);
  if (!lexer.at_end()) lexer.expected("the end of the expression");
  return e;
}

}  // namespace panmodel
