#include "api/report_ci.h"

#include <algorithm>

#include "base/fail.h"
#include "base/number.h"
#include "base/text.h"

namespace panmodel {
namespace {

constexpr size_t kWhole = std::string::npos;

std::string figure_text(const Figure& f) {
  if (const auto* count = std::get_if<uint64_t>(&f.value)) return std::to_string(*count);
  if (const auto* real = std::get_if<double>(&f.value)) return print_real(*real);
  return std::get<std::string>(f.value);
}

std::string joined(const std::vector<std::string>& lines, std::string_view mark) {
  std::string out;
  for (const std::string& line : lines) out += (out.empty() ? "" : std::string(mark)) + line;
  return out;
}

// Each character of `text` as `rule` gives it; absent = as it is.
template <class Rule>
std::string replaced(std::string_view text, Rule rule) {
  std::string out;
  for (const char c : text) {
    const std::string_view other = rule(c);
    if (other.empty()) {
      out += c;
    } else {
      out += other;
    }
  }
  return out;
}

// Text for an attribute or an element of XML 1.0: control characters and what is no UTF-8 are shown
// as escapes, which XML cannot hold; so are U+FFFE and U+FFFF.
std::string xml(std::string_view text) {
  std::string clean = printable(text, kWhole);
  for (const auto& [bad, shown] : {std::pair<std::string_view, std::string_view>{"\xEF\xBF\xBE", "\\uFFFE"},
                                   {"\xEF\xBF\xBF", "\\uFFFF"}}) {
    for (size_t at = clean.find(bad); at != kWhole; at = clean.find(bad)) clean.replace(at, bad.size(), shown);
  }
  return replaced(clean, [](char c) -> std::string_view {
    switch (c) {
      case '&': return "&amp;";
      case '<': return "&lt;";
      case '>': return "&gt;";
      case '"': return "&quot;";
      case '\'': return "&apos;";
      default: return {};
    }
  });
}

void junit_case(std::string& out, const Section& section, const Finding& f) {
  out += fmt::format("    <testcase classname=\"{}\" name=\"{}\">\n", xml(section.name), xml(f.name));
  std::vector<std::string> lines;
  for (const std::string& line : f.details) lines.push_back(xml(line));
  if (f.verdict == Verdict::failed) {
    out += fmt::format("      <failure type=\"failed\" message=\"{}\">{}</failure>\n", xml(f.summary), joined(lines, "\n"));
  } else if (f.verdict == Verdict::waived) {
    out += fmt::format("      <skipped message=\"{}\"/>\n", xml(f.summary));
  }
  // What a failure says is not said twice.
  if (f.verdict == Verdict::failed) lines.clear();
  if (f.verdict == Verdict::passed || f.verdict == Verdict::warned) lines.insert(lines.begin(), xml(f.summary));
  for (const Figure& figure : f.figures) lines.push_back(xml(figure.name + ": " + figure_text(figure)));
  out += fmt::format("      <system-out>{}</system-out>\n    </testcase>\n", joined(lines, "\n"));
}

size_t count(const Section& section, Verdict verdict) {
  return static_cast<size_t>(std::count_if(section.findings.begin(), section.findings.end(),
                                           [&](const Finding& f) { return f.verdict == verdict; }));
}

// Text within a line of markdown. "@" is kept from naming a person to whom the comment is sent.
std::string markdown(std::string_view text) {
  return replaced(printable(text, kWhole), [](char c) -> std::string_view {
    switch (c) {
      case '&': return "&amp;";
      case '<': return "&lt;";
      case '>': return "&gt;";
      case '\\': return "\\\\";
      case '`': return "\\`";
      case '*': return "\\*";
      case '_': return "\\_";
      case '~': return "\\~";
      case '[': return "\\[";
      case ']': return "\\]";
      case '|': return "\\|";
      case '#': return "\\#";
      case '$': return "\\$";
      case '@': return "@<!-- -->";
      default: return {};
    }
  });
}

// A value of a workflow command; `property`: one before the second "::".
std::string command_text(std::string_view text, bool property) {
  return replaced(text, [property](char c) -> std::string_view {
    switch (c) {
      case '%': return "%25";
      case '\r': return "%0D";
      case '\n': return "%0A";
      case ':': return property ? "%3A" : std::string_view();
      case ',': return property ? "%2C" : std::string_view();
      default: return {};
    }
  });
}

}  // namespace

std::string report_junit(const Report& report) {
  size_t all = 0;
  for (const Section& s : report.sections) all += s.findings.size();
  std::string out = fmt::format(
      "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites name=\"panmodel {}\" tests=\"{}\" failures=\"{}\" errors=\"0\">\n",
      xml(report.verb), all, report.count(Verdict::failed));
  for (const Section& s : report.sections) {
    out += fmt::format("  <testsuite name=\"{}\" tests=\"{}\" failures=\"{}\" errors=\"0\" skipped=\"{}\">\n", xml(s.name),
                       s.findings.size(), count(s, Verdict::failed), count(s, Verdict::waived));
    if (!s.properties.empty()) {
      out += "    <properties>\n";
      for (const Figure& f : s.properties) {
        out += fmt::format("      <property name=\"{}\" value=\"{}\"/>\n", xml(f.name), xml(figure_text(f)));
      }
      out += "    </properties>\n";
    }
    for (const Finding& f : s.findings) junit_case(out, s, f);
    out += "  </testsuite>\n";
  }
  return out + "</testsuites>\n";
}

std::string report_markdown(const Report& report) {
  std::string out = fmt::format("### panmodel {}: {}\n", markdown(report.verb), report.passed() ? "passed" : "**FAILED**");
  for (const Section& s : report.sections) {
    out += fmt::format("\n**{}**", markdown(s.name));
    for (const Figure& f : s.properties) out += fmt::format(", {} {}", markdown(f.name), markdown(figure_text(f)));
    out += "\n\n| check | verdict | finding |\n|---|---|---|\n";
    for (const Finding& f : s.findings) {
      out += fmt::format("| {} | {} | {}", markdown(f.name), f.verdict == Verdict::failed ? "**FAILED**" : to_string(f.verdict),
                         markdown(f.summary));
      if (f.verdict != Verdict::passed) {
        for (const std::string& line : f.details) out += "<br>" + markdown(line);
      }
      out += " |\n";
    }
  }
  return out + "\n" + markdown(sum_line(report)) + "\n";
}

std::string report_github(const Report& report) {
  std::string out;
  for (Verdict verdict : {Verdict::failed, Verdict::waived, Verdict::warned}) {
    for (const Section& s : report.sections) {
      for (const Finding& f : s.findings) {
        if (f.verdict != verdict) continue;
        out += verdict == Verdict::failed ? "::error " : verdict == Verdict::waived ? "::notice " : "::warning ";
        if (!f.place.file.empty()) {
          out += fmt::format("file={},", command_text(printable(f.place.file, kWhole), true));
          if (const uint32_t line = line_of(f.place); line > 0) out += fmt::format("line={},", line);
        }
        std::vector<std::string> lines{printable(f.summary, kWhole)};
        for (const std::string& line : f.details) lines.push_back(printable(line, kWhole));
        out += fmt::format("title={}::{}\n",
                           command_text(printable(fmt::format("{}: {}", s.name, f.name), kWhole), true),
                           command_text(joined(lines, "\n"), false));
      }
    }
  }
  return out + sum_line(report) + "\n";
}

}  // namespace panmodel
