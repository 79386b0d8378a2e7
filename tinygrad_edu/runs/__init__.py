"""A training that can be looked at again: one page to scrub through its steps, and click on a unit.

    fit(model, X, y, ..., record="run.html")      writes it when the training ends, also after Ctrl-C
    history.page()                                the same, of a training with record=True

`record` takes the frames, `network` writes the model down as units and programs, `page` makes one file of both; in the
browser, `run.js` computes all other numbers with those programs, and draws.
"""

from __future__ import annotations

from .page import RunPage, viewer
from .record import RunFrame, RunRecorder

__all__ = ["RunFrame", "RunRecorder", "RunPage", "viewer"]
