#pragma once
// The pickle machine: runs the opcodes of protocols 0 to 5 and of joblib's stream over inert values.
// It imports nothing and calls nothing: a name outside the allow-list stops it at that opcode.
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/bytes.h"
#include "base/diagnostic.h"
#include "formats/pickle/value.h"

namespace panmodel::pickle {

struct ParseOptions {
  std::string file;  // name for messages
  uint64_t max_opcodes = 100'000'000;
  uint64_t max_stack = 4'000'000;
  uint64_t max_marks = 100'000;
  bool outline = false;  // readers of the document need not read the nodes of trees
  uint64_t max_depth = 1000;             // of the finished value
  uint64_t max_memory = uint64_t{2} << 30;  // bytes of nodes; arrays are views and do not count
  uint64_t max_inflated = uint64_t{4} << 30;
  uint64_t max_inflate_ratio = 250;      // output over input, beyond the first 16 MiB of output
  // Where refusals go that need not end the run, so that all of them are found: names outside the
  // allow-list, calls and states that cannot be, opcodes that reach outside. What they would have
  // made becomes an inert value of role `refused`. Null: the first one ends the run.
  Diagnostics* refusals = nullptr;
};

// Parses a whole file: a pickle, a joblib file, or one of them compressed. Throws Failure (codes
// pickle-*) with a PickleLoc that names opcode and byte offset in the decompressed stream.
Document parse(const Bytes& input, const ParseOptions& options = {});

// What `inspect` says about safety. A refusal is not an error of the command.
struct NamedGlobal {
  std::string module;
  std::string name;
  uint64_t offset = 0;
  uint64_t count = 0;
  bool allowed = false;
};
struct Verdict {
  bool allowed = false;               // the whole stream runs with allow-listed names only
  std::optional<Diagnostic> refusal;  // why not
  std::vector<NamedGlobal> globals;   // in order of first use, up to and with the refused one
};
Verdict judge(const Bytes& input, const ParseOptions& options = {});

// True when `head` (the first kHead bytes of a file) starts like a pickle, a compressed pickle or a
// torch archive. For format detection; says nothing about the rest.
inline constexpr size_t kHead = 64;
bool looks_like_pickle(std::string_view head);

}  // namespace panmodel::pickle
