"""Build Value from nothing."""

EXERCISES = {"node": 6, "edges": 8, "any_side": 8, "value": 20}
