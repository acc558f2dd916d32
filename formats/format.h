#pragma once
// What a format offers. Formats are listed in registry.cc; none knows another.
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/bytes.h"
#include "base/diagnostic.h"
#include "ir/model.h"
#include "ir/target.h"

namespace panmodel {

struct ReadOptions {
  std::string path;  // for messages, and the directory of companion files
  uint64_t memory_limit = uint64_t{4} << 30;
  bool allow_links = false;  // follow symbolic links to external data
  bool outline = false;      // large parts need only be counted: see Forest::unread
  bool strict = false;       // PMML: by the letter where the reference engine differs (docs/pmml.md)
};

// Rows with the results that the source gives for them.
struct VerificationRows {
  // By row: a cell per column of the inputs, then one per column of the outputs; an absent cell is missing.
  std::vector<std::vector<std::optional<std::string>>> rows;
};

struct WriteOptions {
  std::string path;  // directory of companion files
  int opset = 21;    // ONNX: version of ai.onnx
  bool zip_map = false;
  std::string pmml_version = "4.4";
  VerificationRows verification;  // for a format that carries such rows; may be empty
};

// Recorded vectors: parallel to the model's inputs and outputs; an output without a record is empty.
struct TestVectors {
  std::vector<Tensor> inputs;
  std::vector<std::optional<Tensor>> outputs;
};

// Rows that a file carries beside a model, or a part of it, to check itself.
struct Embedded {
  std::shared_ptr<const Model> model;
  Location place;
  std::vector<std::string> inputs;    // names of columns that are inputs of the model
  struct Expected {
    std::string name;                 // of the output
    double precision = 0, zero = 0;   // relative; |x| <= zero counts as 0
  };
  std::vector<Expected> expected;
  // By row: a cell per input, then one per expected output; an absent cell is missing.
  std::vector<std::vector<std::optional<std::string>>> rows;
};

// Takes the bytes of a file from front to back, in pieces.
using Sink = std::function<void(std::string_view)>;

struct Format {
  std::string_view name;
  std::string_view title;
  std::span<const std::string_view> extensions;  // with the dot, the usual one first
  // Whether the content is (or claims to be) of this format.
  bool (*sniff)(const Bytes& bytes);
  // Bytes to model; throws Failure. Losses and notes go to `out`. Null when not readable.
  Model (*read)(const Bytes& bytes, const ReadOptions& options, Diagnostics& out);
  // What the format can hold under these options. Null when not writable.
  std::unique_ptr<Target> (*make_target)(const WriteOptions& options);
  // A model that is legal for the target, to bytes; throws Failure, also after the first of them.
  void (*write)(const Model& model, const WriteOptions& options, const Sink& to, Diagnostics& out);
  // Structure and safety without building a model: every problem found is reported to `out`.
  void (*check)(const Bytes& bytes, const ReadOptions& options, Diagnostics& out);
  // Vectors in a directory laid out as the format's own test data. Null when it has no such layout.
  TestVectors (*read_vectors)(const std::string& directory, const Model& model);
  // Rows inside the file, for the model and for models within it. Null when the format has none.
  std::vector<Embedded> (*read_embedded)(const Bytes& bytes, const ReadOptions& options,
                                         Diagnostics& out);
};

// What a format writes, as one text.
std::string written(const Format& format, const Model& model, const WriteOptions& options,
                    Diagnostics& out);

// All formats, in alphabetical order.
std::span<const Format> formats();
const Format* find_format(std::string_view name);
// By content; null when nothing matches.
const Format* sniff_format(const Bytes& bytes);
// By file name extension; null when nothing matches.
const Format* format_of_path(std::string_view path);

}  // namespace panmodel
