"""Inspection of fitted models. Plots need matplotlib, which is imported only when something is drawn."""

from skneural.inspection.attention import plot_alignment, plot_attention
from skneural.inspection.edges import plot_kan_edge
from skneural.inspection.forecasts import plot_backtest
from skneural.inspection.graphs import plot_graph
from skneural.inspection.images import occlusion_map, plot_feature_maps, plot_kernels, saliency_map
from skneural.inspection.learning_curves import LearningCurveDisplay
from skneural.inspection.samples import plot_samples
from skneural.inspection.segmentation import plot_segmentation
from skneural.inspection.series import step_contributions

__all__ = [
    "LearningCurveDisplay",
    "occlusion_map",
    "plot_alignment",
    "plot_attention",
    "plot_backtest",
    "plot_feature_maps",
    "plot_graph",
    "plot_kan_edge",
    "plot_kernels",
    "plot_samples",
    "plot_segmentation",
    "saliency_map",
    "step_contributions",
]
