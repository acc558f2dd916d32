#pragma once
// A strict walk over a zip archive of stored members, as torch.save writes.
#include <optional>
#include <string>
#include <string_view>

namespace panmodel::pickle {

struct ZipMember {
  std::string_view data;  // of the one data.pkl
  std::string problem;    // why the archive is refused; empty when it is sound
  bool found = false;
};
// Finds data.pkl. Local headers must agree with the central directory, sums must be right, and
// nothing may be encrypted: archives that two readers see differently are refused.
ZipMember find_data_pkl(std::string_view zip);

}  // namespace panmodel::pickle
