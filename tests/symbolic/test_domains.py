import numpy as np
import pytest

from skneural.symbolic import FUNCTIONS
from skneural.symbolic.domains import allowed, argument, grid
from skneural.symbolic.functions import Domain

SEARCHED = [name for name in FUNCTIONS if name not in ("0", "x")]
every_function = pytest.mark.parametrize("name", SEARCHED)


def coordinates(function):
    at = grid(function.domain).reshape(-1, 2)
    return at[allowed(function, at)]


@every_function
def test_arguments_stay_within_the_domain(name):
    function = FUNCTIONS[name]
    at = coordinates(function)
    assert len(at)
    alpha, beta, _, _ = argument(function, at)
    low, high = np.sort([beta - alpha, beta + alpha], axis=0)
    if function.domain in (Domain.ONE_SIDE, Domain.BETWEEN):
        assert function.contains(low, high).all()


@every_function
def test_derivatives_by_the_coordinates(name):
    function = FUNCTIONS[name]
    at = coordinates(function)
    _, _, d_alpha, d_beta = argument(function, at)
    for coordinate in range(2):
        if function.domain is Domain.ONE_SIDE and coordinate == 1:
            continue  # the side, which is not searched
        step = np.zeros(2)
        step[coordinate] = 1e-6
        ahead, behind = argument(function, at + step), argument(function, at - step)
        np.testing.assert_allclose(d_alpha[:, coordinate], (ahead[0] - behind[0]) / 2e-6, rtol=1e-4, atol=1e-8)
        np.testing.assert_allclose(d_beta[:, coordinate], (ahead[1] - behind[1]) / 2e-6, rtol=1e-4, atol=1e-8)
