"""Small inputs of every form that an estimator takes, ordinary and unusual ones, as hypothesis strategies."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from hypothesis import strategies as st

from skneural.data.graph import Graph, GraphNodes
from skneural.data.node_pairs import NodePairs

DTYPES = (np.float64, np.float64, np.float32, np.int64, np.uint8, np.bool_)
N_FEATURES = st.integers(1, 4)

# One function of a generator and a number of values for each kind of column; most columns are ordinary.
ORDINARY = (
    lambda rng, n: rng.normal(size=n),
    lambda rng, n: rng.uniform(0, 255, size=n),
    lambda rng, n: rng.integers(0, 3, size=n),
)
UNUSUAL = (
    lambda rng, n: np.full(n, 7.0),
    lambda rng, n: np.where(np.arange(n) == n - 1, 1.0, -0.0),
    lambda rng, n: 1 + np.spacing(1) * rng.integers(0, 2, size=n),
    lambda rng, n: 1e-30 * rng.normal(size=n),
    lambda rng, n: 1e-310 * rng.normal(size=n),
    lambda rng, n: 1e25 * rng.normal(size=n),
    lambda rng, n: 1e200 * rng.normal(size=n),
    lambda rng, n: np.where(np.arange(n) == 0, np.nan, 1.0),
    lambda rng, n: np.where(np.arange(n) == 0, np.inf, 1.0),
)


@dataclass(frozen=True)
class Problem:
    """Arguments of `fit`, each with its name."""

    X: Any
    y: Any = None
    sample_weight: Any = None

    def __repr__(self) -> str:
        """The data in full, so that a failing example can be typed in."""
        return f"Problem(X={self.X!r}, y={self.y!r}, sample_weight={self.sample_weight!r})"


def generators() -> st.SearchStrategy[np.random.Generator]:
    return st.integers(0, 2**16).map(np.random.default_rng)


def columns(n: int) -> st.SearchStrategy[np.ndarray]:
    """Values of a feature for n rows: ordinary in three of four draws."""
    kinds = st.one_of(*[st.sampled_from(ORDINARY)] * 3, st.sampled_from(UNUSUAL))
    return st.builds(lambda kind, rng: np.asarray(kind(rng, n), float), kinds, generators())


@st.composite
def arrays(draw: Any, n: int, *shape: int) -> np.ndarray:
    """Values of one data type, unusual in some features."""
    n_columns = int(np.prod(shape))
    table = np.stack([draw(columns(n)) for _ in range(n_columns)], axis=1)
    dtype = draw(st.sampled_from(DTYPES))
    with np.errstate(all="ignore"):  # infinite and large values as integers
        return table.reshape(n, *shape).astype(dtype)


@st.composite
def tables(draw: Any, n: int) -> Any:
    table = draw(arrays(n, draw(N_FEATURES)))
    form = draw(st.sampled_from(("array", "array", "array", "frame", "list", "Fortran", "big-endian")))
    if form == "frame":
        return pd.DataFrame(table, columns=[f"column {i}" for i in range(table.shape[1])])
    if form == "list":
        return table.tolist()
    if form == "Fortran":
        return np.asfortranarray(table)
    return table.astype(table.dtype.newbyteorder(">")) if form == "big-endian" else table


@st.composite
def mixed_tables(draw: Any, n: int) -> Any:
    """Frames with categories, dates and missing values beside numbers, or tables of numbers."""
    if draw(st.booleans()):
        return draw(tables(n))
    rng = draw(generators())
    frame = pd.DataFrame({"number": draw(columns(n))})
    kinds = draw(st.lists(st.sampled_from(("text", "category", "flag", "date", "empty")), unique=True, max_size=3))
    values = {
        "text": lambda: rng.choice(["red", "green", "blue"], n),
        "category": lambda: pd.Categorical(rng.choice(["a", "b", None], n)),
        "flag": lambda: rng.random(n) < 0.5,
        "date": lambda: pd.Timestamp("2024-02-29") + pd.to_timedelta(rng.integers(0, 900, n), unit="D"),
        "empty": lambda: np.full(n, np.nan),
    }
    for kind in kinds:
        frame[kind] = values[kind]()
    return frame


@st.composite
def series(draw: Any, n: int) -> Any:
    """Series of equal length as arrays, and of unequal lengths as lists."""
    n_features = draw(N_FEATURES)
    if draw(st.booleans()):
        steps = draw(st.integers(1, 5))
        return draw(st.one_of(arrays(n, steps), arrays(n, steps, n_features)))
    lengths = draw(st.lists(st.integers(1, 6), min_size=n, max_size=n))
    return [draw(arrays(length, n_features)) for length in lengths]


@st.composite
def tokens(draw: Any, n: int) -> Any:
    """Sequences of numbers of tokens, of equal lengths as arrays, and of unequal lengths as lists."""
    rng, most = draw(generators()), draw(st.sampled_from((1, 4, 4, 4, 40)))
    if draw(st.booleans()):
        return rng.integers(0, most, (n, draw(st.integers(1, 5))))
    return [rng.integers(0, most, length) for length in draw(st.lists(st.integers(1, 6), min_size=n, max_size=n))]


@st.composite
def images(draw: Any, n: int) -> np.ndarray:
    height, width = draw(st.integers(1, 6)), draw(st.integers(1, 6))
    n_channels = draw(st.sampled_from(((), (1,), (3,))))
    image = draw(generators()).uniform(0, 255, size=(n, height, width, *n_channels))
    return image.astype(draw(st.sampled_from((np.float64, np.float32, np.uint8))))


@st.composite
def images_of_sizes(draw: Any, n: int) -> list[np.ndarray]:
    sizes = draw(st.lists(st.tuples(st.integers(1, 6), st.integers(1, 6)), min_size=n, max_size=n))
    rng, n_channels = draw(generators()), draw(st.sampled_from(((), (1,), (3,))))
    return [rng.uniform(0, 255, size=(*size, *n_channels)) for size in sizes]


@st.composite
def graphs(draw: Any, n: int) -> Any:
    n_features = draw(N_FEATURES)
    return [draw(_graphs_of(Graph, draw(st.integers(1, 4)), n_features)) for _ in range(n)]


@st.composite
def _graphs_of(draw: Any, container: type, n_nodes: int, n_features: int) -> Any:
    edges = draw(generators()).random((n_nodes, n_nodes)) < draw(st.sampled_from((0, 0.3, 1)))
    features = draw(arrays(n_nodes, n_features))
    # Containers refuse values that are not finite when they are made, before `fit` sees them.
    return container(np.nan_to_num(features, posinf=1, neginf=-1), edges.astype(float))


@st.composite
def nodes(draw: Any, n: int) -> Any:
    return draw(st.one_of(tables(n), _graphs_of(GraphNodes, n, draw(N_FEATURES))))


@st.composite
def node_pairs(draw: Any, n: int) -> NodePairs:
    graph = draw(_graphs_of(GraphNodes, draw(st.integers(1, 8)), draw(N_FEATURES)))
    return NodePairs(graph, draw(generators()).integers(0, graph.n_nodes, (n, 2)))


def texts(n: int) -> st.SearchStrategy[list[str]]:
    words = st.sampled_from(("a", "b", "word", "naïve", "木", "🙂", "", "?", "\n", "x" * 20))
    return st.lists(st.lists(words, max_size=6).map(" ".join), min_size=n, max_size=n)


@st.composite
def classes(draw: Any, n: int, X: Any) -> Any:
    labels = draw(st.sampled_from((["a", "b"], [0, 1], [False, True], [-1.0, 1.0], [3, 5, 9], ["x"], [0, 1, 2, 3])))
    rng = draw(generators())
    kind = draw(st.sampled_from(("array", "array", "list", "object", "several")))
    y = rng.choice(labels, (n, 2) if kind == "several" else n)
    return y.tolist() if kind == "list" else (y.astype(object) if kind == "object" else y)


@st.composite
def numbers(draw: Any, n: int, X: Any) -> Any:
    n_outputs = draw(st.sampled_from(((), (), (1,), (2,))))
    y = draw(arrays(n, *n_outputs)) if n_outputs else draw(columns(n))
    return y.tolist() if draw(st.booleans()) else y


@st.composite
def labels_of_steps(draw: Any, n: int, X: Any) -> Any:
    rng = draw(generators())
    rows = [rng.choice(["small", "large"], len(x)) for x in X]
    return np.stack(rows) if isinstance(X, np.ndarray) else rows


def pixels(X: Any) -> list[tuple[int, ...]]:
    """Shape of the pixels of each image, or of each row of pixels."""
    shapes = [np.shape(x) for x in (X.to_numpy() if isinstance(X, pd.DataFrame) else X)]
    return [shape[:2] for shape in shapes]


@st.composite
def labels_of_pixels(draw: Any, n: int, X: Any) -> Any:
    labels = draw(st.sampled_from((["small", "large"], [0, 1], [-1, 0, 1], [-1.0, 3.0, 5.0, 9.0], [7])))
    rng = draw(generators())
    y = [rng.choice(labels, shape) for shape in pixels(X)]
    return y if isinstance(X, list) else np.stack(y)


@st.composite
def numbers_of_pixels(draw: Any, n: int, X: Any) -> Any:
    n_outputs = draw(st.sampled_from(((), (), (1,), (2,))))
    rng, missing = draw(generators()), draw(st.sampled_from((0.0, 0.0, 0.2, 1.0)))
    y = [rng.normal(size=(*shape, *n_outputs)) for shape in pixels(X)]
    for each in y:
        each[rng.random(each.shape) < missing] = np.nan
    return y if isinstance(X, list) else np.stack(y)


def weights(n: int) -> st.SearchStrategy[Any]:
    unusual = ([0.0] + [1.0] * (n - 1), [0.0] * n, [1e300] * n, [1e-300] * n, [3] * n)
    some = generators().map(lambda rng: rng.uniform(0, 2, n))
    return st.one_of(st.none(), st.none(), st.none(), some, st.sampled_from(unusual))


def problems(X_of: Callable[[int], Any], y_of: Callable[[int, Any], Any], weighed: bool) -> st.SearchStrategy[Problem]:
    """Problems of 1 to 12 samples; `y_of` takes their number and X."""

    @st.composite
    def problem(draw: Any) -> Problem:
        n = draw(st.integers(1, 12))
        X = draw(X_of(n))
        return Problem(X, draw(y_of(n, X)), draw(weights(n)) if weighed else None)

    return problem()
