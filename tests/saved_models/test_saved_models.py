"""Models that released versions have saved are loaded, and predict what they predicted."""

import pickle
import warnings
from pathlib import Path

import numpy as np
import pytest
import skops.io
from sklearn.base import BaseEstimator

import skneural

FOLDER = Path(__file__).parent
EXAMPLES = sorted(FOLDER.glob("*/*.example"))
ESTIMATORS = [name for name in skneural.__all__ if issubclass(getattr(skneural, name), BaseEstimator)]


def from_skops(path):
    return skops.io.load(path, trusted=skops.io.get_untrusted_types(file=path))


LOADERS = {".pickle": lambda path: pickle.loads(path.read_bytes()), ".skops": from_skops}


@pytest.mark.parametrize("loader", LOADERS)
@pytest.mark.parametrize("example", EXAMPLES, ids=[f"{path.parent.name} {path.stem}" for path in EXAMPLES])
def test_saved_models_predict_as_before(example, loader):
    expected = pickle.loads(example.read_bytes())
    with warnings.catch_warnings():
        if example.parent.name != skneural.__version__:  # models of older formats warn
            warnings.simplefilter("ignore", skneural.exceptions.InconsistentVersionWarning)
        model = LOADERS[loader](example.with_suffix(loader))
    output = getattr(model, expected["method"])(expected["X"])
    if np.asarray(expected["output"]).dtype.kind == "f":
        np.testing.assert_allclose(output, expected["output"], rtol=1e-4, atol=1e-6)
    else:
        np.testing.assert_array_equal(output, expected["output"])


@pytest.mark.parametrize("name", ESTIMATORS)
def test_every_estimator_of_this_version_is_saved(name):
    missing = [
        kind for kind in (".example", *LOADERS) if not (FOLDER / skneural.__version__ / f"{name}{kind}").exists()
    ]
    assert not missing, f"run python -m tests.saved_models.add_release: {name} has no {', '.join(missing)}"
