"""A derivative is a slope."""

EXERCISES = ("parabola", "step_size", "partial", "nudge")
