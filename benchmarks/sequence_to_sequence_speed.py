"""Comparison of `sequence_to_sequence.py` with PyTorch: the same models in a PyTorch loop."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np
import torch
from timing import fastest
from torch import nn
from torch.nn.utils.rnn import pack_padded_sequence, pad_packed_sequence, pad_sequence

from skneural import SequenceToSequence

N_TOKENS, LONGEST, BATCH, EPOCHS = 30, 20, 64, 1
END, START = N_TOKENS, N_TOKENS + 1
# name -> options of SequenceToSequence
MODELS: dict[str, dict[str, Any]] = {
    "gru, additive": {"hidden_size": 128, "embedding_size": 64},
    "lstm, dot": {"architecture": "lstm", "attention": "dot", "hidden_size": 128, "embedding_size": 64},
    "transformer": {"architecture": "transformer", "hidden_size": 128, "n_layers": 2, "feedforward_size": 256},
}


class Recurrent(nn.Module):
    """Bidirectional encoder, and decoder with attention whose initial state is made of both final encoder states."""

    def __init__(self, cell: type[nn.RNNBase], size: int, embedding: int, additive: bool) -> None:
        super().__init__()
        self.source, self.target = nn.Embedding(N_TOKENS, embedding), nn.Embedding(N_TOKENS + 2, embedding)
        self.encoder = cell(embedding, size, batch_first=True, bidirectional=True)
        self.decoder = cell(embedding, size, batch_first=True)
        self.is_lstm = cell is nn.LSTM
        self.first = nn.Linear(4 * size, 2 * size if self.is_lstm else size)
        self.query = nn.Linear(size, size) if additive else nn.Identity()
        self.key, self.judge = nn.Linear(2 * size, size, bias=False), nn.Linear(size, 1, bias=False)
        self.joined, self.scores = nn.Linear(3 * size, size), nn.Linear(size, N_TOKENS + 1)
        self.additive = additive

    def remember(self, source: Any, lengths: Any) -> tuple[Any, ...]:
        packed = pack_padded_sequence(self.source(source), lengths, batch_first=True, enforce_sorted=False)
        memory, _ = pad_packed_sequence(self.encoder(packed)[0], batch_first=True)
        last = memory[torch.arange(len(source)), lengths - 1]
        state = torch.tanh(self.first(torch.cat([last, memory[:, 0]], 1)))[None]
        if self.is_lstm:
            state = tuple(part.contiguous() for part in state.chunk(2, dim=2))
        hidden = torch.arange(source.shape[1]) >= lengths[:, None]
        return memory, self.key(memory), hidden, state

    def decode(self, target: Any, memory: Any, keys: Any, hidden: Any, state: Any) -> tuple[Any, Any]:
        states, state = self.decoder(self.target(target), state)
        query = self.query(states)
        if self.additive:
            scores = self.judge(torch.tanh(query[:, :, None] + keys[:, None]))[..., 0]
        else:
            scores = query @ keys.mT / math.sqrt(query.shape[2])
        weights = scores.masked_fill(hidden[:, None], -torch.inf).softmax(2)
        return self.scores(torch.tanh(self.joined(torch.cat([weights @ memory, states], 2)))), state


class Transformer(nn.Module):
    """Pre-norm Transformer made of PyTorch's blocks."""

    def __init__(self, size: int, n_heads: int, n_layers: int, feedforward: int) -> None:
        super().__init__()
        self.source, self.target = nn.Embedding(N_TOKENS, size), nn.Embedding(N_TOKENS + 2, size)
        self.inner = nn.Transformer(
            size, n_heads, n_layers, n_layers, feedforward, 0.0, "gelu", batch_first=True, norm_first=True
        )
        self.scores, self.size = nn.Linear(size, N_TOKENS + 1), size
        angles = torch.arange(64)[:, None] * torch.exp(torch.arange(0, size, 2) * (-math.log(1e4) / size))
        self.register_buffer("places", torch.stack([angles.sin(), angles.cos()], 2).reshape(64, size))

    def placed(self, vectors: Any) -> Any:
        return vectors * math.sqrt(self.size) + self.places[: vectors.shape[1]]

    def remember(self, source: Any, lengths: Any) -> tuple[Any, ...]:
        hidden = torch.arange(source.shape[1]) >= lengths[:, None]
        return self.inner.encoder(self.placed(self.source(source)), src_key_padding_mask=hidden), hidden

    def decode(self, target: Any, memory: Any, hidden: Any) -> Any:
        later = nn.Transformer.generate_square_subsequent_mask(target.shape[1])
        states = self.inner.decoder(
            self.placed(self.target(target)), memory, later, memory_key_padding_mask=hidden, tgt_is_causal=True
        )
        return self.scores(states)


def model_of(options: dict[str, Any]) -> nn.Module:
    if options.get("architecture") == "transformer":
        return Transformer(options["hidden_size"], 4, options["n_layers"], options["feedforward_size"])
    cell = nn.LSTM if options.get("architecture") == "lstm" else nn.GRU
    additive = options.get("attention", "additive") == "additive"
    return Recurrent(cell, options["hidden_size"], options["embedding_size"], additive)


def training(model: nn.Module, X: list[Any], y: list[Any]) -> Callable[[], None]:
    optimizer = torch.optim.Adam(model.parameters(), lr=1e-3)
    sources, lengths = pad_sequence([torch.tensor(x) for x in X], True), torch.tensor([len(x) for x in X])
    ended = [torch.tensor([*sequence, END]) for sequence in y]
    targets, n_targets = pad_sequence(ended, True, -1), torch.tensor([len(target) for target in ended])

    def run() -> None:
        model.train()
        for _ in range(EPOCHS):
            for rows in torch.randperm(len(X)).split(BATCH):
                source = sources[rows, : lengths[rows].max()]
                target = targets[rows, : n_targets[rows].max()]
                inputs = torch.cat([torch.full((len(rows), 1), START), target[:, :-1].clamp(min=0)], 1)
                optimizer.zero_grad()
                scores = model.decode(inputs, *model.remember(source, lengths[rows]))
                scores = scores[0] if isinstance(scores, tuple) else scores
                real = target >= 0
                nn.functional.cross_entropy(scores[real], target[real]).backward()
                nn.utils.clip_grad_norm_(model.parameters(), 5.0)
                optimizer.step()

    return run


def predicting(model: nn.Module, X: list[Any], n_steps: int) -> Callable[[], None]:
    """Make a function that decodes greedily, in blocks of 512 sorted by length, for a fixed number of steps."""
    X = sorted(X, key=len, reverse=True)

    @torch.inference_mode()
    def run() -> None:
        model.eval()
        for start in range(0, len(X), 512):
            block = [torch.tensor(x) for x in X[start : start + 512]]
            remembered = model.remember(pad_sequence(block, True), torch.tensor([len(x) for x in block]))
            tokens = prefix = torch.full((len(block), 1), START)
            for _ in range(n_steps):
                if isinstance(model, Recurrent):
                    scores, state = model.decode(tokens, *remembered)
                    remembered = (*remembered[:3], state)
                else:  # the whole prefix again, because nn.Transformer has no cache of keys and values
                    scores = model.decode(prefix, *remembered)
                tokens = scores[:, -1:].argmax(2)
                prefix = torch.cat([prefix, tokens], 1)

    return run


def race(rounds: int) -> None:
    """Print the seconds of an epoch of 1024 sequences and of their prediction, the minimum over several rounds."""
    rng = np.random.default_rng(0)
    X = [rng.integers(0, N_TOKENS, rng.integers(5, LONGEST + 1)) for _ in range(1024)]
    y = [x[::-1].copy() for x in X]
    print(f"{'':<16}{'training':>10}{'PyTorch':>9}{'ratio':>7}{'predicting':>12}{'PyTorch':>9}{'ratio':>7}")
    for name, options in MODELS.items():
        ours = SequenceToSequence(
            vocabulary_size=N_TOKENS, max_iter=EPOCHS, batch_size=BATCH, early_stopping=False, random_state=0, **options
        )
        theirs = model_of(options)
        fit, train = lambda ours=ours: ours.fit(X, y), training(theirs, X, y)
        training_times = fastest((fit, train), rounds)
        # Without end tokens, so that both predict the same number of steps.
        ours.max_length_ = LONGEST
        ours.network_.output_bias(ours._parameters())[END] = -100
        predict = lambda ours=ours: ours.predict(X)  # noqa: E731
        prediction_times = fastest((predict, predicting(theirs, X, LONGEST)), rounds)
        row = "".join(f"{a:>10.3f}{b:>9.3f}{a / b:>7.2f}" for a, b in (training_times, prediction_times))
        print(f"{name:<16}{row}", flush=True)
