"""Generation of sequences, token by token."""

from skneural.decoding.ctc import ctc_beam_search, ctc_best_path
from skneural.decoding.sampling import SetSampler, TokenSampler, generate_tokens
from skneural.decoding.search import DecodingOptions, beam_search, greedy_search

__all__ = [
    "DecodingOptions",
    "SetSampler",
    "TokenSampler",
    "beam_search",
    "ctc_beam_search",
    "ctc_best_path",
    "generate_tokens",
    "greedy_search",
]
