"""Random choices."""

EXERCISES = {"coin": 10, "score": 10, "baseline": 8, "pathwise": 10, "straight_through": 10}
