"""Layers in NumPy."""

EXERCISES = (
    "affine", "relu", "dropout", "softmax_loss", "batchnorm", "layernorm", "conv2d", "max_pool", "rnn",
)  # fmt: skip
