#pragma once
// Memory of mapped files.
#include "base/bytes.h"

namespace panmodel {

// Tells the system that nobody is about to read these bytes. Whole pages of a file that map_file() or
// FileWriter::contents() has mapped leave this process and come back from the file when they are read
// again; other bytes stay.
void release_pages(const Bytes& bytes);

}  // namespace panmodel
