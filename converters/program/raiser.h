#pragma once
// The symbolic evaluator. Internal to converters/program.
#include <map>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "converters/program/raise.h"
#include "converters/program/symbol.h"
#include "ir/builder.h"
#include "ir/forest.h"
#include "ir/pfa/columns.h"
#include "ir/ops/tensor_elementwise.h"

namespace panmodel::converters {

struct SymbolicCall;

// A column that trees test, and the codes of its texts.
struct TreeFeature {
  Sym column;
  std::map<std::string, double, std::less<>> codes;
  std::vector<std::string> texts;  // by code
};

class Raiser {
 public:
  Raiser(const pfa::Program& program, const ProgramHooks& hooks, Model& model)
      : p_(program), hooks_(hooks), b_(model) {}
  // Fills the model. Throws NotRaised.
  void run();
  uint32_t place() const { return place_; }  // of the part that was evaluated last

  // A function argument: an inline function, a user function or a library function, perhaps filled.
  Sym apply(const pfa::Node& function, std::vector<Sym> arguments);

  // symbols.cc
  Sym constant(pfa::Value value, const pfa::Type* type) const;
  Sym number(double v) const;
  Sym scalar(ValueId value, const pfa::Type* type) const;
  Sym list(std::vector<Sym> parts, const pfa::Type* type) const;
  Sym map(std::vector<std::string> keys, std::vector<Sym> parts, const pfa::Type* type) const;
  // A constant, read where it is still text of the document.
  const pfa::Value& known(const Sym& s);
  // Parts of a constant as symbols; the symbol itself when it has parts.
  Sym opened(const Sym& s);
  // [N,1] f64, boolean or text of a scalar, a constant or the result of a tree.
  ValueId column(const Sym& s);
  // [N,K]: the parts of a list of numbers side by side.
  ValueId matrix(const std::vector<Sym>& parts);
  // [1,K] of constants; nullopt when one is not known.
  std::optional<std::vector<double>> numbers(const Sym& s);
  std::vector<Sym> items(const Sym& s);     // of a list
  const Sym& member(const Sym& map, std::string_view key);
  Sym field(const Sym& record, std::string_view name);
  Sym index(const Sym& s, const Sym& key);  // a step of a path
  Sym input_key(std::string_view key);
  ValueId input_column(const std::string& name, DType dtype);
  // A constant [1,1] as a column of the rows, [N,1].
  ValueId with_rows(ValueId value);
  Sym choose(const Sym& test, const Sym& yes, const Sym& no, const pfa::Type* type);
  double number_of(const Sym& s) { return known(s).real(); }

  // Column k of a matrix [N,K].
  Sym split(ValueId matrix, size_t k, size_t width, const pfa::Type* type);
  std::vector<Sym> split_all(ValueId matrix, size_t width, const pfa::Type* type);
  // The matrix whose columns these are, all of them and in order.
  std::optional<ValueId> joined(const std::vector<Sym>& parts) const;
  // The text among `classes` with the largest score; [N,1].
  Sym winner(ValueId scores, const std::vector<std::string>& classes);
  // Texts that a text of the row may be, when that is known.
  std::optional<std::vector<std::string>> domain(const Sym& s);
  void set_domain(const Sym& s, std::vector<std::string> texts) { domain_[s->value] = std::move(texts); }
  std::string text_of(const Sym& s) {
    const pfa::Value& v = known(s);
    return v.is(pfa::Kind::enumeration) ? v.symbol_name() : v.text();
  }

  // arithmetic.cc
  Sym unary(tensor::UnaryFn fn, const Sym& x);
  Sym binary(tensor::BinaryFn fn, const Sym& x, const Sym& y);
  Sym negation(const Sym& x);
  Sym sum(const std::vector<Sym>& terms);
  // models.cc
  Sym linear(const Sym& datum, const Sym& model);
  // trees.cc
  Sym tree(const SymbolicCall& call);
  Sym trees_sum(const std::vector<Sym>& trees, bool mean);
  ValueId tree_column(const Symbol& tree);
  Sym count(const Sym& trees, const std::string& score);

  // Index of the feature that a symbol is; a new one when it was not tested before.
  uint32_t feature(const Sym& column);
  TreeFeature& feature_at(uint32_t index) { return features_[index]; }
  // A comparison of a column with a constant, as the body of a test of a tree has it.
  struct Comparison {
    std::string_view op;
    Sym column, value;
  };
  Comparison comparison(const pfa::Node& body);
  Comparison comparison_of(const pfa::Node& function, const Sym& datum, const Sym& node);

  Builder& builder() { return b_; }
  const pfa::Program& program() const { return p_; }
  pfa::Types& types() { return types_; }

 private:
  using Frame = std::vector<Sym>;
  void inputs();
  void outputs(const Sym& result);
  void output(const pfa::TableColumn& as, const Sym& s);
  Sym chosen(const Sym& text, std::vector<std::string> texts);

  Sym eval(const pfa::Node& node);
  Sym eval_form(const pfa::Node& node);
  Sym eval_block(const pfa::Node& node);
  Sym eval_condition(const pfa::Node& node, size_t from);
  Sym eval_path(const pfa::Node& node, Sym value, size_t from);
  Sym eval_loop(const pfa::Node& node);
  Sym eval_foreach(const pfa::Node& node);
  Sym eval_cast(const pfa::Node& node);
  Sym eval_if_not_null(const pfa::Node& node);
  Sym eval_upcast(const pfa::Node& node);
  Sym eval_call(const pfa::Node& node, std::vector<Sym> arguments);
  Sym call_user(uint32_t function, std::vector<Sym> arguments);
  Sym fold(const pfa::Node& call, const std::vector<Sym>& arguments);
  void count_step();

  const pfa::Program& p_;
  const ProgramHooks& hooks_;
  Builder b_;
  pfa::Types types_;
  Frame* frame_ = nullptr;
  std::map<std::string, Sym, std::less<>> input_keys_;
  std::unordered_map<const Symbol*, Sym> opened_;
  std::unordered_map<const Symbol*, ValueId> columns_;
  std::map<const Symbol*, std::map<std::string, Sym>> counts_;  // by list of trees: a column per score
  std::vector<TreeFeature> features_;
  std::map<ValueId, uint32_t> feature_of_;
  ValueId any_column_;  // one that has the rows
  std::vector<Sym> kept_;  // so that addresses used as keys stay theirs
  std::map<ValueId, std::vector<std::string>> domain_;
  struct Part {
    ValueId matrix;
    size_t index, width;
  };
  std::map<ValueId, Part> split_;
  std::map<ValueId, ValueId> labels_;  // a column of labels -> the vector that it was made of
  uint64_t steps_ = 0;
  uint32_t depth_ = 0;
  uint32_t place_ = 0;
};

// A library function on symbols: `arguments` evaluated but for functions, which are in the node.
struct SymbolicCall {
  Raiser& raiser;
  const pfa::Node& node;
  std::vector<Sym> arguments;  // null where an argument is a function

  // An argument that is not there, or is a function, keeps the document a program.
  const Sym& operator[](size_t i) const {
    if (i >= arguments.size() || !arguments[i]) stay("function '{}' is called in another form", node.function->name);
    return arguments[i];
  }
  size_t size() const { return arguments.size(); }
  const pfa::Node& function(size_t i) const { return node.parts[i]; }
  const pfa::Type* type() const { return node.type; }
};
using SymbolicFunction = Sym (*)(const SymbolicCall& call);
struct SymbolicRow {
  std::string_view name;
  SymbolicFunction run;
};
std::span<const SymbolicRow> arithmetic_rows();  // arithmetic.cc
std::span<const SymbolicRow> array_rows();       // arrays.cc
std::span<const SymbolicRow> model_rows();       // models.cc

}  // namespace panmodel::converters
