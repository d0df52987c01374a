import numpy as np
import pytest
from scipy import sparse

from skneural.initializers import INITIALIZER_OF_ACTIVATION
from skneural.layers import Context, Dense
from skneural.layers.traversal import without_input_gradient
from skneural.ops.pointwise import ACTIVATIONS
from skneural.parameters import Layout, leaves
from skneural.testing.gradient_check import random_start
from tests.networks.cases import MLPS
from tests.networks.defaults import mlp_network

N_IN, N_OUT = 4, 3
X = np.random.default_rng(0).standard_normal((8, N_IN))

each_case = pytest.mark.parametrize("options", MLPS.values(), ids=list(MLPS))


def started(network, seed=0):
    layout = Layout(network.parameters())
    vector, buffers = layout.initial(np.random.default_rng(seed), np.float64)
    return layout, vector, layout.views(vector, buffers)


def moved(network):
    """As `started`, but moved at random: output weights start at zero, which would tell nothing."""
    layout = Layout(network.parameters())
    vector, buffers = random_start(layout, np.random.default_rng(0), np.float64)
    return layout, vector, layout.views(vector, buffers)


@each_case
def test_sparse_rows_give_what_dense_rows_give(options):
    network = without_input_gradient(mlp_network(N_IN, N_OUT, **options))
    dense = X * (X > 0)
    rows = sparse.csr_matrix(dense)
    layout, vector, _ = moved(network)
    results = []
    for x in (dense, rows):
        gradient = np.full_like(vector, np.nan)
        tree = layout.views(vector, layout.initial(np.random.default_rng(0), np.float64).buffers)
        y, backward = network.forward(tree, x, Context(np.random.default_rng(1)))
        backward(np.sin(np.arange(y.size)).reshape(y.shape), layout.views(gradient))
        results.append((y, gradient, network.predict(tree, x)))
    for from_dense, from_sparse in zip(*results, strict=True):
        np.testing.assert_allclose(from_sparse, from_dense, rtol=1e-9, atol=1e-12)


@each_case
def test_ends_in_a_dense_layer_of_raw_scores(options):
    network = mlp_network(N_IN, N_OUT, **options)
    output = (network["inner"] if options.get("linear_skip") else network)["output"]
    assert isinstance(output, Dense)
    assert (output.n_out, output.bias) == (N_OUT, "zeros")
    _, _, tree = moved(network)
    assert network.predict(tree, X).shape == (8, N_OUT)


def test_without_hidden_layers_it_is_linear():
    network = mlp_network(N_IN, N_OUT, (), "tanh")
    _, _, tree = moved(network)
    tree["output"]["bias"][...] = [1.0, 2.0, 3.0]
    np.testing.assert_allclose(
        network.predict(tree, X), X @ tree["output"]["weight"] + tree["output"]["bias"], rtol=1e-12
    )


def test_plain_layers_equal_the_formula():
    network = mlp_network(N_IN, N_OUT, (6, 5), "tanh")
    layout, vector, _ = moved(network)
    assert layout.size == N_IN * 6 + 6 + 6 * 5 + 5 + 5 * N_OUT + N_OUT
    arrays = dict(leaves(layout.views(vector)))
    hidden = X
    for i in (1, 2):
        hidden = np.tanh(hidden @ arrays[f"hidden_{i}.dense.weight"] + arrays[f"hidden_{i}.dense.bias"])
    expected = hidden @ arrays["output.weight"] + arrays["output.bias"]
    np.testing.assert_allclose(network.predict(layout.views(vector), X), expected, rtol=1e-12)


def test_residual_network_with_silent_blocks_is_linear():
    network = mlp_network(N_IN, N_OUT, (6, 6, 5), "relu", residual=True)
    _, _, tree = moved(network)
    for name, array in leaves(tree):
        if ".inner." in name:
            array[...] = 0
    one, other = X[:4], X[4:]
    mixed = network.predict(tree, 0.3 * one + 0.7 * other)
    np.testing.assert_allclose(mixed, 0.3 * network.predict(tree, one) + 0.7 * network.predict(tree, other), rtol=1e-9)
    assert np.abs(mixed).max() > 0.01


def test_residual_projects_only_where_it_must():
    layout, _, _ = started(mlp_network(N_IN, N_OUT, (6, 6, 5), residual=True))
    assert [name for name in layout.names if "shortcut" in name] == [
        "hidden_1.shortcut.weight",
        "hidden_3.shortcut.weight",
    ]


def test_linear_skip_adds_a_linear_map():
    network = mlp_network(N_IN, N_OUT, (6, 5), "tanh", linear_skip=True)
    _, _, tree = moved(network)
    expected = mlp_network(N_IN, N_OUT, (6, 5), "tanh").predict(tree["inner"], X) + X @ tree["shortcut"]["weight"]
    np.testing.assert_allclose(network.predict(tree, X), expected, rtol=1e-12)


def test_dropout_and_batch_norm_stand_where_they_should():
    block = mlp_network(N_IN, N_OUT, (6,), "elu", dropout=0.25, batch_norm=True)["hidden_1"]
    assert list(block.children()) == ["dense", "normalization", "activation", "dropout"]
    assert block["dropout"].rate == 0.25


def test_the_initializer_suits_the_activation():
    for activation in ACTIVATIONS:
        network = mlp_network(N_IN, N_OUT, (6, 6), activation)
        first, second = (network[name]["dense"] for name in ("hidden_1", "hidden_2"))
        assert first.initializer == ("lecun_uniform" if activation == "selu" else "glorot_uniform")
        assert second.initializer == INITIALIZER_OF_ACTIVATION.get(activation, "glorot_uniform")
    assert set(INITIALIZER_OF_ACTIVATION) <= set(ACTIVATIONS)


def test_relu_layers_keep_the_size_of_their_input():
    network = mlp_network(100, 1, (100,) * 10, "relu")
    sizes = []
    for seed in range(5):
        _, _, tree = started(network, seed)
        x = hidden = np.random.default_rng(seed).standard_normal((50, 100))
        hidden = network.without("output").predict(tree, hidden)
        sizes.append(np.mean(hidden**2) / np.mean(x**2))
    assert 0.3 < np.mean(sizes) < 3  # Glorot's initializer would leave a thousandth
