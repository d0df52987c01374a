import numpy as np
import pytest

from skneural.layers import PREDICTING, Context, RandomFlip, RandomShift, Share
from skneural.layers.layer import Shard

each_layer = pytest.mark.parametrize("layer", [RandomFlip(), RandomShift(2)])


def images(*shape, seed=0):
    return np.random.default_rng(seed).standard_normal(shape)


def training(share=None):
    return Context(np.random.default_rng(0), shard=Shard(share))


def changed(layer, x, context=None):
    return layer.forward({}, x, training() if context is None else context)[0]


@each_layer
def test_predicting_leaves_images_alone(layer):
    x = images(6, 5, 7, 2)
    np.testing.assert_array_equal(layer.predict({}, x), x)
    y, backward = layer.forward({}, x, PREDICTING)
    np.testing.assert_array_equal(y, x)
    np.testing.assert_array_equal(backward(x, {}), x)


@each_layer
def test_dx_is_skipped_while_training(layer):
    x = images(6, 5, 7, 2)
    assert layer.forward({}, x, training())[1](x, {}) is None


@each_layer
def test_each_image_and_each_batch_is_changed_in_its_own_way(layer):
    same, context = np.repeat(images(1, 5, 7, 2), 40, axis=0), training()
    first, second = changed(layer, same, context), changed(layer, same, context)
    assert len(np.unique(first, axis=0)) > 1
    assert not np.array_equal(first, second)


@each_layer
def test_shards_change_images_as_the_whole_batch_does(layer):
    x, parts = images(10, 5, 7, 2), [slice(0, 4), slice(4, 10)]
    whole, *shards = training(), *(training(Share(part, 10)) for part in parts)
    for _ in range(2):  # the second time too: all generators must have moved on alike
        found = [changed(layer, x[part], shard) for part, shard in zip(parts, shards, strict=True)]
        np.testing.assert_array_equal(np.concatenate(found), changed(layer, x, whole))


def test_about_half_of_the_images_are_mirrored():
    x = images(1000, 3, 4, 2)
    y = changed(RandomFlip(), x)
    left, mirrored = ((y == z).all(axis=(1, 2, 3)) for z in (x, x[:, :, ::-1]))
    assert (left | mirrored).all()
    assert mirrored.mean() == pytest.approx(0.5, abs=0.05)


@pytest.mark.parametrize("reach", [1, 2, 6])
def test_images_move_by_up_to_the_reach_and_their_borders_are_repeated(reach):
    """Also where the reach is longer than the image."""
    x = images(40 * (2 * reach + 1) ** 2, 4, 6, 2)
    y = changed(RandomShift(reach), x)
    assert y.shape == x.shape
    counts = []
    for down in range(-reach, reach + 1):
        for right in range(-reach, reach + 1):
            rows, columns = np.clip(np.arange(4) - down, 0, 3), np.clip(np.arange(6) - right, 0, 5)
            counts.append((y == x[:, rows][:, :, columns]).all(axis=(1, 2, 3)).sum())
    if reach < 4:  # further out, several shifts show nothing but the same corner
        assert sum(counts) == len(x)
        assert min(counts) > 10  # of 40 that are expected
    else:
        assert sum(counts) >= len(x)
