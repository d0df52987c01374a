"""Classification of texts: n-grams with a linear model, the mean of embeddings, and both
======================================================================================

Reviews are generated from phrases: three opinions of things, often negated, of which the last one counts twice. Below
1000 labels, TF-IDF with logistic regression is best and needs no network; a perceptron behind TF-IDF is the same model.
With more labels, fastText, the mean of embeddings of words and pairs of words, is close, and one takes the mean of both
probabilities. That gains nothing on these reviews, whose vocabulary is small, but about a point of accuracy on texts
that people wrote (benchmarks/texts.py).

Run it::

    python examples/4_texts/text_classification.py
"""

import numpy as np
from sklearn.ensemble import VotingClassifier
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline

from skneural import CNNSequenceClassifier, PerceptronClassifier
from skneural.preprocessing import TokenEncoder

GOOD = ["good", "great", "fine", "lovely", "clever", "funny", "warm", "bright", "fresh", "strong", "moving", "rich"]
BAD = ["bad", "poor", "dull", "weak", "cold", "silly", "slow", "stale", "flat", "thin", "loud", "empty"]
THINGS = ["plot", "cast", "music", "ending", "script", "camera", "humour", "dialogue", "pace", "story"]
FILLERS = ["and", "but", "while", "of", "in", "this", "that", "film", "we", "saw", "last", "year", "with", "friends"]


def reviews(n, rng):
    """Texts, and whether they praise: the last opinion of three counts twice, and chance decides ties."""
    texts, labels = [], []
    for _ in range(n):
        words, sum_of_opinions = [], 0
        for weight in (1, 1, 2):
            is_good, is_negated = rng.random(2) < (0.5, 0.3)
            words += ["the", rng.choice(THINGS), "is", *(["not"] if is_negated else [])]
            words += [rng.choice(GOOD if is_good else BAD), *rng.choice(FILLERS, rng.integers(2, 8))]
            sum_of_opinions += weight * (1 if is_good != is_negated else -1)
        texts.append(" ".join(words))
        labels.append("praise" if sum_of_opinions + 0.5 * rng.standard_normal() > 0 else "blame")
    return texts, np.array(labels)


def models():
    n_grams = TfidfVectorizer(ngram_range=(1, 2), sublinear_tf=True)
    tfidf = make_pipeline(n_grams, LogisticRegression(C=10, max_iter=1000))
    fasttext = make_pipeline(
        TokenEncoder(ngram_range=(1, 2), vocabulary_size=20_000),
        CNNSequenceClassifier(architecture="fasttext", vocabulary_size="auto", random_state=0),
    )
    return {
        "TF-IDF, LogisticRegression": tfidf,
        "TF-IDF, PerceptronClassifier": make_pipeline(n_grams, PerceptronClassifier(tol=1e-4, random_state=0)),
        "fastText": fasttext,
        "mean of the first and fastText": VotingClassifier([("tfidf", tfidf), ("fasttext", fasttext)], voting="soft"),
    }


def main():
    texts, labels = reviews(7000, np.random.default_rng(0))
    X_test, y_test = texts[5000:], labels[5000:]
    for n in (200, 5000):
        print(f"{n} labels")
        for name, model in models().items():
            print(f"  {name}: accuracy {model.fit(texts[:n], labels[:n]).score(X_test, y_test):.3f}")


if __name__ == "__main__":
    main()
