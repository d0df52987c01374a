"""One series that is much longer than all others costs memory for its own steps only."""

import tracemalloc

import numpy as np
import pytest

from skneural import (
    CNNSequenceClassifier,
    CNNSequenceRegressor,
    LanguageModel,
    MambaSequenceClassifier,
    MambaSequenceRegressor,
    MambaSequenceTagger,
    RNNSequenceClassifier,
    RNNSequenceRegressor,
    RNNSequenceTagger,
    SequenceToSequence,
    TransformerSequenceClassifier,
    TransformerSequenceRegressor,
    TransformerSequenceTagger,
)

RNG = np.random.default_rng(0)
GIANT = 60
LENGTHS = RNG.integers(20, 60, 120)
LENGTHS[GIANT] = 500
SERIES = [RNG.standard_normal((n, 100)).astype(np.float32) for n in LENGTHS]
TOKENS = [RNG.integers(0, 9, n) for n in LENGTHS]

BRIEF = {"max_iter": 1, "batch_size": 16, "early_stopping": True, "random_state": 0, "n_jobs": 1}
ATTENTION = {"d_model": 4, "n_heads": 1, "n_layers": 1, "feedforward_size": 4, **BRIEF}
CONVOLUTIONS, CELLS = {"channels": 4, **BRIEF}, {"hidden_size": 4, **BRIEF}
STATES = {"d_model": 4, "state_size": 2, "n_layers": 1, "expansion": 1, **BRIEF}

CLASSES, NUMBERS = RNG.integers(0, 2, 120), RNG.standard_normal(120)
LABELS, NUMBERS_OF_STEPS = [series[:, 0] > 0 for series in SERIES], [series[:, :1] for series in SERIES]
OF_SERIES = {
    "convolutions": (CNNSequenceClassifier(**CONVOLUTIONS), CLASSES),
    "convolutions, numbers": (CNNSequenceRegressor(**CONVOLUTIONS), NUMBERS),
    "cells": (RNNSequenceClassifier(**CELLS), CLASSES),
    "cells, numbers": (RNNSequenceRegressor(**CELLS), NUMBERS),
    "cells, numbers of steps": (RNNSequenceRegressor(**CELLS), NUMBERS_OF_STEPS),
    "cells, labels": (RNNSequenceTagger(**CELLS), LABELS),
    "attention": (TransformerSequenceClassifier(**ATTENTION), CLASSES),
    "attention, numbers": (TransformerSequenceRegressor(**ATTENTION), NUMBERS),
    "attention, labels": (TransformerSequenceTagger(**ATTENTION), LABELS),
    "states": (MambaSequenceClassifier(**STATES), CLASSES),
    "states, numbers": (MambaSequenceRegressor(**STATES), NUMBERS),
    "states, numbers of steps": (MambaSequenceRegressor(**STATES), NUMBERS_OF_STEPS),
    "states, labels": (MambaSequenceTagger(**STATES), LABELS),
}
OF_TOKENS = {
    "convolutions": (CNNSequenceClassifier(vocabulary_size=9, embedding_size=4, **CONVOLUTIONS), CLASSES),
    "cells": (RNNSequenceTagger(vocabulary_size=9, embedding_size=4, **CELLS), LABELS),
    "attention": (TransformerSequenceClassifier(vocabulary_size=9, **ATTENTION), CLASSES),
    "states": (MambaSequenceTagger(vocabulary_size=9, **STATES), LABELS),
    "language model": (LanguageModel(context_length=64, **ATTENTION), None),
    "masked language model": (LanguageModel(context_length=64, objective="masked", **ATTENTION), None),
    "sequence to sequence": (
        SequenceToSequence(hidden_size=4, embedding_size=4, **BRIEF),
        [tokens[:5] for tokens in TOKENS],
    ),
}


# Models of one number for each series differ from those of classes in their last layer only.
every_model_of_series = pytest.mark.parametrize(
    ("model", "y"),
    [
        pytest.param(*case, marks=[pytest.mark.slow] if name.endswith(", numbers") else [], id=name)
        for name, case in OF_SERIES.items()
    ],
)


@pytest.fixture(autouse=True)
def small_blocks(monkeypatch):
    """Few steps at once, so that little data shows what grows with it."""
    for reader in ("readers.sequences", "estimators.language_model.reader", "estimators.sequence_to_sequence.reader"):
        monkeypatch.setattr(f"skneural.{reader}.STEPS_PER_BLOCK", 512)
    monkeypatch.setattr("skneural.data.like_lengths.LEAST_DIVIDED", 512)


def peak(function, *arguments):
    """Bytes that a call held at most, besides those held before."""
    tracemalloc.start()
    try:
        function(*arguments)
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


@every_model_of_series
@pytest.mark.slow
def test_memory_is_a_small_multiple_of_the_steps(model, y):
    model.fit(SERIES[:30], y[:30])  # loads all that is loaded once
    n_bytes = sum(series.nbytes for series in SERIES)
    assert peak(model.fit, SERIES, y) < 3 * n_bytes
    assert peak(model.predict, SERIES) < 3 * n_bytes


@pytest.mark.parametrize(("model", "y"), OF_TOKENS.values(), ids=OF_TOKENS)
@pytest.mark.slow
def test_a_giant_adds_its_own_activations_only(model, y):
    """Activations take more memory than tokens, so the limit is the memory for the short and the long ones apart."""
    some = np.arange(GIANT - 30, GIANT + 30)
    short = np.delete(some, 30)
    model.set_params(early_stopping=False, batch_size=2).fit(*selected(TOKENS, y, short[:30]))
    for function in (model.fit, *([lambda X, y: model.predict(X)] if hasattr(model, "predict") else [])):
        apart = [peak(function, *selected(TOKENS, y, rows)) for rows in (short, [GIANT, GIANT])]
        assert peak(function, *selected(TOKENS, y, some)) < 1.5 * sum(apart)


def selected(X, y, rows):
    return [X[i] for i in rows], None if y is None else [y[i] for i in rows]


@every_model_of_series
def test_a_series_is_predicted_alone_as_in_the_company_of_a_giant(model, y):
    model.fit(SERIES[:30], y[:30])
    predict = getattr(model, "predict_proba", model.predict)
    together = predict(SERIES)
    for i in (0, 1, GIANT, 119):
        np.testing.assert_allclose(predict(SERIES[i : i + 1])[0], together[i], rtol=1e-4, atol=1e-5)
