"""Losses."""

EXERCISES = ("squared", "softmax", "cross_entropy", "logits", "hinge")
