#pragma once
// Rows that a model refuses, where they are no result of their own.
#include <string>
#include <vector>

#include "api/panmodel.h"
#include "runtime/frame.h"

namespace panmodel {

// `stop`: throws the first one. `row`: notes in `out`, the first ten. `data`: the file of `frame`.
void say_refused(std::vector<runtime::RowError> errors, const runtime::Frame& frame,
                 const std::string& data, OnError on_error, Diagnostics& out);

}  // namespace panmodel
