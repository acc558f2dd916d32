#include "formats/native/format.h"

#include "ir/text/parse.h"
#include "ir/text/print.h"

namespace panmodel::native {
namespace {

constexpr std::string_view kExtensions[] = {".panir"};

bool sniff(const Bytes& bytes) { return bytes.text().starts_with("panir "); }

Model read(const Bytes& bytes, const ReadOptions& options, Diagnostics& out) {
  Diagnostics found;
  Model model = parse_model(bytes.text(), {options.memory_limit}, found);
  const Diagnostic* first = nullptr;
  for (const Diagnostic& d : found.list()) {
    if (first == nullptr && d.severity == Severity::error) {
      first = &d;  // thrown below
    } else {
      out.add(d);
    }
  }
  if (first != nullptr) throw Failure(*first);
  if (model.metadata.format.empty()) {
    model.metadata.format = "panir";
    model.metadata.format_version = "1";
  }
  return model;
}

void check(const Bytes& bytes, const ReadOptions& options, Diagnostics& out) {
  try {
    parse_model(bytes.text(), {options.memory_limit}, out);
  } catch (const Failure& f) {
    out.add(f.diagnostic);
  }
}

class Everything final : public Target {
 public:
  std::string name() const override { return "panir"; }
  Support check(const Node&, const Graph&) const override { return Support::yes(); }
  bool keeps_signature() const override { return true; }
};

std::unique_ptr<Target> make_target(const WriteOptions&) { return std::make_unique<Everything>(); }

void write(const Model& model, const WriteOptions&, const Sink& to, Diagnostics&) {
  to(print_model(model));
}

}  // namespace

const Format& format() {
  static const Format native{"panir", "panmodel IR", kExtensions, sniff, read, make_target, write,
                             check};
  return native;
}

}  // namespace panmodel::native
