"""Neurons and networks."""

EXERCISES = ("unit", "network", "training")
