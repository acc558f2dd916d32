// From the nodes of a program to steps.
#include "runtime/pfa/machine.h"
#include "base/fail.h"

namespace panmodel::pfa {
namespace {

class Compiler {
 public:
  explicit Compiler(Machine& machine) : m_(machine), p_(*machine.program) {}

  void program() {
    m_.sites.resize(p_.calls);
    m_.functions.reserve(p_.functions.size());
    for (const Function& f : p_.functions) m_.functions.push_back(body(f.body, f.result));
    m_.inlines.reserve(p_.inlines.size());
    for (const Function& f : p_.inlines) m_.inlines.push_back(body(f.body, f.result));
    m_.begin = body(p_.begin.body, nullptr);
    m_.action = body(p_.action.body, p_.method == Method::emit ? nullptr : p_.output);
    m_.end = body(p_.end.body, nullptr);
    m_.merge = body(p_.merge.body, p_.method == Method::fold ? p_.output : nullptr);
  }

 private:
  // Every so many levels a step looks whether the stack has room for as many more.
  static constexpr uint32_t kGuardEvery = 64;

  Step body(const Node& node, const Type* to) {
    depth_ = 0;
    return step(node, to);
  }

  // A step with a result of type `to`; null = of the node's own.
  Step step(const Node& node, const Type* to = nullptr) {
    ++depth_;
    Step s = plain(node);
    if (m_.options.strict && (node.form == Form::call || node.form == Form::upcast) && has_floats(*node.type)) {
      s = around(std::move(s), run_rounding);
    }
    if (to && node.type && node.type->kind != Kind::none && needs_promotion(*node.type, *to)) {
      s = around(std::move(s), run_promotion);
      s.from = node.type;
      s.to = to;
    }
    if (depth_ % kGuardEvery == 0) {
      if (stack_low()) fail(m_.place(node), "limit-depth", "expressions are nested too deep");
      s = around(std::move(s), run_guarded);
    }
    --depth_;
    return s;
  }
  static Step around(Step inner, Step::Run run) {
    Step s;
    s.run = run;
    s.node = inner.node;
    s.parts.push_back(std::move(inner));
    return s;
  }

  Step plain(const Node& node) {
    Step s;
    s.node = &node;
    s.run = form_of(node.form);
    if (!node.slots.empty()) s.slot = node.slots[0];
    switch (node.form) {
      case Form::call: call(node, s); break;
      case Form::upcast:
        s.from = node.parts[0].type;
        s.to = node.type;
        s.parts.push_back(step(node.parts[0]));
        break;
      case Form::attr_to: update(node, 1, s); break;
      case Form::cell_to:
      case Form::pool_to: update(node, 0, s); break;
      case Form::pack:
      case Form::unpack: binary(node, s); break;
      default: parts(node, s);
    }
    return s;
  }

  void parts(const Node& node, Step& s) {
    s.parts.reserve(node.parts.size());
    for (const Node& part : node.parts) s.parts.push_back(step(part));
  }

  void call(const Node& node, Step& s) {
    Site& site = make_site(node);
    s.parts.reserve(node.parts.size());
    for (size_t i = 0; i < node.parts.size(); ++i) {
      if (node.types[i]->kind == Kind::function) {
        site.functions[i] = callable(node.parts[i], node.types[i]);
        s.parts.emplace_back();
      } else {
        s.parts.push_back(step(node.parts[i], node.types[i]));
      }
    }
  }

  Site& make_site(const Node& node) {
    Site& site = m_.sites[node.slots[0]];
    site.run = find_implementation(node.function->name);
    site.node = &node;
    site.functions.resize(node.types.size());
    return site;
  }

  // The new value of a place is a value or a function of the old one.
  void update(const Node& node, size_t which, Step& s) {
    const Type* place = node.types.empty() ? node.type : inside(node);
    for (size_t i = 0; i < node.parts.size(); ++i) {
      if (i == which && node.flag) {
        s.parts.emplace_back();
        s.callable = callable(node.parts[i], nullptr, place);
      } else {
        s.parts.push_back(step(node.parts[i], i == which ? place : nullptr));
      }
    }
  }
  // Type of the place that a path leads to.
  const Type* inside(const Node& node) const {
    const Type* last = node.types.back();
    return last->kind == Kind::record ? last->fields[node.parts.back().slots[0]].type : last->element;
  }

  void binary(const Node& node, Step& s) {
    s.slot = static_cast<uint32_t>(m_.formats.size());
    m_.formats.emplace_back();
    for (const std::string& name : node.names) m_.formats.back().push_back(*parse_binary_format(name));
    parts(node, s);
  }

  // A function that is called with values of the types that `as` takes and gives what it gives; or, if `place`
  // is given, takes and gives values of that type.
  std::shared_ptr<const Callable> callable(const Node& node, const Type* as, const Type* place = nullptr) {
    Callable c;
    c.form = node.form;
    c.node = &node;
    if (!node.slots.empty()) c.index = node.slots[0];
    const Type& own = *node.type;
    switch (node.form) {
      case Form::library_reference: make_site(node); break;
      case Form::fill:
        c.filled = callable(node.parts[0], node.parts[0].type);
        for (size_t i = 1; i < node.parts.size(); ++i) c.fillings.push_back(step(node.parts[i]));
        break;
      default: break;
    }
    bool any = false;
    for (size_t i = 0; i < own.members.size(); ++i) {
      const Type* from = as ? as->members[i] : place;
      bool needed = needs_promotion(*from, *own.members[i]);
      c.arguments.push_back(needed ? Promotion{from, own.members[i]} : Promotion{});
      any = any || needed;
    }
    if (!any) c.arguments.clear();
    const Type* to = as ? as->element : place;
    if (own.element->kind != Kind::none && needs_promotion(*own.element, *to)) c.result = {own.element, to};
    return std::make_shared<const Callable>(std::move(c));
  }

  Machine& m_;
  const Program& p_;
  uint32_t depth_ = 0;
};

}  // namespace

void compile(Machine& machine) { Compiler(machine).program(); }

}  // namespace panmodel::pfa
