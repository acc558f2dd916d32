#include "formats/pickle/format.h"

#include "formats/pickle/cursor.h"
#include "formats/pickle/machine.h"
#include "formats/pickle/sklearn/estimator.h"
#include "formats/pickle/sklearn/tree.h"

namespace panmodel::pickle {
namespace {

constexpr std::string_view kExtensions[] = {".pkl", ".pickle", ".joblib", ".sav", ".p"};

bool sniff(const Bytes& bytes) { return looks_like_pickle(bytes.text().substr(0, kHead)); }

ParseOptions options_of(const ReadOptions& options) {
  ParseOptions parse_options;
  parse_options.file = options.path;
  parse_options.max_memory = options.memory_limit;
  return parse_options;
}

Model read(const Bytes& bytes, const ReadOptions& options, Diagnostics& out) {
  return sklearn::read_model(PyCursor(parse(bytes, options_of(options))), out);
}

void check(const Bytes& bytes, const ReadOptions& options, Diagnostics& out) {
  const size_t before = out.count(Severity::error);
  try {
    ParseOptions parse_options = options_of(options);
    parse_options.refusals = &out;
    const PyCursor root(parse(bytes, parse_options));
    // Values that stand for refused ones are no model.
    if (out.count(Severity::error) != before) return;
    sklearn::check_trees(root, out);
    if (out.count(Severity::error) != before) return;
    try {
      sklearn::read_model(root, out);
    } catch (const Failure& f) {
      out.add(f.diagnostic);
      out.report(Severity::note, {}, "pickle-safe",
                 "the pickle is inert: all {} names in it are on the allow-list",
                 root.document().globals().size());
    }
  } catch (const Failure& f) {
    // Behind a refusal it does not matter that the file is of a kind that is not supported.
    if (f.diagnostic.kind == CodeKind::unsupported && out.count(Severity::error) != before) return;
    out.add(f.diagnostic);
  }
}

}  // namespace

const Format& format() {
  static const Format pickle{"pickle", "Python pickle (scikit-learn)", kExtensions, sniff, read,
                             nullptr,  nullptr,                        check,       nullptr};
  return pickle;
}

}  // namespace panmodel::pickle
