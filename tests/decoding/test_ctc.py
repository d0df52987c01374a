import numpy as np
import pytest

from skneural.decoding import ctc_beam_search, ctc_best_path
from tests.alignments import labels_of, likelihoods, series, split

RAW, N_STEPS = series(24)
EVERY = [likelihoods(raw) for raw in split(RAW, N_STEPS)]
BEST = [max(each, key=each.get) for each in EVERY]


def test_a_wide_beam_gives_the_most_likely_labels():
    assert [tuple(labels) for labels in ctc_beam_search(RAW, N_STEPS, 64)] == BEST


def test_the_best_path_is_the_most_likely_class_of_each_step():
    paths = [labels_of(raw.argmax(axis=1), 2) for raw in split(RAW, N_STEPS)]
    assert [tuple(labels) for labels in ctc_best_path(RAW, N_STEPS)] == paths
    assert paths != BEST  # or the beam would not be needed


def test_narrow_beams_find_no_less_likely_labels_than_the_best_path():
    def mean(decoded):
        return np.mean([each[tuple(labels)] for each, labels in zip(EVERY, decoded, strict=True)])

    path, *beams = (mean(ctc_best_path(RAW, N_STEPS)), *(mean(ctc_beam_search(RAW, N_STEPS, n)) for n in (1, 3, 64)))
    assert beams == sorted(beams)
    assert beams[1] > path


@pytest.mark.parametrize("width", [1, 3, 16])
def test_samples_do_not_depend_on_each_other(width):
    together = ctc_beam_search(RAW, N_STEPS, width)
    for i, raw in enumerate(split(RAW, N_STEPS)):
        np.testing.assert_array_equal(ctc_beam_search(raw, N_STEPS[i : i + 1], width)[0], together[i])
        np.testing.assert_array_equal(ctc_best_path(raw, N_STEPS[i : i + 1])[0], ctc_best_path(RAW, N_STEPS)[i])


def test_classes_of_no_probability_are_never_decoded():
    raw = RAW.copy()
    raw[:, 0] = -np.inf
    for decoded in (ctc_best_path(raw, N_STEPS), ctc_beam_search(raw, N_STEPS, 4)):
        assert set(np.concatenate(decoded)) == {1}
