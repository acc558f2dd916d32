#include "converters/tree_copy.h"

namespace panmodel::converters {
namespace {

// The threshold of a node in the new forest, where a category set has another index.
double copy_threshold(const Forest& from, uint32_t node, Forest& to) {
  const double t = from.threshold[node];
  if (from.node_mode(node) != NodeMode::member) return t;
  if (to.set_begin.empty()) to.set_begin.push_back(0);
  const auto set = static_cast<size_t>(t);
  to.set_value.insert(to.set_value.end(), from.set_value.begin() + from.set_begin[set],
                      from.set_value.begin() + from.set_begin[set + 1]);
  to.set_begin.push_back(static_cast<uint32_t>(to.set_value.size()));
  return static_cast<double>(to.set_begin.size() - 2);
}

}  // namespace

void copy_tree(const Forest& from, uint32_t root, Forest& to, const std::function<uint32_t(uint32_t leaf)>& add_leaf) {
  struct Todo {
    uint32_t node, parent;
    bool is_yes;
  };
  std::vector<Todo> stack{{root, UINT32_MAX, false}};
  while (!stack.empty()) {
    const Todo todo = stack.back();
    stack.pop_back();
    uint32_t place;
    if (from.is_leaf(todo.node)) {
      place = add_leaf(from.yes[todo.node]);
    } else {
      place = to.add_node(from.node_mode(todo.node), from.feature[todo.node], copy_threshold(from, todo.node, to), 0,
                          0, from.missing_yes(todo.node));
      stack.push_back({from.no[todo.node], place, false});
      stack.push_back({from.yes[todo.node], place, true});
    }
    if (todo.parent == UINT32_MAX) {
      to.roots.push_back(place);
    } else {
      (todo.is_yes ? to.yes : to.no)[todo.parent] = place;
    }
  }
}

}  // namespace panmodel::converters
