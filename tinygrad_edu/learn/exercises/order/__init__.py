"""Topological order."""

EXERCISES = {"topological": 12, "broken": 8, "waiting": 10}
