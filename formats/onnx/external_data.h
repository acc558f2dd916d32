#pragma once
// Tensor data outside the model file, resolved safely: ExternalDataSecurity.md of ONNX and the CVEs
// of path traversal, symbolic and hard links.
#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>

#include "base/bytes.h"
#include "base/location.h"
#include "formats/onnx/document.h"

namespace panmodel::onnx {

struct ExternalOptions {
  // Symbolic links, and files with more than one hard link, are refused unless the user allows them
  // (model caches are often made of links); their target may then lie anywhere.
  bool allow_links = false;
};

// The entries of TensorProto.external_data, checked for form (onnx-external-key, -path, -range).
struct ExternalReference {
  std::string location;
  uint64_t offset = 0;
  std::optional<uint64_t> length;
  std::string checksum;  // SHA1 in hex as stored; empty = none
};
ExternalReference parse_external(const TensorProto& tensor, const Location& loc);

// Maps data files beneath one directory, each once, on first use. Thread-safe.
class ExternalFiles {
 public:
  // `directory`: of the model file; empty = none: every reference fails with onnx-external-base.
  explicit ExternalFiles(std::string directory, ExternalOptions options = {});
  // The files beside the model; none for a model that came from memory.
  static ExternalFiles beside(const ModelProto& model, ExternalOptions options = {});
  // The bytes of a reference; `expected` is their number by the tensor's type and shape, checked
  // before anything is mapped. Throws Failure onnx-external-*.
  Bytes get(const ExternalReference& reference, uint64_t expected, const Location& loc) const;

 private:
  Bytes map(const std::string& location, const Location& loc) const;
  struct Cache {
    std::mutex mutex;
    std::map<std::string, Bytes> files;
  };
  std::string directory_;
  ExternalOptions options_;
  std::shared_ptr<Cache> cache_;
};

}  // namespace panmodel::onnx
