#include "ir/text/fields.h"

#include "base/text.h"
#include "ir/text/literal.h"

namespace panmodel::text {
namespace {

// Items between brackets, separated by commas.
template <class Item>
void read_list(Lexer& lexer, std::string_view open, std::string_view close, Item&& item) {
  lexer.expect(open);
  if (lexer.eat(close)) return;
  do {
    item();
  } while (lexer.eat(","));
  if (!lexer.eat(close)) lexer.expected("',' or '" + std::string(close) + "'");
}

template <class T>
std::vector<T> read_integers(Lexer& lexer, Budget& budget) {
  std::vector<T> all;
  read_list(lexer, "[", "]", [&] {
    all.push_back(lexer.integer<T>("an integer"));
    budget.take(sizeof(T));
  });
  return all;
}

double read_real(Lexer& lexer) {
  size_t start = lexer.offset();
  double value = 0;
  if (!parse_real_bits(lexer.token("a number"), &value)) lexer.expected_at(start, "a number");
  return value;
}

std::vector<double> read_reals(Lexer& lexer, Budget& budget) {
  std::vector<double> all;
  read_list(lexer, "[", "]", [&] {
    all.push_back(read_real(lexer));
    budget.take(sizeof(double));
  });
  return all;
}

uint32_t read_feature(Lexer& lexer) {
  lexer.expect("x");
  return lexer.integer<uint32_t>("the index of a feature");
}

NodeMode read_test(Lexer& lexer) {
  // Longer ones first: "<" begins "<=".
  constexpr std::pair<std::string_view, NodeMode> kTests[] = {
      {"<=", NodeMode::leq}, {">=", NodeMode::geq}, {"==", NodeMode::eq}, {"!=", NodeMode::neq},
      {"<", NodeMode::lt},   {">", NodeMode::gt},   {"in", NodeMode::member}};
  for (auto [text, mode] : kTests) {
    if (lexer.eat(text)) return mode;
  }
  lexer.expected("one of <= < >= > == != in");
}

void read_node(Lexer& lexer, Forest& f) {
  size_t start = lexer.offset();
  if (lexer.integer<uint32_t>("the number of a node") != f.nodes()) {
    lexer.fail_at(start, "expected node {}: nodes are numbered from 0 in order", f.nodes());
  }
  lexer.expect(":");
  if (lexer.eat_word("leaf")) {
    uint32_t leaf = lexer.integer<uint32_t>("the index of a leaf");
    uint32_t feature = 0, no = 0;
    double threshold = 0;
    if (lexer.peek() == 'x') {
      feature = read_feature(lexer);
      threshold = read_real(lexer);
      no = lexer.integer<uint32_t>("an index");
    }
    f.add_node(NodeMode::leaf, feature, threshold, leaf, no, false);
    return;
  }
  uint32_t feature = read_feature(lexer);
  NodeMode mode = read_test(lexer);
  double threshold = read_real(lexer);
  bool missing = lexer.eat_word("or");
  if (missing && !lexer.eat_word("missing")) lexer.expected("'missing'");
  lexer.expect("?");
  uint32_t yes = lexer.integer<uint32_t>("the index of a node");
  lexer.expect(":");
  uint32_t no = lexer.integer<uint32_t>("the index of a node");
  f.add_node(mode, feature, threshold, yes, no, missing);
}

Forest read_forest(Lexer& lexer, Budget& budget) {
  Forest f;
  bool first = true;
  auto part = [&](std::string_view name, auto&& read) {
    size_t start = lexer.offset();
    if ((!first && !lexer.eat(",")) || !lexer.eat_word(name)) return lexer.rewind(start);
    lexer.expect("=");
    read();
    first = false;
  };
  lexer.expect("{");
  part("roots", [&] { f.roots = read_integers<uint32_t>(lexer, budget); });
  part("nodes", [&] {
    read_list(lexer, "[", "]", [&] {
      read_node(lexer, f);
      budget.take(sizeof(double) + 3 * sizeof(uint32_t) + 1);
    });
  });
  part("leaf_begin", [&] { f.leaf_begin = read_integers<uint32_t>(lexer, budget); });
  part("leaf_target", [&] { f.leaf_target = read_integers<uint32_t>(lexer, budget); });
  part("leaf_weight", [&] { f.leaf_weight = read_reals(lexer, budget); });
  part("set_begin", [&] { f.set_begin = read_integers<uint32_t>(lexer, budget); });
  part("set_value", [&] { f.set_value = read_reals(lexer, budget); });
  if (!lexer.eat("}")) {
    lexer.expected("'}' or the next of roots, nodes, leaf_begin, leaf_target, leaf_weight, "
                   "set_begin, set_value");
  }
  return f;
}

Shape read_shape(Lexer& lexer, DType* dtype) {
  size_t start = lexer.offset();
  std::string_view left = lexer.rest();
  std::optional<Type> type = take_type(left);
  const TensorType* tensor = type ? type->tensor() : nullptr;
  if (tensor == nullptr || !tensor->dims) lexer.expected_at(start, "a tensor such as f64[2](0.5, 1.0)");
  lexer.resume(left);
  Shape shape;
  for (const Dim& d : *tensor->dims) {
    if (!d.fixed()) lexer.fail_at(start, "expected the dimensions of a tensor as numbers");
    shape.push_back(d.size);
  }
  *dtype = tensor->dtype;
  return shape;
}

}  // namespace

void Budget::take(uint64_t bytes) {
  if (bytes > left_) fail({}, "limit-memory", "the elements of the text need more than {} bytes", limit_);
  left_ -= bytes;
}

DType read_dtype(Lexer& lexer) {
  size_t start = lexer.offset();
  std::optional<DType> dtype = parse_dtype(lexer.word());
  if (!dtype) lexer.expected_at(start, "an element type such as f64");
  return *dtype;
}

Tensor read_tensor(Lexer& lexer, Budget& budget) {
  size_t start = lexer.offset();
  DType dtype = DType::f64;
  Shape shape = read_shape(lexer, &dtype);
  uint64_t wanted = 0;
  try {
    wanted = element_count(shape);
  } catch (Failure& f) {
    f.diagnostic.location = lexer.place(start);
    throw;
  }
  auto check = [&](uint64_t found) {
    if (found != wanted) lexer.fail_at(start, "expected {} elements, found {}", wanted, found);
  };
  if (dtype == DType::string) {
    std::vector<std::string> texts;
    read_list(lexer, "(", ")", [&] {
      texts.push_back(lexer.quoted("a quoted text"));
      budget.take(sizeof(std::string) + texts.back().size());
    });
    check(texts.size());
    return Tensor::of(std::move(shape), std::move(texts));
  }
  auto bytes = std::make_shared<std::vector<std::byte>>();
  DType part = part_of(dtype);
  std::string what = fmt::format("a number of type {}", to_string(part));
  read_list(lexer, "(", ")", [&] {
    for (size_t k = 0; k < (part == dtype ? 1 : 2); ++k) {
      size_t at = lexer.offset();
      if (!parse_element(lexer.token(what), part, *bytes)) lexer.expected_at(at, what);
    }
    budget.take(byte_size(dtype));
  });
  check(bytes->size() / byte_size(dtype));
  return Tensor::view(dtype, std::move(shape), Bytes(std::span(std::as_const(*bytes)), bytes));
}

std::vector<std::string> read_texts(Lexer& lexer, Budget& budget) {
  std::vector<std::string> all;
  read_list(lexer, "[", "]", [&] {
    all.push_back(lexer.quoted("a quoted text"));
    budget.take(sizeof(std::string) + all.back().size());
  });
  return all;
}

std::shared_ptr<const void> TextFields::operator()(const OpInfo& info) {
  braces_ = lexer_.eat("{");
  first_ = true;
  std::shared_ptr<const void> op = info.read(*this);
  if (!braces_ || lexer_.eat("}")) return op;
  std::string names;
  for (const FieldInfo& f : info.fields) names += (names.empty() ? "" : ", ") + std::string(f.name);
  if (!first_ && lexer_.peek() != ',') lexer_.expected("',' or '}'");
  lexer_.eat(",");
  lexer_.expected(names.empty() ? fmt::format("'}}': {} has no fields", info.meta.name)
                                : fmt::format("a field of {}, in this order: {}", info.meta.name, names));
}

bool TextFields::begin(std::string_view name) {
  if (!braces_) return false;
  size_t start = lexer_.offset();
  if ((!first_ && !lexer_.eat(",")) || !lexer_.eat_word(name)) {
    lexer_.rewind(start);
    return false;
  }
  lexer_.expect("=");
  first_ = false;
  return true;
}

bool TextFields::read(std::string_view name, bool& v) {
  if (!begin(name)) return false;
  v = lexer_.eat_word("true");
  if (!v && !lexer_.eat_word("false")) lexer_.expected("true or false");
  return true;
}

bool TextFields::read(std::string_view name, int64_t& v) {
  if (!begin(name)) return false;
  v = lexer_.integer<int64_t>("an integer");
  return true;
}

bool TextFields::read(std::string_view name, double& v) {
  if (!begin(name)) return false;
  v = read_real(lexer_);
  return true;
}

bool TextFields::read(std::string_view name, std::string& v) {
  if (!begin(name)) return false;
  v = lexer_.quoted("a quoted text");
  budget_.take(v.size());
  return true;
}

bool TextFields::read(std::string_view name, DType& v) {
  if (!begin(name)) return false;
  v = read_dtype(lexer_);
  return true;
}

bool TextFields::read(std::string_view name, EnumValue& v) {
  if (!begin(name)) return false;
  size_t start = lexer_.offset();
  std::string_view found = lexer_.word();
  for (size_t i = 0; i < v.names.size(); ++i) {
    if (v.names[i] != found) continue;
    v.index = i;
    return true;
  }
  std::string names;
  for (std::string_view n : v.names) names += (names.empty() ? "" : ", ") + std::string(n);
  lexer_.expected_at(start, "one of " + names);
}

bool TextFields::read(std::string_view name, Tensor& v) {
  if (!begin(name)) return false;
  v = read_tensor(lexer_, budget_);
  return true;
}

bool TextFields::read(std::string_view name, std::optional<Tensor>& v) {
  if (!begin(name)) return false;
  v.reset();
  if (!lexer_.eat_word("none")) v = read_tensor(lexer_, budget_);
  return true;
}

bool TextFields::read(std::string_view name, Forest& v) {
  if (!begin(name)) return false;
  v = read_forest(lexer_, budget_);
  return true;
}

bool TextFields::read(std::string_view name, std::vector<int64_t>& v) {
  if (!begin(name)) return false;
  v = read_integers<int64_t>(lexer_, budget_);
  return true;
}

bool TextFields::read(std::string_view name, std::vector<double>& v) {
  if (!begin(name)) return false;
  v = read_reals(lexer_, budget_);
  return true;
}

bool TextFields::read(std::string_view name, std::vector<std::string>& v) {
  if (!begin(name)) return false;
  v = read_texts(lexer_, budget_);
  return true;
}

bool TextFields::read(std::string_view name, std::vector<std::vector<int64_t>>& v) {
  if (!begin(name)) return false;
  v.clear();
  read_list(lexer_, "[", "]", [&] {
    v.push_back(read_integers<int64_t>(lexer_, budget_));
    budget_.take(sizeof v.back());
  });
  return true;
}

bool TextFields::read(std::string_view name, expr::Expr& v) {
  if (!begin(name)) return false;
  v = read_expression(lexer_, budget_);
  return true;
}

bool TextFields::read(std::string_view name, std::vector<expr::Expr>& v) {
  if (!begin(name)) return false;
  v.clear();
  read_list(lexer_, "[", "]", [&] { v.push_back(read_expression(lexer_, budget_)); });
  return true;
}

}  // namespace panmodel::text
