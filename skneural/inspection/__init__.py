"""Inspection of fitted models. Plots need matplotlib, which is imported only when something is drawn."""

from skneural.inspection.alignment import AlignmentDisplay
from skneural.inspection.attention import AttentionDisplay
from skneural.inspection.edges import KANDisplay, KANEdgeDisplay
from skneural.inspection.feature_maps import FeatureMapsDisplay, KernelsDisplay
from skneural.inspection.forecasts import BacktestDisplay
from skneural.inspection.graphs import GraphDisplay
from skneural.inspection.images import occlusion_map, saliency_map
from skneural.inspection.learning_curves import LearningCurveDisplay
from skneural.inspection.saliency import SaliencyDisplay
from skneural.inspection.samples import SamplesDisplay
from skneural.inspection.segmentation import SegmentationDisplay
from skneural.inspection.series import StepContributionsDisplay, step_contributions

__all__ = [
    "AlignmentDisplay",
    "AttentionDisplay",
    "BacktestDisplay",
    "FeatureMapsDisplay",
    "GraphDisplay",
    "KANDisplay",
    "KANEdgeDisplay",
    "KernelsDisplay",
    "LearningCurveDisplay",
    "SaliencyDisplay",
    "SamplesDisplay",
    "SegmentationDisplay",
    "StepContributionsDisplay",
    "occlusion_map",
    "saliency_map",
    "step_contributions",
]
