"""Classification of names by language, character by character
===========================================================

Names are generated from typical syllables of four invented languages; one syllable in four comes from any of them, so
that the task is not too easy. A bidirectional recurrent network with attention pooling classifies the names; the figure
shows to which characters it attends.

Run it::

    pip install "skneural[plot]"
    python examples/4_texts/plot_names_to_languages.py
"""

import matplotlib.pyplot as plt
import numpy as np
from sklearn.metrics import ConfusionMatrixDisplay
from sklearn.model_selection import train_test_split
from sklearn.pipeline import make_pipeline

from skneural import RNNSequenceClassifier
from skneural.drawing import STYLE, readable_on
from skneural.preprocessing import TokenEncoder

# First, middle and last syllables of the names of each language.
LANGUAGES = {
    "northern": (["bjor", "thor", "sig", "hal", "gun"], ["vin", "mar", "stei", "grim"], ["sson", "dottir", "gard"]),
    "southern": (["bel", "mar", "ros", "car", "lor"], ["ti", "ane", "ello", "ini"], ["ano", "etti", "ello", "ini"]),
    "eastern": (["ivan", "petr", "mikh", "nov", "dmit"], ["ai", "ro", "ko", "ri"], ["ov", "ev", "sky", "enko"]),
    "western": (["mac", "o'con", "fitz", "mor", "bren"], ["nell", "don", "ger", "rig"], ["ald", "an", "all", "y"]),
}


def names(n, rng):
    languages = rng.choice(list(LANGUAGES), n)

    def syllable(position, language):
        source = rng.choice(list(LANGUAGES)) if rng.random() < 0.25 else language
        return rng.choice(LANGUAGES[source][position])

    return ["".join(syllable(position, language) for position in range(3)) for language in languages], languages


def main():
    plt.style.use(STYLE)
    X, y = names(1500, np.random.default_rng(0))
    X_train, X_test, y_train, y_test = train_test_split(X, y, random_state=0)
    model = make_pipeline(
        TokenEncoder(level="character", vocabulary_size=40),
        RNNSequenceClassifier(
            vocabulary_size="auto",
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
    print(f"accuracy on the test names: {model.score(X_test, y_test):.3f}")

    _, (top, bottom) = plt.subplots(2, 1, figsize=(6, 8))
    ConfusionMatrixDisplay.from_estimator(model, X_test, y_test, ax=top, colorbar=False)
    top.set(xlabel="predicted language", ylabel="language", title="Languages of test names")

    shown = sorted(set(X_test[:9]))
    encoder, network = model
    weights = network.attention_weights(encoder.transform(shown))
    greatest = max(of_name.max() for of_name in weights)
    shades = plt.cm.ScalarMappable(plt.Normalize(0, greatest))
    for row, (name, of_name) in enumerate(zip(shown, weights, strict=True)):
        for column, (letter, weight) in enumerate(zip(name, of_name, strict=True)):
            colour = shades.to_rgba(weight)
            bottom.add_patch(plt.Rectangle((column - 0.5, row - 0.5), 1, 1, color=colour))
            bottom.text(column, row, letter, ha="center", va="center", color=readable_on([colour])[0])
    longest = max(len(name) for name in shown)
    bottom.set(xlim=(-0.5, longest - 0.5), xticks=range(longest), xticklabels=range(1, longest + 1))
    bottom.set(ylim=(len(shown) - 0.5, -0.5), yticks=range(len(shown)), yticklabels=model.predict(shown))
    bottom.set(xlabel="character", ylabel="predicted language", title="Attention to the characters of names")
    bottom.spines[:].set_visible(False)
    bottom.tick_params(length=0)
    bottom.figure.colorbar(shades, ax=bottom, label="attention")
    plt.show()


if __name__ == "__main__":
    main()
