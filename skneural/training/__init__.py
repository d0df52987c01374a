"""Floor 4: one training loop for every estimator.

It knows a layer, a loss, an optimizer and batches; it knows no architecture and no estimator.
"""
