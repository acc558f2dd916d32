#include "formats/onnx/opsets.h"

#include <algorithm>
#include <tuple>
#include <vector>

#include "base/text.h"

namespace panmodel::onnx {
namespace {

constexpr OpAttribute kAttributes[] = {
#define PANMODEL_ONNX_ATTR(name, type, required) {name, AttributeType::type, required},
#include "formats/onnx/attributes.def"
#undef PANMODEL_ONNX_ATTR
};

constexpr int32_t upper(int32_t limit) { return limit < 0 ? kUnlimited : limit; }

constexpr OpVersion kOps[] = {
#define PANMODEL_ONNX_OP(domain, name, since, min_in, max_in, min_out, max_out, deprecated, first, \
                         count)                                                                    \
  {domain,         name,       since,          min_in, upper(max_in), min_out,                     \
   upper(max_out), deprecated, {kAttributes + first, count}},
#include "formats/onnx/operators_a_l.def"
#include "formats/onnx/operators_m_z.def"
#include "formats/onnx/operators_ml.def"
#undef PANMODEL_ONNX_OP
};

// All versions of one name.
std::span<const OpVersion> versions_of(std::string_view domain, std::string_view name) {
  auto key = [](const OpVersion& v) { return std::pair(v.domain, v.name); };
  auto found = std::ranges::equal_range(kOps, std::pair(domain, name), {}, key);
  return {found.begin(), found.end()};
}

}  // namespace

std::span<const OpVersion> op_versions() { return kOps; }

std::optional<int64_t> newest_opset(std::string_view domain) {
  // Operators of ai.onnx and ai.onnx.ml do not change in each version: the releases know.
  if (domain.empty()) return releases().back().ai_onnx;
  if (domain == "ai.onnx.ml") return releases().back().ai_onnx_ml;
  std::optional<int64_t> newest;
  for (const OpVersion& v : kOps) {
    if (v.domain == domain) newest = std::max<int64_t>(newest.value_or(0), v.since);
  }
  return newest;
}

bool known_domain(std::string_view domain) { return newest_opset(domain).has_value(); }

const OpVersion* find_op(std::string_view domain, std::string_view name, int64_t opset) {
  const OpVersion* found = nullptr;
  for (const OpVersion& v : versions_of(domain, name)) {
    if (v.since <= opset) found = &v;
  }
  return found;
}

bool known_op(std::string_view domain, std::string_view name) {
  return !versions_of(domain, name).empty();
}

std::string_view nearest_op(std::string_view domain, std::string_view name) {
  std::vector<std::string_view> names;
  for (const OpVersion& v : kOps) {
    if (v.domain == domain && (names.empty() || names.back() != v.name)) names.push_back(v.name);
  }
  return nearest(name, names);
}

}  // namespace panmodel::onnx
