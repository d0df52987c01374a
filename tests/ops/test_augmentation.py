import numpy as np

from skneural.ops.augmentation import flip_images, shift_images

X = np.random.default_rng(0).standard_normal((3, 4, 5, 2))


def test_images_are_flipped_one_by_one():
    y = flip_images(X, np.array([True, False, True]))
    np.testing.assert_array_equal(y, [X[0, :, ::-1], X[1], X[2, :, ::-1]])


def test_images_are_shifted_and_their_border_is_repeated():
    y = shift_images(X, np.array([2, 0, 2]), np.array([2, 2, 4]), 2)
    np.testing.assert_array_equal(y[0], X[0])
    np.testing.assert_array_equal(y[1], X[1][[0, 0, 0, 1]])
    np.testing.assert_array_equal(y[2], X[2][:, [2, 3, 4, 4, 4]])
