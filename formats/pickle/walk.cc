// Check of the finished value: depth, cycles through objects, equal keys. Every node is visited
// once, without recursion.
#include <algorithm>
#include <functional>
#include <limits>

#include "formats/pickle/machine_impl.h"

namespace panmodel::pickle {

namespace {
// Order of keys; equal as Python's == has it for numbers and texts. Others by identity.
int rank(const Value& v) {
  switch (v.kind) {
    case Kind::none: return 0;
    case Kind::boolean:
    case Kind::integer:
    case Kind::real: return 1;
    case Kind::text: return 2;
    case Kind::bytes: return 3;
    case Kind::global: return 4;
    case Kind::tuple: return 5;
    default: return 6;
  }
}
// Exact: long double holds every int64 and every double.
static_assert(std::numeric_limits<long double>::digits >= 64);
long double number(const Value& v) {
  if (v.kind == Kind::boolean) return v.boolean() ? 1 : 0;
  return v.kind == Kind::integer ? static_cast<long double>(v.integer())
                                 : static_cast<long double>(v.real());
}
int compare(const Value& a, const Value& b, bool within_tuple = false) {
  if (&a == &b) return 0;
  const int ra = rank(a);
  const int rb = rank(b);
  if (ra != rb) return ra < rb ? -1 : 1;
  const int identity = std::less<const Value*>()(&a, &b) ? -1 : 1;
  switch (ra) {
    case 0: return 0;
    case 1: {
      const long double x = number(a);
      const long double y = number(b);
      if (x != x || y != y) return x != x && y != y ? identity : (x != x ? 1 : -1);
      return x < y ? -1 : x > y ? 1 : 0;
    }
    case 2:
    case 3: return a.text().compare(b.text());
    case 4:
      if (const int c = a.global().module.compare(b.global().module)) return c;
      return a.global().name.compare(b.global().name);
    case 5: {
      // Tuples of plain values by value; deeper ones by identity, their comparison could take
      // exponential time.
      if (within_tuple) return identity;
      const auto x = a.items();
      const auto y = b.items();
      if (x.size() != y.size()) return x.size() < y.size() ? -1 : 1;
      for (size_t i = 0; i < x.size(); ++i) {
        if (const int c = compare(*x[i], *y[i], true)) return c;
      }
      return 0;
    }
    default: return identity;
  }
}

// Children of a node by index, null behind the last.
const Value* child(const Value& v, size_t i) {
  switch (v.kind) {
    case Kind::list:
    case Kind::set:
    case Kind::frozenset:
    case Kind::tuple: return i < v.items().size() ? v.items()[i] : nullptr;
    case Kind::dict:
      if (i >= 2 * v.pairs().size()) return nullptr;
      return i % 2 == 0 ? v.pairs()[i / 2].key : v.pairs()[i / 2].value;
    case Kind::array: return i < v.array().objects.size() ? v.array().objects[i] : nullptr;
    case Kind::scalar: return i == 0 ? v.scalar().object : nullptr;
    case Kind::object: {
      const Object& o = v.object();
      if (i < o.args.size()) return o.args[i];
      i -= o.args.size();
      if (o.keywords != nullptr && i-- == 0) return o.keywords;
      if (o.state != nullptr && i-- == 0) return o.state;
      if (i < o.appended.size) return o.appended.data[i];
      i -= o.appended.size;
      if (i >= 2 * o.pairs.size) return nullptr;
      return i % 2 == 0 ? o.pairs.data[i / 2].key : o.pairs.data[i / 2].value;
    }
    default: return nullptr;
  }
}

// Value::mark: 0 new, 1 on the path, 2 + height when done.
constexpr uint32_t kOnPath = 1;
}  // namespace

void Machine::unique_keys(ItemList<Pair>& pairs) {
  const auto less = [&](uint64_t a, uint64_t b) {
    const int c = compare(*pairs.data[a].key, *pairs.data[b].key);
    return c != 0 ? c < 0 : a < b;
  };
  std::vector<uint64_t> order(pairs.size);
  for (uint64_t i = 0; i < pairs.size; ++i) order[i] = i;
  std::sort(order.begin(), order.end(), less);
  std::vector<bool> drop(pairs.size);
  bool any = false;
  for (size_t first = 0; first < order.size();) {
    size_t end = first + 1;
    while (end < order.size() &&
           compare(*pairs.data[order[first]].key, *pairs.data[order[end]].key) == 0) {
      drop[order[end++]] = any = true;
    }
    pairs.data[order[first]].value = pairs.data[order[end - 1]].value;
    first = end;
  }
  if (!any) return;
  uint64_t kept = 0;
  for (uint64_t i = 0; i < pairs.size; ++i) {
    if (!drop[i]) pairs.data[kept++] = pairs.data[i];
  }
  pairs.size = kept;
}

void Machine::check_graph(Value* root) {
  struct Visit {
    Value* value;
    size_t next;
    uint32_t height;
  };
  std::vector<Visit> path;
  const auto enter = [&](Value* value) {
    if (path.size() >= options_.max_depth) {
      op_at_ = value->offset;
      stop("pickle-limit-depth", "values are nested deeper than {}", options_.max_depth);
    }
    op_at_ = value->offset;
    if (value->kind == Kind::dict) unique_keys(*value->u.d);
    if (value->kind == Kind::object) unique_keys(value->u.o->pairs);
    if (value->kind == Kind::array && value->u.a->dtype == nullptr) {
      stop("pickle-build", "an array without state");
    }
    value->mark = kOnPath;
    path.push_back({value, 0, 0});
  };
  enter(root);
  while (!path.empty()) {
    Visit& at = path.back();
    // The arena owns every node; const only says that readers do not change them.
    Value* next = const_cast<Value*>(child(*at.value, at.next));
    if (next == nullptr) {
      const uint32_t height = at.height + 1;
      at.value->mark = 1 + height;
      if (height > options_.max_depth) {
        op_at_ = at.value->offset;
        stop("pickle-limit-depth", "values are nested deeper than {}", options_.max_depth);
      }
      storage_.depth = std::max<uint64_t>(storage_.depth, height);
      path.pop_back();
      if (!path.empty()) path.back().height = std::max(path.back().height, height);
      continue;
    }
    ++at.next;
    if (next->mark == 0) {
      enter(next);
    } else if (next->mark == kOnPath) {
      for (size_t i = path.size(); i-- > 0;) {
        if (path[i].value->kind == Kind::array) {
          stop("pickle-cycle", "an array contains itself");
        }
        if (path[i].value->kind == Kind::object) {
          op_at_ = path[i].value->offset;
          stop("pickle-cycle", "a {}.{} contains itself", path[i].value->object().cls->module,
               path[i].value->object().cls->name);
        }
        if (path[i].value == next) break;
      }
    } else {
      at.height = std::max(at.height, next->mark - 1);
    }
  }
}

}  // namespace panmodel::pickle
