"""Milestones: your own Value at work."""

EXERCISES = ()
