"""Random searches of hyper-parameters: all candidates to the end, or most of them only for a few epochs
=====================================================================================================

`search_space` gives the hyper-parameters that matter for a family, with their ranges. Successive halving, with the
number of epochs as its resource, saves half of the time: all candidates begin with 4 epochs, and the better third of
them go on with three times as many. Both searches run two candidates at a time, in processes of joblib; within
``joblib.parallel_config(backend="dask")`` or "ray" they run on a cluster.

Run it::

    python examples/9_tools/random_search.py
"""

import time
import warnings

from sklearn.datasets import load_digits
from sklearn.exceptions import ConvergenceWarning
from sklearn.experimental import enable_halving_search_cv  # noqa: F401
from sklearn.model_selection import HalvingRandomSearchCV, RandomizedSearchCV, train_test_split

from skneural import MLPClassifier, search_space


def main():
    # Candidates that end after a few epochs have not converged, and say so.
    warnings.simplefilter("ignore", ConvergenceWarning)
    X, y = load_digits(return_X_y=True)
    X_train, X_test, y_train, y_test = train_test_split((X / 16).astype("float32"), y, test_size=0.3, random_state=0)
    model = MLPClassifier(batch_size=64, max_iter=36, early_stopping=False, n_jobs=1, random_state=0)
    space = search_space(model)
    for name, values in space.items():
        print(f"{name:<20}{values if isinstance(values, list) else '{:g} to {:g}'.format(*values.support())}")

    shared = {"cv": 3, "n_jobs": 2, "random_state": 0}
    model_of_epochs = MLPClassifier(batch_size=64, early_stopping=False, n_jobs=1, random_state=0)
    searches = {
        "RandomizedSearchCV": RandomizedSearchCV(model, space, n_iter=18, **shared),
        "HalvingRandomSearchCV": HalvingRandomSearchCV(
            model_of_epochs,
            space,
            resource="max_iter",
            n_candidates=18,
            min_resources=4,
            max_resources=36,
            factor=3,
            **shared,
        ),
    }
    print(f"\n{'':<24}{'test accuracy':>14}{'seconds':>9}")
    for name, search in searches.items():
        start = time.perf_counter()
        search.fit(X_train, y_train)
        seconds = time.perf_counter() - start
        print(f"{name:<24}{search.score(X_test, y_test):>14.3f}{seconds:>9.1f}")
    print(f"\nbest of {name}:")
    for parameter, value in search.best_params_.items():
        print(f"{parameter:<20}{f'{value:.2g}' if isinstance(value, float) else value}")


if __name__ == "__main__":
    main()
