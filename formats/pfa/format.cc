#include "formats/pfa/format.h"

#include "formats/pfa/read.h"
#include "formats/pfa/writer.h"

namespace panmodel::pfa {
namespace {

constexpr std::string_view kExtensions[] = {".pfa", ".pfa.json", ".pfa.yaml", ".pfa.yml"};

}  // namespace

const Format& format() {
  static const Format pfa{"pfa",       "PFA (Portable Format for Analytics)",
                          kExtensions, sniff,
                          read,        make_target,
                          write_model, check_document,
                          nullptr,     nullptr};
  return pfa;
}

}  // namespace panmodel::pfa
