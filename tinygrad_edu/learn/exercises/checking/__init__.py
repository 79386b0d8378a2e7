"""Gradient checking."""

EXERCISES = ()
