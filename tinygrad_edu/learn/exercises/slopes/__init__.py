"""A derivative is a slope."""

EXERCISES = {"parabola": 4, "step_size": 8, "partial": 8, "nudge": 6}
