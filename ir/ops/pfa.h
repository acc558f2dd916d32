#pragma once
// Programs of PFA.
#include <memory>

#include "ir/op.h"

namespace panmodel::pfa {

struct Program;

// Columns as input_layout() lists them (ir/pfa/columns.h) -> columns as output_layout() does. Rows run
// one after another in an engine of their own, with the state of its cells; a row that ends in an error
// is refused.
struct Document {
  std::string text;                        // JSON
  std::shared_ptr<const Program> program;  // what `text` says; null = not read yet
  static constexpr OpMeta meta{"pfa.document", "A document of PFA, run row by row.", Accuracy::transcendental};
  static constexpr auto fields() {
    return std::tuple{field("text", &Document::text, "the document as JSON")};
  }
  static panmodel::Types infer(const Document&, InferContext&);
};

// The program of a document. Fails as check() does (ir/pfa/check.h).
std::shared_ptr<const Program> program_of(const Document& document);

}  // namespace panmodel::pfa
