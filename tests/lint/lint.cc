// panmodel_lint ROOT: the rules that hold for the source tree. Exit 1 on a finding that is no
// warning; each as "path:line: message".
#include <iostream>

#include "tests/lint/tree.h"

int main(int argc, char** argv) {
  using namespace panmodel::lint;
  if (argc != 2) {
    std::cerr << "usage: panmodel_lint ROOT\n";
    return 2;
  }
  const std::vector<SourceFile> tree = read_tree(argv[1]);
  Findings findings;
  check_layers(tree, findings);
  check_third_party(tree, findings);
  check_form(tree, findings);
  check_codes(tree, findings);
  size_t errors = 0;
  for (const Finding& f : findings) {
    std::cout << f.path << ":";
    if (f.line != 0) std::cout << f.line << ":";
    std::cout << (f.warning ? " warning: " : " error: ") << f.message << "\n";
    if (!f.warning) ++errors;
  }
  std::cout << tree.size() << " files, " << errors << " errors, " << findings.size() - errors
            << " warnings\n";
  return errors == 0 && !tree.empty() ? 0 : 1;
}
