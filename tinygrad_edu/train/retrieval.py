"""How much of what is sought is found, and how much of what is found was sought: classes, and names in sentences.

    >>> score = Score(found=3, given=4, sought=6)
    >>> score.precision, score.recall, score.f1
    (0.75, 0.5, 0.6)

Where most samples are of one class, accuracy praises whoever says nothing else: such a model finds 0 of what is sought.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from ..errors import UserError
from .metrics import confusion
from .samples import Model


@dataclass(frozen=True)
class Score:
    """Of `sought` things that are there, `given` were claimed to be, and `found` of these rightly.

    Scores can be added.
    """

    found: int = 0
    given: int = 0
    sought: int = 0

    @property
    def precision(self) -> float:
        """found / given: how far a claim is to be trusted; 0 if nothing was claimed."""
        return self.found / self.given if self.given else 0.0

    @property
    def recall(self) -> float:
        """found / sought: how much was not overlooked; 0 if there was nothing to find."""
        return self.found / self.sought if self.sought else 0.0

    @property
    def f1(self) -> float:
        """2·precision·recall / (precision + recall), which is 2·found / (given + sought): high only if both are."""
        return 2 * self.found / (self.given + self.sought) if self.given + self.sought else 0.0

    def __add__(self, other: Score) -> Score:
        return Score(self.found + other.found, self.given + other.given, self.sought + other.sought)


def precision_recall(model: Model, X: Any, y: Any) -> list[Score]:
    """For each class the `Score` of a model: its samples are sought, and those that were taken for it are given.

    Raises as `confusion` does, whose rows and columns are counted.

    >>> precision_recall(lambda x: x[0], [[-2.0], [1.0], [3.0], [4.0]], [0, 0, 1, 1])[1]
    Score(found=2, given=3, sought=2)
    """
    matrix = confusion(model, X, y)
    return [Score(row[k], sum(other[k] for other in matrix), sum(row)) for k, row in enumerate(matrix)]


def f1(model: Model, X: Any, y: Any) -> float:
    """The F1 score of a model: of class 1 if there are two classes, else the mean over the classes ("macro").

    >>> f1(lambda x: x[0], [[-2.0], [1.0], [3.0], [4.0]], [0, 0, 1, 1])
    0.8
    """
    scores = precision_recall(model, X, y)
    return scores[1].f1 if len(scores) == 2 else sum(score.f1 for score in scores) / len(scores)


def entities(tags: Sequence[str], outside: str = "O") -> list[tuple[int, int, str]]:
    """The names in a sentence of tagged words, as (first word, word after the last, class).

    A name is an unbroken run of words with the same tag.  In the BIO scheme, whose tags begin with B- and I-, a
    B- begins another.

    >>> entities(["PER", "PER", "O", "LOC"])
    [(0, 2, 'PER'), (3, 4, 'LOC')]
    >>> entities(["B-PER", "I-PER", "B-PER", "O"])
    [(0, 2, 'PER'), (2, 3, 'PER')]
    """
    found: list[tuple[int, int, str]] = []
    for k, tag in enumerate(tags):
        begins, kind = tag.startswith("B-"), tag[2:] if tag[:2] in ("B-", "I-") else tag
        if tag == outside:
            continue
        if not begins and found and found[-1][1:] == (k, kind):
            found[-1] = (found[-1][0], k + 1, kind)
        else:
            found.append((k, k + 1, kind))
    return found


def entity_scores(
    true: Iterable[Sequence[str]], tagged: Iterable[Sequence[str]], outside: str = "O"
) -> dict[str, Score]:
    """For each class of names its `Score`: a name is found if its first word, its last and its class are right.

    `true` and `tagged` have the tags of each sentence.  Half a name is one that was given wrongly and one that was
    overlooked (CoNLL 2003).  `sum(scores.values(), Score())` is the score over all classes.  Raises UserError unless
    there are as many tags as words.

    >>> entity_scores([["PER", "PER", "O", "LOC"]], [["PER", "O", "O", "LOC"]])
    {'LOC': Score(found=1, given=1, sought=1), 'PER': Score(found=0, given=1, sought=1)}
    """
    counts: dict[str, list[int]] = {}
    true, tagged = list(true), list(tagged)
    if len(true) != len(tagged):
        raise UserError(f"each sentence is tagged once, got {len(true)} sentences and tags for {len(tagged)}")
    for k, pair in enumerate(zip(true, tagged)):
        if len(pair[0]) != len(pair[1]):
            raise UserError(f"sentence {k} has {len(pair[0])} words, and {len(pair[1])} tags were given")
        sought, given = (set(entities(tags, outside)) for tags in pair)
        for place, names in enumerate((sought & given, given, sought)):
            for _, _, kind in names:
                counts.setdefault(kind, [0, 0, 0])[place] += 1
    return {kind: Score(*counts[kind]) for kind in sorted(counts)}
