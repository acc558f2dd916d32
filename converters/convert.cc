#include "converters/convert.h"

#include "converters/phases.h"
#include "ir/verify.h"

namespace panmodel::converters {

Model without_graph(const Model& model) {
  Model copy;
  copy.metadata = model.metadata;
  copy.steps = model.steps;
  copy.locations = model.locations;
  return copy;
}

Model convert(const Model& model, const Target& target, const ConvertOptions& options,
              Diagnostics& out) {
  auto report = [&](std::string_view phase, const Model& m) {
    Diagnostics wrong;
    verify(m, {}, wrong);
    if (!wrong.list().empty()) {
      fail({}, "internal", "phase '{}' leaves a malformed model: {}", phase,
           wrong.list().front().message);
    }
    if (options.on_phase) options.on_phase(phase, m);
  };
  report("read", model);
  Model result = tabulate(model, target, options, out);
  result = adapt_boundary(result, target, options, out);
  report("boundary", result);
  result = drop_dead(result);
  if (target.has_models()) {
    result = drop_dead(raise(result, target));
    report("raise", result);
  }
  result = legalise(result, target, options, out, nullptr);
  report("legalise", result);
  result = drop_dead(result);
  report("cleanup", result);
  return result;
}

std::vector<Verdict> analyse(const Model& model, const Target& target,
                             const ConvertOptions& options) {
  Diagnostics ignored;
  std::vector<Verdict> verdicts;
  Model tabulated = tabulate(model, target, options, ignored);
  Model adapted = drop_dead(adapt_boundary(tabulated, target, options, ignored));
  if (target.has_models()) adapted = drop_dead(raise(adapted, target));
  legalise(adapted, target, options, ignored, &verdicts);
  return verdicts;
}

}  // namespace panmodel::converters
