"""The training loop: minibatches, a progress line, and the promise that Ctrl-C keeps what was learned.

    >>> from tinygrad_edu import Value
    >>> class Descent:
    ...     def zero_grad(self): w.grad = 0.0
    ...     def step(self): w.data -= 0.1 * w.grad
    >>> w = Value(0.0, label="w")
    >>> fit(lambda x: w * x[0], [[1.0], [2.0]], [3.0, 6.0], loss=lambda out, t: (out - t) ** 2,
    ...     optimizer=Descent(), epochs=20, progress=False).losses[-1] < 1e-6
    True

Where the model and the loss can be recorded, steps are replayed (see `jit`);
the loop that builds every graph anew stays beside it.
It knows nothing of layers, losses or update rules: a model is what turns a row of numbers into a Value or a
list of Values, a loss what turns that and a target into a Value, an optimizer what has `step` and `zero_grad`.
"""

from __future__ import annotations

from .. import signposts
from .history import History
from .loop import Optimizer, fit
from .metrics import accuracy, confusion, outputs, predict, r_squared, right
from .progress import Progress
from .ranking import auc, roc
from .retrieval import Score, entities, entity_scores, f1, precision_recall

__all__ = [
    "History",
    "Optimizer",
    "Progress",
    "Score",
    "accuracy",
    "auc",
    "confusion",
    "entities",
    "entity_scores",
    "f1",
    "fit",
    "outputs",
    "precision_recall",
    "predict",
    "r_squared",
    "right",
    "roc",
]
signposts.put_up(__name__)
