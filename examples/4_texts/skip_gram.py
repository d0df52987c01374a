"""Vectors of words by a skip-gram with negative samples, as the start of a classifier
===================================================================================

A network is given a word and another one, which stands near it in a text or was drawn at random, and tells which: its
score is the product of a vector of the word and a vector of the other one as a neighbour. Words with like neighbours so
get like vectors, as those of word2vec (Mikolov et al. 2013). The texts are those of `word_vectors.py`, of which few
have labels.

Run it::

    python examples/4_texts/skip_gram.py
"""

from dataclasses import dataclass

import numpy as np
from sklearn.frozen import FrozenEstimator
from sklearn.pipeline import make_pipeline
from word_vectors import texts_and_subjects

from skneural import CNNSequenceClassifier, NetworkClassifier
from skneural.layers import Chain, Embedding, Layer
from skneural.preprocessing import TokenEncoder


@dataclass(frozen=True)
class Product(Layer):
    """Scalar product of two vectors. x: (batch, 2, size); y: (batch, 1)."""

    def forward(self, p, x, context):
        return (x[:, 0] * x[:, 1]).sum(axis=1, keepdims=True), lambda dy, g: x[:, ::-1] * dy[:, np.newaxis]

    def shape(self, x_shape):
        return (x_shape[0], 1)


def skip_gram(vocabulary_size, n_out, size=32):
    """Network of pairs of a word and a neighbour, which are numbered one behind the other."""
    return Chain(embedding=Embedding(vocabulary_size, size), product=Product())


def neighbours(sequences, window, rng, threshold=1e-3):
    """Pairs of words that are at most `window` words apart; frequent words are often left out."""
    occurrences = np.bincount(np.concatenate(sequences))
    kept = np.sqrt(threshold * occurrences.sum() / np.maximum(occurrences, 1))
    sequences = [text[rng.random(len(text)) < kept[text]] for text in sequences]
    pairs = [(text[:-d], text[d:]) for text in sequences for d in range(1, window + 1) if len(text) > d]
    left, right = (np.concatenate(ends) for ends in zip(*pairs, strict=True))
    return np.concatenate([left, right]), np.concatenate([right, left])


def word_vectors(sequences, n_tokens, size=32, window=5, n_negatives=3, n_epochs=5, seed=0):
    """Vector of each token, of shape (n_tokens, size), from sequences of tokens; each epoch draws other negatives."""
    rng = np.random.default_rng(seed)
    share = np.bincount(np.concatenate(sequences), minlength=n_tokens) ** 0.75
    model = NetworkClassifier(
        skip_gram,
        network__size=size,
        kind="tokens",
        vocabulary_size=2 * n_tokens,
        batch_size=4096,
        learning_rate_init=0.01,
        alpha=0.0,
        random_state=seed,
    )
    for _ in range(n_epochs):
        words, near = neighbours(sequences, window, rng)
        drawn = rng.choice(n_tokens, n_negatives * len(words), p=share / share.sum())
        others = np.concatenate([near, drawn])
        pairs = np.stack([np.tile(words, 1 + n_negatives), n_tokens + others], axis=1)
        model.partial_fit(pairs, np.arange(len(pairs)) < len(words), classes=[False, True])
    return model.weights_by_name()["embedding.table"][:n_tokens].copy()


def main():
    texts, subjects = texts_and_subjects(5000, np.random.default_rng(0))
    encoder = TokenEncoder().fit(texts[:4000])
    vectors = word_vectors(encoder.transform(texts[:4000]), encoder.vocabulary_size_)
    word = encoder.get_feature_names_out()[1]
    likeness = vectors @ vectors[1] / np.linalg.norm(vectors, axis=1)
    nearest = encoder.get_feature_names_out()[np.argsort(-likeness)[1:5]]
    print(f"Words with neighbours like those of {word}: {', '.join(nearest)}")
    for name, start in {"random vectors": {}, "vectors of the skip-gram": {"embedding_weights": vectors}}.items():
        network = CNNSequenceClassifier(
            architecture="fasttext", vocabulary_size="auto", embedding_size=32, random_state=0, **start
        )
        model = make_pipeline(FrozenEstimator(encoder), network).fit(texts[:40], subjects[:40])
        print(f"fastText, {name}: accuracy {model.score(texts[4000:], subjects[4000:]):.3f}")


if __name__ == "__main__":
    main()
