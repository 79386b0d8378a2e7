"""Record once, replay many: `jit(f)` records the graph that a function builds, and replays it without building it again."""

from .function import Jit, jit
from .record import RecordingError

__all__ = ["Jit", "RecordingError", "jit"]
