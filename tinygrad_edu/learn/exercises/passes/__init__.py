"""A second backward pass."""

EXERCISES = ()
