"""Regression on a DataFrame with categories, missing values and heavy tails
=========================================================================

The monthly rent of flats depends on their size, quarter, heating and year of construction, which is often missing.
`TabularMLPRegressor` and `HistGradientBoostingRegressor` accept the DataFrame as it is; `MLPRegressor` needs a pipeline
of transformers. The figure shows predictions for test data against true rents, and the rent by size in two quarters as
predicted by each model.

Run it::

    python examples/1_tables/plot_tabular.py
"""

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from sklearn.compose import make_column_selector, make_column_transformer
from sklearn.ensemble import HistGradientBoostingRegressor
from sklearn.impute import SimpleImputer
from sklearn.model_selection import train_test_split
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler

from skneural import MLPRegressor, TabularMLPRegressor
from skneural.drawing import STYLE

QUARTERS = ["harbour", "old town", "park", "station", "university", "village"]
HEATING = ["district", "gas", "heat pump", "oil"]


def flats(n, rng):
    """Generate features of n flats, and their rents."""
    size = np.exp(rng.normal(4.2, 0.45, n))  # square metres, with a heavy tail
    built = rng.integers(1880, 2025, n).astype(float)
    quarter, heating = rng.choice(QUARTERS, n), rng.choice(HEATING, n)
    price = pd.Series(quarter).map(dict(zip(QUARTERS, [16, 14, 17, 10, 12, 8], strict=True))).to_numpy()
    modern = 1 + 0.3 * (built > 1990) + 0.15 * (built < 1918)  # old buildings are expensive, too
    per_metre = price * modern * (1 + 0.6 * np.exp(-size / 25))  # small flats cost more per square metre
    rent = size * per_metre * (1 - 0.08 * (heating == "oil")) * np.exp(rng.normal(0, 0.05, n))
    X = pd.DataFrame(
        {"size": size, "built": built, "quarter": pd.Categorical(quarter), "heating": pd.Categorical(heating)}
    )
    X.loc[rng.random(n) < 0.3, "built"] = np.nan
    X.loc[rng.random(n) < 0.1, "heating"] = None
    return X, rent


def models():
    numbers = make_pipeline(SimpleImputer(strategy="median", add_indicator=True), StandardScaler())
    columns = make_column_transformer(
        (OneHotEncoder(handle_unknown="ignore", sparse_output=False), make_column_selector(dtype_include="category")),
        (numbers, make_column_selector(dtype_include=np.number)),
    )
    return {
        "TabularMLPRegressor": TabularMLPRegressor(random_state=0),
        "HistGradientBoostingRegressor": HistGradientBoostingRegressor(
            categorical_features="from_dtype", random_state=0
        ),
        "pipeline with MLPRegressor": make_pipeline(columns, MLPRegressor(random_state=0)),
    }


def main():
    plt.style.use(STYLE)
    X, rent = flats(3000, np.random.default_rng(0))
    X_train, X_test, rent_train, rent_test = train_test_split(X, rent, random_state=0)
    sizes = np.linspace(20, 250, 200)
    _, axes = plt.subplots(3, 2, figsize=(7, 7), sharex="col", sharey="col")
    for (left, right), (name, model) in zip(axes, models().items(), strict=True):
        predicted = model.fit(X_train, rent_train).predict(X_test)
        print(f"{name}: R^2 {model.score(X_test, rent_test):.4f}")
        left.set_title(f"{name}: $R^2$ = {model.score(X_test, rent_test):.3f}", loc="left")
        left.plot([200, 6000], [200, 6000], color="0.7", linewidth=1)
        left.scatter(rent_test, predicted, s=6, alpha=0.5)
        left.set(xscale="log", yscale="log")
        left.set_xticks([300, 1000, 3000], ["300", "1000", "3000"])
        left.set_yticks([300, 1000, 3000], ["300", "1000", "3000"])
        left.minorticks_off()
        for quarter in ("park", "village"):
            similar = pd.DataFrame({"size": sizes, "built": 1975.0, "quarter": quarter, "heating": "gas"})
            right.plot(sizes, model.predict(similar.astype(X.dtypes)) / sizes, label=quarter)
        left.set_ylabel("predicted rent (€)")
        right.set_ylabel("rent (€ / m²)")
    axes[-1, 0].set_xlabel("rent of test data (€)")
    axes[-1, 1].set_xlabel("size (m²)")
    axes[0, 1].legend()
    plt.show()


if __name__ == "__main__":
    main()
