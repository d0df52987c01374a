"""Template of all estimators: `fit`, prediction, fitted state, and the methods of classifiers, regressors and taggers.

A family names the reader of X, the task and the function that builds its network. Everything else that differs between
families is in the hooks that `NeuralEstimator` lists.
"""
