"""Milestones: your own Value at work."""

EXERCISES = ("lecture", "curve", "exclusive_or", "moons", "microgpt")
