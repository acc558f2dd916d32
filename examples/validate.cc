// A test of a model: validate MODEL ROWS RECORDED JUNIT. Exit code 1 when a prediction differs.
#include <panmodel/panmodel.h>

#include <cstdio>
#include <fstream>

int main(int argc, char** argv) {
  if (argc != 5) return 2;
  panmodel::Diagnostics said;
  const auto model = panmodel::read_model(argv[1], {}, said);
  if (!model) {
    std::fprintf(stderr, "%s\n", panmodel::to_string(model.error()).c_str());
    return 3;
  }
  panmodel::ValidateRequest request;
  request.data = argv[2];
  request.expected = argv[3];
  request.outputs["probabilities"] = {.relative = 1e-6, .absolute = 1e-9};

  const auto result = panmodel::validate_model(*model, request, said);
  if (!result) {
    std::fprintf(stderr, "%s\n", panmodel::to_string(result.error()).c_str());
    return 3;
  }
  const panmodel::Report report{"validate", {panmodel::validation_section(argv[1], *result)}};
  std::ofstream(argv[4]) << panmodel::print_report(report, panmodel::ReportFormat::junit);
  std::fputs(panmodel::validation_text(*result).c_str(), stdout);
  return report.passed() ? 0 : 1;
}
