"""`python -m tinygrad_edu.figures`: the lecture's neuron, differentiated, as neuron.svg in the current directory."""

from ..engine import Value
from . import RenderError, draw


def neuron() -> Value:
    """tanh(x1*w1 + x2*w2 + b), with the numbers of the lecture, after backward()."""
    x1, x2 = Value(2.0, label="x1"), Value(0.0, label="x2")
    w1, w2 = Value(-3.0, label="w1"), Value(1.0, label="w2")
    b = Value(6.8813735870195432, label="b")
    x1w1, x2w2 = x1 * w1, x2 * w2
    x1w1.label, x2w2.label = "x1*w1", "x2*w2"
    total = x1w1 + x2w2
    total.label = "x1*w1 + x2*w2"
    n = total + b
    n.label = "n"
    o = n.tanh()
    o.label = "o"
    o.backward()
    return o


if __name__ == "__main__":
    try:
        print(
            f"wrote {draw(neuron()).save('neuron.svg')}: open it in a browser; a mouse over a card or an "
            "edge shows every digit"
        )
    except RenderError as e:
        raise SystemExit(str(e)) from None
