"""The cases of sklearn_options.py: one line per setting of an estimator, a module per family."""
import boosting_cases, encoder_cases, linear_cases, tree_cases

CASES = encoder_cases.CASES + boosting_cases.CASES + linear_cases.CASES + tree_cases.CASES
