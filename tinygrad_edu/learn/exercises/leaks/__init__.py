"""Debugging leaks."""

EXERCISES = ()
