#include "formats/pmml/format.h"

#include <algorithm>

#include "formats/pmml/model.h"
#include "formats/pmml/verification.h"
#include "formats/pmml/writer.h"
#include "ir/builder.h"

namespace panmodel::pmml {
namespace {

constexpr std::string_view kExtensions[] = {".pmml", ".xml"};
constexpr size_t kHead = 8192;  // where the root element starts at the latest

// The start of a text in any encoding of Unicode, as ASCII where it is ASCII.
std::string head_of(const Bytes& bytes) {
  std::string head(bytes.text().substr(0, kHead));
  const bool wide = head.substr(0, 4).find('\0') != std::string::npos;
  for (std::string_view mark : {"\xef\xbb\xbf", "\xff\xfe", "\xfe\xff"}) {
    if (head.starts_with(mark) || (wide && head.find(mark) == 2)) {
      head.erase(0, head.find(mark) + mark.size());
    }
  }
  // The digits of UTF-16 and UTF-32 that ASCII leaves 0.
  if (wide) std::erase(head, '\0');
  return head;
}

bool sniff(const Bytes& bytes) {
  const std::string text = head_of(bytes);
  std::string_view head = text;
  head.remove_prefix(std::min(head.find_first_not_of(" \t\r\n"), head.size()));
  if (!head.starts_with('<')) return false;
  for (size_t at = head.find("PMML"); at != std::string_view::npos; at = head.find("PMML", at + 1)) {
    const char before = head[at - 1];
    const char after = at + 4 < head.size() ? head[at + 4] : '>';
    if ((before == '<' || before == ':') && std::string_view(" \t\r\n/>").find(after) != std::string_view::npos) {
      return true;
    }
  }
  return false;
}

void read_header(const Element& pmml, Metadata& metadata) {
  metadata.format = "pmml";
  metadata.format_version = "PMML " + std::string(pmml.find("version").value_or("without version"));
  Element header = pmml.child("Header");
  if (!header) return;
  metadata.doc = header.find("description").value_or("");
  if (Element application = header.child("Application")) {
    metadata.producer = application.find("name").value_or("");
    metadata.producer_version = application.find("version").value_or("");
  }
  for (std::string_view attribute : {"copyright", "modelVersion"}) {
    if (auto value = header.find(attribute)) metadata.properties[std::string(attribute)] = *value;
  }
}

// What describes the model and changes no prediction is kept as it stands.
void read_descriptions(const Element& pmml, const Element& top, Metadata& metadata,
                       Diagnostics& out) {
  Element first;
  size_t dropped = 0;
  for (std::string_view name : {"ModelStats", "ModelExplanation"}) {
    for (const Element& model : models_with(pmml, name)) {
      const Element e = model.child(name);
      if (model == top) {
        metadata.properties["pmml." + std::string(name)] = e.markup();
      } else if (dropped++ == 0) {
        first = e;
      }
    }
  }
  if (dropped == 0) return;
  out.report(Severity::loss, first.place(), "pmml-description",
             "ModelStats and ModelExplanation of models within the model are not kept: {}",
             dropped);
}

// As a table column: where a model has no prediction the cell is missing, not NaN.
ValueId as_column(Builder& b, ValueId value) {
  return b.type(value).column() ? value : b.add(table::Prepare{}, {value});
}

// The predicted value under the name of its field, and the output fields.
void add_outputs(Builder& b, const Result& result) {
  const auto named = [&](const std::string& name) {
    return std::any_of(result.outputs.begin(), result.outputs.end(),
                       [&](const Result::Named& o) { return o.final && o.name == name; });
  };
  const std::string name = result.target.empty() ? "predictedValue" : result.target;
  const ValueId value = result.classification() ? result.label : result.value;
  if (value.valid() && !named(name)) {
    b.output(name, as_column(b, value), result.classification() ? Role::label : Role::value);
  }
  for (auto at = result.outputs.begin(); at != result.outputs.end(); ++at) {
    const Result::Named& o = *at;
    // Of segments that give fields of one name the last one counts.
    const bool repeated_later = std::any_of(at + 1, result.outputs.end(), [&](const Result::Named& later) {
      return later.final && later.name == o.name;
    });
    if (!o.final || repeated_later) continue;
    // The class label is one output; that it is also an output field under another name changes nothing.
    const bool repeated = (o.role == Role::label || o.role == Role::value) && o.name != name && !o.target;
    b.output(o.name, as_column(b, o.field.value), repeated ? Role::none : o.role,
             o.key.empty() ? Tensor() : Tensor::vector(std::vector<std::string>{o.key}));
  }
}

// Calls read(PMML element); the notes of the reading that counts go to `out`.
template <class Read>
auto read_root(const Bytes& bytes, const ReadOptions& options, Diagnostics& out, const Read& read) {
  const std::vector<Diagnostic> before = out.list();
  return read_document_of(bytes, options.path, Document::kLarge, [&](const Document& document) {
    out.list() = before;
    const Element pmml(document, document.root());
    if (!pmml || !pmml.is("PMML")) {
      Location place;
      place.file = options.path;
      fail(place, "pmml-element", "the root element is <{}>, expected <PMML>", pmml ? pmml.name() : "");
    }
    return read(pmml);
  });
}

Model read(const Bytes& bytes, const ReadOptions& options, Diagnostics& out) {
  return read_root(bytes, options, out, [&](const Element& pmml) {
    const Element top = model_in(pmml);
    if (!top) pmml.refuse("pmml-element", "no model in it");
    return read_document(pmml, top, options.strict, out);
  });
}

std::vector<Embedded> embedded(const Bytes& bytes, const ReadOptions& options, Diagnostics& out) {
  return read_root(bytes, options, out, [&](const Element& pmml) {
    return read_embedded(pmml, options.strict, out);
  });
}

void check(const Bytes& bytes, const ReadOptions& options, Diagnostics& out) {
  try {
    read(bytes, options, out);
  } catch (const Failure& f) {
    out.add(f.diagnostic);
  }
}

}  // namespace

Model read_document(const Element& pmml, const Element& top, bool strict, Diagnostics& out) {
  Model model;
  read_header(pmml, model.metadata);
  if (top == model_in(pmml)) read_descriptions(pmml, top, model.metadata, out);
  model.metadata.name = top.find("modelName").value_or("");
  Builder builder(model);
  const Dictionary dictionary = read_dictionary(pmml);
  Reader reader{builder, out, dictionary, pmml.child("TransformationDictionary"), strict};
  const Result result = read_model(top, reader, nullptr, {});
  add_outputs(builder, result);
  if (model.outputs.empty()) top.refuse("pmml-output", "the model predicts nothing");
  model.steps.push_back({std::string(top.name()), "pmml." + std::string(top.name()),
                         std::string(top.find("algorithmName").value_or(""))});
  return model;
}

const Format& format() {
  static const Format pmml{"pmml",  "PMML (Data Mining Group)", kExtensions, sniff, read, make_target,
                           write_model, check, nullptr, embedded};
  return pmml;
}

}  // namespace panmodel::pmml
