import itertools
import time

import numpy as np
import pytest
from scipy.special import j0

from skneural.symbolic import FUNCTIONS, Fit, fit_function, suggest
from skneural.symbolic.functions import Domain

RANGES = [(-1.0, 1.0), (0.0, 1.0), (-7.0, -2.0), (300.0, 450.0), (-1e-3, 2e-3)]
LINES = [(1.0, 0.0), (-3.0, 5.0), (1e-3, 100.0)]
every_function = pytest.mark.parametrize("name", [name for name in FUNCTIONS if name != "0"])


def arguments(function):
    """Arguments over t from -1 to 1, as alpha and beta, that use much of the function's domain."""
    if function.domain is Domain.ONE_SIDE:
        return [(1, 1.01), (-1, 1.2), (1, 3.0)]
    if function.domain is Domain.BETWEEN:
        edge = np.pi / 2 if function.name == "tan" else 1.0
        return [(0.95 * edge, 0.0), (0.6 * edge, 0.3 * edge), (0.5 * edge, -0.45 * edge)]
    if function.domain is Domain.PERIODIC:
        return [(0.7, 0.3), (3.0, 1.0), (10.0, -0.5), (40.0, 2.0)]
    if function.domain is Domain.STRETCHED:
        return [(0.5, 0.0), (-4.0, 0.0), (15.0, 0.0)]
    return [(1.0, 0.0), (2.5, 1.5), (4.0, -1.0)]


def curves(name, n=200, pairs=False):
    """Curves of all arguments, ranges and lines: all with all, or all pairs of two of them."""
    function = FUNCTIONS[name]
    t = np.linspace(-1, 1, n)
    triples = itertools.product(*map(enumerate, (arguments(function), RANGES, LINES)))
    for (i, (alpha, beta)), (j, (low, high)), (k, (c, d)) in triples:
        if pairs and (i + j + k) % len(LINES):
            continue
        yield (low + high) / 2 + (high - low) / 2 * t, c * function.value(alpha * t + beta) + d


def noisy(x, y, share, seed=0):
    return y + share * y.std() * np.random.default_rng(seed).standard_normal(len(x))


@pytest.mark.parametrize("pairs", [True, pytest.param(False, marks=pytest.mark.slow)])
@every_function
def test_a_function_finds_itself(name, pairs):
    for x, y in curves(name, pairs=pairs):
        fit = fit_function(x, y, name)
        assert fit.r2 > 1 - 1e-9, fit
        np.testing.assert_allclose(fit(x), y, atol=1e-4 * np.ptp(y))


@every_function
@pytest.mark.slow
def test_it_is_suggested_or_something_as_good(name):
    for x, y in itertools.islice(curves(name, 80), 0, None, 17):  # all arguments, ranges and lines, not all with all
        best = suggest(x, y)[0]
        assert best.name == name or best.r2 > 1 - 1e-7


@every_function
def test_constants_keep_to_the_conventions_and_arguments_to_the_domain(name):
    function = FUNCTIONS[name]
    rng = np.random.default_rng(0)
    for low, high in RANGES:
        for y in (rng.standard_normal(50), j0(np.linspace(0, 20, 50)), np.linspace(0, 1, 50) ** 5):
            x = np.linspace(low, high, 50)
            fit = fit_function(x, y, name)
            assert np.isfinite([fit.a, fit.b, fit.c, fit.d, fit.r2]).all()
            assert 0 <= fit.r2 <= 1
            assert function.contains(*np.sort(fit.a * x[[0, -1]] + fit.b)), fit
            assert fit.a > 0 or not function.symmetric
            assert abs(fit.a) == 1 or "a" in function.free
            assert fit.b == 0 or "b" in function.free or name == "exp"
            if function.domain is Domain.PERIODIC:
                assert abs(fit.b) <= np.pi / 2 + 1e-9


def test_constants_are_those_of_the_curve():
    x = np.linspace(0.5, 4, 150)
    for name, constants in {
        "exp": (-0.7, 0.0, 2.0, 1.0),
        "log": (1.0, 0.25, -3.0, 2.0),
        "sin": (3.0, 0.5, -2.0, 1.0),
        "x^2": (1.0, -2.0, 0.5, 3.0),
        "1/x": (1.0, 0.1, 4.0, 0.0),
        "gaussian": (2.0, -3.0, 1.0, 1.0),
        "sqrt": (-1.0, 4.5, 2.0, 0.0),
    }.items():
        fit = fit_function(x, Fit(name, *constants)(x), name)
        np.testing.assert_allclose([fit.a, fit.b, fit.c, fit.d], constants, atol=1e-5)


def test_the_quality_is_that_of_the_curve_as_it_is_returned():
    x = np.linspace(0, 1, 60)
    y = noisy(x, np.exp(x), 0.3)
    weights = np.random.default_rng(1).uniform(0, 2, 60)
    for fit in suggest(x, y, weights=weights):
        mean = np.average(y, weights=weights)
        expected = 1 - weights @ (y - fit(x)) ** 2 / (weights @ (y - mean) ** 2)
        assert fit.r2 == pytest.approx(expected, abs=1e-9)


def test_weights_count_as_repetitions():
    x = np.linspace(-1, 1, 40)
    y = noisy(x, np.tanh(2 * x), 0.1)
    repeats = np.random.default_rng(2).integers(1, 4, 40)
    one, other = fit_function(x, y, "tanh", repeats), fit_function(np.repeat(x, repeats), np.repeat(y, repeats), "tanh")
    assert one.r2 == pytest.approx(other.r2, abs=1e-9)
    np.testing.assert_allclose([one.a, one.b, one.c, one.d], [other.a, other.b, other.c, other.d], rtol=1e-4)


def test_order_of_samples_does_not_matter():
    x = np.linspace(0, 1, 90)
    y = j0(20 * x)
    order = np.random.default_rng(0).permutation(90)
    first, second = suggest(x, y), suggest(x[order], y[order])
    assert [fit.name for fit in first] == [fit.name for fit in second]
    np.testing.assert_allclose([fit.r2 for fit in first], [fit.r2 for fit in second], atol=1e-9)


@pytest.mark.parametrize("value", [0.0, 3.5, -1e-20, 1e9])
def test_a_constant_is_the_simplest(value):
    fits = suggest(np.linspace(0, 1, 30), np.full(30, value))
    assert fits[0] == Fit("0", 1.0, 0.0, 0.0, value, 1.0)
    assert all(fit.r2 == 1 for fit in fits)


def test_a_curve_at_one_point_explains_nothing():
    fits = suggest(np.full(5, 2.0), np.arange(5.0))
    assert fits[0].name == "0"
    assert {fit.r2 for fit in fits} == {0.0}


@pytest.mark.parametrize("n", [1, 2, 3, 4])
def test_few_points(n):
    x, y = np.array([0.1, 0.5, 0.7, 2.0])[:n], np.array([1.0, 3.0, -1.0, 0.5])[:n]
    fits = suggest(x, y)
    assert all(np.isfinite([fit.a, fit.b, fit.c, fit.d, fit.r2]).all() for fit in fits)
    assert fits[0].name == {1: "0", 2: "x"}.get(n, fits[0].name)
    assert fits[0].r2 > 0.99


@pytest.mark.parametrize(
    ("expected", "curve"),
    [
        ({"x"}, lambda x: 3 * x),
        ({"x^2"}, lambda x: x**2),
        ({"exp"}, lambda x: np.exp(2 * x)),
        ({"sin"}, lambda x: np.sin(6 * x)),
        ({"cos"}, lambda x: np.cos(9 * x)),
        ({"abs"}, np.abs),
        ({"gaussian"}, lambda x: np.exp(-9 * x**2)),
    ],
)
@pytest.mark.parametrize("share", [0.0, 0.02, 0.1])
@pytest.mark.slow
def test_noise_does_not_hide_a_function(expected, curve, share):
    x = np.linspace(-1, 1, 200)
    assert suggest(x, noisy(x, curve(x), share))[0].name in expected


@pytest.mark.slow
def test_noise_alone_is_nothing():
    x = np.linspace(-1, 1, 200)
    for seed in range(10):
        assert suggest(x, np.random.default_rng(seed).standard_normal(200))[0].name == "0"


@pytest.mark.parametrize(("low", "high"), [(0, 1), (-1, 1), (0.2, 0.9)])
def test_a_bessel_function_is_neither_constant_nor_straight(low, high):
    x = np.linspace(low, high, 200)
    assert suggest(x, j0(20 * x))[0].name not in ("0", "x")


def test_fast_sines_are_found():
    x = np.linspace(-1, 1, 300)
    for frequency in (20, 47.3, 90):
        fit = suggest(x, np.sin(frequency * x) - 2)[0]
        assert (fit.name, fit.a) == ("sin", pytest.approx(frequency))


@pytest.mark.parametrize("curve", [lambda x: j0(20 * x), np.tanh, lambda x: x**3 - x, lambda x: np.log(x + 1.1)])
@pytest.mark.slow
def test_units_do_not_matter(curve):
    x = np.linspace(-1, 1, 150)
    first = suggest(x, curve(x))
    for of_x, of_y in ((1000.0, 1.0), (1e-4, -5.0), (-3.0, 1e-6), (0.1, 1e8)):
        second = suggest(of_x * x, of_y * curve(x) + 2 * of_y)
        assert first[0].name == second[0].name
        explained = {fit.name: fit.r2 for fit in second}
        for fit in first:
            assert fit.r2 == pytest.approx(explained[fit.name], abs=1e-3)


def test_the_choice_of_names_and_of_simplicity():
    x = np.linspace(0, 1, 100)
    y = np.exp(x)
    assert [fit.name for fit in suggest(x, y, ["sin", "x", "x"])] in (["sin", "x"], ["x", "sin"])
    assert suggest(x, y, simplicity=10)[0].name == "0"
    assert suggest(x, y, simplicity=0)[0].r2 > 1 - 1e-8


@pytest.mark.parametrize(
    ("x", "y", "options", "message"),
    [
        ([0.0, 1], [0.0], {}, "shapes"),
        ([], [], {}, "shapes"),
        ([0.0, np.nan], [0.0, 1], {}, "finite"),
        ([0.0, 1], [0.0, 1], {"weights": [-1, 2]}, "weights"),
        ([0.0, 1], [0.0, 1], {"weights": [0, 0]}, "weights"),
        ([0.0, 1], [0.0, 1], {"names": ["sine"]}, "sine"),
    ],
)
def test_what_is_no_curve(x, y, options, message):
    with pytest.raises(ValueError, match=message):
        suggest(np.array(x), np.array(y), **options)


def test_a_suggestion_is_quick():
    x = np.linspace(0, 1, 200)
    seconds = []
    for _ in range(5):
        start = time.thread_time()  # of this thread alone: other processes may be at work
        suggest(x, j0(20 * x))
        seconds.append(time.thread_time() - start)
    assert min(seconds) < 0.5  # 0.06 without the measuring of coverage
