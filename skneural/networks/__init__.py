"""Floor 5: hyper-parameters and shapes in, one Layer out; no data, no training.

The last layer of every network is the `Dense` that emits raw scores: its bias starts at the best
constant prediction.
"""
