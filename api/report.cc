// Reports as text and JSON.
#include <rapidjson/prettywriter.h>
#include <rapidjson/stringbuffer.h>

#include <cmath>
#include <map>

#include "api/panmodel.h"
#include "base/number.h"
#include "ir/forest.h"
#include "ir/op.h"
#include "ir/ops/tree.h"

namespace panmodel {
namespace {

using Writer = rapidjson::PrettyWriter<rapidjson::StringBuffer>;

void text(Writer& w, std::string_view s) {
  w.String(s.data(), static_cast<rapidjson::SizeType>(s.size()));
}
void pair(Writer& w, const char* key, std::string_view value) {
  w.Key(key);
  text(w, value);
}
void number(Writer& w, const char* key, double value) {
  w.Key(key);
  if (std::isfinite(value)) {
    std::string s = print_real(value);
    w.RawValue(s.data(), s.size(), rapidjson::kNumberType);
  } else {
    w.Null();
  }
}

std::map<std::string, size_t> operator_counts(const Model& model) {
  std::map<std::string, size_t> counts;
  for (const Node& n : model.graph.nodes) ++counts[std::string(op_info(n.op).meta.name)];
  return counts;
}

ForestStats forest_stats(const Model& model) {
  ForestStats all;
  for (const Node& n : model.graph.nodes) {
    if (const auto* t = n.as<ml::TreeEnsemble>()) {
      ForestStats s = stats(t->forest);
      all.trees += s.trees;
      all.nodes += s.nodes;
      all.leaves += s.leaves;
      all.depth = std::max(all.depth, s.depth);
    }
  }
  return all;
}

std::string key_list(const Tensor& keys) {
  std::string out;
  for (size_t i = 0; i < std::min<size_t>(keys.size(), 8); ++i) {
    out += (i ? ", " : "") + (keys.dtype() == DType::string ? keys.text(i) : fmt::format("{}", keys.real(i)));
  }
  return keys.size() > 8 ? out + ", ..." : out;
}

}  // namespace

std::string inspect_text(const Model& model) {
  const Metadata& m = model.metadata;
  std::string out = fmt::format("format     {} ({})\nproducer   {} {}\n", m.format, m.format_version,
                                m.producer, m.producer_version);
  if (!m.name.empty()) out += fmt::format("model      {}\n", m.name);
  for (const Input& i : model.inputs) {
    out += fmt::format("input      {}: {}\n", i.name, to_string(model.graph.type(i.value)));
  }
  for (const Output& o : model.outputs) {
    out += fmt::format("output     {}: {}, {}{}\n", o.name, to_string(model.graph.type(o.value)),
                       to_string(o.role), o.keys.empty() ? "" : " of " + key_list(o.keys));
  }
  ForestStats f = forest_stats(model);
  if (f.trees > 0) {
    out += fmt::format("trees      {} with {} nodes, {} leaves, depth {}\n", f.trees, f.nodes,
                       f.leaves, f.depth);
  }
  for (const Step& s : model.steps) {
    out += fmt::format("step       {}{}{}({})\n", s.path, s.path.empty() ? "" : ": ", s.kind, s.summary);
  }
  for (const auto& [op, count] : operator_counts(model)) {
    out += fmt::format("operator   {} x {}\n", op, count);
  }
  return out;
}

std::string inspect_json(const Model& model) {
  rapidjson::StringBuffer buffer;
  Writer w(buffer);
  const Metadata& m = model.metadata;
  w.StartObject();
  w.Key("schema_version");
  w.Int(1);
  pair(w, "format", m.format);
  pair(w, "format_version", m.format_version);
  pair(w, "producer", m.producer);
  pair(w, "producer_version", m.producer_version);
  pair(w, "name", m.name);
  w.Key("inputs");
  w.StartArray();
  for (const Input& i : model.inputs) {
    w.StartObject();
    pair(w, "name", i.name);
    pair(w, "type", to_string(model.graph.type(i.value)));
    w.Key("features");
    w.StartArray();
    for (const std::string& f : i.features) text(w, f);
    w.EndArray();
    w.EndObject();
  }
  w.EndArray();
  w.Key("outputs");
  w.StartArray();
  for (const Output& o : model.outputs) {
    w.StartObject();
    pair(w, "name", o.name);
    pair(w, "type", to_string(model.graph.type(o.value)));
    pair(w, "role", to_string(o.role));
    w.EndObject();
  }
  w.EndArray();
  ForestStats f = forest_stats(model);
  w.Key("trees");
  w.Uint64(f.trees);
  w.Key("tree_nodes");
  w.Uint64(f.nodes);
  w.Key("steps");
  w.StartArray();
  for (const Step& s : model.steps) {
    w.StartObject();
    pair(w, "path", s.path);
    pair(w, "kind", s.kind);
    pair(w, "options", s.summary);
    w.EndObject();
  }
  w.EndArray();
  w.Key("operators");
  w.StartObject();
  for (const auto& [op, count] : operator_counts(model)) {
    w.Key(op.c_str());
    w.Uint64(count);
  }
  w.EndObject();
  w.EndObject();
  return std::string(buffer.GetString()) + "\n";
}

std::string comparison_text(const runtime::Comparison& c) {
  std::string out = fmt::format("{} rows\n", c.rows);
  for (const auto& o : c.outputs) {
    if (!o.error.empty()) {
      out += fmt::format("{} / {}: {}\n", o.name_a, o.name_b, o.error);
    } else if (o.role == Role::label) {
      out += fmt::format("{} / {}: {} labels, {} differ\n", o.name_a, o.name_b, o.compared, o.differing);
    } else {
      out += fmt::format(
          "{} / {}: {} cells, {} beyond rtol {:g} atol {:g}; max abs {:.3g}, max rel {:.3g}, worst "
          "row {}, smallest passing rtol {:.3g}\n",
          o.name_a, o.name_b, o.compared, o.differing, o.tolerance.relative, o.tolerance.absolute,
          o.max_absolute, o.max_relative, o.worst_row, o.needed_relative);
    }
  }
  for (size_t i = 0; i < std::min<size_t>(c.flips.size(), 20); ++i) {
    const auto& f = c.flips[i];
    out += fmt::format("flip in row {}: {} is {} (score {}) / {} (score {})\n", f.row, f.output, f.a,
                       print_real(f.score_a), f.b, print_real(f.score_b));
  }
  if (c.flips.size() > 20) out += fmt::format("... and {} more flips\n", c.flips.size() - 20);
  for (const auto& n : c.only_a) out += fmt::format("only the first model has '{}'\n", n);
  for (const auto& n : c.only_b) out += fmt::format("only the second model has '{}'\n", n);
  if (c.refused_both) out += fmt::format("{} rows are refused by both\n", c.refused_both);
  if (c.refused_a) out += fmt::format("{} rows are refused by the first only\n", c.refused_a);
  if (c.refused_b) out += fmt::format("{} rows are refused by the second only\n", c.refused_b);
  return out + (c.equal() ? "equal\n" : "DIFFERENT\n");
}

std::string comparison_json(const runtime::Comparison& c) {
  rapidjson::StringBuffer buffer;
  Writer w(buffer);
  w.StartObject();
  w.Key("schema_version");
  w.Int(1);
  w.Key("equal");
  w.Bool(c.equal());
  w.Key("rows");
  w.Uint64(c.rows);
  w.Key("refused_by_first_only");
  w.Uint64(c.refused_a);
  w.Key("refused_by_second_only");
  w.Uint64(c.refused_b);
  w.Key("outputs");
  w.StartArray();
  for (const auto& o : c.outputs) {
    w.StartObject();
    pair(w, "first", o.name_a);
    pair(w, "second", o.name_b);
    pair(w, "role", to_string(o.role));
    w.Key("compared");
    w.Uint64(o.compared);
    w.Key("differing");
    w.Uint64(o.differing);
    number(w, "max_absolute", o.max_absolute);
    number(w, "max_relative", o.max_relative);
    number(w, "smallest_passing_rtol", o.needed_relative);
    if (!o.error.empty()) pair(w, "error", o.error);
    w.EndObject();
  }
  w.EndArray();
  w.Key("flips");
  w.StartArray();
  for (const auto& f : c.flips) {
    w.StartObject();
    w.Key("row");
    w.Uint64(f.row);
    pair(w, "first", f.a);
    pair(w, "second", f.b);
    number(w, "first_score", f.score_a);
    number(w, "second_score", f.score_b);
    w.EndObject();
  }
  w.EndArray();
  w.EndObject();
  return std::string(buffer.GetString()) + "\n";
}

std::string ops_markdown() {
  std::string out = "# Operators of the intermediate representation\n\nGenerated by `panmodel ops --markdown`.\n";
  for (const OpInfo& info : op_table()) {
    out += fmt::format("\n## {}\n\n{} Accuracy: {}.\n", info.meta.name, info.meta.doc,
                       to_string(info.meta.accuracy));
    if (info.fields.empty()) continue;
    out += "\n| field | type | meaning |\n|---|---|---|\n";
    for (const FieldInfo& f : info.fields) out += fmt::format("| {} | {} | {} |\n", f.name, f.type, f.doc);
  }
  return out;
}

}  // namespace panmodel
