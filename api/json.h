#pragma once
// Small helpers of the JSON reports.
#include <rapidjson/prettywriter.h>
#include <rapidjson/stringbuffer.h>

#include <cmath>
#include <string>
#include <string_view>

#include "base/number.h"

namespace panmodel::json {

using Writer = rapidjson::PrettyWriter<rapidjson::StringBuffer>;

inline void text(Writer& w, std::string_view s) {
  w.String(s.data(), static_cast<rapidjson::SizeType>(s.size()));
}
inline void pair(Writer& w, const char* key, std::string_view value) {
  w.Key(key);
  text(w, value);
}
inline void pair(Writer& w, const char* key, uint64_t value) {
  w.Key(key);
  w.Uint64(value);
}
// null when it is not finite, which JSON cannot say.
inline void number(Writer& w, const char* key, double value) {
  w.Key(key);
  if (std::isfinite(value)) {
    std::string s = print_real(value);
    w.RawValue(s.data(), s.size(), rapidjson::kNumberType);
  } else {
    w.Null();
  }
}

}  // namespace panmodel::json
