"""Gradient checking."""

EXERCISES = {"relative_error": 6, "gradient_check": 12, "still_trains": 8}
