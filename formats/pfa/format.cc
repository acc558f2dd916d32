#include "formats/pfa/format.h"

#include "formats/pfa/writer.h"

namespace panmodel::pfa {
namespace {

constexpr std::string_view kExtensions[] = {".pfa", ".pfa.json", ".pfa.yaml", ".pfa.yml"};

bool sniff(const Bytes&) { return false; }

}  // namespace

const Format& format() {
  static const Format pfa{"pfa",       "PFA (Portable Format for Analytics)",
                          kExtensions, sniff,
                          nullptr,     make_target,
                          write_model, nullptr,
                          nullptr,     nullptr};
  return pfa;
}

}  // namespace panmodel::pfa
