import numpy as np
import pytest

from skneural.ops.ctc import ctc, least_steps
from skneural.testing.gradient_check import check_vjp
from tests.alignments import likelihoods, series, split

N_STEPS = np.array([4, 1, 6, 3, 5, 2])
N_LABELS = np.array([2, 1, 3, 0, 3, 2])
LABELS = np.array([[0, 1, 1], [1, 0, 0], [1, 1, 0], [1, 1, 1], [0, 0, 1], [1, 0, 0]])  # some follow the real ones
RAW = 2 * np.random.default_rng(0).standard_normal((N_STEPS.sum(), 3))


def test_loss_is_the_sum_over_all_alignments():
    losses, _ = ctc(RAW, N_STEPS, LABELS, N_LABELS)
    for raw, labels, n, loss in zip(split(RAW, N_STEPS), LABELS, N_LABELS, losses, strict=True):
        assert loss == pytest.approx(-np.log(likelihoods(raw)[tuple(labels[:n])]), rel=1e-12)


def test_gradient():
    check_vjp(lambda raw: ctc(raw, N_STEPS, LABELS, N_LABELS), [RAW])


def test_all_labels_together_have_the_probability_one():
    raw = RAW[:4]
    every = [key for key in likelihoods(raw) if len(key) < 5]
    n_labels = np.array([len(labels) for labels in every])
    padded = np.array([[*labels, *[0] * (4 - len(labels))] for labels in every])
    losses, _ = ctc(np.tile(raw, (len(every), 1)), np.full(len(every), 4), padded, n_labels)
    assert np.exp(-losses).sum() == pytest.approx(1, rel=1e-12)


def test_samples_do_not_depend_on_each_other():
    together, vjp = ctc(RAW, N_STEPS, LABELS, N_LABELS)
    gradients = split(vjp(np.ones(6)), N_STEPS)
    for i, raw in enumerate(split(RAW, N_STEPS)):
        alone, vjp_alone = ctc(raw, N_STEPS[i : i + 1], LABELS[i : i + 1, : N_LABELS[i]], N_LABELS[i : i + 1])
        np.testing.assert_allclose(alone, together[i], rtol=1e-12)
        np.testing.assert_allclose(vjp_alone(np.ones(1)), gradients[i], rtol=1e-10, atol=1e-14)


def test_long_series_do_not_underflow():
    n_steps, labels = np.array([3000]), np.arange(40)[np.newaxis] % 7
    raw = 10 * np.random.default_rng(1).standard_normal((3000, 8)).astype(np.float32)
    losses, vjp = ctc(raw, n_steps, labels, np.array([40]))
    gradient = vjp(np.ones(1))
    assert losses[0] > 1e4
    assert gradient.dtype == np.float32
    np.testing.assert_allclose(gradient.sum(axis=1), 0, atol=1e-4)  # a constant changes no probability


def test_equal_labels_need_a_blank_between_them():
    labels, n_labels = np.array([[1, 1, 1], [0, 1, 0], [1, 1, 1], [0, 0, 0]]), np.array([3, 3, 2, 0])
    np.testing.assert_array_equal(least_steps(labels, n_labels), [5, 3, 3, 0])
    for n_steps, finite in ((4, False), (5, True)):
        losses, _ = ctc(np.zeros((n_steps, 3)), np.array([n_steps]), labels[:1], n_labels[:1])
        assert np.isfinite(losses).all() == finite


def test_no_sample_of_a_batch_has_labels():
    raw, n_steps = series(3)
    losses, vjp = ctc(raw, n_steps, np.empty((3, 0), int), np.zeros(3, int))
    np.testing.assert_allclose(losses, [-np.log(likelihoods(part)[()]) for part in split(raw, n_steps)])
    assert np.isfinite(vjp(np.ones(3))).all()
