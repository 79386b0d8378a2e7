"""A demo: a network moved to PyTorch, five steps in both, and one backward pass side by side."""

from ..engine import Value
from ..extras import MissingPackage
from ..nn import MLP
from . import compare_training, explain_torch, to_torch


def main() -> None:
    """Print all three."""
    model = MLP(2, [4, 1], activation="tanh", seed=0, name="net")
    print(to_torch(model).source, end="\n\n\n")
    X, y = [[0, 0], [0, 1], [1, 0], [1, 1]], [0, 1, 1, 0]
    print(compare_training(model, X, y, loss="mse", lr=0.5, steps=5), end="\n\n\n")
    w, x, b = Value(-0.5, label="w"), Value(2.0, label="x"), Value(0.8, label="b")
    L = ((w * x + b).tanh() - 1) ** 2 + 0.1 * w**2
    L.label = "L"
    print(explain_torch(L))


if __name__ == "__main__":
    try:
        main()
    except MissingPackage as e:
        raise SystemExit(str(e)) from None
