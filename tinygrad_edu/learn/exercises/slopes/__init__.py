"""A derivative is a slope."""

EXERCISES = ("parabola",)
