import math

import numpy as np
import pytest

from skneural.initializers import INITIALIZERS, for_each_gate, orthogonal, tiled, transposed, uniform

# name -> variance for n_in inputs and n_out outputs; None where all elements are one constant
VARIANCES = {
    "zeros": None,
    "ones": None,
    "glorot_uniform": lambda n_in, n_out: 2 / (n_in + n_out),
    "glorot_normal": lambda n_in, n_out: 2 / (n_in + n_out),
    "he_uniform": lambda n_in, n_out: 2 / n_in,
    "he_normal": lambda n_in, n_out: 2 / n_in,
    "lecun_uniform": lambda n_in, n_out: 1 / n_in,
    "lecun_normal": lambda n_in, n_out: 1 / n_in,
    "orthogonal": lambda n_in, n_out: 1 / max(n_in, n_out),
}
RANDOM = [name for name, variance in VARIANCES.items() if variance]
SHAPES = [(300, 80), (80, 300), (5, 3, 20, 80)]


def draw(name, shape, seed=0):
    return INITIALIZERS[name](np.random.default_rng(seed), shape)


def test_every_initializer_has_a_row():
    assert set(VARIANCES) == set(INITIALIZERS)


@pytest.mark.parametrize("shape", SHAPES, ids=str)
@pytest.mark.parametrize("name", RANDOM)
def test_variance_follows_the_paper(name, shape):
    values = draw(name, shape)
    field = math.prod(shape[:-2])  # of a kernel
    n_in, n_out = math.prod(shape[:-1]), shape[-1] if name == "orthogonal" else field * shape[-1]
    expected = VARIANCES[name](n_in, n_out)
    assert values.shape == shape
    assert values.var() == pytest.approx(expected, rel=0.05)
    assert abs(values.mean()) < 4 * math.sqrt(expected / values.size)


@pytest.mark.parametrize("name", [name for name in RANDOM if name.endswith("uniform")])
def test_uniform_initializers_keep_within_their_bounds(name):
    values = draw(name, (200, 100))
    bound = math.sqrt(3 * VARIANCES[name](200, 100))
    assert 0.99 * bound < np.abs(values).max() <= bound


@pytest.mark.parametrize("name", RANDOM)
def test_the_generator_decides(name):
    np.testing.assert_array_equal(draw(name, (4, 5), 1), draw(name, (4, 5), 1))
    assert not np.array_equal(draw(name, (4, 5), 1), draw(name, (4, 5), 2))


@pytest.mark.parametrize(("name", "value"), [("zeros", 0.0), ("ones", 1.0)])
def test_constants(name, value):
    np.testing.assert_array_equal(draw(name, (2, 3)), np.full((2, 3), value))


@pytest.mark.parametrize("name", sorted(VARIANCES))
def test_vectors_can_be_drawn(name):
    assert draw(name, (7,)).shape == (7,)


def test_uniform_has_its_bound_for_every_shape():
    values = uniform(0.25)(np.random.default_rng(0), (50, 50))
    assert 0.249 < np.abs(values).max() <= 0.25


@pytest.mark.parametrize("shape", [(6, 4), (4, 6), (5, 5), (2, 3, 4)], ids=str)
def test_orthogonal_has_orthonormal_columns_or_rows(shape):
    matrix = draw("orthogonal", shape).reshape(-1, shape[-1])
    gram = matrix.T @ matrix if matrix.shape[0] >= matrix.shape[1] else matrix @ matrix.T
    np.testing.assert_allclose(gram, np.eye(min(matrix.shape)), atol=1e-12)


def test_orthogonal_favours_no_rotation():
    rng = np.random.default_rng(0)
    corners = np.array([orthogonal(rng, (3, 3))[0, 0] for _ in range(400)])
    assert abs(corners.mean()) < 4 * math.sqrt(1 / 3 / 400)  # LAPACK's own Q has a negative corner only


@pytest.mark.parametrize("stride", [(1, 1), (2, 2), (1, 2)], ids=str)
def test_transposed_kernels_have_the_fan_in_of_an_output(stride):
    kernel = transposed(INITIALIZERS["he_normal"], stride)(np.random.default_rng(0), (4, 4, 50, 40))
    n_seen = 4 * 4 * 40 / math.prod(stride)
    np.testing.assert_allclose(kernel.var(), 2 / n_seen, rtol=0.05)


@pytest.mark.parametrize("n_gates", [1, 3, 4])
def test_gates_are_drawn_one_after_another_each_as_if_alone(n_gates):
    gates = for_each_gate(orthogonal, n_gates)(np.random.default_rng(0), (6, 6 * n_gates))
    rng = np.random.default_rng(0)
    np.testing.assert_array_equal(gates, np.concatenate([orthogonal(rng, (6, 6)) for _ in range(n_gates)], axis=1))
    assert len({gate.tobytes() for gate in np.split(gates, n_gates, axis=1)}) == n_gates


@pytest.mark.parametrize(("n", "size"), [(1, 4), (3, 7), (5, 2)])
def test_tiles_repeat_the_first_entries(n, size):
    drawn = tiled(uniform(1.0), n)(np.random.default_rng(0), (size, 2))
    first = uniform(1.0)(np.random.default_rng(0), (min(n, size), 2))
    np.testing.assert_array_equal(drawn, [first[i % n] for i in range(size)])
