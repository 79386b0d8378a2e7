"""tinygrad_edu: an operation is a row; a Value remembers its parents and a local gradient closure; the chain rule is written once.

    >>> from tinygrad_edu import Value
    >>> x = Value(3.0, label="x")
    >>> (3 * x**2 - 4 * x + 5).backward()
    >>> x
    Value(3.0, grad=14.0, label='x')
"""

import warnings

# Every module is its own demo, and `python -m tinygrad_edu.ops` finds itself imported by this file already.
warnings.filterwarnings("ignore", r".*found in sys.modules after import of package 'tinygrad_edu'", RuntimeWarning)

from . import copying, data, functional, losses, nn, ops, optim, plot  # noqa: E402
from .check import gradcheck  # noqa: E402
from .draw import draw  # noqa: E402
from .engine import Value, grad, register, topological, value_and_grad  # noqa: E402
from .explain import explain  # noqa: E402
from .modes import anomalies, no_grad  # noqa: E402
from .ops import Op  # noqa: E402
from .order import order_lab  # noqa: E402
from .page import page  # noqa: E402
from .source import source  # noqa: E402
from .train import fit  # noqa: E402

__all__ = [
    "Op", "Value", "anomalies", "copying", "data", "draw", "explain", "fit", "functional", "grad", "gradcheck", "losses", "nn", "no_grad",
    "ops", "optim", "order_lab", "page", "plot", "register", "source", "topological", "value_and_grad",
]  # fmt: skip

for _name, _reader in {"draw": draw, "explain": explain, "order_lab": order_lab, "page": page, "source": source}.items():
    setattr(Value, _name, _reader)  # L.draw() is draw(L): tied on here, so that the engine imports nothing upward
__version__ = "0.1.0"
