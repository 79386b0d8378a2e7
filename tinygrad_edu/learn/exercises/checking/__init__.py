"""Gradient checking."""

EXERCISES = ("relative_error", "gradient_check", "still_trains")
