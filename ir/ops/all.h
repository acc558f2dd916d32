#pragma once
// Every operator. For the operator table and the kernel table only.
#include "ir/ops/encode.h"
#include "ir/ops/foreign.h"
#include "ir/ops/impute.h"
#include "ir/ops/linear.h"
#include "ir/ops/scale.h"
#include "ir/ops/svm.h"
#include "ir/ops/table.h"
#include "ir/ops/tensor_elementwise.h"
#include "ir/ops/tensor_linalg.h"
#include "ir/ops/tensor_reduce.h"
#include "ir/ops/tensor_shape.h"
#include "ir/ops/tree.h"
