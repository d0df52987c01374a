"""Floor 4: sequences out of networks, step by step."""

from skneural.decoding.sampling import Draw, continued
from skneural.decoding.search import Ends, beam_search, greedy_search

__all__ = ["Draw", "Ends", "beam_search", "continued", "greedy_search"]
