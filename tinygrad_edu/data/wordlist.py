"""First names, 32,033 of them: what character models learn to spell (see names.ATTRIBUTION.txt)."""

from __future__ import annotations

import gzip
from importlib.resources import files


def names() -> list[str]:
    """The first names of makemore and microgpt, most frequent first, in lower case letters a to z.

    >>> len(names()), names()[:3], max(map(len, names()))
    (32033, ['emma', 'olivia', 'ava'], 15)
    >>> sum(len(name) + 1 for name in names())      # bigrams, with one sign for both ends
    228146
    """
    compressed = files("tinygrad_edu.data").joinpath("names.txt.gz").read_bytes()
    return gzip.decompress(compressed).decode("ascii").split()
