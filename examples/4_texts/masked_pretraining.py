"""Masked language modelling as pretraining for text classification with few labels
================================================================================

The sentences of a small artificial language are about animals or about machines. A language model learns to predict
masked words (`objective="masked"`) from sentences without labels. Sixteen sentences are labelled as being about animals
or not. A logistic regression on the sentence embeddings of the language model classifies well with these labels; one on
word counts does not, because most words never occur in a labelled sentence. A Transformer that is initialized with the
weights of the language model is even better.

Run it::

    python examples/4_texts/masked_pretraining.py
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
    """Generate sentences, and labels that are 1 for animals and 0 for machines."""
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
    print(f"perplexity of masked words: {model.perplexity(many):.1f} of {model.vocabulary_size_} words")

    classifiers = {
        "word counts, logistic regression": make_pipeline(CountVectorizer(), LogisticRegression()),
        "language model, logistic regression": None,
        "language model, fine-tuned": TransformerSequenceClassifier(
            pretrained=model, max_iter=20, batch_size=4, learning_rate="one_cycle", **SIZES
        ),
    }
    print("accuracy on 1000 sentences, trained on 16 labels:")
    for name, classifier in classifiers.items():
        if classifier is None:
            head = LogisticRegression().fit(model.transform(few), y_few)
            accuracy = head.score(model.transform(many), y_many)
        else:
            accuracy = classifier.fit(few, y_few).score(many, y_many)
        print(f"{name:<37}{accuracy:.3f}")


if __name__ == "__main__":
    main()
