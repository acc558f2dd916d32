#pragma once
// Forward declarations of all operator structs and their OpId, from ops.def.
#include <cstddef>
#include <cstdint>

#define PANMODEL_OP(dialect, Name) \
  namespace panmodel::dialect {    \
  struct Name;                     \
  }
#include "ir/ops.def"
#undef PANMODEL_OP

namespace panmodel {

enum class OpId : uint16_t {
#define PANMODEL_OP(dialect, Name) dialect##_##Name,
#include "ir/ops.def"
#undef PANMODEL_OP
};

inline constexpr size_t kOpCount = 0
#define PANMODEL_OP(dialect, Name) +1
#include "ir/ops.def"
#undef PANMODEL_OP
    ;

template <class Op>
struct OpIdOf;
#define PANMODEL_OP(dialect, Name)                       \
  template <>                                            \
  struct OpIdOf<dialect::Name> {                         \
    static constexpr OpId value = OpId::dialect##_##Name; \
  };
#include "ir/ops.def"
#undef PANMODEL_OP

}  // namespace panmodel
