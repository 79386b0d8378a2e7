"""The chain rule on paper."""

EXERCISES = ("product",)
