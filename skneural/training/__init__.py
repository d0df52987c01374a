"""Training of networks: one loop for every estimator.

It depends on a layer, a loss, an optimizer and batches, and on no architecture and no estimator.
"""
