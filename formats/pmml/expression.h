#pragma once
// Expressions and predicates of PMML as scalar expressions over the fields that `bindings` collects.
#include "formats/pmml/scope.h"

namespace panmodel::pmml {

// Constant, FieldRef, Apply, NormContinuous, NormDiscrete, Discretize, MapValues, TextIndex,
// Aggregate or Lag (PMML 4.4, Transformations). Calls of functions that the document defines are
// replaced by their bodies.
expr::Expr read_expression(const Element& element, Bindings& bindings);
// True, False, SimplePredicate, SimpleSetPredicate or CompoundPredicate: a boolean that is missing
// where the predicate is unknown.
expr::Expr read_predicate(const Element& element, Bindings& bindings);

}  // namespace panmodel::pmml
