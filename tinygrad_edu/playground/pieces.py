"""An explanation as pieces that a page sets in its own way: paragraphs, tables, terms, and what stands as it is.

>>> from tinygrad_edu.blocks import Items
>>> pieces(["Right.", Terms([("likely", "a term is counted twice")]), Items(["a = 4", "b = -3"])])
[{'p': 'Right.'}, {'terms': [['likely', 'a term is counted twice']]}, {'pre': '  a = 4, b = -3'}]
>>> pieces([Rows([("node", "value"), ("a", "4")], "lr", notes={0: "where it begins"})])[0]["rows"]
[['node', 'value'], ['a', '4']]
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from ..blocks import Block, Code, Rows, Terms, plain_text


def pieces(blocks: Iterable[Block]) -> list[dict[str, Any]]:
    """Each block as {"p": text}, {"rows", "sides", "notes", "foot"}, {"terms": [[word, text]]} or {"pre": lines}."""
    return [_piece(block) for block in blocks]


def _piece(block: Block) -> dict[str, Any]:
    match block:
        case Rows():
            return {
                "rows": [list(map(str, row)) for row in block.rows],
                "sides": block.sides,
                "notes": {i: _said(note) for i, note in block.notes.items()},
                "foot": [_said(note) for note in block.foot],
            }
        case Terms():
            return {"terms": [[word, said] for word, said in block.parts]}
        case str() if not isinstance(block, Code):
            return {"p": str(block)}
        case tuple() if type(block) is tuple:
            return {"p": _said(block)}
        case _:
            return {"pre": "\n".join(plain_text([block]))}


def _said(sentence: str | tuple[str, ...]) -> str:
    return sentence if isinstance(sentence, str) else "".join(sentence)
