"""Matrix calculus and shapes."""

EXERCISES = {"shapes": 6, "outer": 10, "batch": 10}
