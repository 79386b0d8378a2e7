"""Where gradients go."""

EXERCISES = {"embedding": 8, "broadcast": 8, "ties": 5, "branches": 6, "detached": 4}
