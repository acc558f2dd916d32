#include "formats/pfa/read.h"

#include <algorithm>

#include "base/fail.h"
#include "formats/pfa/copy.h"
#include "formats/pfa/read_yaml.h"
#include "ir/builder.h"
#include "ir/ops/pfa.h"
#include "ir/pfa/check.h"
#include "ir/pfa/columns.h"
#include "ir/pfa/data.h"

namespace panmodel::pfa {
namespace {

std::string_view text_of(const Bytes& bytes) { return bytes.text(); }

std::string_view without_mark(std::string_view text) {
  if (text.starts_with("\xef\xbb\xbf")) text.remove_prefix(3);
  return text;
}

bool is_json(std::string_view text) {
  size_t first = without_mark(text).find_first_not_of(" \t\r\n");
  return first != std::string_view::npos && without_mark(text)[first] == '{' && text.find("\"") != std::string_view::npos;
}

// A key of a mapping of YAML at the start of a line.
bool has_line(std::string_view text, std::string_view key) {
  for (size_t at = text.find(key); at != std::string_view::npos; at = text.find(key, at + 1)) {
    if ((at == 0 || text[at - 1] == '\n') && text.substr(at + key.size()).starts_with(":")) return true;
  }
  return false;
}

std::shared_ptr<Program> program_of(const Bytes& bytes, const ReadOptions& options, Diagnostics& out) {
  auto program = std::make_shared<Program>();
  std::string_view text = text_of(bytes);
  // The text, a copy that parsing changes, and the nodes of its values.
  if (bytes.size() > options.memory_limit / 4) {
    fail({}, "limit-memory", "a document of {} bytes needs more than the limit of {} bytes", bytes.size(), options.memory_limit);
  }
  if (is_json(text)) {
    program->text = text;
    program->document = json::Document::parse(program->text, {.non_finite = !options.strict});
    if (std::optional<json::Ref> number = program->document.first_non_finite()) {
      out.report(Severity::warning, number->place(), "pfa-number", "JSON has no such number; it is read as Python writes it");
    }
  } else {
    program->document = read_yaml(without_mark(text), {});
    JsonWriter writer;
    copy(program->document.root(), writer);
    program->text = writer.take();
  }
  check(*program, {.lenient = !options.strict}, out);
  return program;
}

// Values that the document states are of the types that it states. Reads each and drops it.
void check_values(const Program& program, const ReadOptions& options, Diagnostics& out) {
  DecodeOptions decoding{.code = "pfa-initialization", .tagged = options.strict, .notes = &out};
  auto each = [&](auto&& decode_it) {
    try {
      decode_it();
    } catch (const Failure& f) {
      out.add(f.diagnostic);
    }
  };
  for (const Cell& cell : program.cells) {
    if (cell.source.empty()) each([&] { decode(*cell.init, *cell.type, decoding); });
  }
  for (const Pool& pool : program.pools) {
    if (!pool.source.empty() || !pool.init) continue;
    for (auto [key, value] : pool.init->members()) {
      json::Ref item = value;
      if (key.text() != "@") each([&] { decode(item, *pool.type, decoding); });
    }
  }
  for (const Constant& c : program.constants) {
    if (c.word) continue;
    decoding.base64 = c.base64;
    each([&] { decode(c.value, *c.type, decoding); });
  }
}

std::string_view to_string(Method method) {
  return method == Method::map ? "map" : method == Method::emit ? "emit" : "fold";
}

}  // namespace

bool sniff(const Bytes& bytes) {
  std::string_view text = text_of(bytes);
  if (is_json(text)) {
    for (std::string_view key : {"\"input\"", "\"output\"", "\"action\""}) {
      if (text.find(key) == std::string_view::npos) return false;
    }
    return true;
  }
  return has_line(text, "input") && has_line(text, "output") && has_line(text, "action");
}

Model read(const Bytes& bytes, const ReadOptions& options, Diagnostics& out) {
  std::shared_ptr<const Program> program = program_of(bytes, options, out);
  Model model;
  model.metadata.format = "pfa";
  model.metadata.format_version = "0.8.1";
  model.metadata.name = program->name;
  model.metadata.doc = program->doc;
  model.metadata.properties = program->metadata;
  if (program->version) model.metadata.properties["version"] = std::to_string(*program->version);
  std::string called;
  for (const FunctionRow* row : program->called) called += (called.empty() ? "" : " ") + std::string(row->name);
  model.steps.push_back({"method", std::string(to_string(program->method)), called});
  for (const Cell& cell : program->cells) {
    model.steps.push_back({"cells/" + cell.name, std::string(tag(*cell.type)), cell.written ? "written" : "constant"});
  }
  Builder builder(model);
  builder.at(program->document.place(0));
  std::vector<ValueId> inputs;
  for (const TableColumn& c : input_layout(*program).columns) inputs.push_back(builder.input(c.name, c.type));
  Document document{program->text, program};
  std::vector<ValueId> results = builder.add_all(std::move(document), std::move(inputs));
  const TableLayout layout = output_layout(*program);
  for (size_t i = 0; i < results.size(); ++i) {
    const TableColumn& c = layout.columns[i];
    builder.output(c.name, results[i], c.role, c.keys);
  }
  return model;
}

void check_document(const Bytes& bytes, const ReadOptions& options, Diagnostics& out) {
  try {
    check_values(*program_of(bytes, options, out), options, out);
  } catch (const Failure& f) {
    out.add(f.diagnostic);
  }
}

}  // namespace panmodel::pfa
