"""Selective copying with Mamba, recurrent and Transformer networks, for series of increasing length
=================================================================================================

Four symbols are hidden among noise tokens, at random positions. At the end of the series, four marks ask for the
symbols in order (Gu and Dao 2023). The state of a network must store the symbols and ignore the noise. Three networks
of about the same size are trained on the same number of series of each length: a Mamba network, whose state updates
depend on the input, gated recurrent units, and a Transformer, which attends to all steps.

Run it::

    pip install "skneural[plot]"
    python examples/3_series/plot_selective_copying.py  # about a minute
"""

import time
import warnings

import matplotlib.pyplot as plt
import numpy as np
from sklearn.exceptions import ConvergenceWarning

from skneural import MambaSequenceTagger, RNNSequenceTagger, TransformerSequenceTagger
from skneural.drawing import STYLE

N_SYMBOLS, N_COPIED = 4, 4
NOISE, ASK = N_SYMBOLS, N_SYMBOLS + 1
LENGTHS = (12, 24, 36)
TRAINING = {
    "vocabulary_size": N_SYMBOLS + 2,
    "learning_rate": "one_cycle",
    "learning_rate_init": 5e-3,
    "batch_size": 32,
    "max_iter": 8,
    "max_grad_norm": 1.0,
    "early_stopping": False,
    "random_state": 0,
}
MODELS = {
    "Mamba": MambaSequenceTagger(d_model=32, **TRAINING),
    "GRU": RNNSequenceTagger(hidden_size=64, embedding_size=32, **TRAINING),
    "Transformer": TransformerSequenceTagger(d_model=32, feedforward_size=64, dropout=0, **TRAINING),
}


def selective_copying(n, n_steps, rng):
    """Generate tokens of shape (n, n_steps + 4) and a label per step: noise, but the symbols at the last four steps."""
    symbols = rng.integers(0, N_SYMBOLS, (n, N_COPIED))
    X = np.full((n, n_steps + N_COPIED), NOISE)
    places = np.sort(np.argsort(rng.random((n, n_steps)), axis=1)[:, :N_COPIED], axis=1)
    np.put_along_axis(X, places, symbols, axis=1)
    X[:, n_steps:] = ASK
    y = np.full_like(X, NOISE)
    y[:, n_steps:] = symbols
    return X, y


def main():
    plt.style.use(STYLE)
    warnings.simplefilter("ignore", ConvergenceWarning)
    rng, right = np.random.default_rng(0), {name: [] for name in MODELS}
    for n_steps in LENGTHS:
        X, y = selective_copying(2000, n_steps, rng)
        X_test, y_test = selective_copying(500, n_steps, rng)
        for name, model in MODELS.items():
            start = time.perf_counter()
            predicted = model.fit(X, y).predict(X_test)
            right[name].append(np.mean(predicted[:, n_steps:] == y_test[:, n_steps:]))
            seconds = time.perf_counter() - start
            print(f"{n_steps:>4} steps  {name:<12} accuracy {right[name][-1]:.3f} of the symbols  {seconds:.1f} s")

    _, ax = plt.subplots()
    for (name, shares), marker in zip(right.items(), "os^", strict=True):
        ax.plot(LENGTHS, shares, marker=marker, label=name)
    ax.axhline(1 / N_SYMBOLS, color="0.6", linestyle=":", label="guessing")
    ax.set(xscale="log", xticks=LENGTHS, xticklabels=LENGTHS, ylim=(0, 1.05))
    ax.minorticks_off()
    ax.set(title="Selective copying", xlabel="steps before the marks", ylabel="accuracy of the symbols")
    ax.legend()
    plt.show()


if __name__ == "__main__":
    main()
