"""Chunks in a common form."""

import numpy as np

from skneural.streaming.chunks import Chunk, Chunks, as_chunk


def test_a_chunk_is_x_or_a_tuple():
    X = np.ones((2, 3))
    assert as_chunk(X, 0) == Chunk(X)
    assert as_chunk((X, [1, 2]), 0).y == [1, 2]
    assert as_chunk(["a text", "another"], 0).n_samples == 2


def test_empty_chunks_are_left_out_and_numbers_stay():
    chunks = Chunks([np.ones((2, 1)), np.ones((0, 1)), np.ones((3, 1))])
    assert [(number, chunk.n_samples) for number, chunk in chunks.numbered()] == [(0, 2), (2, 3)]


def test_a_sequence_is_shuffled_with_its_numbers():
    chunks = Chunks([np.full((1, 1), k) for k in range(20)])
    seen = [(number, int(chunk.X[0, 0])) for number, chunk in chunks.numbered(np.random.default_rng(0))]
    assert seen != sorted(seen)
    assert sorted(seen) == [(k, k) for k in range(20)]
