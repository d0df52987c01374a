"""Encoder and decoder for sequences of tokens."""

from skneural.estimators.sequence_to_sequence.estimator import SequenceToSequence

__all__ = ["SequenceToSequence"]
