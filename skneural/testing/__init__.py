"""Contract checks of operations, layers, losses, activations, optimizers, schedules and estimators.

They are for those that users write, too.

A check raises an `AssertionError` whose message says which rule is broken.
"""

from skneural.testing.activation_contract import check_activation
from skneural.testing.batch_contract import check_padding, check_shards
from skneural.testing.estimator_contract import check_estimator_contract
from skneural.testing.gradient_check import check_gradients, check_loss, check_vjp
from skneural.testing.layer_contract import check_layer
from skneural.testing.optimizer_contract import check_optimizer, check_schedule
from skneural.testing.step_contract import check_steps

__all__ = [
    "check_activation",
    "check_estimator_contract",
    "check_gradients",
    "check_layer",
    "check_loss",
    "check_optimizer",
    "check_padding",
    "check_schedule",
    "check_shards",
    "check_steps",
    "check_vjp",
]
