"""Topological order."""

EXERCISES = ("topological", "broken", "waiting")
