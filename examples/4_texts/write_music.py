"""Music: a language model of the keys that sound at each step writes two minutes, as numbers of MIDI
==================================================================================================

X is a list of series of sets: arrays (steps, 88), one for each key of a piano that sounds. The model has a logistic
output for each key, given all steps before. The likelihood of a step is that of all keys together, and its mean over
steps, without the first one of each piece, is the figure by which such models are compared in the literature. Files of
chorales have the arrays X_train_values (steps of all pieces, 88), X_train_lengths, and the same for "valid" and "test".

Run it::

    pip install "skneural[plot]"
    python examples/4_texts/write_music.py                         # harmonies that this script makes up, half a minute
    python examples/4_texts/write_music.py music_jsb_chorales.npz  # chorales by Bach, a minute
"""

import sys

import matplotlib.pyplot as plt
import numpy as np

from skneural import LanguageModel
from skneural.drawing import STYLE

LOWEST_KEY = 21  # number of the first of 88 keys in MIDI
STEPS = 120  # a second each
DEGREES = [0, 2, 4, 5, 7, 9, 11]  # of a major scale, in semitones


def chorales(path):
    """Chorales from a file: for training, validation and tests."""
    file = np.load(path)
    for part in ("train", "valid", "test"):
        ends = np.cumsum(file[f"X_{part}_lengths"])[:-1]
        yield np.split(file[f"X_{part}_values"], ends)


def harmonies(n_pieces, rng):
    """Pieces in a major key whose chords lead back to the tonic, with a melody of their notes."""
    following = {0: [3, 4, 5], 3: [0, 4], 4: [0, 5], 5: [1, 3], 1: [4]}
    pieces = []
    for _ in range(n_pieces):
        tonic, chord = 48 + rng.integers(-4, 5), 0
        piece = np.zeros((int(rng.integers(32, 64)), 88), np.uint8)
        for step in piece:
            notes = [tonic + DEGREES[(chord + third) % 7] for third in (0, 2, 4)]
            keys = [notes[0] - 12, *notes, rng.choice(notes) + 12]
            step[np.array(keys) - LOWEST_KEY] = 1
            chord = rng.choice(following[chord])
        pieces.append(piece)
    return pieces


def main():
    if len(sys.argv) > 1:
        train, validation, test = chorales(sys.argv[1])
    else:
        rng = np.random.default_rng(0)
        train, validation, test = (harmonies(n, rng) for n in (120, 20, 20))
    settings = {"d_model": 200, "dropout": 0.5} if len(sys.argv) > 1 else {"d_model": 64, "dropout": 0.2}
    model = LanguageModel(
        architecture="lstm", n_layers=1, context_length=160, batch_size=16, learning_rate_init=4e-3, max_iter=100,
        n_iter_no_change=8, random_state=0, **settings,
    ).fit(train, X_val=validation)  # fmt: skip
    print(
        f"{model.n_iter_} epochs; negative log-likelihood per step on test pieces: {-model.score(test, n_given=1):.2f}"
    )

    music = model.generate(test[0][:8], n_tokens=STEPS, random_state=0)
    print("Continuation of eight steps of a test piece, three steps a line:")
    for line in music.reshape(-1, 3, 88):
        chords = ("-".join(str(key + LOWEST_KEY) for key in np.flatnonzero(step)) or "rest" for step in line)
        print("".join(f"{chord:28}" for chord in chords).rstrip())

    plt.style.use(STYLE)
    _, ax = plt.subplots(figsize=(7, 3.5))
    for steps, colour, label in (((0, 8), "0.55", "given"), ((8, 8 + STEPS), "C0", "written by the model")):
        step, key = np.nonzero(np.concatenate([test[0][:8], music])[slice(*steps)])
        ax.scatter(step + steps[0], key + LOWEST_KEY, s=9, marker="s", color=colour, label=label)
    ax.set(title="Continuation of eight steps", xlabel="step (seconds)", ylabel="key (number in MIDI)")
    ax.figure.legend(loc="outside lower center", ncols=2)
    plt.show()


if __name__ == "__main__":
    main()
