// Scores rows in memory: embed MODEL, a classifier on four numbers.
#include <panmodel/panmodel.h>

#include <cstdio>
#include <vector>

using panmodel::Role;
using panmodel::Tensor;

int main(int argc, char** argv) {
  if (argc != 2) return 2;
  panmodel::Diagnostics said;
  const auto model = panmodel::read_model(argv[1], {}, said);
  const auto fail = [](const panmodel::Diagnostic& error) {
    std::fprintf(stderr, "%s\n", panmodel::to_string(error).c_str());
    return 3;
  };
  if (!model) return fail(model.error());

  // Planned once, then used for many batches, from several threads if need be.
  const auto session = panmodel::open_session(*model);
  if (!session) return fail(session.error());

  // One value per input of the model: here one matrix [rows, features].
  const std::vector<double> rows = {0.001, 0.299, -0.274, -0.891,  //
                                    -0.455, -0.992, 0.06, 1.34};
  const std::vector<panmodel::runtime::Value> inputs = {Tensor::of({2, 4}, rows)};
  const auto scored = panmodel::score(*session, inputs);
  if (!scored) return fail(scored.error());
  for (const auto& refused : scored->errors) std::printf("row %zu: %s\n", size_t{refused.row}, refused.message.c_str());

  for (size_t o = 0; o < session->outputs().size(); ++o) {
    const panmodel::Output& output = session->outputs()[o];
    const Tensor& values = scored->outputs[o].tensor;
    if (output.role == Role::label) {
      for (size_t r = 0; r < values.size(); ++r) std::printf("row %zu is %s\n", r, values.text(r).c_str());
    } else if (output.role == Role::probability) {
      const size_t classes = output.keys.size();
      for (size_t i = 0; i < values.size(); ++i) {
        std::printf("row %zu, %s: %.3f\n", i / classes, output.keys.text(i % classes).c_str(), values.real(i));
      }
    }
  }
  return 0;
}
