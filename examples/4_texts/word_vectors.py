"""Classification of texts from few labels, with vectors of words that texts without labels give
=============================================================================================

Each text is about one of four subjects, with 60 words that mainly occur there, and 40 texts have labels. Many words do
not occur in these 40, but in 4000 texts without labels they stand near words that do, and words with like neighbours
get like vectors: factors of the pointwise mutual information of neighbours, as those of word2vec are (Levy and Goldberg
2014). Downloaded vectors are used in the same way, from a dict or from KeyedVectors of gensim.

Run it::

    python examples/4_texts/word_vectors.py
"""

import numpy as np
from scipy import sparse
from scipy.sparse.linalg import svds
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.frozen import FrozenEstimator
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline

from skneural import CNNSequenceClassifier
from skneural.preprocessing import TokenEncoder

SUBJECTS = ["cooking", "football", "sailing", "music"]
SYLLABLES = ["ba", "de", "ko", "lu", "mi", "na", "po", "ri", "sa", "tu", "ve", "zo"]


def texts_and_subjects(n, rng):
    """Texts of 8 to 20 words: half of their subject, the others of any."""
    words = np.array([a + b + c for a in SYLLABLES for b in SYLLABLES for c in SYLLABLES])
    words = np.random.default_rng(1).permutation(words)[: 60 * len(SUBJECTS)].reshape(len(SUBJECTS), 60)
    subjects = rng.integers(len(SUBJECTS), size=n)
    texts = []
    for subject in subjects:
        n_words = rng.integers(8, 21)
        any_subject, this_subject = rng.choice(words.ravel(), n_words), rng.choice(words[subject], n_words)
        texts.append(" ".join(np.where(rng.random(n_words) < 0.5, any_subject, this_subject)))
    return texts, np.array(SUBJECTS)[subjects]


def word_vectors(texts, size=16, window=5):
    """Vector of each word that occurs at least twice, by a truncated singular value decomposition."""
    encoder = TokenEncoder(min_frequency=2).fit(texts)
    names, numbers = encoder.get_feature_names_out(), encoder.transform(texts)
    pairs = [(text[:-d], text[d:]) for text in numbers for d in range(1, window + 1) if len(text) > d]
    left, right = (np.concatenate(ends) for ends in zip(*pairs, strict=True))
    counts = sparse.coo_array((np.ones(len(left)), (left, right)), shape=(len(names), len(names))).tocsr()
    counts = (counts + counts.T).tocoo()
    n_neighbours = counts.sum(axis=1)
    i, j = counts.coords
    information = np.log(counts.data * counts.sum() / n_neighbours[i] / n_neighbours[j]).clip(0)
    vectors, spectrum, _ = svds(sparse.csr_array((information, (i, j)), shape=counts.shape), size, random_state=0)
    vectors *= np.sqrt(spectrum)
    return dict(zip(names, vectors / vectors.std() / 4, strict=True))


def main():
    texts, subjects = texts_and_subjects(5000, np.random.default_rng(0))
    vectors = word_vectors(texts[:4000])
    encoder = TokenEncoder().fit(texts[:4000])
    table = encoder.embedding_weights(vectors)
    options = {"architecture": "fasttext", "vocabulary_size": "auto", "embedding_size": 16, "random_state": 0}
    starts = {
        "fastText, random vectors": {},
        "fastText, vectors that stay": {"embedding_weights": table, "freeze": ("embedding",)},
        "fastText, vectors as a start": {"embedding_weights": table},
    }
    models = {"TF-IDF, LogisticRegression": make_pipeline(TfidfVectorizer(), LogisticRegression(C=10))}
    for name, start in starts.items():  # a frozen encoder keeps its vocabulary, to which the rows of the table belong
        models[name] = make_pipeline(FrozenEstimator(encoder), CNNSequenceClassifier(**options, **start))
    for name, model in models.items():
        model.fit(texts[:40], subjects[:40])
        print(f"{name}: accuracy {model.score(texts[4000:], subjects[4000:]):.3f}")


if __name__ == "__main__":
    main()
