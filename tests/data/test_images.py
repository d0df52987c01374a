import numpy as np
import pytest

from skneural.data import ImageSizes, PixelImages, Targets
from skneural.data.object_columns import object_array

SIZES = np.array([[5, 3], [2, 8], [4, 4]])
IMAGES = object_array([np.random.default_rng(i).standard_normal((*size, 2)) for i, size in enumerate(SIZES)])


def test_batches_are_padded_with_zeros_to_a_multiple():
    x, info = PixelImages(IMAGES, 4).as_batch()
    assert x.shape == (3, 8, 8, 2)
    for image, padded, (height, width) in zip(IMAGES, x, SIZES, strict=True):
        np.testing.assert_array_equal(padded[:height, :width], image)
        assert np.count_nonzero(padded) == image.size
    np.testing.assert_array_equal(info.structure.real, SIZES)
    assert info.structure.padded == (8, 8)


def test_images_that_need_no_padding_have_no_sizes():
    images = np.ones((3, 4, 8, 1))
    x, info = PixelImages(images, 4).as_batch()
    assert (x.shape, info.structure) == (images.shape, None)
    assert PixelImages(images, 8).as_batch()[1].structure.padded == (8, 8)


def test_parts_of_a_batch_keep_its_size():
    whole = PixelImages(IMAGES, 2).with_common_width()
    assert whole[:1].as_batch()[0].shape == whole[1:].as_batch()[0][:1].shape == (1, 6, 8, 2)


def test_masks_of_feature_maps_have_pixels_that_are_real_in_part():
    sizes = ImageSizes(SIZES, (8, 8))
    for n in (8, 4, 2):
        mask = sizes.mask(n, n)
        assert mask.shape == (n, 1, n, 3)
        np.testing.assert_array_equal(mask[:, 0, 0].sum(axis=0), np.ceil(SIZES[:, 0] * n / 8))
        np.testing.assert_array_equal(mask[0, 0].sum(axis=0), np.ceil(SIZES[:, 1] * n / 8))


def test_masks_of_a_window_are_parts_of_the_mask():
    sizes = ImageSizes(SIZES, (8, 8))
    np.testing.assert_array_equal(sizes.window(2, 4, 6, 3).mask(6, 3), sizes.mask(8, 8)[2:8, :, 4:7])


def numbered(images):
    """Each pixel has its value as its target."""
    return Targets(
        np.concatenate([image[..., 0].ravel() for image in images]), np.array([i[..., 0].size for i in images])
    )


@pytest.mark.parametrize("names", [("flip", "rotate"), ("flip", "rotate", "shift"), ("brightness",)], ids=str)
@pytest.mark.parametrize("weight", [None, np.r_[np.zeros(15), np.ones(32)]], ids=["unweighted", "weighted"])
def test_targets_move_with_their_pixels_in_training_only(names, weight):
    x, y = PixelImages(IMAGES, 2, augmentation=names, form="list"), numbered(IMAGES)
    y = Targets(y.values, y.lengths, weight)
    assert x.resample(np.random.default_rng(0), y) == (x, y)
    moved, targets = x.for_training()[np.array([2, 0, 1])].resample(np.random.default_rng(0), y[np.array([2, 0, 1])])
    np.testing.assert_array_equal(moved.sizes, SIZES[[2, 0, 1]])
    np.testing.assert_array_equal(np.concatenate([image[..., 0].ravel() for image in moved.images]), targets.values)
    if weight is not None:
        np.testing.assert_array_equal(targets[1:2].weight, 0)
    lost = targets.weight is None or bool((targets[:1].weight == 0).any())
    assert lost == ("shift" in names) or targets.weight is None
