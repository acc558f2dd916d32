"""The cases of sklearn_options.py: one line per setting of an estimator, a module per family."""
import boosting_cases
import compose_cases
import encoder_cases
import isotonic_cases
import linear_cases
import tree_cases

CASES = [*encoder_cases.CASES, *boosting_cases.CASES, *linear_cases.CASES, *isotonic_cases.CASES,
         *tree_cases.CASES, *compose_cases.CASES]
