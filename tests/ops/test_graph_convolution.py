import numpy as np
import pytest
from scipy import sparse

from skneural.ops.graph_convolution import (
    aggregate_affine,
    attention_scores,
    edge_feature_scores,
    mean_over_hops,
    select_rows,
    sum_messages,
)
from skneural.testing import check_vjp

# Three targets, the first of five sources; every target has an edge.
EDGES = sparse.csr_array(np.array([[0, 2, 1, 0, 0], [1, 1, 0, 0, 3], [0, 0, 0, 1, 0]], float))
SOURCES, ENDS = EDGES.indices, EDGES.indptr
N_EDGES, N_HEADS = EDGES.nnz, 2


def numbers(*shape, seed=0):
    return np.random.default_rng(seed).standard_normal(shape)


def heads():
    """Sources and offsets of the scores of all heads, and the edge and head of each."""
    order = [(edge, head) for t in range(3) for head in range(N_HEADS) for edge in range(ENDS[t], ENDS[t + 1])]
    edge, head = np.array(order).T
    lengths = np.repeat(np.diff(ENDS), N_HEADS)
    return SOURCES[edge] * N_HEADS + head, np.concatenate([[0], np.cumsum(lengths)]), edge, head


@pytest.mark.parametrize(("n_in", "n_out"), [(4, 2), (2, 4)])
@pytest.mark.parametrize("bias", [True, False])
def test_aggregate_affine(n_in, n_out, bias):
    x, parameters = numbers(5, n_in), [numbers(n_in, n_out, seed=1), numbers(n_out, seed=2)][: 1 + bias]
    y, _ = aggregate_affine(EDGES, x, *parameters)
    np.testing.assert_allclose(y, EDGES.toarray() @ x @ parameters[0] + (parameters[1] if bias else 0), rtol=1e-12)
    check_vjp(lambda *arguments: aggregate_affine(EDGES, *arguments), [x], parameters)
    _, vjp = aggregate_affine(EDGES, x, *parameters, input_gradient=False)
    assert vjp(numbers(3, n_out), *map(np.empty_like, parameters)) is None


def messages(x, features, weight, bias, input_gradient=True):
    by_target = sparse.csr_array((EDGES.data, np.arange(N_EDGES), ENDS), shape=(3, N_EDGES))
    by_source = sparse.csr_array((np.ones(N_EDGES), (SOURCES, np.arange(N_EDGES))), shape=(5, N_EDGES))
    options = {"sources": SOURCES, "by_target": by_target, "by_source": lambda: by_source}
    return sum_messages(x, features, weight, bias, **options, input_gradient=input_gradient)


def test_sum_messages():
    x, features, weight, bias = numbers(5, 3), numbers(N_EDGES, 2, seed=1), numbers(2, 3, seed=2), numbers(3, seed=3)
    y, _ = messages(x, features, weight, bias)
    expected = x[:3].copy()
    for target in range(3):
        for edge in range(ENDS[target], ENDS[target + 1]):
            expected[target] += EDGES.data[edge] * np.maximum(x[SOURCES[edge]] + features[edge] @ weight + bias, 0)
    np.testing.assert_allclose(y, expected, rtol=1e-12)
    check_vjp(lambda x, *parameters: messages(x, features, *parameters), [x], [weight, bias])
    _, vjp = messages(x, features, weight, bias, input_gradient=False)
    assert vjp(y, np.empty_like(weight), np.empty_like(bias)) is None


def test_edge_feature_scores():
    _, _, edge, head = heads()
    edge = edge.copy()
    edge[3] = -1  # a self-loop that was added
    features, weight = numbers(N_EDGES, 3), numbers(3, N_HEADS, seed=1)
    scores, _ = edge_feature_scores(features, weight, edge, head)
    expected = [features[e] @ weight[:, h] if e >= 0 else 0.0 for e, h in zip(edge, head, strict=True)]
    np.testing.assert_allclose(scores, expected, rtol=1e-12)
    check_vjp(lambda features, weight: edge_feature_scores(features, weight, edge, head), [features], [weight])


@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize("with_extra", [False, True])
def test_attention_scores(weighted, with_extra):
    sources, ends, edge, head = heads()
    x, source, target = numbers(5, N_HEADS, 3), numbers(N_HEADS, 3, seed=1), numbers(N_HEADS, 3, seed=2)
    extra = numbers(len(sources), seed=3) if with_extra else np.zeros(len(sources))
    options = {"sources": sources, "ends": ends, "log_weight": np.log(EDGES.data)[edge] if weighted else None}
    scores, _ = attention_scores(x, source, target, extra if with_extra else None, **options)
    targets = np.repeat(np.arange(3), np.diff(ENDS))
    raw = [x[SOURCES[e], h] @ source[h] + x[targets[e], h] @ target[h] for e, h in zip(edge, head, strict=True)] + extra
    expected = np.where(raw > 0, raw, 0.2 * raw) + (options["log_weight"] if weighted else 0)
    np.testing.assert_allclose(scores, expected, rtol=1e-12)

    check_vjp(lambda x, extra, *both: attention_scores(x, *both, extra, **options), [x, extra], [source, target])


def test_rows_that_are_selected_twice_have_the_sum_of_both_gradients():
    x, rows = numbers(5, 2), np.array([3, 0, 3])
    y, _ = select_rows(x, rows)
    np.testing.assert_array_equal(y, x[rows])
    check_vjp(lambda x: select_rows(x, rows), [x])


def test_mean_over_hops():
    nearer = sparse.csr_array(EDGES.toarray()[:2, :3])
    x, near, both = numbers(5, 4), EDGES.toarray(), nearer.toarray() @ EDGES.toarray()
    expected = (x[:2] + (near @ x)[:2] + both @ x) / 3
    np.testing.assert_allclose(mean_over_hops(x, [EDGES, nearer])[0], expected, rtol=1e-12)
    check_vjp(lambda x: mean_over_hops(x, [EDGES, nearer]), [x], [])
    np.testing.assert_array_equal(mean_over_hops(x, [])[0], x)
