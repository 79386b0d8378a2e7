"""The chain rule on paper."""

EXERCISES = {"product": 6, "neuron": 8, "stages": 10, "chain": 8}
