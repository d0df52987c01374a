import numpy as np
import pytest

from skneural.ops.augmentation import PixelMoves, flip_images, shift_images, turn_images

X = np.random.default_rng(0).standard_normal((3, 4, 5, 2))


def test_images_are_flipped_one_by_one():
    y = flip_images(X, np.array([True, False, True]))
    np.testing.assert_array_equal(y, [X[0, :, ::-1], X[1], X[2, :, ::-1]])


def test_images_are_shifted_and_their_border_is_repeated():
    y = shift_images(X, np.array([2, 0, 2]), np.array([2, 2, 4]), 2)
    np.testing.assert_array_equal(y[0], X[0])
    np.testing.assert_array_equal(y[1], X[1][[0, 0, 0, 1]])
    np.testing.assert_array_equal(y[2], X[2][:, [2, 3, 4, 4, 4]])


def test_images_are_turned_one_by_one():
    x = np.arange(48).reshape(3, 4, 4, 1)
    y = turn_images(x, np.array([0, 3, 2]))
    np.testing.assert_array_equal(y, [x[0], np.rot90(x[1], 3), np.rot90(x[2], 2)])


@pytest.mark.parametrize("names", [("flip",), ("rotate",), ("shift",), ("flip", "rotate", "shift")], ids=str)
@pytest.mark.parametrize("size", [(9, 9), (8, 17)], ids=str)
def test_pixels_and_their_labels_move_together(names, size):
    image = np.arange(size[0] * size[1], dtype=float).reshape(*size, 1)
    rng, seen = np.random.default_rng(0), set()
    for _ in range(200):
        moves = PixelMoves.drawn(size, names, rng)
        moved, labels = moves.of_image(image), moves.of_pixels(image.ravel())
        assert moved.shape == image.shape
        np.testing.assert_array_equal(moved.ravel(), labels)
        assert len(np.unique(labels[moves.inside])) == moves.inside.sum()
        assert moves.inside.all() or "shift" in names
        seen.add(moved.tobytes())
    reach = 2 * max(1, min(size) // 8) + 1
    n_turns = 4 if size[0] == size[1] else 2
    assert len(seen) <= (2 if "flip" in names else 1) * (n_turns if "rotate" in names else 1) * (
        reach**2 if "shift" in names else 1
    )
    assert len(seen) > 1


def test_shifts_move_the_middle_and_lose_the_border():
    rng = np.random.default_rng(1)
    image = np.arange(256.0).reshape(16, 16, 1)
    for _ in range(20):
        moves = PixelMoves.drawn((16, 16), ("shift",), rng)
        difference = moves.of_image(image)[2:-2, 2:-2, 0] - image[2:-2, 2:-2, 0]
        assert (difference == difference[0, 0]).all()
        down, right = np.divmod(-difference[0, 0] + 8, 16) - np.array([0, 8])
        assert moves.inside.sum() == (16 - abs(down)) * (16 - abs(right))
