"""Random choices."""

EXERCISES = ("coin", "score", "baseline", "pathwise", "straight_through")
