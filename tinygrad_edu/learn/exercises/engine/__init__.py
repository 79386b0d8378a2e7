"""Build Value from nothing."""

EXERCISES = ("node", "edges", "any_side", "value")
