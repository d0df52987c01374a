"""Comparison of `transcription.py` with PyTorch: the same network for speech, with its CTC loss, in a PyTorch loop."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import torch
from timing import fastest
from torch import nn
from torch.nn.utils.rnn import pack_padded_sequence, pad_packed_sequence, pad_sequence

from skneural import SequenceToSequence

N_STRINGS, N_BANDS, N_LABELS, BATCH = 256, 40, 10, 64
SIZES = {"n_layers": 2, "step_reduction": 2, "hidden_size": 64}


class Pyramid(nn.Module):
    """Bidirectional recurrent layers, each of which takes two consecutive steps as one."""

    def __init__(self) -> None:
        super().__init__()
        sizes = (2 * N_BANDS, 4 * SIZES["hidden_size"])
        self.layers = nn.ModuleList(
            nn.GRU(n, SIZES["hidden_size"], batch_first=True, bidirectional=True) for n in sizes
        )
        self.scores = nn.Linear(2 * SIZES["hidden_size"], N_LABELS + 1)

    def forward(self, x: Any, lengths: Any) -> tuple[Any, Any]:
        for layer in self.layers:
            x = nn.functional.pad(x, (0, 0, 0, x.shape[1] % 2)).reshape(len(x), -1, 2 * x.shape[2])
            lengths = (lengths + 1) // 2
            packed = pack_padded_sequence(x, lengths, batch_first=True, enforce_sorted=False)
            x, _ = pad_packed_sequence(layer(packed)[0], batch_first=True)
        return self.scores(x).log_softmax(2), lengths


def training(model: nn.Module, X: list[Any], y: list[Any]) -> Callable[[], None]:
    """Make a function that trains for one epoch."""
    optimizer, loss = torch.optim.Adam(model.parameters(), lr=1e-3), nn.CTCLoss(blank=N_LABELS, reduction="sum")
    sources, n_steps = pad_sequence([torch.tensor(x) for x in X], True), torch.tensor([len(x) for x in X])
    targets, n_targets = pad_sequence([torch.tensor(each) for each in y], True), torch.tensor([len(each) for each in y])

    def run() -> None:
        model.train()
        for rows in torch.randperm(len(X)).split(BATCH):
            optimizer.zero_grad()
            log_p, lengths = model(sources[rows, : n_steps[rows].max()], n_steps[rows])
            value = loss(log_p.transpose(0, 1), targets[rows], lengths, n_targets[rows]) / len(rows)
            value.backward()
            nn.utils.clip_grad_norm_(model.parameters(), 5.0)
            optimizer.step()

    return run


def predicting(model: nn.Module, X: list[Any]) -> Callable[[], None]:
    """Make a function that decodes the most likely alignments, in blocks of series of like lengths."""
    X = sorted(X, key=len, reverse=True)

    @torch.inference_mode()
    def run() -> None:
        model.eval()
        for start in range(0, len(X), BATCH):
            block = [torch.tensor(x) for x in X[start : start + BATCH]]
            log_p, lengths = model(pad_sequence(block, True), torch.tensor([len(x) for x in block]))
            for best, n in zip(log_p.argmax(2), lengths, strict=True):
                labels = torch.unique_consecutive(best[:n])
                labels[labels != N_LABELS].numpy()

    return run


def race(rounds: int) -> None:
    """Print the seconds of an epoch of series of 150 to 350 steps and of their prediction, the least of all rounds."""
    rng = np.random.default_rng(0)
    X = [rng.standard_normal((rng.integers(150, 351), N_BANDS)).astype(np.float32) for _ in range(N_STRINGS)]
    y = [rng.integers(0, N_LABELS, rng.integers(3, 7)) for _ in range(N_STRINGS)]
    ours = SequenceToSequence(loss="ctc", max_iter=1, batch_size=BATCH, early_stopping=False, random_state=0, **SIZES)
    theirs = Pyramid()
    fit = lambda: ours.fit(X, y)  # noqa: E731
    training_times = fastest((fit, training(theirs, X, y)), rounds)
    prediction_times = fastest((lambda: ours.predict(X), predicting(theirs, X)), rounds)
    print(f"{'':<16}{'training':>10}{'PyTorch':>9}{'ratio':>7}{'predicting':>12}{'PyTorch':>9}{'ratio':>7}")
    row = "".join(f"{a:>10.3f}{b:>9.3f}{a / b:>7.2f}" for a, b in (training_times, prediction_times))
    print(f"{'gru, CTC':<16}{row}", flush=True)
