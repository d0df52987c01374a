"""Floor 5: hyper-parameters and shapes in, one Layer out; no data, no training.

Networks emit raw scores and say where their `output_bias` is, if they have one: it starts at the best constant
prediction. Builders know nothing of gradients: what trains says which are not needed.
"""
