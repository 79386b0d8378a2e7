"""Neurons and networks."""

EXERCISES = {"unit": 6, "network": 12, "training": 8}
