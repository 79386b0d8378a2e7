"""A second backward pass."""

EXERCISES = {"again": 5, "zero_grad": 5, "in_place": 4, "layer_by_layer": 5}
