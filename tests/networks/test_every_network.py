"""Properties of every network of the table."""

import importlib
import inspect
import pkgutil
from dataclasses import replace

import numpy as np

from skneural import estimators, networks
from skneural.layers.traversal import layer_outputs, named, output_shapes, shape_of, without_input_gradient
from skneural.networks.convolutional_image import IMAGE_ARCHITECTURES
from skneural.networks.convolutional_series import SERIES_ARCHITECTURES
from skneural.networks.forecast import forecast_network
from skneural.parameters import Layout
from skneural.testing import check_gradients, check_layer
from skneural.testing.gradient_check import one_pass, random_start
from tests.networks.cases import CONVOLUTIONAL_IMAGES, CONVOLUTIONAL_SERIES, NETWORKS, every_network, started


def builders():
    """Every public function that ends in "_network", in `networks` and in the modules "network" of families."""
    modules = [module.name for module in pkgutil.iter_modules(networks.__path__, f"{networks.__name__}.")]
    of_families = pkgutil.walk_packages(estimators.__path__, f"{estimators.__name__}.")
    modules += [module.name for module in of_families if module.name.endswith(".network")]
    for module in modules:
        for name, value in inspect.getmembers(importlib.import_module(module), inspect.isfunction):
            if name.endswith("_network") and value.__module__ == module:
                yield value


def test_every_builder_has_rows():
    without = {builder.__name__ for builder in builders()} - {case.builder.__name__ for case in NETWORKS.values()}
    assert not without, f"{', '.join(without)}: add rows to tests/networks/cases.py."


def test_every_architecture_has_rows():
    for table, architectures in (
        (CONVOLUTIONAL_IMAGES, IMAGE_ARCHITECTURES),
        (CONVOLUTIONAL_SERIES, SERIES_ARCHITECTURES),
    ):
        assert {options["architecture"] for options in table.values()} == set(architectures)


@every_network
def test_the_contract_of_layers(case):
    network = case.build()
    check_gradients(network, case.x, case.context())
    check_layer(network, case.x, case.context(), batch_axis=case.batch_axis)
    check_skipped_gradient_of_x(network, case)
    if case.lengths is None:  # unequal lengths may become fewer rows than their shape tells
        check_shapes(network, case.x)
    # Members are averaged behind their links, and those of forecasts have output biases of their own.
    if case.arguments.get("link") not in ("logistic", "softmax") and case.builder is not forecast_network:
        check_output_bias(network, case)


def check_shapes(network, x):
    outputs = layer_outputs(network, started(network), x)
    assert output_shapes(network, shape_of(x)) == {name: y.shape for name, y in outputs.items()}


def check_skipped_gradient_of_x(network, case):
    """Layers that nobody asks for the gradient of x compute the same otherwise; builders leave all gradients in."""
    assert all(getattr(layer, "input_gradient", True) for _, layer, _ in named(network, network.parameters()))
    skipping = without_input_gradient(network)
    layout = Layout(network.parameters())
    start = random_start(layout, np.random.default_rng(0), np.float64)
    whole = one_pass(network, layout, start, case.x, case.context(), 0)
    part = one_pass(skipping, layout, start, case.x, case.context(), 0)
    assert part.dx is None
    np.testing.assert_array_equal(part.y, whole.y)
    np.testing.assert_array_equal(part.gradient, whole.gradient)
    assert without_input_gradient(skipping) == skipping


def check_output_bias(network, case):
    """The bias of the output layer is added to raw scores."""
    n_out = case.arguments["n_out"]
    tree, shift, context = started(network), np.arange(1.0, n_out + 1), replace(case.context(), rng=None)
    before = network.predict(tree, case.x, context)
    assert before.shape[1:] == (n_out,)
    network.output_bias(tree)[...] += shift
    after = network.predict(tree, case.x, context)
    np.testing.assert_allclose(after, before + shift, rtol=1e-12, atol=1e-12)
