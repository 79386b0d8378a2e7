"""The forward pass that the gradients of the homework are gradients of; only the teacher has it."""


def linear(x, w, b):
    """x @ w + b, of lists."""
    return [[sum(r * c for r, c in zip(row, column)) + shift for column, shift in zip(zip(*w), b)] for row in x]
