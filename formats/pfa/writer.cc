#include "formats/pfa/writer.h"

#include <algorithm>

#include "base/number.h"
#include "base/text.h"
#include "formats/pfa/copy.h"
#include "formats/pfa/write_values.h"
#include "formats/pfa/write_yaml.h"

namespace panmodel::pfa {
namespace {

using namespace writing;

// An output of the model: PFA's type, and the expression that gives it.
struct Result {
  std::string name;
  Ast type, value;
};

std::string text_of(const Tensor& keys, size_t i) {
  if (keys.dtype() == DType::string) return keys.text(i);
  if (keys.dtype() == DType::boolean) return keys.integer(i) != 0 ? "true" : "false";
  return is_integer(keys.dtype()) ? std::to_string(keys.integer(i)) : print_real(keys.real(i));
}

// The class labels as keys of a map; empty where two would be one key.
std::vector<std::string> map_keys(const Output& output, size_t width) {
  std::vector<std::string> keys;
  if (output.role != Role::probability || width == 1 || output.keys.size() != width) return keys;
  for (size_t i = 0; i < width; ++i) keys.push_back(text_of(output.keys, i));
  const std::set<std::string> distinct(keys.begin(), keys.end());
  if (distinct.size() != keys.size()) keys.clear();
  return keys;
}

Result result_of(const Output& output, Values& values) {
  Result r{output.name, {}, {}};
  const Form& form = values.of(output.value);
  const std::string type = form.type;
  const bool nullable_items = form.nullable;
  const std::vector<std::string> keys = map_keys(output, form.width);
  const Ast item = nullable_items ? nullable(type) : Ast(type);
  if (!keys.empty()) {
    std::vector<Ast> items;
    if (form.items.empty() && !form.constant) values.array_symbol(output.value);
    items = values.items(output.value);
    Members shares;
    for (size_t i = 0; i < keys.size(); ++i) shares.emplace_back(keys[i], std::move(items[i]));
    r.type = map_of("double");
    r.value = Members{{"type", map_of("double")}, {"new", std::move(shares)}};
  } else if (!form.vector) {
    r.type = item;
    r.value = values.item(output.value, !nullable_items);
  } else {
    r.type = array_of(item);
    r.value = nullable_items ? make_array(values.items(output.value, false), item) : values.array(output.value);
  }
  return r;
}

// What the outputs mean, which their types do not say: roles, names of columns, class labels.
std::string described(const Model& model) {
  JsonWriter out;
  out.begin_array();
  for (const Output& o : model.outputs) {
    out.begin_object();
    out.key("name");
    out.text(o.name);
    out.key("role");
    out.text(to_string(o.role));
    if (!o.keys.empty()) {
      out.key("keys");
      out.begin_array();
      for (size_t i = 0; i < o.keys.size(); ++i) {
        if (o.keys.dtype() == DType::string) {
          out.text(o.keys.text(i));
        } else if (is_integer(o.keys.dtype())) {
          out.integer(o.keys.integer(i));
        } else {
          out.real(o.keys.real(i));
        }
      }
      out.end_array();
    }
    out.end_object();
  }
  out.end_array();
  std::string text = out.take();
  // On one line: it is the text of one metadata entry.
  std::string line;
  for (size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '\n') {
      line += text[i];
      continue;
    }
    while (i + 1 < text.size() && text[i + 1] == ' ') ++i;
    if (line.ends_with(',')) line += ' ';
  }
  return line;
}

std::string name_of(const Metadata& metadata) {
  const std::string& name = metadata.name;
  const std::string last = name.substr(name.find_last_of('.') == std::string::npos ? 0 : name.find_last_of('.') + 1);
  return last.empty() ? "Model" : word(last);
}

Ast metadata_of(const Model& model) {
  Members all;
  const Metadata& m = model.metadata;
  const auto add = [&](const std::string& name, const std::string& value) {
    if (!value.empty() && is_utf8(value)) all.emplace_back(name, value);
  };
  add("producer", m.producer_version.empty() ? m.producer : m.producer + " " + m.producer_version);
  add("source", m.format_version.empty() ? m.format : m.format + ", " + m.format_version);
  add("model", m.name);
  for (const auto& [name, value] : m.properties) add(name, value);
  add("outputs", described(model));
  return all;
}

Members document(const Model& model, Diagnostics& out) {
  Program program;
  Values values(model, program, out);
  values.add_nodes();
  std::vector<Result> results;
  for (const Output& o : model.outputs) results.push_back(result_of(o, values));
  Ast type, value;
  if (results.size() == 1) {
    type = std::move(results[0].type);
    value = std::move(results[0].value);
  } else {
    std::set<std::string> taken;
    Asts fields;
    Members made;
    for (Result& r : results) {
      const std::string name = unique_word(r.name, taken);
      Members field{{"name", name}, {"type", std::move(r.type)}};
      if (name != r.name) field.emplace_back("doc", r.name);
      fields.emplace_back(std::move(field));
      made.emplace_back(name, std::move(r.value));
    }
    type = Members{{"type", "record"}, {"name", "Output"}, {"fields", std::move(fields)}};
    value = Members{{"type", "Output"}, {"new", std::move(made)}};
  }
  Members all{{"name", name_of(model.metadata)}};
  if (auto version = model.metadata.properties.find("modelVersion"); version != model.metadata.properties.end()) {
    const std::optional<int64_t> number = parse_int(version->second);
    if (number && *number >= 0 && *number <= INT32_MAX) all.emplace_back("version", *number);
  }
  if (!model.metadata.doc.empty()) all.emplace_back("doc", model.metadata.doc);
  all.emplace_back("metadata", metadata_of(model));
  all.emplace_back("input", values.input_type());
  all.emplace_back("output", std::move(type));
  all.emplace_back("action", program.action(std::move(value)));
  Members functions = program.functions();
  if (!functions.empty()) all.emplace_back("fcns", std::move(functions));
  if (!program.cells().empty()) all.emplace_back("cells", program.cells());
  return all;
}

}  // namespace

void write_model(const Model& model, const WriteOptions& options, const Sink& to, Diagnostics& out) {
  const auto say = [&](JsonSink& sink) {
    if (!copy_document(model, sink)) write_ast(document(model, out), sink);
  };
  if (is_yaml(options.path)) {
    YamlWriter yaml;
    say(yaml);
    return to(yaml.take());
  }
  JsonWriter json;
  say(json);
  to(json.take());
}

}  // namespace panmodel::pfa
