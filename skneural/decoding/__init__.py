"""Floor 4: sequences out of networks, step by step."""

from skneural.decoding.search import Ends, beam_search, greedy_search

__all__ = ["Ends", "beam_search", "greedy_search"]
