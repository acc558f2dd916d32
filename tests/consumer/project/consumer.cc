// Uses the installed library as a stranger would: reads a model and scores one row.
#include <panmodel/panmodel.h>

#include <algorithm>
#include <cstdio>
#include <fstream>

int main(int argc, char** argv) {
  if (argc != 2) return 2;
  panmodel::Diagnostics out;
  auto model = panmodel::read_model(argv[1], {}, out);
  if (!model) {
    std::fprintf(stderr, "%s\n", panmodel::to_string(model.error()).c_str());
    return 3;
  }
  std::ofstream("row.csv") << "x0,x1,x2,x3\n1,0,0,0\n";
  std::string table;
  auto refused = panmodel::predict_rows(*model, {.data = "row.csv"}, out,
                                        [&](std::string_view text) { table += text; });
  std::fputs(table.c_str(), stdout);
  bool two_lines = std::count(table.begin(), table.end(), '\n') == 2;
  return refused && refused->empty() && two_lines ? 0 : 1;
}
