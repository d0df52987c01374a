"""Floor 8: one road for every estimator, from X and y to weights: check, encode, build, train, keep.

A family says which kind of X it takes, which kind of y it learns and which network is built for them; the road asks
these three. What differs beyond that, a family says in the few methods that `NeuralEstimator` lists for it.
"""
