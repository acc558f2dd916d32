#include "formats/pfa/write_yaml.h"

#include <yaml-cpp/yaml.h>

#include <algorithm>
#include <array>

#include "base/fail.h"
#include "base/number.h"

namespace panmodel::pfa::writing {

struct YamlWriter::Emitter {
  YAML::Emitter out;
};

bool is_yaml(std::string_view path) { return path.ends_with(".yaml") || path.ends_with(".yml"); }

namespace {

// Words without quotes are strings, unless YAML reads something else of them.
bool is_plain(std::string_view text) {
  static constexpr std::array kOther = {"null", "true", "false", "yes", "no", "on", "off", "y", "n"};
  const auto letter = [](char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); };
  if (text.empty() || !letter(text[0])) return false;
  std::string lower(text);
  for (char& c : lower) {
    if (!letter(c) && !(c >= '0' && c <= '9') && c != '_' && c != '.' && c != '-') return false;
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  }
  return std::find(kOther.begin(), kOther.end(), lower) == kOther.end();
}

}  // namespace

YamlWriter::YamlWriter() : emitter_(std::make_unique<Emitter>()) { emitter_->out.SetIndent(2); }
YamlWriter::~YamlWriter() = default;

void YamlWriter::begin_object(bool) { emitter_->out << YAML::BeginMap; }
void YamlWriter::end_object() { emitter_->out << YAML::EndMap; }
void YamlWriter::begin_array(bool scalars) {
  if (scalars) emitter_->out << YAML::Flow;
  emitter_->out << YAML::BeginSeq;
}
void YamlWriter::end_array() { emitter_->out << YAML::EndSeq; }
void YamlWriter::key(std::string_view name) {
  emitter_->out << YAML::Key;
  text(name);
  emitter_->out << YAML::Value;
}
void YamlWriter::text(std::string_view value) {
  if (!is_plain(value)) emitter_->out << YAML::DoubleQuoted;
  emitter_->out << std::string(value);
}
void YamlWriter::integer(int64_t value) { emitter_->out << value; }
void YamlWriter::real(double value) { emitter_->out << print_real(value); }
void YamlWriter::boolean(bool value) { emitter_->out << (value ? "true" : "false"); }
void YamlWriter::null() { emitter_->out << YAML::Null; }

std::string YamlWriter::take() const {
  if (!emitter_->out.good()) fail({}, "internal", "YAML: {}", emitter_->out.GetLastError());
  return std::string(emitter_->out.c_str(), emitter_->out.size()) + "\n";
}

}  // namespace panmodel::pfa::writing
