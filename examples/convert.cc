// Converts a model while building: convert FROM TO. A loss of precision or a changed prediction fails.
#include <panmodel/panmodel.h>

#include <algorithm>
#include <cstdio>

int main(int argc, char** argv) {
  if (argc != 3) return 2;
  panmodel::ConvertRequest request;
  request.input = argv[1];
  request.output = argv[2];
  request.overwrite = true;
  request.refuse_losses = true;

  panmodel::Diagnostics said;
  const auto result = panmodel::convert_file(request, said);
  int status = 0;
  const auto say = [&](const panmodel::Diagnostic& d) {
    std::fprintf(stderr, "%s\n", panmodel::to_string(d).c_str());
    if (d.severity == panmodel::Severity::error) status = std::max(1, panmodel::exit_code(d.kind));
  };
  for (const panmodel::Diagnostic& d : said.list()) say(d);
  if (!result) say(result.error());
  if (result && result->bytes == 0) status = std::max(1, status);  // a loss: nothing was written
  if (status == 0) {
    std::printf("%s: %zu bytes, %s", argv[2], result->bytes, panmodel::comparison_text(result->check).c_str());
  }
  return status;
}
