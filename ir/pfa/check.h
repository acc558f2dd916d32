#pragma once
// From a document to a program: syntax (PFA 0.8.1 section 3), types (section 4), scopes and calls
// (section 5). Everything that can be refused without running is refused here.
#include "base/diagnostic.h"
#include "ir/pfa/program.h"

namespace panmodel::pfa {

struct CheckOptions {
  bool lenient = false;  // top-level keys that PFA does not have are said and ignored
};

// Fills a program whose `document` is set. Fails with JSON pointer and line: "pfa-syntax" (no such form),
// "pfa-type" (no Avro type), "pfa-semantic" (types, scopes, names), "pfa-initialization" (a function that
// updates a cell updates another one), "limit-depth".
void check(Program& program, const CheckOptions& options, Diagnostics& out);

// Fills a program from {"expr": expression, "symbols": {name: type}}; the type is that of action.body.
void check_expression(Program& program);

}  // namespace panmodel::pfa
