"""Build Value from nothing."""

EXERCISES = ()
