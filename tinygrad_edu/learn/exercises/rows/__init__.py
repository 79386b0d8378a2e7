"""Local gradients, row by row."""

EXERCISES = ()
