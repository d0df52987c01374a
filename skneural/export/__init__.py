"""Models that go elsewhere: ONNX graphs, and the types that a file of skops asks to trust.

From a shell, ``python -m skneural.export model.skops model.onnx`` converts a file.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from skneural.export.trust import trusted_types

if TYPE_CHECKING:
    from onnx import ModelProto

__all__ = ["to_onnx", "trusted_types"]


def to_onnx(model: Any, *, opset: int = 18, lengths: bool = True) -> ModelProto:
    """Convert a fitted estimator to an ONNX model, which onnxruntime and others run without Python.

    Numbers are float32, also those of models that were fitted in float64, except for forecasts and for columns of
    tables that single precision does not hold. Any number of samples can be predicted at once, and of steps and pixels
    where the estimator takes any.

    Inputs
        Tables have an input (n, 1) for each column, named after `feature_names_in_`, or else "X", (n, n_features);
        columns of strings are strings, in which "" is a missing category, and times are int64, microseconds since 1970.
        A table of arrays of several types has inputs "x0", "x1" and so on. Images are "X", (n, height, width,
        channels), or rows of pixels if the columns had names.
        Series are "X", (n, steps, n_features), and tokens "X", int64 (n, steps), with "lengths", int32 (n,), the real
        steps of each; what follows these has no effect. Series that were fitted as a table are "X", (n, steps).

    Outputs
        "label" and "probabilities" of classifiers, taggers and segmenters: probabilities have a column for each class,
        also for two. "variable" of regressors, (n, n_outputs), as that of skl2onnx; with several quantiles it has a
        further axis of these, or is (n, n_quantiles) for one target; with ``loss="gaussian"`` it is the means, and
        "deviation" has the standard deviations. Of autoencoders, it is the latent features, with their
        "reconstruction". Predictions for each step or pixel have further axes; those of steps behind the end of a
        series mean nothing. In pipelines, there are neither deviations nor reconstructions.

    Forecasts
        "X", float64 (n, steps, n_channels), has at least as many steps as the longest of `window_sizes_`. NaN are gaps,
        and steps before the start, if there were such in `fit`. "known" has the values known in advance of as many
        last steps and of the horizon, followed by `calendar_features` with ``calendar=True``. "variable" is
        (n, horizon, n_channels), with a further axis for several quantiles.

    Language models
        "X" is numbers of tokens in the order of `vocabulary_`; ``vocabulary_size_`` is the start of a text, and the
        next number a mask. "probabilities", (n, steps, vocabulary_size_), are those of the
        token that follows each step; of masked tokens, those of the step itself. To generate, append a token and call
        again.

    Sequence to sequence
        "X" is the source, and "target", int64 (n, target steps), the tokens so far. "probabilities" are those of the
        token that follows each one of the target; their last column is the end, and the number of the start, the first
        token of each target, is the number of columns. To decode, append the likeliest token and call again. With
        ``loss="ctc"`` there is no target, and the last column is the blank.

    Graphs
        "X" has the features of all nodes, one graph behind the other, "edges", int64 (2, n_edges), the numbers of the
        nodes from which edges come and of those to which they lead, and "edge_weight", (n_edges,), their weights; with
        "edge_features", and for whole graphs with "lengths", int32 (n,), the number of nodes of each. Links are
        predicted for "X", int64 (n, 2), pairs of nodes of the graph of `fit`.

    Diffusion models
        One denoising step: "X" is noisy rows in the units of the network, "time" of shape (n, 1) their noise level
        from 0 to 1, and "condition" the one-hot class, or zeros. "variable" is the clean rows that are expected.

    Parameters
    ----------
    model : estimator
        Fitted. Pipelines of scikit-learn are converted by ``skl2onnx.to_onnx``, which finds the graphs of estimators of
        skneural by itself.
    opset : int, default=18
        Version of the operators; at least 18.
    lengths : bool, default=True
        Whether series may have unequal lengths. If False, there is no input "lengths".

    Returns
    -------
    proto : onnx.ModelProto
        ``proto.SerializeToString()`` is what runtimes read, and ``onnx.save(proto, path)`` writes it. The metadata have
        the version of skneural, the name of the estimator and its classes.

    Raises
    ------
    ImportError
        If onnx is not installed.
    NotFittedError
        Before `fit`.
    NotImplementedError
        If the model has no ONNX graph. The message names what has none.
    ValueError
        If the opset is too old, or unknown to the installed onnx.

    Examples
    --------
    >>> from sklearn.datasets import load_iris
    >>> from skneural import MLPClassifier
    >>> from skneural.export import to_onnx
    >>> X, y = load_iris(return_X_y=True)
    >>> model = MLPClassifier(16, solver="lbfgs", random_state=0).fit(X, y)
    >>> proto = to_onnx(model)
    >>> [output.name for output in proto.graph.output]
    ['label', 'probabilities']
    >>> from onnx.reference import ReferenceEvaluator
    >>> labels, probabilities = ReferenceEvaluator(proto).run(None, {"X": X[:3].astype("float32")})
    >>> probabilities.shape
    (3, 3)
    """
    try:
        import onnx  # noqa: F401
    except ImportError as error:
        raise ImportError("skneural.export.to_onnx needs onnx: pip install 'skneural[onnx]'.") from error
    from skneural.export.inputs import Form
    from skneural.export.model import onnx_model

    return onnx_model(model, opset, Form(lengths=lengths))
