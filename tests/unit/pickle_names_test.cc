// A class that has a reader is worth nothing when the machine refuses its name.
#include <gtest/gtest.h>

#include "formats/pickle/allowlist.h"
#include "formats/pickle/sklearn/estimator.h"

namespace panmodel::pickle {
namespace {

TEST(PickleNames, EveryEstimatorIsAllowed) {
  for (const sklearn::EstimatorRow& row : sklearn::estimators()) {
    const size_t dot = row.class_name.rfind('.');
    EXPECT_TRUE(find_allowed(row.class_name.substr(0, dot), row.class_name.substr(dot + 1)))
        << row.class_name;
  }
}

}  // namespace
}  // namespace panmodel::pickle
