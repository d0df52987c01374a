"""Floor 4: sequences out of networks, step by step."""

from skneural.decoding.sampling import Draw, continued

__all__ = ["Draw", "continued"]
