"""A second backward pass."""

EXERCISES = ("again", "zero_grad", "in_place", "layer_by_layer")
