import numpy as np
from scipy import sparse

from skneural.data.message_blocks import MessageBlock, add_self_loops, weighted_degrees
from tests.layers.small_graph import DEGREE_ZERO, A, N

EDGES = sparse.csr_array(A)
LOOPS = A + np.diag(A.diagonal() == 0)
BLOCK = MessageBlock.of_graph(EDGES)


def test_loops_are_added_where_there_are_none():
    np.testing.assert_array_equal(add_self_loops(EDGES).toarray(), LOOPS)
    np.testing.assert_array_equal(add_self_loops(EDGES, 0.5).toarray(), A + 0.5 * np.diag(A.diagonal() == 0))
    np.testing.assert_allclose(weighted_degrees(EDGES), LOOPS.sum(axis=1))


def test_matrices_of_convolutions():
    inverse = 1 / np.sqrt(LOOPS.sum(axis=1))
    np.testing.assert_allclose(BLOCK.normalized.toarray(), inverse[:, np.newaxis] * LOOPS * inverse)
    np.testing.assert_allclose(BLOCK.plus_identity.toarray(), A + np.eye(N))
    total = A.sum(axis=1, keepdims=True)
    np.testing.assert_allclose(BLOCK.mean.toarray(), np.divide(A, total, out=np.zeros_like(A), where=total > 0))
    assert not BLOCK.mean.toarray()[DEGREE_ZERO].any()


def test_sums_over_edges():
    rows, columns = np.nonzero(A)
    of_edges = np.random.default_rng(0).standard_normal((len(rows), 2))
    by_target, by_source = np.zeros((N, 2)), np.zeros((N, 2))
    np.add.at(by_target, rows, A[rows, columns][:, np.newaxis] * of_edges)
    np.add.at(by_source, columns, of_edges)
    np.testing.assert_allclose(BLOCK.target_incidence @ of_edges, by_target)
    np.testing.assert_allclose(BLOCK.source_incidence @ of_edges, by_source)


def test_each_head_has_every_edge_once():
    heads = BLOCK.heads(3)
    targets = np.repeat(np.arange(3 * N), np.diff(heads.ends))
    weights = np.zeros((N, 3, N, 3))
    weights[targets // 3, heads.head, heads.sources // 3, heads.sources % 3] = np.exp(heads.log_weight)
    np.testing.assert_array_equal(targets % 3, heads.head)
    for head in range(3):
        np.testing.assert_allclose(weights[:, head, :, head], LOOPS)
    added = heads.edge == -1
    np.testing.assert_array_equal(targets[added] // 3, heads.sources[added] // 3)
    numbers = np.zeros((N, N), int)
    numbers[np.nonzero(A)] = np.arange(EDGES.nnz)
    np.testing.assert_array_equal(heads.edge[~added], numbers[targets // 3, heads.sources // 3][~added])
