"""Matrix calculus and shapes."""

EXERCISES = ("shapes", "outer", "batch")
