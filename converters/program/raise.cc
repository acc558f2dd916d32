#include "converters/program/raise.h"

#include "converters/program/raiser.h"

namespace panmodel::converters {

std::optional<Model> raise_program(const pfa::Program& program, const ProgramHooks& hooks,
                                   const Metadata& metadata, Diagnostic& why) {
  Model model;
  model.metadata = metadata;
  Raiser raiser(program, hooks, model);
  try {
    raiser.run();
    return model;
  } catch (const NotRaised& reason) {
    uint32_t place = reason.place ? reason.place : raiser.place();
    constexpr Code kCode("pfa-program");
    why = {Severity::note, kCode.name(), kCode.kind(), "the document stays a program: " + reason.why,
           program.document.place(place), {}};
  } catch (const Failure& f) {
    // What the operators refuse (a shape, a type), and constants that do not fit their types: the engine tells
    // the latter again when it starts.
    constexpr Code kCode("pfa-program");
    why = {Severity::note, kCode.name(), kCode.kind(), "the document stays a program: " + f.diagnostic.message,
           program.document.place(raiser.place()), {}};
  }
  return std::nullopt;
}

}  // namespace panmodel::converters
