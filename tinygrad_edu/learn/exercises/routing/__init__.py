"""Where gradients go."""

EXERCISES = ("embedding", "broadcast", "ties", "branches", "detached")
