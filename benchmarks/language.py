"""Language models: loss on Shakespeare, pretraining for classification with few labels, and speed.

    python benchmarks/language.py shakespeare --data FOLDER [transformer lstm mamba]
    python benchmarks/language.py finetune --data FOLDER [trec sst2] --seeds 3
    python benchmarks/language.py music --data FOLDER [lstm gru transformer mamba]
    python benchmarks/language.py speed                                            needs PyTorch

`shakespeare` trains on nine tenths of the plays, character by character, and prints the loss on the last tenth in nats;
the Transformer has the sizes and the schedule of nanoGPT on a CPU (github.com/karpathy/nanoGPT: 1.88), the others as
many parameters. `finetune` trains classifiers on 200 labelled rows: a network pretrained by masked language modelling
on all texts of the training part, the same network without pretraining, and a logistic regression on tf-idf features.
`music` trains on the chorales of JSB, sets of 88 keys, and prints the negative log-likelihood per step of the test set.
`speed` compares training and generation with a PyTorch loop of the same model. benchmarks/README.md lists the sources
of the files.
"""

from __future__ import annotations

import argparse
import time
import warnings
from pathlib import Path

import numpy as np
from published import table, unequal_series
from sklearn.base import clone
from sklearn.exceptions import ConvergenceWarning
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.frozen import FrozenEstimator
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import train_test_split
from sklearn.pipeline import make_pipeline
from timing import fastest

from skneural import LanguageModel, TransformerSequenceClassifier
from skneural.preprocessing import TokenEncoder

NANO = {
    "context_length": 64,
    "d_model": 128,
    "n_layers": 4,
    "feedforward_size": 512,
    "positional": "learned",
    "dropout": 0.0,
    "batch_size": 12,
    "solver": "adamw",
    "alpha": 0.1,
    "beta_2": 0.99,
    "learning_rate": "cosine",
    "warmup": 0.05,
    "max_iter": 2,  # 2615 steps of 12 windows
    "early_stopping": False,
    "random_state": 0,
}
# About 800 000 parameters each. Learning rates are not tuned: nanoGPT uses 1e-3, and char-rnn 2e-3.
PLAYS = {
    "transformer": {},
    "lstm": {"architecture": "lstm", "d_model": 224, "n_layers": 2, "learning_rate_init": 2e-3, "alpha": 1e-4},
    "gru": {"architecture": "gru", "d_model": 256, "n_layers": 2, "learning_rate_init": 2e-3, "alpha": 1e-4},
    "mamba": {"architecture": "mamba", "d_model": 128, "n_layers": 7, "learning_rate_init": 2e-3, "alpha": 1e-4},
}


def shakespeare(folder: Path, names: list[str]) -> None:
    text = (folder / "text_tinyshakespeare.txt").read_text(encoding="utf-8")
    n = int(0.9 * len(text))
    print(f"{'model':12} {'parameters':>10} {'loss':>6} {'test':>8} {'seconds':>8}")
    for name in names or ["transformer", "lstm", "mamba"]:
        model = LanguageModel(**NANO | PLAYS[name])
        start = time.perf_counter()
        model.fit([text[:n]])
        seconds = time.perf_counter() - start
        loss = -model.score([text[n:]])
        print(f"{name:12} {len(model.weights_):10,} {model.loss_:6.3f} {loss:8.3f} {seconds:8.0f}", flush=True)
        print(model.generate("\nROMEO:", 200, temperature=0.8, random_state=0), flush=True)


CHORALES = {
    "d_model": 200,
    "n_layers": 1,
    "dropout": 0.5,
    "context_length": 160,
    "batch_size": 16,
    "learning_rate_init": 2e-3,
    "max_iter": 100,
    "n_iter_no_change": 8,
}
# From Bai, Kolter and Koltun (2018), who tuned networks of about 300 000 parameters.
COMPOSERS = {
    "lstm": ({"learning_rate_init": 4e-3}, "8.45"),
    "gru": ({}, "8.43"),
    "transformer": ({"d_model": 128, "n_layers": 2, "dropout": 0.3}, ""),
    "mamba": ({"d_model": 128, "n_layers": 2}, ""),
}


def music(folder: Path, names: list[str], seeds: int) -> None:
    path = folder / "music_jsb_chorales.npz"
    train, validation, test = (unequal_series(path, part) for part in ("train", "valid", "test"))
    print(f"{'model':12} {'parameters':>10} {'published':>10} {'loss per step':>16} {'all steps':>10} {'seconds':>8}")
    for name in names or COMPOSERS:
        options, published = COMPOSERS[name]
        runs = []
        for seed in range(seeds):
            model = LanguageModel(**{"architecture": name, "random_state": seed} | CHORALES | options)
            start = time.perf_counter()
            model.fit(train, X_val=validation)
            runs.append((-model.score(test, n_given=1), -model.score(test), time.perf_counter() - start))
        (loss, of_all, seconds), (spread, *_) = np.mean(runs, axis=0), np.std(runs, axis=0)
        row = f"{name:12} {len(model.weights_):10,} {published:>10} {loss:8.2f} +- {spread:.2f}"
        print(f"{row} {of_all:12.2f} {seconds:8.0f}", flush=True)


SMALL = {"d_model": 64, "n_layers": 2, "feedforward_size": 128, "positional": "rotary", "learning_rate": "one_cycle"}
PRETRAINING = {"objective": "masked", "min_frequency": 2, "context_length": 64, "learning_rate_init": 4e-3}
FINE_TUNING = {"batch_size": 16, "max_iter": 40, "dropout": 0.3, "learning_rate_init": 1e-3}


def words(texts: list[str]) -> list[list[str]]:
    return [text.lower().split() for text in texts]


def finetune(folder: Path, names: list[str], seeds: int, epochs: int) -> None:
    """Compare classifiers; pretraining is done once for each collection of texts, and each seed labels other rows."""
    print(f"{'texts':8} {'seed':>4} {'pretrained':>11} {'scratch':>8} {'tf-idf':>8}")
    for name in names or ["trec", "sst2"]:
        rows = table(folder / f"text_{name}.tsv")
        parts = [[row for row in rows if row["split"] == split] for split in ("train", "test")]
        (X, y), (X_test, y_test) = (
            (words([row["text"] for row in part]), np.array([row["label"] for row in part])) for part in parts
        )
        start = time.perf_counter()
        model = LanguageModel(**SMALL | PRETRAINING, max_iter=epochs, early_stopping=False, random_state=0)
        model.set_params(n_iter_no_change=np.inf).fit(X)
        print(f"{name:8} {time.perf_counter() - start:.0f} seconds of pretraining, loss {model.loss_:.3f}", flush=True)
        encoder = TokenEncoder(min_frequency=2).fit(X)
        accuracies = []
        for seed in range(seeds):
            few, _ = train_test_split(np.arange(len(X)), train_size=200, stratify=y, random_state=seed)
            fine = TransformerSequenceClassifier(**SMALL | FINE_TUNING, random_state=seed)
            size = encoder.vocabulary_size_
            classifiers = [
                clone(fine).set_params(pretrained=FrozenEstimator(model)),
                make_pipeline(FrozenEstimator(encoder), clone(fine).set_params(vocabulary_size=size)),
                make_pipeline(TfidfVectorizer(analyzer=list), LogisticRegression(C=10)),
            ]
            for classifier in classifiers:
                classifier.fit([X[i] for i in few], y[few])
            accuracies.append([classifier.score(X_test, y_test) for classifier in classifiers])
            print(
                f"{name:8} {seed:4} {accuracies[-1][0]:11.3f} {accuracies[-1][1]:8.3f} {accuracies[-1][2]:8.3f}",
                flush=True,
            )
        print(f"{name:8} mean {np.mean(accuracies, axis=0).round(3)}", flush=True)


RACE = {"context_length": 64, "d_model": 128, "n_heads": 4, "n_layers": 4, "feedforward_size": 512, "dropout": 0.0}
BATCH, STEPS, TOKENS = 12, 20, 65


def speed(repeats: int) -> None:
    """Compare the seconds of training and of generating tokens, in turns; the minimum over several rounds."""
    import torch

    torch.set_num_threads(1)
    rng = np.random.default_rng(0)
    text = rng.integers(0, TOKENS, STEPS * BATCH * RACE["context_length"])
    ours = LanguageModel(
        **RACE, positional="learned", vocabulary_size=TOKENS, batch_size=BATCH, solver="adamw", max_iter=1, n_jobs=1
    ).set_params(early_stopping=False, random_state=0)
    theirs = torch_model(torch)
    optimizer = torch.optim.AdamW(theirs.parameters(), lr=1e-3, fused=True)
    windows = torch.from_numpy(text.reshape(-1, BATCH, RACE["context_length"]))

    def train() -> None:
        for x in windows:
            optimizer.zero_grad(set_to_none=True)
            raw = theirs(x)[:, :-1]
            torch.nn.functional.cross_entropy(raw.reshape(-1, TOKENS), x[:, 1:].reshape(-1)).backward()
            torch.nn.utils.clip_grad_norm_(theirs.parameters(), 1.0)
            optimizer.step()

    @torch.no_grad()
    def generate() -> None:
        cache, token = [None] * RACE["n_layers"], torch.zeros(1, 1, dtype=torch.long)
        for place in range(RACE["context_length"] - 1):
            raw = theirs(token, cache, place)[:, -1]
            token = torch.multinomial(torch.softmax(raw, -1), 1)

    runs = {
        "training, skneural": lambda: ours.fit([text]),
        "training, PyTorch": train,
        "generating, skneural": lambda: ours.generate(None, RACE["context_length"] - 1),
        "generating, PyTorch": generate,
    }
    times = dict(zip(runs, fastest(runs.values(), repeats, warm_up=False), strict=True))
    for name, seconds in times.items():
        n = len(text) if name.startswith("training") else RACE["context_length"] - 1
        print(f"{name:20} {n / seconds:10.0f} tokens per second")
    for task in ("training", "generating"):
        print(f"{task}: {times[f'{task}, skneural'] / times[f'{task}, PyTorch']:.2f} of PyTorch's time")


def torch_model(torch):
    """Make the same Transformer as in nanoGPT: one product for queries, keys and values, fused attention."""
    nn, functional = torch.nn, torch.nn.functional
    width, n_heads = RACE["d_model"], RACE["n_heads"]

    class Block(nn.Module):
        def __init__(self):
            super().__init__()
            self.before, self.between = nn.LayerNorm(width), nn.LayerNorm(width)
            self.project, self.out = nn.Linear(width, 3 * width), nn.Linear(width, width)
            self.hidden = nn.Linear(width, RACE["feedforward_size"])
            self.back = nn.Linear(RACE["feedforward_size"], width)

        def forward(self, x, kept=None):
            n, steps, _ = x.shape
            q, k, v = self.project(self.before(x)).view(n, steps, 3, n_heads, -1).permute(2, 0, 3, 1, 4)
            if kept is not None:
                k, v = torch.cat([kept[0], k], 2), torch.cat([kept[1], v], 2)
            attended = functional.scaled_dot_product_attention(q, k, v, is_causal=steps > 1)
            x = x + self.out(attended.transpose(1, 2).reshape(n, steps, width))
            return x + self.back(functional.gelu(self.hidden(self.between(x)), approximate="tanh")), (k, v)

    class GPT(nn.Module):
        def __init__(self):
            super().__init__()
            self.tokens, self.places = nn.Embedding(TOKENS, width), nn.Embedding(RACE["context_length"], width)
            self.blocks = nn.ModuleList(Block() for _ in range(RACE["n_layers"]))
            self.end = nn.LayerNorm(width)

        def forward(self, x, cache=None, place=0):
            x = self.tokens(x) + self.places(torch.arange(place, place + x.shape[1]))
            for i, block in enumerate(self.blocks):
                x, kept = block(x, None if cache is None else cache[i])
                if cache is not None:
                    cache[i] = kept
            return self.end(x) @ self.tokens.weight.T

    return GPT()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("task", choices=["shakespeare", "finetune", "music", "speed"])
    parser.add_argument("names", nargs="*", help="models or texts; all by default")
    parser.add_argument("--data", type=Path, help="folder with the files that benchmarks/README.md names")
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--epochs", type=int, default=40, help="of pretraining")
    parser.add_argument("--repeats", type=int, default=5)
    arguments = parser.parse_args()
    if arguments.task == "speed":
        speed(arguments.repeats)
    elif arguments.data is None:
        parser.error(f"{arguments.task} needs --data FOLDER")
    elif arguments.task == "shakespeare":
        shakespeare(arguments.data, arguments.names)
    elif arguments.task == "music":
        music(arguments.data, arguments.names, arguments.seeds)
    else:
        finetune(arguments.data, arguments.names, arguments.seeds, arguments.epochs)


if __name__ == "__main__":
    warnings.simplefilter("ignore", ConvergenceWarning)
    main()
