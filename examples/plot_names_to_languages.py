"""Which language a name is from, letter by letter.

    pip install "skneural[plot]"
    python plot_names_to_languages.py

Names are put together here from the typical syllables of four invented languages, and one syllable in four is borrowed
from a neighbour, so that the example runs as it is and is not too easy. A recurrent network reads them character by
character, in both directions, with attention: the picture shows which characters its predictions rest on.
"""

import matplotlib.pyplot as plt
import numpy as np
from sklearn.metrics import ConfusionMatrixDisplay
from sklearn.model_selection import train_test_split
from sklearn.pipeline import make_pipeline

from skneural import RNNSequenceClassifier
from skneural.preprocessing import TokenEncoder

# What names of each language begin with, go on with, and end in.
LANGUAGES = {
    "northern": (["bjor", "thor", "sig", "hal", "gun"], ["vin", "mar", "stei", "grim"], ["sson", "dottir", "gard"]),
    "southern": (["bel", "mar", "ros", "car", "lor"], ["ti", "ane", "ello", "ini"], ["ano", "etti", "ello", "ini"]),
    "eastern": (["ivan", "petr", "mikh", "nov", "dmit"], ["ai", "ro", "ko", "ri"], ["ov", "ev", "sky", "enko"]),
    "western": (["mac", "o'con", "fitz", "mor", "bren"], ["nell", "don", "ger", "rig"], ["ald", "an", "all", "y"]),
}


def names(n, rng):
    languages = rng.choice(list(LANGUAGES), n)

    def syllable(position, language):
        home = rng.choice(list(LANGUAGES)) if rng.random() < 0.25 else language
        return rng.choice(LANGUAGES[home][position])

    return ["".join(syllable(position, language) for position in range(3)) for language in languages], languages


def main():
    X, y = names(1500, np.random.default_rng(0))
    X_train, X_test, y_train, y_test = train_test_split(X, y, random_state=0)
    model = make_pipeline(
        TokenEncoder(level="character", vocabulary_size=40),
        RNNSequenceClassifier(
            vocabulary_size=40,
            embedding_size=16,
            hidden_size=32,
            bidirectional=True,
            pooling="attention",
            learning_rate="one_cycle",
            learning_rate_init=0.01,
            max_iter=10,
            random_state=0,
        ),
    )
    model.fit(X_train, y_train)
    print(f"{model.score(X_test, y_test):.3f} of the test names are assigned to their language")

    _, (left, right) = plt.subplots(1, 2, figsize=(10.5, 4.2), layout="constrained")
    ConfusionMatrixDisplay.from_estimator(model, X_test, y_test, ax=left, colorbar=False, cmap="Blues")
    left.set(xlabel="predicted language", ylabel="language", title="Languages of test names")

    shown = sorted(set(X_test[:9]))
    encoder, network = model
    weights = network.attention_weights(encoder.transform(shown))
    most = max(own.max() for own in weights)
    for row, (name, own) in enumerate(zip(shown, weights, strict=True)):
        for column, (letter, weight) in enumerate(zip(name, own, strict=True)):
            right.add_patch(plt.Rectangle((column - 0.5, row - 0.5), 1, 1, color=plt.cm.Oranges(weight / most)))
            right.text(column, row, letter, ha="center", va="center", family="monospace")
    longest = max(len(name) for name in shown)
    right.set(xlim=(-0.5, longest - 0.5), xticks=range(longest), xticklabels=range(1, longest + 1))
    right.set(ylim=(len(shown) - 0.5, -0.5), yticks=range(len(shown)), yticklabels=model.predict(shown))
    right.set(xlabel="character", ylabel="predicted language", title="Which characters the predictions rest on")
    right.spines[:].set_visible(False)
    right.tick_params(length=0)
    shades = plt.cm.ScalarMappable(plt.Normalize(0, most), "Oranges")
    right.figure.colorbar(shades, ax=right, label="attention")
    plt.show()


if __name__ == "__main__":
    main()
