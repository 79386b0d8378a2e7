"""The chain rule on paper."""

EXERCISES = ("product", "neuron", "stages", "chain")
