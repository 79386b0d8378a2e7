"""`python -m tinygrad_edu.webpage`: one neuron's squared error with weight decay, as backward.html."""

from ..engine import Value
from . import page

if __name__ == "__main__":
    x, w, b, y, lam = (
        Value(v, label=name) for v, name in ((2.0, "x"), (-0.5, "w"), (0.8, "b"), (1.0, "y"), (0.1, "λ"))
    )
    L = ((w * x + b).tanh() - y) ** 2 + lam * w**2
    L.label = "L"
    page(L, "backward.html")
    print("wrote backward.html: open it in a browser")
