import numpy as np
import pytest

from skneural.losses import MemberLoss
from skneural.testing import check_loss
from tests.losses.cases import LOSS_CASES, N, raw_for


@pytest.mark.parametrize("case", [LOSS_CASES["squared"], LOSS_CASES["smoothed softmax"]], ids=["squared", "softmax"])
@pytest.mark.parametrize("weight", [None, np.random.default_rng(0).uniform(0.2, 3, N)], ids=["alike", "weighted"])
def test_the_loss_of_members_is_the_mean_of_theirs(case, weight):
    loss, raw = MemberLoss(case.loss), np.stack([raw_for(case, seed) for seed in range(4)], axis=1)
    value, gradient = loss.value_and_gradient(case.y, raw, weight)
    each = [case.loss.value_and_gradient(case.y, raw[:, member], weight) for member in range(4)]
    np.testing.assert_allclose(value, np.mean([v for v, _ in each], axis=0), rtol=1e-12)
    np.testing.assert_allclose(gradient, np.stack([g for _, g in each], axis=1) / 4, rtol=1e-12)
    check_loss(loss, case.y, raw, weight)
