"""Tasks: fitted values that encode targets, choose the loss, and decode raw scores."""

from skneural.tasks.classes import UNLABELLED, Classes, ClassOptions
from skneural.tasks.numbers import NumberOptions, Numbers
from skneural.tasks.steps import SequenceNumbers, SeriesNumbers, StepClasses
from skneural.tasks.task import FitArguments, Task, text_as_str

__all__ = [
    "UNLABELLED",
    "ClassOptions",
    "Classes",
    "FitArguments",
    "NumberOptions",
    "Numbers",
    "SequenceNumbers",
    "SeriesNumbers",
    "StepClasses",
    "Task",
    "text_as_str",
]
