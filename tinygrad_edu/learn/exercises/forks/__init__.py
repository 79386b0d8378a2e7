"""Forks add up."""

EXERCISES = ()
