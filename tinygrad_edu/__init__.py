"""tinygrad_edu: an operation is a row; a Value remembers its parents and a local gradient closure;
the chain rule is written once.

>>> from tinygrad_edu import Value
>>> x = Value(3.0, label="x")
>>> (3 * x**2 - 4 * x + 5).backward()
>>> x
Value(3.0, grad=14.0, label='x')
"""

import warnings
from functools import partial
from importlib import import_module

# Every module is its own demo, and `python -m tinygrad_edu.ops` finds itself imported by this file already.
warnings.filterwarnings("ignore", r".*found in sys.modules after import of package 'tinygrad_edu'", RuntimeWarning)

from . import interruption

interruption.begin()

from . import books, lazy, micrograd, registry, signposts  # noqa: F401 (three tie something to rows or to Values)
from .engine import Value
from .twin import compiled

if compiled:
    from . import compilation

    compilation.join()

# The room that each name is in, and the rooms that go by their own name.  The engine is there at once; any other room
# is loaded when it is asked for.  Editors see the same in `__init__.pyi`, which `printouts` prints out of this.
ROOMS = {
    "check": "check_backward gradcheck step_sizes", "derivatives": "grad hessian jacobian value_and_grad",
    "doctor": "compare diagnose", "engine": "Value topological", "explanation": "explain", "figures": "draw",
    "interop": "compare_training explain_torch to_jax to_torch", "modes": "anomalies no_grad", "ops": "Op",
    "order": "order_lab", "parameters": "pack unpack", "registry": "register",
    "render": "RenderError", "replay": "RecordingError jit", "sourcecode": "source",
    "train": "fit", "webpage": "page",
    "": "copying data functional interop losses micrograd nn ops optim plot runs stochastic train",
}  # fmt: skip
_home = {name: f".{room or name}" for room, names in ROOMS.items() for name in names.split()}
__all__ = sorted(_home)
__version__ = "0.1.0"


def __getattr__(name: str) -> object:
    """What is asked for the first time: a name of the table, or any room."""
    home = _home.get(name, f".{name}")
    room = None
    try:
        room = import_module(home, __name__)
    except ModuleNotFoundError as e:
        if e.name != __name__ + home:
            raise
    if room is None:
        signposts.refuse(__name__, name)
    found = globals()[name] = room if home == f".{name}" else getattr(room, name)
    return found


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})


# Methods from rooms above the engine: L.draw() is draw(L).
for _name in ("draw", "explain", "order_lab", "page", "source"):
    lazy.Method(Value, _name, partial(__getattr__, _name))
for _name, _function in {"__copy__": "copied", "__deepcopy__": "deeply_copied", "__reduce_ex__": "reduced"}.items():
    lazy.Method(Value, _name, lambda f=_function: getattr(import_module(".copying", __name__), f))
signposts.put_up_at(Value, "a Value", signposts.METHODS, signposts.OF_VALUES)
for _name in ("__xor__", "__rxor__"):  # to mypy that stays an error
    setattr(Value, _name, signposts.no_power)
