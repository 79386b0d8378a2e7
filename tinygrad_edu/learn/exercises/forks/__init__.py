"""Forks add up."""

EXERCISES = ("fork", "contributions", "doubling")
