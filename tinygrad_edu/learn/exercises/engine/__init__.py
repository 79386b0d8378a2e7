"""Build Value from nothing."""

EXERCISES = ("node", "edges", "value")
