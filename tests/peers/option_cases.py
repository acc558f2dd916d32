"""The cases of sklearn_options.py: one line per setting of an estimator. Colleagues' estimators are
added as a module of their own that is joined into CASES."""
import encoder_cases

CASES = encoder_cases.CASES
