#pragma once
// Where the segments of a large document are, before any of it is parsed.
#include <string_view>
#include <vector>

#include "base/bytes.h"

namespace panmodel::pmml {

// What looks like the text of a Segment with no Segment in it: bytes of the document. `name` is where
// its tag has its name.
struct ScannedSegment {
  size_t name, begin, end;
  bool names_model = false;  // some name in it may begin with "Model"
};

// A light scan: comments and quotes may hold such tags too, which is found out when the parts are
// parsed. Empty when the tags do not even pair up, or nest deeper than `depth`. Segments that are too
// small to pay are left out.
std::vector<ScannedSegment> scan_segments(const Bytes& bytes, size_t depth);

}  // namespace panmodel::pmml
