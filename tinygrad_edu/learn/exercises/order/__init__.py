"""Topological order."""

EXERCISES = ()
