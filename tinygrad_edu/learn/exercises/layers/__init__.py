"""Layers in NumPy."""

EXERCISES = {
    "affine": 10,
    "relu": 6,
    "dropout": 6,
    "softmax_loss": 12,
    "batchnorm": 20,
    "layernorm": 15,
    "conv2d": 15,
    "max_pool": 10,
    "rnn": 20,
}
