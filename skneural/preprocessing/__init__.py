"""Preprocessing of texts, long series and arrays in other layouts into formats that the estimators accept."""

from skneural.preprocessing.channels import channels_first_to_last
from skneural.preprocessing.text import TokenEncoder
from skneural.preprocessing.windows import SlidingWindows

__all__ = ["SlidingWindows", "TokenEncoder", "channels_first_to_last"]
