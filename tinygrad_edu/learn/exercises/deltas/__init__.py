"""Deltas by hand."""

EXERCISES = {"output_delta": 8, "one_layer_back": 8, "all_layers": 15}
