"""Transcription of speech and of pictures of numbers, by attention and by CTC.

    python benchmarks/transcription.py --data FOLDER                          all of them: half an hour on two cores
    python benchmarks/transcription.py speech --data FOLDER                   strings of spoken digits
    python benchmarks/transcription.py pictures --data FOLDER                 numbers in pictures
    python benchmarks/transcription.py speed                                  PyTorch needed

Scores are shares of whole strings without a mistake; the seconds are those of training and of prediction. In `speed`,
both libraries take turns, and the minimum over several rounds is printed. benchmarks/README.md lists the sources of the
files.
"""

from __future__ import annotations

import argparse
import warnings
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from sklearn.exceptions import ConvergenceWarning
from timing import timed

from skneural import SequenceToSequence

N_PICTURES = 30_000  # for training
ONE_CYCLE = {"learning_rate": "one_cycle", "early_stopping": False}
HEARING = {"n_layers": 2, "hidden_size": 64, "dropout": 0.2, "learning_rate_init": 5e-3, "max_iter": 12, **ONE_CYCLE}
# Attention needs more strings than CTC: with 1500, it learned those of training, and read .72 of the others.
LISTENERS = {
    "CTC": (1500, {"loss": "ctc", "step_reduction": 2}),
    "attention": (4000, {"attention": "dot", "step_reduction": 3, "embedding_size": 16}),
}


class Recordings(NamedTuple):
    """Spoken digits: frames of 10 ms, the digit, and the number of the speaker."""

    frames: list[np.ndarray]
    digits: np.ndarray
    speakers: np.ndarray

    @classmethod
    def load(cls, data: Path, part: str) -> Recordings:
        with np.load(data / "audio_digits_logmel.npz") as file:
            ends = np.cumsum(file[f"X_{part}_lengths"])[:-1]
            frames = np.split(file[f"X_{part}_values"].astype(np.float32), ends)
            return cls(frames, file[f"y_{part}"].astype(int), file[f"speaker_{part}"])

    def strings(self, n: int, seed: int, speakers: Any = (0, 1, 2, 3)) -> tuple[list[np.ndarray], list[np.ndarray]]:
        """Join 3 to 6 recordings of one speaker, with 50 to 200 ms of silence around each."""
        rng = np.random.default_rng(seed)
        X, y = [], []
        for _ in range(n):
            rows = np.flatnonzero(self.speakers == rng.choice(speakers))
            chosen = rng.choice(rows, rng.integers(3, 7))
            parts = [_silence(self.frames[chosen[0]], rng)]
            for row in chosen:
                parts += [self.frames[row], _silence(self.frames[row], rng)]
            X.append(np.concatenate(parts))
            y.append(self.digits[chosen])
        return X, y

    def single(self, speaker: int) -> tuple[list[np.ndarray], list[np.ndarray]]:
        """Every recording of a speaker as a string of one digit, with silence around it."""
        rng = np.random.default_rng(0)
        rows = np.flatnonzero(self.speakers == speaker)
        X = [np.concatenate([_silence(f, rng), f, _silence(f, rng)]) for f in (self.frames[row] for row in rows)]
        return X, [self.digits[row : row + 1] for row in rows]


def _centred(X: list[np.ndarray]) -> list[np.ndarray]:
    """Subtract from each recording its mean, which depends on the microphone as much as on the words."""
    return [frames - frames.mean(axis=0) for frames in X]


def _silence(frames: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Noise at the level of the quietest frames of a recording."""
    n = int(rng.integers(5, 21))
    noise = 0.5 * rng.standard_normal((n, frames.shape[1]))
    return (np.quantile(frames, 0.05, axis=0) + noise).astype(np.float32)


def pictures_of_numbers(
    images: np.ndarray, digits: np.ndarray, n: int, seed: int
) -> tuple[np.ndarray, list[np.ndarray]]:
    """Draw numbers of 1 to 5 digits into pictures of 28 x 100, at random places from left to right."""
    rng = np.random.default_rng(seed)
    X, y = np.zeros((n, 28, 100, 1), np.uint8), []
    for picture in X:
        rows = rng.integers(0, len(images), rng.integers(1, 6))
        cut = [image[:, image.any(axis=0)] for image in images[rows]]
        free = 100 - sum(image.shape[1] for image in cut)
        while free < 0:  # five wide digits
            free += cut.pop().shape[1]
        gaps = np.diff(np.sort(rng.integers(0, free + 1, len(cut))), prepend=0)
        place = 0
        for image, gap in zip(cut, gaps, strict=True):
            place += gap
            picture[:, place : place + image.shape[1], 0] = np.roll(image, rng.integers(-3, 4), axis=0)
            place += image.shape[1]
        y.append(digits[rows[: len(cut)]])
    return X, y


class Result(NamedTuple):
    what: str
    asked: str
    measured: float
    training: float
    predicting: float


def run(model: SequenceToSequence, train: Any, test: Any, what: str, asked: str) -> Result:
    """Measure the whole strings that are right, and the seconds of training and prediction."""
    _, training = timed(lambda: model.fit(*train))
    score, predicting = timed(lambda: model.score(*test))
    return Result(what, asked, score, training, predicting)


def speech(arguments: argparse.Namespace) -> Iterator[Result]:
    """Strings of digits by the speakers of the training data, and single digits of a speaker left out."""
    train, test = (Recordings.load(arguments.data, part) for part in ("train", "test"))
    for name, (n, options) in LISTENERS.items():
        model = SequenceToSequence(random_state=arguments.seed, **HEARING, **options)
        yield run(model, train.strings(n, 0), test.strings(500, 1), f"spoken digits, {name}", ">= .95")
        score, seconds = timed(lambda model=model: model.set_params(beam_width=8).score(*test.strings(500, 1)))
        yield Result("  with a beam of 8", "", score, 0.0, seconds)
    n, options = LISTENERS["CTC"]
    for speaker in range(4):
        others = [other for other in range(4) if other != speaker]
        model = SequenceToSequence(random_state=arguments.seed, **HEARING, **options)
        (X, y), (X_other, y_other) = train.strings(n, 0, others), train.single(speaker)
        of_others = _centred(X_other), y_other
        yield run(model, (_centred(X), y), of_others, f"single digits of speaker {speaker}, left out", "")


def pictures(arguments: argparse.Namespace) -> Iterator[Result]:
    """Numbers of 1 to 5 digits of MNIST."""
    with np.load(arguments.data / "img_mnist.npz") as file:
        train = pictures_of_numbers(file["X_train"], file["y_train"].astype(int), N_PICTURES, 0)
        test = pictures_of_numbers(file["X_test"], file["y_test"].astype(int), 2000, 1)
    common = {"hidden_size": 64, "random_state": arguments.seed, **ONE_CYCLE}
    attending = SequenceToSequence(
        channels=(16, 32, 64), embedding_size=16, dropout=0.2, learning_rate_init=5e-3, max_iter=8, **common
    )
    yield run(attending, train, test, "numbers in pictures, attention", ">= .95")
    aligning = SequenceToSequence(
        loss="ctc", channels=(16, 32), dropout=0.2, learning_rate_init=4e-3, max_iter=7, **common
    )
    yield run(aligning, train, test, "numbers in pictures, CTC", ">= .95")
    if arguments.figure:
        draw(attending, test[0][:6], arguments.figure)


def draw(model: SequenceToSequence, X: np.ndarray, path: Path) -> None:
    """Save the attention of some pictures."""
    import matplotlib.pyplot as plt

    from skneural.inspection import AlignmentDisplay

    figure, axes = plt.subplots(len(X), 1, figsize=(6, 2 * len(X)))
    for ax, picture in zip(axes, X, strict=True):
        AlignmentDisplay.from_estimator(model, picture, ax=ax)
    figure.savefig(path)


TASKS: dict[str, Callable[[argparse.Namespace], Iterator[Result]]] = {"speech": speech, "pictures": pictures}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("names", nargs="*", choices=[[], *TASKS, "speed"], default=[])
    parser.add_argument("--data", type=Path, help="folder with the files")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--rounds", type=int, default=5, help="of the comparison with PyTorch")
    parser.add_argument("--figure", type=Path, help="file for a drawing of the attention to pictures")
    arguments = parser.parse_args()
    warnings.simplefilter("ignore", ConvergenceWarning)

    for name in arguments.names or [*TASKS, "speed"]:
        if name == "speed":
            from transcription_speed import race

            race(arguments.rounds)
            continue
        for result in TASKS[name](arguments):
            seconds = f"{result.training:>9.1f} s{result.predicting:>8.1f} s"
            print(f"{result.what:<40}{result.asked:>10}{result.measured:>10.4f}{seconds}", flush=True)


if __name__ == "__main__":
    main()
