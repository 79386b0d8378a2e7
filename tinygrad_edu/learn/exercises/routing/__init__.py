"""Where gradients go."""

EXERCISES = ()
