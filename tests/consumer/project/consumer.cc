// Uses the installed library as a stranger would: reads a model and scores one row.
#include <panmodel/panmodel.h>

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
  size_t lines = 0;
  auto refused = panmodel::predict_csv(*model, "row.csv", {}, out, [&](std::string_view line) {
    std::printf("%.*s\n", static_cast<int>(line.size()), line.data());
    ++lines;
  });
  return refused && refused->empty() && lines == 2 ? 0 : 1;
}
