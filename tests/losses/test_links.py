import numpy as np
import pytest
from scipy import special

from skneural.losses import LINKS
from tests.losses.cases import draw

# link -> reference
LINK_CASES = {
    "identity": lambda raw: raw,
    "exp": np.exp,
    "logistic": special.expit,
    "softmax": lambda raw: special.softmax(raw, axis=1),
}


def test_every_link_has_a_row():
    assert set(LINK_CASES) == set(LINKS)


@pytest.mark.parametrize("name", LINK_CASES)
def test_links_equal_their_reference_and_keep_the_dtype(name):
    raw = draw((5, 3), 7)
    before = raw.copy()
    np.testing.assert_allclose(LINKS[name](raw), LINK_CASES[name](raw), rtol=1e-12)
    np.testing.assert_array_equal(raw, before)
    assert LINKS[name](raw.astype(np.float32)).dtype == np.float32
