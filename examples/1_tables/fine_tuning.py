"""A model of tumours that is trained further on few patients, of whom more is known
=================================================================================

A first model is trained on half of the patients, without three of the thirty columns. Then there are 40 patients with
all columns. `pretrained` starts from the first model: columns are recognized by their names, weights of the new ones
start at zero, and the output is kept, because the classes are the same.

Run it::

    pip install "skneural[test]"
    python examples/1_tables/fine_tuning.py
"""

import warnings

import numpy as np
from sklearn.datasets import load_breast_cancer
from sklearn.exceptions import ConvergenceWarning
from sklearn.preprocessing import StandardScaler

from skneural import MLPClassifier

N_NEW, N_FURTHER = 40, 3
NETWORK = {"hidden_layer_sizes": (32, 32), "max_iter": 500}


def accuracies(table, y, seed):
    rng = np.random.default_rng(seed)
    further = rng.choice(table.columns, N_FURTHER, replace=False)
    first, new, test = np.split(rng.permutation(len(table)), [len(table) // 2, len(table) // 2 + N_NEW])
    known = table.drop(columns=further)
    model = MLPClassifier(random_state=seed, **NETWORK).fit(known.iloc[first], y[first])
    ways = {
        "only the new patients": {},
        "from the first model": {"pretrained": model},
        "with smaller steps of its layers": {"pretrained": model, "body_learning_rate": 1e-4},
    }
    scores = {"the first model": model.score(known.iloc[test], y[test])}
    for words, options in ways.items():
        fitted = MLPClassifier(random_state=seed, **NETWORK, **options).fit(table.iloc[new], y[new])
        scores[words] = fitted.score(table.iloc[test], y[test])
    return scores


def main():
    warnings.simplefilter("ignore", ConvergenceWarning)  # steps of 1e-4 do not converge on 40 patients, and need not
    table, y = load_breast_cancer(return_X_y=True, as_frame=True)
    table = StandardScaler().set_output(transform="pandas").fit_transform(table)
    results = [accuracies(table, y.to_numpy(), seed) for seed in range(5)]
    for words in results[0]:
        print(f"{words:35}{np.mean([each[words] for each in results]):.3f}")


if __name__ == "__main__":
    main()
