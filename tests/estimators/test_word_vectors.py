"""Vectors of tokens from which embeddings start, and vocabularies that are read from the tokens."""

import pickle

import numpy as np
import pytest
from sklearn.base import clone
from sklearn.frozen import FrozenEstimator
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import make_pipeline

from skneural import (
    CNNSequenceClassifier,
    CNNSequenceRegressor,
    LanguageModel,
    MambaSequenceClassifier,
    MambaSequenceTagger,
    RNNSequenceClassifier,
    RNNSequenceTagger,
    SequenceToSequence,
    TransformerSequenceClassifier,
    TransformerSequenceRegressor,
)
from skneural.preprocessing import TokenEncoder

pytestmark = pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")

BRIEF = {"max_iter": 2, "random_state": 0}
ATTENTION = {"d_model": 4, "n_heads": 2, "feedforward_size": 5} | BRIEF
STATES = {"d_model": 4, "state_size": 3} | BRIEF
UNITS = {"hidden_size": 4, "embedding_size": 4} | BRIEF
CHANNELS = {"channels": 4, "embedding_size": 4} | BRIEF
# name -> an estimator of tokens whose embeddings have four numbers
NETWORKS = {
    "textcnn": CNNSequenceClassifier(architecture="textcnn", **CHANNELS),
    "fasttext": CNNSequenceClassifier(architecture="fasttext", **CHANNELS),
    "two members": CNNSequenceRegressor(architecture="textcnn", n_members=2, **CHANNELS),
    "recurrent": RNNSequenceClassifier(**UNITS),
    "recurrent tagger": RNNSequenceTagger(bidirectional=True, **UNITS),
    "transformer": TransformerSequenceClassifier(**ATTENTION),
    "transformer with learned positions": TransformerSequenceRegressor(
        positional="learned", max_length=12, **ATTENTION
    ),
    "mamba": MambaSequenceClassifier(**STATES),
    "mamba tagger": MambaSequenceTagger(**STATES),
}
every_network = pytest.mark.parametrize("network", NETWORKS.values(), ids=NETWORKS)

RNG = np.random.default_rng(0)
N_TOKENS = 9
TOKENS = [np.append(RNG.integers(0, N_TOKENS, n), N_TOKENS - 1) for n in RNG.integers(1, 8, 20)]
TABLE = RNG.normal(size=(N_TOKENS, 4)).astype(np.float32)


def targets(network):
    """One target for each sequence, or for each of its tokens."""
    of_steps = type(network).__name__.endswith("Tagger")
    return [tokens % 2 for tokens in TOKENS] if of_steps else np.arange(len(TOKENS)) % 2


def fitted(network, tokens=TOKENS, **options):
    return clone(network).set_params(**{"vocabulary_size": "auto"} | options).fit(tokens, targets(network))


def untrained(network, **options):
    """With a rate so small that nothing is learned."""
    return fitted(network, learning_rate_init=1e-30, alpha=0, **options)


def tables(model):
    return [array for name, array in model.weights_by_name().items() if "embedding" in name]


def outputs(model, tokens=TOKENS):
    return np.concatenate([np.ravel(part) for part in model.predict(tokens)] if isinstance(tokens, list) else tokens)


# Vectors


@every_network
def test_the_embedding_starts_from_the_vectors(network):
    for table in tables(untrained(network, embedding_weights=TABLE)):
        np.testing.assert_array_equal(table, TABLE)


@every_network
def test_tokens_without_a_vector_start_as_all_do_without_vectors(network):
    some, missing = TABLE.copy(), [0, 3]
    some[missing] = np.nan
    pairs = zip(tables(untrained(network, embedding_weights=some)), tables(untrained(network)), strict=True)
    for table, usual in pairs:
        expected = TABLE.copy()
        expected[missing] = usual[missing]
        np.testing.assert_array_equal(table, expected)


@every_network
def test_vectors_are_trained(network):
    model = fitted(network, embedding_weights=TABLE, learning_rate_init=0.01)
    assert all((table != TABLE).any(axis=1).all() for table in tables(model))


@every_network
def test_clones_and_files_keep_the_vectors(network):
    model = fitted(network, embedding_weights=TABLE)
    for copied in (clone(model), pickle.loads(pickle.dumps(model))):
        np.testing.assert_array_equal(copied.embedding_weights, TABLE)
    assert clone(model).embedding_weights is not TABLE
    np.testing.assert_array_equal(outputs(pickle.loads(pickle.dumps(model))), outputs(model))


@pytest.mark.parametrize("name", NETWORKS)
def test_frozen_vectors_are_not_trained(name):
    some = TABLE.copy()
    some[2] = np.nan
    options, given = {"embedding_weights": some, "learning_rate_init": 0.01}, np.arange(N_TOKENS) != 2
    model, trained = (fitted(NETWORKS[name], freeze=freeze, **options) for freeze in (["embedding"], ()))
    for table in tables(model):
        np.testing.assert_array_equal(table[given], TABLE[given])
        assert np.isfinite(table[2]).all()
    assert model.weights_.size == trained.weights_.size - TABLE.size * len(tables(model))
    np.testing.assert_array_equal(outputs(pickle.loads(pickle.dumps(model))), outputs(model))


@pytest.mark.parametrize(
    ("freeze", "message"),
    [
        ("embedding", "freeze must be number of layers, or names of layers"),
        (None, "freeze must be number of layers, or names of layers"),
        (("encoder",), r'needs pretrained, .* or, for \("embedding",\), embedding_weights'),
        (1, "needs pretrained"),
    ],
)
def test_only_the_embedding_is_frozen(freeze, message):
    with pytest.raises(ValueError, match=message):
        fitted(NETWORKS["recurrent"], embedding_weights=TABLE, freeze=freeze)


def test_an_embedding_without_vectors_is_not_frozen():
    with pytest.raises(ValueError, match="embedding_weights"):
        fitted(NETWORKS["recurrent"], freeze=("embedding",))


def test_vectors_are_searched():
    network = clone(NETWORKS["recurrent"]).set_params(vocabulary_size=N_TOKENS)
    search = GridSearchCV(network, {"embedding_weights": [None, TABLE]}, cv=2, refit=False)
    assert len(search.fit(TOKENS, targets(network)).cv_results_["params"]) == 2


def test_training_that_continues_keeps_what_it_learned():
    model = fitted(NETWORKS["recurrent"], embedding_weights=TABLE, warm_start=True, learning_rate_init=0.01)
    (before,) = tables(model)
    (after,) = tables(model.set_params(learning_rate_init=1e-30, alpha=0).fit(TOKENS, targets(model)))
    np.testing.assert_array_equal(after, before)


NAN_AND_INFINITY = np.where(np.arange(4) == 1, [[np.nan], [np.inf]], np.ones((2, 4)))
# name -> vectors, further hyper-parameters, words of the message
MISTAKES = {
    "no tokens": (TABLE, {"vocabulary_size": None}, r'set vocabulary_size="auto", or .* its rows, 9'),
    "a row is missing": (TABLE[1:], {"vocabulary_size": 9}, r"shape \(8, 4\); .* must be \(9, 4\): set vocab"),
    "vectors of another size": (TABLE[:, :3], {}, r"shape \(9, 3\); .* must be \(9, 4\): set embedding_size=3"),
    "a number of NaN": (NAN_AND_INFINITY[:1], {}, "row 0 is not"),
    "infinity": (NAN_AND_INFINITY[1:], {}, "row 0 is not"),
    "no table": (TABLE[0], {}, r"must be None or array of numbers of shape \(vocabulary_size, embedding_size\)"),
    "words": (TABLE.astype(str), {}, r"must be None or array of numbers of shape"),
    "fewer rows than tokens": (TABLE[:5], {}, "outside the vocabulary of 5 tokens"),
}


@pytest.mark.parametrize(("table", "options", "message"), MISTAKES.values(), ids=MISTAKES)
def test_mistakes_are_named(table, options, message):
    with pytest.raises(ValueError, match=message):
        fitted(NETWORKS["recurrent"], embedding_weights=table, **options)


@pytest.mark.parametrize("name", ["transformer", "mamba"])
def test_the_size_of_embeddings_is_named_as_it_is_called(name):
    with pytest.raises(ValueError, match="set d_model=3"):
        fitted(NETWORKS[name], embedding_weights=TABLE[:, :3])


def test_a_language_model_has_vectors():
    sizes = {"n_layers": 2, "max_iter": 1, "random_state": 0}
    model = LanguageModel(**ATTENTION | sizes, context_length=9).fit(TOKENS)
    with pytest.raises(ValueError, match="leave either embedding_weights or pretrained out"):
        fitted(NETWORKS["transformer"], pretrained=model, embedding_weights=TABLE)


# Vocabularies


@every_network
def test_the_vocabulary_is_that_of_the_training_tokens(network):
    given, read = fitted(network, vocabulary_size=N_TOKENS), fitted(network)
    assert read.network_arguments_["vocabulary_size"] == N_TOKENS
    np.testing.assert_array_equal(read.weights_, given.weights_)
    np.testing.assert_array_equal(outputs(read), outputs(given))


@every_network
def test_later_tokens_that_are_greater_are_unknown(network):
    model = fitted(network)
    later = [np.append(tokens, [N_TOKENS, 10**6]) for tokens in TOKENS]
    unknown = [np.append(tokens, [0, 0]) for tokens in TOKENS]
    np.testing.assert_array_equal(outputs(model, later), outputs(model, unknown))


SQUARE = np.arange(12).reshape(4, 3)


@pytest.mark.parametrize("X", [SQUARE, SQUARE.tolist(), list(SQUARE), SQUARE.astype(np.uint8)], ids=str)
def test_the_form_of_the_tokens_does_not_matter(X):
    model = clone(NETWORKS["recurrent"]).set_params(vocabulary_size="auto").fit(X, [0, 1, 0, 1])
    assert model.network_arguments_["vocabulary_size"] == 12


def test_negative_tokens_are_an_error_as_always():
    model = fitted(NETWORKS["recurrent"])
    with pytest.raises(ValueError, match="is token -1, outside the vocabulary"):
        model.predict([[1, -1]])


def test_floats_are_no_tokens():
    with pytest.raises(ValueError, match="X must be a list of integer sequences"):
        fitted(NETWORKS["recurrent"], [tokens / 2 for tokens in TOKENS])


def test_the_first_call_of_partial_fit_decides():
    model = clone(NETWORKS["recurrent"]).set_params(vocabulary_size="auto")
    model.partial_fit(TOKENS, targets(model), classes=[0, 1])
    model.partial_fit([tokens + 5 for tokens in TOKENS], targets(model))
    assert model.network_arguments_["vocabulary_size"] == N_TOKENS


# Texts

TEXTS = ["good food", "really good", "so good !", "bad", "bad food", "that was really bad"] * 3
LABELS = [1, 1, 1, 0, 0, 0] * 3
VECTORS = {"good": [1.0, 0, 0, 0], "bad": np.array([-1.0, 0, 0, 0]), "great": np.ones(4)}


def test_vectors_follow_the_vocabulary():
    encoder = TokenEncoder().fit(TEXTS)
    table = encoder.embedding_weights(VECTORS)
    known = {token for token, number in encoder.vocabulary_.items() if not np.isnan(table[number]).any()}
    assert known == {"good", "bad"}
    assert all((table[encoder.vocabulary_[token]] == VECTORS[token]).all() for token in known)
    assert table.shape == (encoder.vocabulary_size_, 4)


def test_single_precision_stays():
    vectors = {"good": np.ones(3, np.float32)}
    assert TokenEncoder().fit(TEXTS).embedding_weights(vectors).dtype == np.float32


NO_VECTORS = {
    "other words": ({"Good": [1.0]}, "None of the 9 tokens of the vocabulary has a vector"),
    "two sizes": ({"good": [1.0], "bad": [1.0, 2.0]}, "of one size"),
    "numbers": ({"good": 1.0, "bad": 2.0}, "one-dimensional"),
}


@pytest.mark.parametrize(("vectors", "message"), NO_VECTORS.values(), ids=NO_VECTORS)
def test_vectors_of_no_use_are_named(vectors, message):
    with pytest.raises(ValueError, match=message):
        TokenEncoder().fit(TEXTS).embedding_weights(vectors)


def test_a_pipeline_names_the_vocabulary_once():
    encoder = TokenEncoder().fit([*TEXTS, "great"])
    network = clone(NETWORKS["fasttext"]).set_params(
        vocabulary_size="auto", embedding_weights=encoder.embedding_weights(VECTORS), max_iter=50, channels="auto"
    )
    model = make_pipeline(FrozenEstimator(encoder), network)
    assert clone(model).fit(TEXTS, LABELS).predict(["good", "bad"]).tolist() == [1, 0]


# Sources of sequences


FIRST = [tokens[:1] % 3 for tokens in TOKENS]
# name -> a network from sequences to sequences whose source embeddings have four numbers
TRANSLATORS = {
    "gru": SequenceToSequence(**UNITS),
    "transformer": SequenceToSequence(
        architecture="transformer", hidden_size=4, n_heads=2, feedforward_size=5, **BRIEF
    ),
    "alignments": SequenceToSequence(loss="ctc", **UNITS),
}


@pytest.mark.parametrize("name", TRANSLATORS)
def test_the_embedding_of_sources_starts_from_the_vectors(name):
    further = np.append(TABLE, [[np.nan] * 4], axis=0)
    model = clone(TRANSLATORS[name]).set_params(embedding_weights=further, learning_rate_init=1e-30, alpha=0)
    weights = model.fit(TOKENS, FIRST).weights_by_name()
    source = weights["encoder.embedding.table"]
    np.testing.assert_array_equal(source[:N_TOKENS], TABLE)
    assert np.isfinite(source[N_TOKENS]).all()
    assert name == "alignments" or len(weights["decoder.embedding.table"]) == 3 + 2  # with the end and the start
    assert len(model.predict([[N_TOKENS, 0]])) == 1


MISTAKES_OF_SOURCES = {
    "texts": (["ab", "ba"], {}, "but X is texts"),
    "series": ([np.ones((3, 2)), np.ones((2, 2))], {}, "but X is series of numbers"),
    "size": (TOKENS[:2], {"embedding_size": 5}, "set embedding_size=4"),
    "rows": (TOKENS[:2], {"vocabulary_size": 20}, "give a row for each token"),
}


@pytest.mark.parametrize(("X", "options", "message"), MISTAKES_OF_SOURCES.values(), ids=MISTAKES_OF_SOURCES)
def test_mistakes_of_sources_are_named(X, options, message):
    model = clone(TRANSLATORS["gru"]).set_params(embedding_weights=TABLE, **options)
    with pytest.raises(ValueError, match=message):
        model.fit(X, [[1, 2], [2, 1]])
