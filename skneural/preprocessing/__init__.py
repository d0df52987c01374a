"""Floor 7: what X needs before an estimator can take it. Knows of no estimator."""

from skneural.preprocessing.channels import channels_first_to_last
from skneural.preprocessing.text import TokenEncoder
from skneural.preprocessing.windows import SlidingWindows

__all__ = ["SlidingWindows", "TokenEncoder", "channels_first_to_last"]
