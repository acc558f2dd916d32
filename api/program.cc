#include "api/program.h"

#include "converters/program/raise.h"
#include "ir/ops/pfa.h"
#include "runtime/pfa/engine.h"

namespace panmodel {

Model raised(Model model, Diagnostics& out) {
  if (model.graph.nodes.size() != 1) return model;
  const auto* document = model.graph.nodes[0].as<pfa::Document>();
  if (document == nullptr) return model;
  std::shared_ptr<const pfa::Program> program = pfa::program_of(*document);
  // Constants fold in the engine, which reads all cells of the document: only when something folds.
  std::unique_ptr<pfa::Engine> engine;
  converters::ProgramHooks hooks;
  hooks.call = [&](const pfa::Node& call, std::span<pfa::Value> arguments) -> std::optional<pfa::Value> {
    try {
      if (!engine) engine = std::make_unique<pfa::Engine>(program);
      return engine->call(call, arguments);
    } catch (const pfa::RuntimeError&) {
      return std::nullopt;
    } catch (const Failure&) {
      return std::nullopt;
    }
  };
  Diagnostic why;
  std::optional<Model> operators = converters::raise_program(*program, hooks, model.metadata, why);
  if (!operators) {
    out.add(std::move(why));
    return model;
  }
  operators->steps = std::move(model.steps);
  return std::move(*operators);
}

}  // namespace panmodel
