"""Random choices."""

EXERCISES = ()
