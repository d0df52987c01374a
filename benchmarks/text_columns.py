"""Tables with a column of text: what the text adds to the other columns, and a sentence in place of categories.

    python benchmarks/text_columns.py --data FOLDER
    python benchmarks/text_columns.py --data FOLDER reviews --rows 2000 --seeds 1

`reviews` are sentences of film reviews (SST-2) beside two columns that are drawn: a rating, the class plus noise of the
standard deviation 1, which alone has an accuracy of .69 at best, and a number of votes, which says nothing. `census` is
adult with a sentence made of its eight categorical columns: a model that reads the sentence beside the numbers can know
no more than one that reads the columns. Each seed has other rows of training (`--rows`, all with 0), and all have the
published test rows. Prints accuracy and seconds of processor time of training, in one thread: means over the seeds.
"""

from __future__ import annotations

import argparse
import time
import warnings
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from sklearn.compose import make_column_transformer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from texts import split, words
from threadpoolctl import threadpool_limits

from skneural import TabularMLPClassifier

Data = tuple[pd.DataFrame, np.ndarray, pd.DataFrame, np.ndarray]
# Name of a row -> model, and the columns that it is given.
Recipes = dict[str, tuple[Any, list[str]]]


def reviews(folder: Path, seed: int) -> Data:
    """Sentences with a rating and a number of votes."""
    X, y, X_test, y_test = split(folder, "sst2")
    rng = np.random.default_rng(seed)

    def table(texts: np.ndarray, labels: np.ndarray) -> pd.DataFrame:
        rating = (labels == "1") + rng.normal(size=len(labels))
        return pd.DataFrame({"rating": rating, "votes": rng.poisson(20, len(labels)), "text": texts})

    return table(X, y), y, table(X_test, y_test), y_test


def census(folder: Path, seed: int) -> Data:
    """The columns of adult, and a sentence with all its categories."""
    with np.load(folder / "tab_adult.npz") as file:
        names, is_category = file["feature_names"], file["cat_mask"]
        categories = [each.split("|") for each in file["categories"]]
        tables = []
        for part in ("train", "test"):
            frame = pd.DataFrame(file[f"X_{part}"], columns=names)
            for name, words_of, is_text in zip(names, categories, is_category, strict=True):
                if is_text:
                    frame[name] = [None if np.isnan(code) else words_of[int(code)] for code in frame[name]]
            frame["text"] = [sentence(row) for row in frame[names[is_category]].itertuples(index=False)]
            tables += [frame, file[f"y_{part}"]]
    X, y, X_test, y_test = tables
    return X, y, X_test, y_test


def sentence(row: Any) -> str:
    workclass, education, marital, occupation, relationship, race, sex, country = (word or "unknown" for word in row)
    return (
        f"A {race} {sex} from {country} with education {education}, {marital} and {relationship} at home, "
        f"who works as {occupation} for {workclass}."
    )


def recipes_of_reviews(seed: int) -> Recipes:
    linear = {"C": 10, "max_iter": 1000}
    both = make_column_transformer((words(), "text"), (StandardScaler(), ["rating", "votes"]))
    return {
        "TabularMLP, all columns": (network(seed), ["rating", "votes", "text"]),
        "TabularMLP, without the text": (network(seed), ["rating", "votes"]),
        "TabularMLP, the text alone": (network(seed), ["text"]),
        "TF-IDF, LogisticRegression, the text alone": (
            make_pipeline(make_column_transformer((words(), "text")), LogisticRegression(**linear)),
            ["text"],
        ),
        "the same with the numbers": (
            make_pipeline(both, LogisticRegression(**linear)),
            ["rating", "votes", "text"],
        ),
    }


def recipes_of_census(seed: int) -> Recipes:
    numbers = ["age", "fnlwgt", "education-num", "capital-gain", "capital-loss", "hours-per-week"]
    columns = ["workclass", "education", "marital-status", "occupation"]
    columns += ["relationship", "race", "sex", "native-country"]
    return {
        "TabularMLP, numbers and categories": (network(seed), numbers + columns),
        "TabularMLP, numbers and the sentence": (network(seed), [*numbers, "text"]),
        "TabularMLP, numbers alone": (network(seed), numbers),
    }


def network(seed: int) -> TabularMLPClassifier:
    return TabularMLPClassifier(random_state=seed, n_jobs=1)


SETS = {"reviews": (reviews, recipes_of_reviews), "census": (census, recipes_of_census)}


def measure(name: str, options: argparse.Namespace) -> None:
    """Print the table of one set."""
    load, recipes = SETS[name]
    results: dict[str, list[tuple[float, float]]] = {}
    for seed in range(options.seeds):
        X, y, X_test, y_test = load(options.data, seed)
        rows = np.random.default_rng(seed).permutation(len(X))[: options.rows or None]
        for recipe, (model, columns) in recipes(seed).items():
            if isinstance(model, TabularMLPClassifier) and "text" in columns:
                model.set_params(text_features=["text"])
            start = time.process_time()
            with threadpool_limits(1):
                model.fit(X[columns].iloc[rows], y[rows])
            seconds = time.process_time() - start
            results.setdefault(recipe, []).append((model.score(X_test[columns], y_test), seconds))
    print(f"\n{name}, {len(rows)} rows, {options.seeds} seeds\n\n| model | accuracy | of each seed | seconds |")
    print("| --- | --- | --- | --- |")
    for recipe, values in results.items():
        accuracy, seconds = np.transpose(values)
        each = ", ".join(f"{value:.3f}" for value in accuracy)
        print(f"| {recipe} | {accuracy.mean():.3f} | {each} | {seconds.mean():.1f} |", flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("sets", nargs="*", default=list(SETS), help="reviews, census; all by default")
    parser.add_argument("--rows", type=int, default=4000, help="rows of training; 0 for all")
    parser.add_argument("--seeds", type=int, default=3)
    options = parser.parse_args()
    warnings.simplefilter("ignore")
    for name in options.sets:
        measure(name, options)


if __name__ == "__main__":
    main()
