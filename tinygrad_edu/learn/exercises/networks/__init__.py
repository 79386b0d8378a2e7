"""Neurons and networks."""

EXERCISES = ()
