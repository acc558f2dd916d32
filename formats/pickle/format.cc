#include "formats/pickle/format.h"

#include "formats/pickle/cursor.h"
#include "formats/pickle/machine.h"
#include "formats/pickle/sklearn/estimator.h"

namespace panmodel::pickle {
namespace {

constexpr std::string_view kExtensions[] = {".pkl", ".pickle", ".joblib", ".sav", ".p"};

bool sniff(const Bytes& bytes) { return looks_like_pickle(bytes.text().substr(0, 64)); }

Document parse_with(const Bytes& bytes, const ReadOptions& options) {
  ParseOptions parse_options;
  parse_options.file = options.path;
  parse_options.max_memory = options.memory_limit;
  return parse(bytes, parse_options);
}

Model read(const Bytes& bytes, const ReadOptions& options, Diagnostics& out) {
  return sklearn::read_model(PyCursor(parse_with(bytes, options)), out);
}

void check(const Bytes& bytes, const ReadOptions& options, Diagnostics& out) {
  try {
    read(bytes, options, out);
  } catch (const Failure& f) {
    out.add(f.diagnostic);
  }
}

}  // namespace

const Format& format() {
  static const Format pickle{"pickle", "Python pickle (scikit-learn)", kExtensions, sniff, read,
                             nullptr,  nullptr,                        check};
  return pickle;
}

}  // namespace panmodel::pickle
