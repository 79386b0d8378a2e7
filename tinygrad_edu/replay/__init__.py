"""Record once, replay many: `jit(f)` records the graph that a function builds,
and replays it without building it again.
"""

from ..tracing import RecordingError
from .backends import BACKENDS
from .function import Jit, jit

__all__ = ["BACKENDS", "Jit", "RecordingError", "jit"]
