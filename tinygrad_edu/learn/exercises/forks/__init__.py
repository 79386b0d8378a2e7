"""Forks add up."""

EXERCISES = {"fork": 6, "contributions": 5, "doubling": 6}
