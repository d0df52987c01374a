"""Networks as users write them: functions from shapes and further arguments, which saved models refer to by name."""

from skneural.layers import (
    GRU,
    Activation,
    BatchLast,
    BatchNormalization,
    Chain,
    Convolution,
    Dense,
    Dropout,
    Embedding,
    GlobalPooling,
    Layer,
    Residual,
    RowsFirst,
    Standardization,
    StepPooling,
    StepsFirst,
)


def two_layers(n_features_in, n_out, width=8, function="tanh", dropout=0.0) -> Layer:
    drop = {"dropout": Dropout(dropout)} if dropout else {}
    hidden = {"dense": Dense(n_features_in, width), "activation": Activation(function)}
    return Chain(**hidden, **drop, output=Dense(width, n_out, "zeros"))


def wide_and_deep(n_features_in, n_out, width=8) -> Layer:
    return Residual(two_layers(n_features_in, n_out, width), Dense(n_features_in, n_out, "zeros", bias=None))


def of_images(height, width, channels, n_out, maps=4) -> Layer:
    return Chain(
        BatchLast(),
        Standardization(channels, axis=1),
        Convolution(channels, maps, (min(3, height), min(3, width))),
        BatchNormalization(maps, axis=1),
        Activation("relu"),
        GlobalPooling("average"),
        Dense(maps, n_out),
    )


def of_series(n_features, n_out, size=4) -> Layer:
    return Chain(
        StepsFirst(),
        Standardization(n_features, axis=1),
        GRU(n_features, size),
        RowsFirst(),
        StepPooling("last"),
        Dense(size, n_out),
    )


def of_tokens(vocabulary_size, n_out, size=3) -> Layer:
    return Chain(Embedding(vocabulary_size, size), StepPooling("mean"), Dense(size, n_out))
