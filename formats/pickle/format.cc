#include "formats/pickle/format.h"

#include "formats/pickle/cursor.h"
#include "formats/pickle/machine.h"
#include "formats/pickle/sklearn/estimator.h"
#include "formats/pickle/sklearn/tree.h"

namespace panmodel::pickle {
namespace {

constexpr std::string_view kExtensions[] = {".pkl", ".pickle", ".joblib", ".sav", ".p"};

// Of larger files `check` does not read the contents of arrays, which would take as long as reading
// the model.
constexpr size_t kWholeCheck = size_t{64} << 20;

bool sniff(const Bytes& bytes) { return looks_like_pickle(bytes.text().substr(0, kHead)); }

ParseOptions options_of(const ReadOptions& options) {
  ParseOptions parse_options;
  parse_options.file = options.path;
  parse_options.max_memory = options.memory_limit;
  parse_options.outline = options.outline;
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
    parse_options.outline = bytes.size() > kWholeCheck;
    if (parse_options.outline) {
      out.report(Severity::note, {}, "pickle-outline",
                 "the nodes of trees are counted, not read, in a file of {} MB; reading the model "
                 "checks them", bytes.size() >> 20);
    }
    const PyCursor root(parse(bytes, parse_options));
    // Values that stand for refused ones are no model.
    if (out.count(Severity::error) != before) return;
    if (!parse_options.outline) sklearn::check_trees(root, out);
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
