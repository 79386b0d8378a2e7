"""Local gradients, row by row."""

EXERCISES = ("arithmetic", "powers", "curves", "kinks", "hand_on")
