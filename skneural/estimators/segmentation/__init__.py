"""U-Nets, which predict a class or numbers for each pixel of an image."""

from skneural.estimators.segmentation.estimator import ImageRegressor, ImageSegmenter

__all__ = ["ImageRegressor", "ImageSegmenter"]
