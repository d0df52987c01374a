"""Network builders: functions from hyper-parameters and shapes to a `Chain` of layers, without data or training.

Networks return raw scores. Their `output_bias`, if they have one, starts at the best constant prediction. Builders have
no defaults, which are those of the estimators, except for arguments that no estimator sets. They leave all gradients
in: training drops those that it does not need.
"""
