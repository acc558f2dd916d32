#include "formats/pfa/copy.h"

#include <vector>

#include "ir/ops/pfa.h"
#include "ir/pfa/program.h"

namespace panmodel::pfa {

void copy(json::Ref ref, JsonSink& sink) {
  struct Open {
    uint32_t end;
    bool object, key = true;  // the next node is a key
  };
  std::vector<Open> open;
  for (uint32_t i = ref.index(); i < ref.end(); ++i) {
    json::Ref node(ref.document(), i);
    bool key = !open.empty() && open.back().object && open.back().key;
    if (!open.empty()) open.back().key = !open.back().key;
    switch (node.kind()) {
      case json::Kind::null: sink.null(); break;
      case json::Kind::boolean: sink.boolean(node.boolean()); break;
      case json::Kind::integer: sink.integer(node.whole()); break;
      case json::Kind::real:
      case json::Kind::big: sink.real(node.number()); break;
      case json::Kind::string:
        if (key) sink.key(node.text());
        else sink.text(node.text());
        break;
      case json::Kind::array: sink.begin_array(); break;
      case json::Kind::object: sink.begin_object(node.size() == 1); break;
    }
    if (node.is(json::Kind::array) || node.is(json::Kind::object)) open.push_back({node.end(), node.is(json::Kind::object)});
    while (!open.empty() && open.back().end == i + 1) {
      if (open.back().object) sink.end_object();
      else sink.end_array();
      open.pop_back();
    }
  }
}

bool copy_document(const Model& model, JsonSink& sink) {
  const auto* document = model.graph.nodes.size() == 1 ? model.graph.nodes[0].as<Document>() : nullptr;
  if (document == nullptr) return false;
  copy(program_of(*document)->document.root(), sink);
  return true;
}

}  // namespace panmodel::pfa
