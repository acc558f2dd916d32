#include "ir/ops/pfa.h"

#include "ir/pfa/check.h"
#include "ir/pfa/columns.h"

namespace panmodel::pfa {

std::shared_ptr<const Program> program_of(const Document& document) {
  if (document.program) return document.program;
  auto program = std::make_shared<Program>();
  program->text = document.text;
  program->document = json::Document::parse(program->text, {.non_finite = true});
  Diagnostics said;  // by the reader of the document
  check(*program, {.lenient = true}, said);
  return program;
}

panmodel::Types Document::infer(const Document& op, InferContext& context) {
  std::shared_ptr<const Program> program = program_of(op);
  const TableLayout in = input_layout(*program);
  context.expect_inputs(in.columns.size(), in.columns.size());
  for (size_t i = 0; i < in.columns.size(); ++i) context.expect_dtype(i, {in.columns[i].type.dtype});
  panmodel::Types results;
  for (const TableColumn& c : output_layout(*program).columns) results.push_back(c.type_of());
  return results;
}

}  // namespace panmodel::pfa
