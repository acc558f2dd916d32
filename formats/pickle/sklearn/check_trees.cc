// Every decision tree of a pickle, checked by itself.
#include <unordered_set>

#include "formats/pickle/sklearn/tree.h"

namespace panmodel::pickle::sklearn {

void check_trees(const PyCursor& root, Diagnostics& out) {
  constexpr size_t kMostProblems = 1000;
  // Values are shared, and their paths can be exponentially many: each one is visited once.
  std::unordered_set<const Value*> seen;
  std::vector<PyCursor> pending{root};
  const auto visit = [&](PyCursor value) {
    switch (value.value().kind) {
      case Kind::list:
      case Kind::tuple:
      case Kind::dict:
      case Kind::object: break;
      case Kind::array:
        if (value.dtype_kind() == 'O') break;
        return;
      default: return;
    }
    if (seen.insert(&value.value()).second) pending.push_back(std::move(value));
  };
  size_t problems = 0;
  while (!pending.empty() && problems < kMostProblems) {
    const PyCursor value = std::move(pending.back());
    pending.pop_back();
    if (value.is_object("sklearn.tree._tree.Tree")) {
      try {
        Forest forest;
        append_tree(forest, value, {}, [](Forest& f, const LeafInfo&) { f.add_single_leaf(0); });
      } catch (const Failure& f) {
        out.add(f.diagnostic);
        ++problems;
      }
      continue;
    }
    // In reverse, because the last one is taken first.
    if (value.is_array()) {
      for (size_t i = value.size(); i-- > 0;) visit(value.element(i));
      continue;
    }
    if (value.is_dict() || value.is_object()) {
      auto items = value.items();
      for (size_t i = items.size(); i-- > 0;) visit(std::move(items[i].second));
    }
    if (value.is_sequence()) {
      for (size_t i = value.size(); i-- > 0;) visit(value.at(i));
    }
    if (!value.is_object()) continue;
    for (size_t i = value.arg_count(); i-- > 0;) visit(value.arg(i));
    if (value.has_state()) visit(value.state());
  }
}

}  // namespace panmodel::pickle::sklearn
