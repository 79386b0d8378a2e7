"""Deltas by hand."""

EXERCISES = ()
