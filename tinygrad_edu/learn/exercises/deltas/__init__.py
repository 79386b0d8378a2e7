"""Deltas by hand."""

EXERCISES = ("output_delta", "one_layer_back", "all_layers")
