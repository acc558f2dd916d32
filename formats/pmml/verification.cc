// ModelVerification: rows with the results that the producer had (PMML 4.4, ModelVerification).
#include <algorithm>
#include <map>

#include "formats/pmml/model.h"
#include "formats/pmml/verification.h"

namespace panmodel::pmml {
namespace {

std::string local(std::string_view name) {
  const size_t colon = name.rfind(':');
  return std::string(colon == std::string_view::npos ? name : name.substr(colon + 1));
}

bool is_target(const Element& model, std::string_view field) {
  for (const Element& mining : model.require("MiningSchema").children("MiningField")) {
    auto usage = mining.find("usageType");
    if (mining.find("name") == field) return usage == "target" || usage == "predicted";
  }
  return false;
}

// An output field of the model, or of a model within it whose results are its own.
bool is_output(const Element& model, std::string_view field) {
  std::vector<Element> open{model};
  while (!open.empty()) {
    const Element e = open.back();
    open.pop_back();
    if (e.is("OutputField") && e.find("name") == field) return true;
    for (const Element& inner : e.children()) {
      if (is_model(inner) || inner.is("Output") || inner.is("OutputField") || inner.is("Segmentation") || inner.is("Segment")) {
        open.push_back(inner);
      }
    }
  }
  return false;
}

Embedded read_rows(const Element& model, const Element& verification) {
  Embedded out;
  out.place = verification.place();
  const auto fields = verification.require("VerificationFields").children("VerificationField");
  // Where output fields are recorded, the target is what the data say, not what the model does.
  const bool outputs = std::any_of(fields.begin(), fields.end(), [&](const Element& f) {
    return is_output(model, f.attribute("field"));
  });
  std::vector<std::string> input_columns, expected_columns;
  for (const Element& f : fields) {
    std::string name(f.attribute("field"));
    std::string column = local(f.find("column").value_or(name));
    const bool target = is_target(model, name);
    if (outputs ? is_output(model, name) : target) {
      out.expected.push_back({std::move(name), f.real("precision", 1e-6), f.real("zeroThreshold", 1e-16)});
      expected_columns.push_back(std::move(column));
    } else if (!target) {
      out.inputs.push_back(std::move(name));
      input_columns.push_back(std::move(column));
    }
  }
  std::vector<std::string> columns = std::move(input_columns);
  columns.insert(columns.end(), expected_columns.begin(), expected_columns.end());
  for (const Element& row : verification.require("InlineTable").children("row")) {
    std::map<std::string, std::string> cells;
    for (const Element& cell : row.children()) cells[std::string(cell.name())] = cell.text();
    auto& to = out.rows.emplace_back();
    for (const std::string& column : columns) {
      auto found = cells.find(column);
      to.push_back(found == cells.end() ? std::nullopt : std::optional(found->second));
    }
  }
  return out;
}

}  // namespace

std::vector<Embedded> read_embedded(const Element& pmml, bool strict, Diagnostics& out) {
  std::vector<Embedded> all;
  for (const Element& model : models_with(pmml, "ModelVerification")) {
    Embedded one = read_rows(model, model.child("ModelVerification"));
    one.model = std::make_shared<const Model>(read_document(pmml, model, strict, out));
    all.push_back(std::move(one));
  }
  return all;
}

}  // namespace panmodel::pmml
