#include "base/fail.h"

#include <algorithm>

namespace panmodel {
namespace {

constexpr CodeInfo kCodes[] = {
#define PANMODEL_CODE(name, kind, doc) {name, CodeKind::kind, doc},
#include "base/codes.def"
#undef PANMODEL_CODE
};

}  // namespace

std::span<const CodeInfo> codes() { return kCodes; }

CodeKind Code::kind() const {
  for (const CodeInfo& info : kCodes) {
    if (info.name == name()) return info.kind;
  }
  return CodeKind::internal;
}

int exit_code(CodeKind kind) {
  switch (kind) {
    case CodeKind::ok: return 0;
    case CodeKind::differ: return 1;
    case CodeKind::usage: return 2;
    case CodeKind::input: return 3;
    case CodeKind::unsupported: return 4;
    case CodeKind::io: return 5;
    case CodeKind::limit: return 6;
    case CodeKind::internal: return 70;
  }
  return 70;
}

std::string_view to_string(Severity severity) {
  switch (severity) {
    case Severity::note: return "note";
    case Severity::loss: return "loss";
    case Severity::warning: return "warning";
    case Severity::error: return "error";
  }
  return "error";
}

std::string to_string(const Diagnostic& d) {
  std::string at = to_string(d.location);
  std::string text = fmt::format("{}{}{}: {} [{}]", at, at.empty() ? "" : ": ",
                                 to_string(d.severity), d.message, d.code);
  for (const std::string& note : d.notes) text += "\nhelp: " + note;
  return text;
}

size_t Diagnostics::count(Severity severity) const {
  return static_cast<size_t>(std::count_if(
      list_.begin(), list_.end(), [&](const Diagnostic& d) { return d.severity == severity; }));
}

void fail_help(const Location& loc, Code code, std::string message, std::string help) {
  throw Failure(
      {Severity::error, code.name(), code.kind(), std::move(message), loc, {std::move(help)}});
}

}  // namespace panmodel
