"""Preprocessing of texts, long series and arrays in other layouts into formats that the estimators accept."""

from skneural.preprocessing.calendar import calendar_features
from skneural.preprocessing.channels import channels_first_to_last
from skneural.preprocessing.text import TokenEncoder
from skneural.preprocessing.window_split import TimeSeriesWindowsSplit
from skneural.preprocessing.windows import SlidingWindows

__all__ = ["SlidingWindows", "TimeSeriesWindowsSplit", "TokenEncoder", "calendar_features", "channels_first_to_last"]
