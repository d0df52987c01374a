"""Accuracy of the recurrent estimators on series, texts, tags, music and a task with long-term dependencies.

    python benchmarks/recurrent.py --data FOLDER                 all of them: an hour on two cores
    python benchmarks/recurrent.py --data FOLDER vowels tags

Prints the required and the measured results on test data, and the seconds of training. benchmarks/README.md lists the
sources of the files.
"""

from __future__ import annotations

import argparse
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import numpy as np
from published import table, tagged_sentences, unequal_series
from sklearn.exceptions import ConvergenceWarning
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from timing import timed_fit

from skneural import RNNSequenceClassifier, RNNSequenceRegressor, RNNSequenceTagger
from skneural.preprocessing import SlidingWindows, TokenEncoder


class Result(NamedTuple):
    what: str
    asked: str
    measured: float
    seconds: float


def vowels(folder: Path, seed: int) -> Iterator[Result]:
    """Speaker identification: nine men say "ae" (270 training and 370 test series of 7 to 29 steps, 12 features)."""
    path = folder / "ts_japanesevowels.npz"
    X, X_test = unequal_series(path, "train"), unequal_series(path, "test")
    with np.load(path) as file:
        y, y_test = file["y_train"], file["y_test"]
    for cell in ("gru", "lstm"):
        model = RNNSequenceClassifier(
            cell=cell, bidirectional=True, pooling="mean", dropout=0.3, batch_size=32, learning_rate_init=3e-3,
            learning_rate="one_cycle", max_iter=60, random_state=seed,
        )  # fmt: skip
        model, seconds = timed_fit(model, X, y)
        yield Result(f"JapaneseVowels, {cell}, accuracy", ">= .975", model.score(X_test, y_test), seconds)


def names(folder: Path, seed: int) -> Iterator[Result]:
    """Classification of family names by language, 18 languages, with a tenth of the names for testing."""
    rows = table(folder / "text_names_by_language.tsv")
    train, test = ([row for row in rows if (row["split"] == "0") == held_out] for held_out in (False, True))
    (X, y), (X_test, y_test) = (
        ([row["text"] for row in part], [row["label"] for row in part]) for part in (train, test)
    )
    best = 0.0
    for C in (1, 3, 10, 30):
        grams = TfidfVectorizer(analyzer="char_wb", ngram_range=(1, 5), lowercase=False, sublinear_tf=True)
        linear, seconds = timed_fit(make_pipeline(grams, LogisticRegression(C=C, max_iter=1000)), X, y)
        score = linear.score(X_test, y_test)
        yield Result(f"names, n-grams and logistic regression, C={C}, accuracy", "", score, seconds)
        best = max(best, score)
    model = make_pipeline(
        TokenEncoder(level="character", vocabulary_size=200),
        RNNSequenceClassifier(
            hidden_size=128, n_layers=2, bidirectional=True, dropout=0.6, vocabulary_size=200, embedding_size=32,
            batch_size=64, learning_rate_init=3e-3, learning_rate="one_cycle", max_iter=20, early_stopping=False,
            random_state=seed,
        ),
    )  # fmt: skip
    model, seconds = timed_fit(model, X, y)
    yield Result("names, gru, accuracy", f"> {best:.4f}", model.score(X_test, y_test), seconds)


def tags(folder: Path, seed: int) -> Iterator[Result]:
    """Part-of-speech tagging of the English Web Treebank, without pretrained word vectors."""
    words, y = tagged_sentences(folder / "tag_ud_ewt_pos_train.txt.gz")
    test_words, y_test = tagged_sentences(folder / "tag_ud_ewt_pos_test.txt.gz")
    encoder = TokenEncoder(min_frequency=2)
    X, X_test = encoder.fit_transform(words), encoder.transform(test_words)
    model = RNNSequenceTagger(
        cell="lstm", bidirectional=True, dropout=0.5, vocabulary_size=encoder.vocabulary_size_, batch_size=32,
        learning_rate_init=3e-3, learning_rate="one_cycle", max_iter=8, early_stopping=False, random_state=seed,
    )  # fmt: skip
    model, seconds = timed_fit(model, X, y)
    yield Result("UD English EWT, part of speech, accuracy of words", ">= .90", model.score(X_test, y_test), seconds)


def adding(folder: Path, seed: int) -> Iterator[Result]:
    """Sum of two marked numbers among a hundred (Hochreiter and Schmidhuber 1997); predicting 1 gives 1/6."""
    rng = np.random.default_rng(seed)

    def draw(n):
        X = np.zeros((n, 100, 2), np.float32)
        X[:, :, 0] = rng.random((n, 100))
        places = np.stack([rng.integers(0, 50, n), rng.integers(50, 100, n)], axis=1)
        X[np.arange(n)[:, np.newaxis], places, 1] = 1
        return X, (X[:, :, 0] * X[:, :, 1]).sum(axis=1)

    (X, y), (X_test, y_test) = draw(20_000), draw(2000)
    for cell, n_layers, asked in (("lstm", 1, "< .001"), ("gru", 1, "< .001"), ("indrnn", 2, "< .001"), ("rnn", 1, "")):
        model = RNNSequenceRegressor(
            cell=cell, n_layers=n_layers, batch_size=100, learning_rate_init=2e-3, learning_rate="one_cycle",
            max_iter=25, max_grad_norm=1.0, early_stopping=False, alpha=0, random_state=seed,
        )  # fmt: skip
        model, seconds = timed_fit(model, X, y)
        error = float(np.mean((model.predict(X_test) - y_test) ** 2))
        yield Result(f"adding problem, 100 steps, {cell}, squared error", asked, error, seconds)


def mackey_glass(folder: Path, seed: int) -> Iterator[Result]:
    """Forecast of a chaotic series, one step ahead; root mean squared error in standard deviations."""
    with np.load(folder / "fc_univariate.npz") as file:
        series = file["mackey_glass_t17"]
    cutter = SlidingWindows(window_size=30)
    X, y = cutter.windows_and_targets(series[:6000])
    X_test, y_test = cutter.windows_and_targets(series[6000:])
    model = RNNSequenceRegressor(
        batch_size=64, learning_rate_init=5e-3, learning_rate="one_cycle", max_iter=20, early_stopping=False,
        alpha=0, random_state=seed,
    )  # fmt: skip
    model, seconds = timed_fit(model, X, y)
    error = float(np.sqrt(np.mean((model.predict(X_test) - y_test) ** 2)) / y_test.std())
    yield Result("Mackey-Glass, one step ahead, NRMSE", "< .02", error, seconds)


def chorales(folder: Path, seed: int) -> Iterator[Result]:
    """Next keys in chorales by Bach, 88 keys: negative log likelihood per step, summed over keys."""
    path = folder / "music_jsb_chorales.npz"
    (X, y), (X_val, y_val), (X_test, y_test) = (
        ([song[:-1].astype(np.float32) for song in songs], [song[1:] for song in songs])
        for songs in (unequal_series(path, part) for part in ("train", "valid", "test"))
    )
    model = RNNSequenceTagger(
        hidden_size=200, dropout=0.5, standardize=False, batch_size=16, learning_rate_init=2e-3, max_iter=100,
        n_iter_no_change=8, random_state=seed,
    )  # fmt: skip
    model, seconds = timed_fit(model, X, y, X_val=X_val, y_val=y_val)
    probability, truth = np.concatenate(model.predict_proba(X_test)), np.concatenate(y_test)
    likelihood = np.log(np.where(truth, probability, 1 - probability)).sum(axis=1)
    yield Result("JSB chorales, next step, negative log likelihood", "<= 8.8", float(-likelihood.mean()), seconds)


TASKS = {function.__name__: function for function in (vowels, names, tags, adding, mackey_glass, chorales)}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("names", nargs="*", choices=[[], *TASKS], default=[])
    parser.add_argument("--data", type=Path, required=True, help="folder with the files")
    parser.add_argument("--seed", type=int, default=0)
    arguments = parser.parse_args()
    warnings.simplefilter("ignore", ConvergenceWarning)

    print(f"{'':<60}{'required':>9}{'measured':>11}{'s':>8}")
    for name in arguments.names or TASKS:
        for result in TASKS[name](arguments.data, arguments.seed):
            print(f"{result.what:<60}{result.asked:>9}{result.measured:>11.4f}{result.seconds:>8.1f}", flush=True)


if __name__ == "__main__":
    main()
