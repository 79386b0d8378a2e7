"""What a recording is made of, and what it costs: `f.stats`."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from .passes import alive, forward_only, steps

if TYPE_CHECKING:
    from .recording import Recording


@dataclass(frozen=True)
class Stats:
    """Counts of nodes and steps, bytes, and seconds.

    `recorded`: nodes that were built; `alive`: those that an output depends on; `forward`: steps of the program that
    computes the values, in which fused rows are written out, constants are folded and equal steps are shared; `both`:
    steps of the one that computes the gradients as well.  An optimisation that is switched off leaves its steps in.
    `seconds`: mean time of a call after the first, and `lanes`: mean number of samples in one.
    """

    backend: str
    recorded: int
    alive: int
    forward: int
    both: int
    nbytes: int
    calls: int
    lanes: float
    seconds: float

    @classmethod
    def of(cls, recording: Recording) -> Stats:
        """The statistics of one recording."""
        record, calls = recording.record, recording.calls
        program, _, _, count = recording.passes
        return cls(
            recording.backend, record.made, len(record.order),
            steps(forward_only(program, count)), steps(alive(program)),
            recording.nbytes, calls, recording.lanes / calls if calls else 0.0,
            recording.seconds / (calls - 1) if calls > 1 else 0.0,
        )  # fmt: skip

    def __repr__(self) -> str:
        lines = [
            ("nodes recorded, with leaves", f"{self.recorded:,}"),
            ("needed for the result", f"{self.alive:,}"),
            ("steps of the values", f"{self.forward:,}"),
            ("steps with the gradients", f"{self.both:,}"),
            ("bytes kept for replaying", f"{self.nbytes:,}"),
            (
                "calls",
                f"{self.calls:,}, on average {self.lanes:,.4g} samples"
                + f" in {_time(self.seconds)}" * (self.calls > 1),
            ),
        ]
        return f"{self.backend} backend\n" + "\n".join(f"  {name:<27}  {number}" for name, number in lines)


def _time(seconds: float) -> str:
    """Three digits, in the unit that suits.

    >>> _time(0.00012345), _time(2.0)
    ('123 us', '2 s')
    """
    unit, factor = next(((u, f) for u, f in (("s", 1), ("ms", 1e3)) if seconds * f >= 1), ("us", 1e6))
    return f"{seconds * factor:.3g} {unit}"
