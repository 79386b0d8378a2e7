"""tinygrad_edu: an operation is a row; a Value remembers its parents and a local gradient closure;
the chain rule is written once.

>>> from tinygrad_edu import Value
>>> x = Value(3.0, label="x")
>>> (3 * x**2 - 4 * x + 5).backward()
>>> x
Value(3.0, grad=14.0, label='x')
"""

import warnings

# Every module is its own demo, and `python -m tinygrad_edu.ops` finds itself imported by this file already.
warnings.filterwarnings("ignore", r".*found in sys.modules after import of package 'tinygrad_edu'", RuntimeWarning)

from . import interruption

interruption.begin()

from . import copying, data, functional, losses, micrograd, nn, ops, optim, plot, signposts, stochastic
from .check import check_backward, gradcheck, step_sizes
from .derivatives import grad, hessian, jacobian, value_and_grad
from .doctor import compare, diagnose
from .engine import Value, register, topological
from .explanation import explain
from .figures import draw
from .modes import anomalies, no_grad
from .ops import Op
from .order import order_lab
from .render import RenderError
from .replay import RecordingError, jit, pack, unpack
from .sourcecode import source
from .train import fit
from .webpage import page

__all__ = [
    "Op", "RecordingError", "RenderError", "Value", "anomalies", "check_backward", "compare", "copying", "data",
    "diagnose", "draw", "explain", "fit", "functional", "grad", "gradcheck", "hessian", "jacobian", "jit", "losses",
    "micrograd", "nn", "no_grad", "ops", "optim", "order_lab", "pack", "page", "plot", "register", "source",
    "step_sizes", "stochastic", "topological", "unpack", "value_and_grad",
]  # fmt: skip

_READERS = {"draw": draw, "explain": explain, "order_lab": order_lab, "page": page, "source": source}
for _name, _reader in _READERS.items():
    setattr(Value, _name, _reader)  # L.draw() is draw(L): tied on here, so that the engine imports nothing upward
signposts.put_up(Value)
__version__ = "0.1.0"
