"""What a recording is made of, before and after each optimisation, and what it costs: `f.stats`."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from .recording import Recording


@dataclass(frozen=True)
class Stats:
    """Counts of nodes, bytes, and seconds.

    `recorded`: nodes that were built; `alive`: those that an output depends on; `varying`: operations that are left
    when constants are folded; `distinct`: when equal ones are shared; `instructions`: what a sample's forward pass
    runs, of these; `backward`: operations that gradients pass through, of `differentiable` ones.
    An optimisation that is switched off leaves its count as it was.
    `seconds`: mean time of a call after the first, and `lanes`: mean number of samples in one.
    """

    backend: str
    recorded: int
    alive: int
    varying: int
    distinct: int
    instructions: int
    differentiable: int
    backward: int
    nbytes: int
    calls: int
    lanes: float
    seconds: float

    @classmethod
    def of(cls, recording: Recording) -> Stats:
        """The statistics of one recording."""
        record, plan = recording.record, recording.plan
        calls = recording.calls
        return cls(
            recording.backend, record.made, len(record.order), plan.computed, plan.distinct,
            recording.engine.tape.instructions if recording.backend == "native" else plan.distinct,
            sum(bool(n.parents) for n in record.order), sum(bool(n.parents) for n in plan.needed),
            recording.nbytes, calls, recording.lanes / calls if calls else 0.0,
            recording.seconds / (calls - 1) if calls > 1 else 0.0,
        )  # fmt: skip

    def __repr__(self) -> str:
        lines = [
            ("nodes recorded, with leaves", f"{self.recorded:,}"),
            ("needed for the result", f"{self.alive:,}"),
            ("operations without constants", f"{self.varying:,}"),
            ("operations without copies", f"{self.distinct:,}"),
            ("instructions", f"{self.instructions:,}"),
            ("backward through", f"{self.backward:,} of {self.differentiable:,} operations"),
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
