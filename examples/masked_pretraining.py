"""Words learned from texts without labels, and then a few labels.

    pip install skneural
    python masked_pretraining.py

Sentences of a small language, generated: animals and machines do what animals and machines do. A language model learns
to tell words that are hidden (`objective="masked"`). Then sixteen of the sentences get a label, whether they are about
animals. The rows of numbers that the language model makes of sentences suffice a logistic regression; counts of words
do not, because most of the words have no label. A Transformer that starts from the language model does even better.
"""

import numpy as np
from sklearn.feature_extraction.text import CountVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline

from skneural import LanguageModel, TransformerSequenceClassifier

ANIMALS = ["cat", "dog", "horse", "mouse", "raven", "trout", "wasp", "otter", "goose", "beetle", "lizard", "badger"]
MACHINES = ["car", "crane", "lorry", "robot", "engine", "drill", "pump", "press", "tractor", "mixer", "turbine", "loom"]
LIVING = ["eats", "sleeps", "hides", "hunts", "breathes", "drinks", "grows", "listens", "plays", "runs"]
WORKING = ["rattles", "overheats", "stalls", "leaks", "rusts", "vibrates", "starts", "idles", "jams", "hums"]
REST = ["all day", "in the yard", "near the river", "at night", "again", "behind the house"]
SIZES = {"d_model": 32, "n_heads": 4, "n_layers": 2, "feedforward_size": 64, "random_state": 0}


def sentences(rng, n):
    """Sentences, and whether they are about animals."""
    y = rng.integers(0, 2, n)
    kinds = [(ANIMALS, LIVING) if alive else (MACHINES, WORKING) for alive in y]
    return [f"the {rng.choice(who)} {rng.choice(does)} {rng.choice(REST)}" for who, does in kinds], y


def main():
    rng = np.random.default_rng(0)
    unlabelled, _ = sentences(rng, 2000)
    few, y_few = sentences(rng, 16)
    many, y_many = sentences(rng, 1000)

    model = LanguageModel(objective="masked", level="word", context_length=16, max_iter=30, **SIZES)
    model.set_params(learning_rate="one_cycle", learning_rate_init=4e-3).fit(unlabelled)
    print(
        f"of a hidden word, the language model wavers between {model.perplexity(many):.1f} of {model.vocabulary_size_}"
    )

    found = {
        "counts of words, logistic regression": make_pipeline(CountVectorizer(), LogisticRegression()),
        "language model, logistic regression": None,
        "language model, fine-tuned": TransformerSequenceClassifier(
            pretrained=model, max_iter=20, batch_size=4, learning_rate="one_cycle", **SIZES
        ),
    }
    for name, classifier in found.items():
        if classifier is None:
            head = LogisticRegression().fit(model.transform(few), y_few)
            accuracy = head.score(model.transform(many), y_many)
        else:
            accuracy = classifier.fit(few, y_few).score(many, y_many)
        print(f"{name:<37} {accuracy:.3f} of 1000 sentences right, with 16 labels")


if __name__ == "__main__":
    main()
