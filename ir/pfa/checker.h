#pragma once
// The checker of expressions: one method per special form. Internal to ir/pfa.
#include <map>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "base/fail.h"
#include "base/text.h"
#include "ir/pfa/check.h"
#include "ir/pfa/read_type.h"

namespace panmodel::pfa {

template <class... A>
[[noreturn]] void syntax(json::Ref at, fmt::format_string<A...> f, A&&... args) {
  fail(at.place(), "pfa-syntax", "{}", printable(fmt::format(f, std::forward<A>(args)...), 1000));
}
template <class... A>
[[noreturn]] void semantic(json::Ref at, fmt::format_string<A...> f, A&&... args) {
  fail(at.place(), "pfa-semantic", "{}", printable(fmt::format(f, std::forward<A>(args)...), 1000));
}

bool valid_symbol(std::string_view name);    // a letter or _, then letters, digits, _
bool valid_function(std::string_view name);  // parts with dots between

// Members of an object but "@". Fails "pfa-syntax" for a key that stands twice.
class Keys {
 public:
  explicit Keys(json::Ref object);
  json::Ref object() const { return object_; }
  const std::vector<json::Member>& members() const& { return members_; }
  std::vector<json::Member> members() && { return std::move(members_); }  // of a temporary in a loop
  size_t size() const { return members_.size(); }
  std::optional<json::Ref> find(std::string_view key) const;
  bool has(std::string_view key) const { return find(key).has_value(); }
  json::Ref operator[](std::string_view key) const { return *find(key); }

 private:
  json::Ref object_;
  std::vector<json::Member> members_;
};

std::string_view text_of(json::Ref ref);   // fails "pfa-syntax" for what is no string
bool boolean_of(json::Ref ref);
int64_t whole_of(json::Ref ref, bool wide);  // int, or long when wide

// Symbols that an expression sees. No symbol is declared twice on a way to the root.
struct Scope {
  struct Symbol {
    const Type* type;
    uint32_t slot;
  };
  Scope* parent = nullptr;
  bool sealed_above = false;   // symbols of the scopes above may be read only
  bool sealed_within = false;  // nothing may be declared or assigned
  uint32_t* frame = nullptr;   // slots used so far by the routine
  std::map<std::string, Symbol, std::less<>> symbols = {};

  const Symbol* find(std::string_view name) const;
  bool writable(std::string_view name) const;
  Scope open(bool above, bool within) { return {this, above, within, frame}; }
  Scope sealed() { return open(true, true); }
  uint32_t add(std::string_view name, const Type* type);
};

class Checker {
 public:
  Checker(Program& program, const CheckOptions& options, Diagnostics& out)
      : p_(program), options_(options), out_(out), reader_(program.document, program.types) {}
  void document();
  void expression_alone();

 private:
  // check.cc: the document
  void top_level(const Keys& keys);
  void cells(json::Ref ref);
  void pools(json::Ref ref);
  template <class Slot>
  void slot_options(const Keys& keys, Slot& slot);
  void declare_functions(json::Ref ref);
  void define_functions(json::Ref ref);
  Routine routine(std::optional<json::Ref> ref, std::string_view which);
  void check_updates();

  // check_forms.cc
  Node expression(json::Ref ref, Scope& scope);              // not a function
  Node argument(json::Ref ref, Scope& scope);                // an expression or a function
  Node object(json::Ref ref, Scope& scope);
  Node symbol(json::Ref ref, Scope& scope);
  Node block(json::Ref ref, Scope& scope);                   // "do": an array of expressions, or one
  Node blank(Form form, json::Ref ref, const Type* type) const;
  Node constant(json::Ref form, json::Ref value, const Type* type, bool base64 = false);
  Node promoted(Node node, const Type* to);
  Node test(json::Ref ref, Scope& scope, std::string_view what);
  const Type* widest(std::span<const Type* const> types, json::Ref at);
  void assign(Node& node, json::Ref values, Scope& scope, Scope& within);
  void declare(Node& node, json::Ref values, Scope& scope);
  uint32_t fresh(json::Ref at, std::string_view name, const Type* type, Scope& scope, Scope& into);
  Node literal(const Keys& keys, Scope& scope);
  Node make_new(const Keys& keys, Scope& scope);
  Node do_form(const Keys& keys, Scope& scope);
  Node let_form(const Keys& keys, Scope& scope);
  Node set_form(const Keys& keys, Scope& scope);
  // check_flow.cc
  void branches(Node& node, const Keys& keys, Scope& known, Scope& scope);
  Node if_form(const Keys& keys, Scope& scope);
  Node cond_form(const Keys& keys, Scope& scope);
  Node while_form(const Keys& keys, Scope& scope);
  Node until_form(const Keys& keys, Scope& scope);
  Node for_form(const Keys& keys, Scope& scope);
  Node foreach_form(const Keys& keys, Scope& scope);
  Node forkey_form(const Keys& keys, Scope& scope);
  Node cast_form(const Keys& keys, Scope& scope);
  Node upcast_form(const Keys& keys, Scope& scope);
  Node if_not_null_form(const Keys& keys, Scope& scope);
  Node pack_form(const Keys& keys, Scope& scope);
  Node unpack_form(const Keys& keys, Scope& scope);
  Node doc_form(const Keys& keys, Scope& scope);
  Node error_form(const Keys& keys, Scope& scope);
  Node try_form(const Keys& keys, Scope& scope);
  Node log_form(const Keys& keys, Scope& scope);
  // check_calls.cc
  const Type* path(json::Ref array, const Type* into, Node& node, Scope& scope);
  Node update(json::Ref ref, const Type* type, Scope& scope, Node& owner);
  Node attr_form(const Keys& keys, Scope& scope);
  Node attr_to_form(const Keys& keys, Scope& scope);
  Node cell_form(const Keys& keys, Scope& scope);
  Node pool_form(const Keys& keys, Scope& scope);
  Node pool_to_form(const Keys& keys, Scope& scope);
  Node pool_delete_form(const Keys& keys, Scope& scope);
  Function function(const Keys& keys, Scope& scope);
  Node inline_function(const Keys& keys, Scope& scope);
  Node function_reference(const Keys& keys, Scope& scope);
  Node filled_reference(const Keys& keys, Scope& scope);
  Node dispatch_form(const Keys& keys, Scope& scope);
  Node call(json::Ref ref, json::Member member, Scope& scope);
  Node user_call(json::Ref ref, uint32_t function, std::string_view name, std::vector<Node> arguments);
  const FunctionRow& library(json::Ref at, std::string_view name);
  std::optional<uint32_t> user_function(std::string_view name) const;  // an index, or kEmit
  void use(const FunctionRow& row) { called_.insert(&row); }

  struct FormRow {
    std::string_view needed, allowed;  // keys with spaces between
    Node (Checker::*check)(const Keys& keys, Scope& scope);
  };
  static std::span<const FormRow> forms();

  Program& p_;
  const CheckOptions& options_;
  Diagnostics& out_;
  TypeReader reader_;
  std::map<std::string, uint32_t, std::less<>> user_;   // "u.name" -> index
  std::map<std::string, uint32_t, std::less<>> cell_, pool_;
  std::set<const FunctionRow*> called_;
  std::vector<std::vector<std::string>> user_parameters_;  // names, by user function
};

}  // namespace panmodel::pfa
