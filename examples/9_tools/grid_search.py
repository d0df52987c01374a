"""A pipeline and a grid search on digits, compared with models of scikit-learn
============================================================================

Searches over hyper-parameters of a perceptron and of a multilayer perceptron, in two processes, with scikit-learn's
progress bar. Prints the best hyper-parameters, and the accuracy on test data and the training time of each model.

Run it::

    pip install "skneural[progress]"
    python examples/9_tools/grid_search.py
"""

import time
import warnings

from sklearn.callback import ProgressBar
from sklearn.datasets import load_digits
from sklearn.exceptions import ConvergenceWarning
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GridSearchCV, train_test_split
from sklearn.neural_network import MLPClassifier as ScikitLearnMLP
from sklearn.pipeline import Pipeline
from sklearn.preprocessing import StandardScaler

from skneural import MLPClassifier, PerceptronClassifier


def pipeline(model):
    return Pipeline([("scale", StandardScaler()), ("model", model)])


def main():
    X, y = load_digits(return_X_y=True)
    X = X.astype("float32")  # models are trained in float32, in half the time
    X_train, X_test, y_train, y_test = train_test_split(X, y, test_size=0.25, stratify=y, random_state=0)

    perceptron = PerceptronClassifier(random_state=0)
    mlp = MLPClassifier(random_state=0)
    grid = [
        {"model": [perceptron], "model__alpha": [1e-4, 1e-3, 1e-2]},
        {"model": [mlp], "model__hidden_layer_sizes": [(100,), (200,)], "model__dropout": [0.0, 0.2]},
    ]
    search = GridSearchCV(pipeline(perceptron), grid, cv=3, n_jobs=2)
    search.set_callbacks(ProgressBar(max_propagation_depth=0))

    models = {
        "grid search, skneural": search,
        "MLPClassifier, skneural": pipeline(MLPClassifier(random_state=0)),
        "MLPClassifier, scikit-learn": pipeline(ScikitLearnMLP(random_state=0)),
        "LogisticRegression, scikit-learn": pipeline(LogisticRegression()),
    }
    rows = []
    for name, model in models.items():
        start = time.perf_counter()
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", ConvergenceWarning)
            model.fit(X_train, y_train)
        rows.append((name, model.score(X_test, y_test), time.perf_counter() - start))

    best = {key.removeprefix("model__"): value for key, value in search.best_params_.items() if key != "model"}
    print(f"\nbest: {type(search.best_params_['model']).__name__} with {best}, ", end="")
    print(f"accuracy {search.best_score_:.3f} in cross-validation\n")
    print(f"{'':<32}{'accuracy':>9}{'seconds':>9}")
    for name, accuracy, seconds in rows:
        print(f"{name:<32}{accuracy:>9.3f}{seconds:>9.2f}")
    chance = max((accuracy * (1 - accuracy) / len(y_test)) ** 0.5 for _, accuracy, _ in rows)
    print(f"\nOn {len(y_test)} test digits, differences below {2 * chance:.3f} are not significant.")


if __name__ == "__main__":  # because the processes of the search import this file
    main()
