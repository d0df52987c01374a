"""Labels of texts: n-grams with a linear model, networks, and the mean of both.

    python benchmarks/texts.py --data FOLDER [trec sst2 names] [--labels 100 1000] [--seeds 2] [--textcnn]
    python benchmarks/texts.py --data FOLDER trec sst2 --vectors [--labels 500 0]
    python benchmarks/texts.py --data FOLDER trec --recipes "TF-IDF, LogisticRegression" fasttext

Each row is a recipe: its accuracy and log loss on the test part, and the seconds of a fit in one thread, with encoding.
`--vectors` compares TextCNN from vectors of words, static or not, that all training texts give, and from none: factors
of the mutual information of neighbours, and those of `examples/4_texts/skip_gram.py`.
`--labels` trains on so many texts, drawn at random for each seed, instead of all. `--textcnn` adds convolutional
networks, which take minutes. `--recipes` runs only those that it names. benchmarks/README.md lists the sources of the
files.
"""

from __future__ import annotations

import argparse
import functools
import sys
import time
import warnings
from pathlib import Path

import numpy as np
from published import table
from scipy import sparse
from scipy.sparse.linalg import svds
from sklearn.exceptions import ConvergenceWarning
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.frozen import FrozenEstimator
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import log_loss
from sklearn.pipeline import make_pipeline, make_union
from threadpoolctl import threadpool_limits

from skneural import CNNSequenceClassifier, MLPClassifier, PerceptronClassifier
from skneural.preprocessing import TokenEncoder

SETS = {"trec": "text_trec.tsv", "sst2": "text_sst2.tsv", "names": "text_names_by_language.tsv"}
MOST_TOKENS = 200_000


def split(path, name):
    """Texts and labels for training and of the test part: the published one, or two of ten folds."""
    rows = table(path / SETS[name])
    parts, labels, texts = (np.array([row[key] for row in rows], dtype=object) for key in ("split", "label", "text"))
    test = np.isin(parts, ["0", "1"]) if name == "names" else parts == "test"
    return texts[~test], labels[~test], texts[test], labels[test]


def words():
    return TfidfVectorizer(token_pattern=r"(?u)\w+|[^\w\s]", ngram_range=(1, 2), sublinear_tf=True)


def characters():
    return TfidfVectorizer(analyzer="char_wb", ngram_range=(1, 5), sublinear_tf=True)


def tokens(name, **options):
    of_names = {"level": "character", "ngram_range": (1, 4)} if name == "names" else {"ngram_range": (1, 2)}
    return TokenEncoder(lowercase=True, vocabulary_size=MOST_TOKENS, **of_names | options)


SIZE_OF_VECTORS = 64

AS_PUBLISHED = {"batch_norm": False, "dropout": 0.5, "batch_size": 50, "max_iter": 6, "early_stopping": False}


def recipes_of_vectors(texts, n_texts, seed):
    """TextCNN from vectors of words of all training texts, with an encoder that knows all their words."""
    encoder, tables = tables_of_vectors(tuple(texts))
    epochs = max(AS_PUBLISHED["max_iter"], 12_000 // n_texts)
    starts = {"random": {}}
    for kind, weights in tables.items():
        vectors = {"embedding_weights": weights}
        starts |= {f"{kind}, static": vectors | {"freeze": ("embedding",)}, f"{kind}, not static": vectors}
    frozen = FrozenEstimator(encoder)
    options = AS_PUBLISHED | {"vocabulary_size": "auto", "embedding_size": SIZE_OF_VECTORS, "max_iter": epochs}
    return {
        "TF-IDF, LogisticRegression": make_pipeline(words(), LogisticRegression(C=10, max_iter=1000)),
        **{
            f"TextCNN, {key}": make_pipeline(frozen, network("textcnn", seed, **options | start))
            for key, start in starts.items()
        },
    }


@functools.cache
def tables_of_vectors(texts):
    """An encoder of all texts, and the vectors of its tokens by the method that gives them."""
    encoder = TokenEncoder(lowercase=True).fit(texts)
    sequences, n_tokens = encoder.transform(texts), encoder.vocabulary_size_
    occurrences = np.bincount(np.concatenate(sequences), minlength=n_tokens)
    tables = {}
    for kind, method in {"mutual information": word_vectors, "skip-gram": skip_gram_vectors}.items():
        start = time.process_time()
        vectors = method(sequences, n_tokens, SIZE_OF_VECTORS)
        vectors *= 0.15 / vectors[occurrences > 1].std()  # as large as random ones, which are uniform in [-.25, .25]
        vectors[occurrences < 2] = np.nan
        tables[kind] = vectors
        print(f"{kind}: vectors of {n_tokens} tokens in {time.process_time() - start:.1f} s", flush=True)
    return encoder, tables


def skip_gram_vectors(sequences, n_tokens, size):
    sys.path.append(str(Path(__file__).parents[1] / "examples" / "4_texts"))
    import skip_gram

    return skip_gram.word_vectors(sequences, n_tokens, size)


def recipes(name, n_texts, seed, textcnn):
    """Pipelines from texts to labels, by the names of the rows."""
    epochs = max(10, 50_000 // n_texts)  # ten epochs of few texts are few steps
    n_grams = characters if name == "names" else words
    linear = {"C": 10, "max_iter": 1000}
    found = {
        "TF-IDF, LogisticRegression": make_pipeline(n_grams(), LogisticRegression(**linear)),
        "the same with characters": make_pipeline(make_union(words(), characters()), LogisticRegression(**linear)),
        "TF-IDF, PerceptronClassifier": make_pipeline(
            n_grams(), PerceptronClassifier(alpha=2e-5, tol=1e-4, max_iter=100)
        ),
        "TF-IDF, MLPClassifier": make_pipeline(n_grams(), MLPClassifier(32, max_iter=epochs, random_state=seed)),
        "fasttext": make_pipeline(tokens(name), network("fasttext", seed, **SMALL)),
        "fasttext, 64 numbers per token": make_pipeline(tokens(name), network("fasttext", seed)),
        "fasttext, hidden layer of 32": make_pipeline(tokens(name), network("fasttext", seed, channels=32, **SMALL)),
    }
    if textcnn:
        plain = {"ngram_range": (1, 1)}
        found["TextCNN"] = make_pipeline(tokens(name, **plain), network("textcnn", seed))
        found["TextCNN, six epochs with dropout"] = make_pipeline(
            tokens(name, **plain), network("textcnn", seed, **AS_PUBLISHED)
        )
    return found


def word_vectors(sequences, n_tokens, size, window=5):
    """Vectors whose products are the positive pointwise mutual information of neighbours, which is what skip-grams
    with negative samples factorize, too (Levy and Goldberg 2014).
    """
    pairs = [(text[:-d], text[d:]) for text in sequences for d in range(1, window + 1) if len(text) > d]
    left, right = (np.concatenate(ends) for ends in zip(*pairs, strict=True))
    counts = sparse.coo_array((np.ones(len(left), np.float32), (left, right)), shape=(n_tokens, n_tokens)).tocsr()
    counts = (counts + counts.T).tocoo()
    n_neighbours = counts.sum(axis=1)
    smoothed = n_neighbours**0.75 / (n_neighbours**0.75).sum()
    i, j = counts.coords
    information = np.log(counts.data / n_neighbours[i] / smoothed[j]).clip(0)
    left, spectrum, _ = svds(sparse.csr_array((information, (i, j)), shape=counts.shape), size, random_state=0)
    return left * np.sqrt(spectrum)


SMALL = {"embedding_size": 16, "learning_rate_init": 0.01}
MEANS = {
    "mean of the first and fasttext": "TF-IDF, LogisticRegression",
    "mean of the second and fasttext": "the same with characters",
}


def network(architecture, seed, **options):
    options = {"vocabulary_size": MOST_TOKENS, "random_state": seed, "n_jobs": 1} | options
    return CNNSequenceClassifier(architecture=architecture, **options)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("sets", nargs="*", default=list(SETS))
    parser.add_argument("--labels", type=int, nargs="*", default=[0])
    parser.add_argument("--seeds", type=int, default=2)
    parser.add_argument("--textcnn", action="store_true")
    parser.add_argument("--vectors", action="store_true")
    parser.add_argument("--recipes", nargs="*", help="names of rows; all by default")
    options = parser.parse_args()
    warnings.simplefilter("ignore", ConvergenceWarning)
    warnings.simplefilter("ignore", UserWarning)  # batches larger than a small training set
    for name in options.sets:
        for n_labels in options.labels:
            compare(*split(options.data, name), name, n_labels, options)


def means(probabilities):
    """Means of fasttext and a linear model, which are those of a VotingClassifier(voting="soft")."""
    found = {}
    for mean, recipe in MEANS.items():
        if {recipe, "fasttext"} <= set(probabilities):
            (first, seconds), (second, more) = probabilities[recipe], probabilities["fasttext"]
            found[mean] = (first + second) / 2, seconds + more
    return found


def compare(X, y, X_test, y_test, name, n_labels, options):
    """Print the table of one set."""
    results = {}
    for seed in range(options.seeds):
        rows = np.random.default_rng(seed).permutation(len(X))[: n_labels or None]
        probabilities, classes = {}, np.unique(y[rows])
        known = np.isin(y_test, classes)
        if options.vectors:
            pipelines = recipes_of_vectors(list(X), len(rows), seed)
        else:
            pipelines = recipes(name, len(rows), seed, options.textcnn)
        for recipe, model in pipelines.items():
            if options.recipes and recipe not in options.recipes:
                continue
            start = time.process_time()
            with threadpool_limits(1):
                model.fit(list(X[rows]), y[rows])
            seconds = time.process_time() - start
            probabilities[recipe] = model.predict_proba(list(X_test)), seconds
        probabilities |= means(probabilities)
        for recipe, (p, seconds) in probabilities.items():
            loss = log_loss(y_test[known], p[known] / p[known].sum(axis=1, keepdims=True), labels=classes)
            results.setdefault(recipe, []).append((np.mean(classes[p.argmax(axis=1)] == y_test), loss, seconds))
    print(f"\n{name}, {n_labels or len(X)} texts, {options.seeds} seeds\n\n| recipe | accuracy | log loss | seconds |")
    print("| --- | --- | --- | --- |")
    for recipe, values in results.items():
        accuracy, loss, seconds = np.mean(values, axis=0)
        print(f"| {recipe} | {accuracy:.3f} | {loss:.3f} | {seconds:.1f} |", flush=True)


if __name__ == "__main__":
    main()
