#include <yaml-cpp/yaml.h>

#include <algorithm>
#include <filesystem>
#include <initializer_list>
#include <set>

#include "api/plan.h"
#include "base/fail.h"
#include "base/number.h"
#include "base/text.h"

namespace panmodel {
namespace {

constexpr size_t kLongest = 16 << 20;  // bytes of a plan

using Names = std::initializer_list<std::string_view>;

class Reader {
 public:
  explicit Reader(std::string path) : path_(std::move(path)) {
    const size_t slash = path_.rfind('/');
    if (slash != std::string::npos) folder_ = path_.substr(0, slash + 1);
  }

  Plan plan(const YAML::Node& root) const {
    check_keys(root, "the plan", {"panmodel_plan", "defaults", "entries"});
    const YAML::Node version = need(root, "panmodel_plan", "the plan");
    if (word(version, "panmodel_plan") != "1") {
      fail(place(version), "plan-value", "version {} of plans is not known, expected 1", quote(version.Scalar()));
    }
    PlanEntry defaults;
    if (const YAML::Node given = root["defaults"]) {
      check_keys(given, "defaults", {"tolerance", "data", "rows", "seed", "missing", "strict", "gate"});
      read_settings(given, defaults);
    }
    const YAML::Node list = need(root, "entries", "the plan");
    if (!list.IsSequence() || list.size() == 0) wrong(list, "entries", "a list of one entry or more");
    Plan plan;
    std::set<std::string> names;
    for (const YAML::Node& node : list) {
      plan.entries.push_back(entry(node, defaults));
      const PlanEntry& last = plan.entries.back();
      if (!names.insert(last.name).second) {
        fail(place(node), "plan-value", "two entries are called {}", quote(last.name));
      }
    }
    return plan;
  }

 private:
  Location place(const YAML::Node& node) const {
    const YAML::Mark mark = node.Mark();
    Location l;
    if (!mark.is_null()) l = TextLoc{static_cast<uint32_t>(mark.line + 1), static_cast<uint32_t>(mark.column + 1)};
    l.file = path_;
    return l;
  }

  [[noreturn]] void wrong(const YAML::Node& node, std::string_view key, std::string_view expected) const {
    const std::string found = node.IsScalar()     ? quote(node.Scalar())
                              : node.IsSequence() ? (node.size() == 0 ? "an empty list" : "a list")
                              : node.IsMap()      ? "a mapping"
                                                  : "nothing";
    fail(place(node), "plan-value", "{} is {}, expected {}", printable(key), printable(found), expected);
  }

  void check_keys(const YAML::Node& node, std::string_view what, Names known) const {
    if (!node.IsMap()) wrong(node, what, "a mapping");
    std::set<std::string> seen;
    for (const auto& pair : node) {
      const std::string key = pair.first.IsScalar() ? pair.first.Scalar() : "";
      if (std::find(known.begin(), known.end(), key) == known.end()) {
        const std::string_view near = nearest(key, std::vector<std::string_view>(known));
        std::string all;
        for (std::string_view k : known) all += (all.empty() ? "" : ", ") + std::string(k);
        fail_help(place(pair.first), "plan-key", fmt::format("{} has no key {}", printable(what), quote(key)),
                  near.empty() ? "its keys are " + all : fmt::format("did you mean {}?", quote(near)));
      }
      if (!seen.insert(key).second) {
        fail(place(pair.first), "plan-key", "the key {} stands twice in {}", quote(key), printable(what));
      }
    }
  }

  YAML::Node need(const YAML::Node& node, const char* key, std::string_view what) const {
    const YAML::Node value = node[key];
    if (!value) fail(place(node), "plan-key", "{} lacks the key {}", printable(what), quote(key));
    return value;
  }

  std::string word(const YAML::Node& node, std::string_view key) const {
    if (!node.IsScalar() || node.Scalar().empty()) wrong(node, key, "a text");
    return node.Scalar();
  }

  uint64_t count(const YAML::Node& node, std::string_view key) const {
    const auto value = node.IsScalar() ? parse_uint(node.Scalar()) : std::nullopt;
    if (!value) wrong(node, key, "a whole number");
    return *value;
  }

  double limit(const YAML::Node& node, std::string_view key) const {
    const auto value = node.IsScalar() ? parse_real(node.Scalar()) : std::nullopt;
    if (!value || !(*value >= 0)) wrong(node, key, "a number, not negative");
    return *value;
  }

  std::string file(const YAML::Node& node, std::string_view key) const {
    namespace fs = std::filesystem;
    const std::string name = word(node, key);
    const fs::path path = name.front() == '/' ? name : folder_ + name;
    // Without "..", as annotations of files need it, where that is the same file.
    const fs::path plain = path.lexically_normal();
    std::error_code missing;
    return fs::equivalent(path, plain, missing) ? plain.string() : path.string();
  }

  void read_tolerance(const YAML::Node& node, PlanEntry& e) const {
    check_keys(node, "tolerance", {"rtol", "atol", "outputs"});
    if (const YAML::Node n = node["rtol"]) e.validate.relative = limit(n, "rtol"), e.has_relative = true;
    if (const YAML::Node n = node["atol"]) e.validate.absolute = limit(n, "atol"), e.has_absolute = true;
    const YAML::Node outputs = node["outputs"];
    if (!outputs) return;
    if (!outputs.IsMap()) wrong(outputs, "outputs", "a mapping of outputs to rtol and atol");
    for (const auto& pair : outputs) {
      const std::string name = word(pair.first, "an output");
      check_keys(pair.second, name, {"rtol", "atol"});
      runtime::Tolerance& own = e.validate.outputs.try_emplace(name, runtime::Tolerance{-1, -1}).first->second;
      if (const YAML::Node n = pair.second["rtol"]) own.relative = limit(n, "rtol");
      if (const YAML::Node n = pair.second["atol"]) own.absolute = limit(n, "atol");
    }
  }

  void read_gate(const YAML::Node& node, Gate& gate) const {
    check_keys(node, "gate", {"max_changed", "max_difference", "outputs"});
    if (const YAML::Node n = node["max_changed"]) {
      gate.max_changed = n.IsScalar() ? parse_share(n.Scalar()) : std::nullopt;
      if (!gate.max_changed) wrong(n, "max_changed", "a share from 0 to 1 or from 0% to 100%");
    }
    if (const YAML::Node n = node["max_difference"]) gate.max_difference = limit(n, "max_difference");
    const YAML::Node outputs = node["outputs"];
    if (!outputs) return;
    if (!outputs.IsMap()) wrong(outputs, "outputs", "a mapping of outputs to their largest difference");
    for (const auto& pair : outputs) {
      const std::string name = word(pair.first, "an output");
      gate.max_differences[name] = limit(pair.second, name);
    }
  }

  // What defaults may say too.
  void read_settings(const YAML::Node& node, PlanEntry& e) const {
    if (const YAML::Node n = node["tolerance"]) read_tolerance(n, e);
    if (const YAML::Node n = node["data"]) e.validate.data = file(n, "data");
    if (const YAML::Node n = node["rows"]) e.compare.rows = count(n, "rows");
    if (const YAML::Node n = node["seed"]) e.compare.seed = count(n, "seed");
    if (const YAML::Node n = node["gate"]) read_gate(n, e.compare.gate);
    if (const YAML::Node n = node["strict"]) {
      if (!n.IsScalar() || (n.Scalar() != "true" && n.Scalar() != "false")) wrong(n, "strict", "true or false");
      e.validate.options.strict = n.Scalar() == "true";
    }
    if (const YAML::Node n = node["missing"]) {
      if (!n.IsSequence()) wrong(n, "missing", "a list of texts that mean missing");
      e.validate.options.missing.clear();
      for (const YAML::Node& token : n) e.validate.options.missing.push_back(word(token, "missing"));
    }
  }

  Waiver waiver(const YAML::Node& node) const {
    check_keys(node, "a waiver", {"check", "reason", "expires", "at_most"});
    Waiver w;
    w.check = word(need(node, "check", "a waiver"), "check");
    w.reason = word(need(node, "reason", "a waiver"), "reason");
    const YAML::Node expires = need(node, "expires", "a waiver");
    const auto date = expires.IsScalar() ? parse_date(expires.Scalar()) : std::nullopt;
    if (!date) wrong(expires, "expires", "a date as 2026-12-31");
    w.expires = *date;
    if (const YAML::Node n = node["at_most"]) w.at_most = count(n, "at_most");
    w.place = place(node);
    return w;
  }

  PlanEntry entry(const YAML::Node& node, const PlanEntry& defaults) const {
    PlanEntry e = defaults;
    e.place = place(node);
    check_keys(node, "an entry", {"name", "model", "data", "expect", "reference", "tolerance", "rows", "seed", "missing",
                                  "strict", "gate", "waivers"});
    const YAML::Node model = need(node, "model", "an entry");
    e.model = file(model, "model");
    e.name = node["name"] ? word(node["name"], "name") : model.Scalar();
    read_settings(node, e);
    if (node["expect"]) e.expected = file(node["expect"], "expect");
    if (node["reference"]) e.reference = file(node["reference"], "reference");
    if (!e.expected.empty() && !e.reference.empty()) {
      fail(place(node["reference"]), "plan-key", "an entry has 'expect' or 'reference', not both");
    }
    if (e.reference.empty()) {
      for (const char* key : {"rows", "seed", "gate"}) {
        if (node[key]) fail(place(node[key]), "plan-key", "'{}' goes with 'reference': it is for comparing two models", key);
      }
    }
    if (!e.expected.empty() && e.validate.data.empty()) {
      fail(place(node["expect"]), "plan-key", "'expect' goes with 'data', the rows that were predicted");
    }
    if (const YAML::Node list = node["waivers"]) {
      if (!list.IsSequence()) wrong(list, "waivers", "a list of waivers");
      for (const YAML::Node& w : list) e.waivers.push_back(waiver(w));
    }
    return e;
  }

  std::string path_, folder_;
};

}  // namespace

std::optional<Date> parse_date(std::string_view text) {
  if (text.size() != 10 || text[4] != '-' || text[7] != '-') return std::nullopt;
  const auto year = parse_uint(text.substr(0, 4)), month = parse_uint(text.substr(5, 2)), day = parse_uint(text.substr(8, 2));
  if (!year || !month || !day) return std::nullopt;
  const Date date{std::chrono::year(static_cast<int>(*year)), std::chrono::month(static_cast<unsigned>(*month)),
                  std::chrono::day(static_cast<unsigned>(*day))};
  return date.ok() ? std::optional(date) : std::nullopt;
}

std::string print_date(const Date& date) {
  return fmt::format("{:04}-{:02}-{:02}", static_cast<int>(date.year()), static_cast<unsigned>(date.month()),
                     static_cast<unsigned>(date.day()));
}

std::optional<double> parse_share(std::string_view text) {
  const bool percent = !text.empty() && text.back() == '%';
  if (percent) text.remove_suffix(1);
  const auto value = parse_real(text);
  if (!value) return std::nullopt;
  const double share = percent ? *value / 100 : *value;
  return share >= 0 && share <= 1 ? std::optional(share) : std::nullopt;
}

Plan read_plan(const Bytes& bytes, const std::string& path) {
  Location place;
  place.file = path;
  if (bytes.size() > kLongest) fail(place, "limit-memory", "a plan of {} bytes, expected at most {}", bytes.size(), kLongest);
  try {
    const std::vector<YAML::Node> documents = YAML::LoadAll(std::string(bytes.text()));
    if (documents.size() != 1) fail(place, "plan-yaml", "{} documents, expected one", documents.size());
    return Reader(path).plan(documents[0]);
  } catch (const YAML::Exception& e) {
    if (!e.mark.is_null()) place = TextLoc{static_cast<uint32_t>(e.mark.line + 1), static_cast<uint32_t>(e.mark.column + 1)};
    place.file = path;
    fail(place, "plan-yaml", "no well-formed YAML: {}", printable(e.msg));
  }
}

}  // namespace panmodel
