#pragma once
// Base64 (RFC 4648 section 4), padded, on one line.
#include <optional>
#include <string>
#include <string_view>

namespace panmodel {

std::string to_base64(std::string_view bytes);
// nullopt for a text that is not base64.
std::optional<std::string> from_base64(std::string_view text);

}  // namespace panmodel
