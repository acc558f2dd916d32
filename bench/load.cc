// panmodel_bench_load FILE: what a reader of forests in PMML cannot do without when it parses with
// pugixml: the document in memory and the attributes of its nodes and tests as numbers in flat arrays.
// Prints the number of nodes and of tests, and the sums of scores and thresholds.
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <map>
#include <pugixml.hpp>
#include <string>
#include <vector>

namespace {

struct Trees {
  std::vector<double> score, threshold;
  std::vector<uint32_t> field, children;
  std::vector<uint8_t> less;
};

void decode(pugi::xml_node root, Trees& trees) {
  std::map<std::string, uint32_t, std::less<>> fields;
  for (pugi::xml_node node = root; node;) {
    const std::string_view name = node.name();
    if (name == "Node") {
      trees.score.push_back(node.attribute("score").as_double());
      uint32_t children = 0;
      for (pugi::xml_node child : node.children("Node")) children += child ? 1 : 0;
      trees.children.push_back(children);
    } else if (name == "SimplePredicate") {
      const std::string_view field = node.attribute("field").value();
      auto found = fields.find(field);
      if (found == fields.end()) {
        found = fields.emplace(std::string(field), static_cast<uint32_t>(fields.size())).first;
      }
      trees.field.push_back(found->second);
      trees.less.push_back(std::string_view(node.attribute("operator").value()) == "lessOrEqual" ? 1 : 0);
      trees.threshold.push_back(node.attribute("value").as_double());
    }
    if (node.first_child()) {
      node = node.first_child();
      continue;
    }
    while (node && !node.next_sibling()) node = node.parent();
    if (node) node = node.next_sibling();
  }
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 2) {
    std::fprintf(stderr, "usage: panmodel_bench_load FILE\n");
    return 2;
  }
  pugi::xml_document document;
  const pugi::xml_parse_result result = document.load_file(argv[1]);
  if (!result) {
    std::fprintf(stderr, "%s: %s\n", argv[1], result.description());
    return 3;
  }
  Trees trees;
  decode(document.document_element(), trees);
  double scores = 0, thresholds = 0;
  for (double v : trees.score) scores += v;
  for (double v : trees.threshold) thresholds += v;
  std::printf("%zu nodes, %zu tests, sums %.6g and %.6g\n", trees.score.size(), trees.threshold.size(),
              scores, thresholds);
  return 0;
}
