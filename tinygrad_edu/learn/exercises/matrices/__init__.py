"""Matrix calculus and shapes."""

EXERCISES = ()
