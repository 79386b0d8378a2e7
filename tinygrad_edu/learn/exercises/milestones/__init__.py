"""Milestones: your own Value at work."""

EXERCISES = {"lecture": 6, "curve": 15, "exclusive_or": 12, "moons": 20, "microgpt": 30}
