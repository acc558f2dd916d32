// Tensors, dense and sparse: every problem of each.
#include "base/bytes.h"
#include "formats/onnx/check_parts.h"
#include "formats/onnx/tensor_data.h"

namespace panmodel::onnx {
namespace {

// Indices are in range and ascend; each is a position [nnz] or coordinates [nnz, rank].
void check_indices(const std::vector<int64_t>& dims, const TensorData& indices, uint64_t nnz,
                   const Location& loc) {
  if (indices.type != DataType::i64) {
    fail(loc, "onnx-sparse", "indices have type {}, INT64 expected",
         kDataTypes[static_cast<size_t>(indices.type)].name);
  }
  const bool linear = indices.dims.size() == 1;
  const uint64_t dense = count_elements(dims, loc), rank = dims.size();
  const bool fits = linear ? indices.count == nnz
                           : indices.dims.size() == 2 && static_cast<uint64_t>(indices.dims[0]) == nnz &&
                                 static_cast<uint64_t>(indices.dims[1]) == rank;
  if (!fits) {
    fail(loc, "onnx-sparse", "{} values need [{}] or [{}, {}] indices, {} numbers found", nnz, nnz,
         nnz, rank, indices.count);
  }
  const auto* index = reinterpret_cast<const int64_t*>(indices.data.begin());
  // Element by element: the view of the file may lie anywhere.
  auto at = [&](uint64_t i) { return load_le<int64_t>(index + i); };
  uint64_t last = 0;
  for (uint64_t i = 0; i < nnz; ++i) {
    uint64_t position = 0;
    if (linear) {
      const int64_t p = at(i);
      if (p < 0 || static_cast<uint64_t>(p) >= dense) {
        fail(loc, "onnx-sparse", "index {} is {}, the tensor has {} elements", i, p, dense);
      }
      position = static_cast<uint64_t>(p);
    } else {
      for (uint64_t d = 0; d < rank; ++d) {
        const int64_t p = at(i * rank + d);
        if (p < 0 || p >= dims[d]) {
          fail(loc, "onnx-sparse", "index {} of value {} is {}, the dimension is {}", d, i, p, dims[d]);
        }
        position = position * static_cast<uint64_t>(dims[d]) + static_cast<uint64_t>(p);
      }
    }
    if (i > 0 && position <= last) {
      fail(loc, "onnx-sparse", "index of value {} does not follow the one before", i);
    }
    last = position;
  }
}

// Whether it is sound.
bool check_part(const TensorProto& t, const std::string& path, Report& report) {
  const std::vector<Diagnostic> found =
      tensor_problems(t, {.external = &report.external, .aligned = false},
                      location_of(report.model, path, t.at));
  for (const Diagnostic& d : found) report.add(d);
  return found.empty();
}

}  // namespace

void check_tensor(const TensorProto& t, const std::string& path, Report& report) {
  if (t.data_location.value_or(0) != 1 || report.options.external_data) {
    check_part(t, path, report);
    return;
  }
  try {
    parse_external(t, location_of(report.model, path, t.at));
  } catch (const Failure& f) {
    report.add(f.diagnostic);
  }
}

void check_sparse(const SparseTensorProto& t, const std::string& path, Report& report) {
  const bool ranked = !t.dims.empty() && t.dims.size() <= kMaxRank;
  if (!ranked) {
    report.add(Severity::error, path, t.at, t.dims.empty() ? Code("onnx-sparse") : Code("onnx-tensor-rank"),
               "a sparse tensor of {} dimensions, 1 to {} expected", t.dims.size(), kMaxRank);
  }
  if (!t.values || !t.indices) {
    report.add(Severity::error, path, t.at, "onnx-sparse", "a sparse tensor needs values and indices");
    return;
  }
  bool sound = check_part(*t.values, path + ".values", report);
  sound = check_part(*t.indices, path + ".indices", report) && sound;
  if (t.values->dims.size() != 1) {
    report.add(Severity::error, path, t.at, "onnx-sparse", "values have {} dimensions, 1 expected",
               t.values->dims.size());
    return;
  }
  if (!sound || !ranked) return;
  try {
    const Location loc = location_of(report.model, path, t.at);
    check_indices(t.dims, decode_tensor(*t.indices, {.external = &report.external, .aligned = false}, loc),
                  static_cast<uint64_t>(t.values->dims[0]), loc);
  } catch (const Failure& f) {
    report.add(f.diagnostic);
  }
}

}  // namespace panmodel::onnx
