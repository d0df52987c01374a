import numpy as np
import pytest

from skneural.symbolic import FUNCTIONS


@pytest.mark.parametrize("name", FUNCTIONS)
def test_slopes_and_values_beyond_the_domain(name):
    function = FUNCTIONS[name]
    u = np.array([0.13, 0.4, 0.77, 0.9])
    numeric = (function.value(u + 1e-6) - function.value(u - 1e-6)) / 2e-6
    np.testing.assert_allclose(function.slope(u), numeric, rtol=1e-6)
    everywhere = np.array([-1e30, -1e3, -1.0, -1e-300, 0.0, 1e-300, 1.0, 1e3, 1e30])
    assert np.isfinite(function.value(everywhere)).all()
    assert np.isfinite(function.slope(everywhere)).all()


def test_domains():
    for name, inside, outside in [
        ("log", (0.1, 2), (-0.1, 2)),
        ("1/x", (-2, -1), (-1, 1)),
        ("tan", (-1.5, 1.5), (1.5, 1.7)),
        ("arcsin", (-1, 1), (0, 1.1)),
        ("sqrt", (0, 1), (-0.1, 1)),
        ("arctanh", (-0.9, 0.9), (0, 1)),
    ]:
        assert FUNCTIONS[name].contains(*inside)
        assert not FUNCTIONS[name].contains(*outside)
