"""The pages of the API, in Markdown, out of the docstrings: a page for each group of rooms, an entry for each name."""

import inspect
import re
from functools import cache
from importlib import import_module
from types import ModuleType
from typing import Any

import tinygrad_edu
from tinygrad_edu import ops

# What belongs together goes on one page; a room of the front door that is not named here gets a page of its own.
GROUPS = {
    "values": ("Values and gradients", "engine derivatives modes parameters copying micrograd"),
    "operations": ("Operations and rows", "ops registry functional"),
    "look": ("Look: pictures, words, pages, programs", "figures render explanation webpage sourcecode order"),
    "check": ("Check gradients", "check"),
    "doctor": ("The doctor, and two runs side by side", "doctor"),
    "replay": ("Record and replay", "replay"),
    "nn": ("Layers and models", "nn"),
    "losses": ("Losses", "losses"),
    "optim": ("Optimizers and schedules", "optim"),
    "train": ("Training and metrics", "train"),
    "runs": ("A training, seen again", "runs"),
    "data": ("Data", "data"),
    "plot": ("Plots", "plot"),
    "stochastic": ("Random choices", "stochastic"),
    "interop": ("PyTorch and JAX, side by side", "interop"),
    "learn": ("What checks exercises", "learn"),
    "zoo": ("The zoo", "zoo"),
    "grading": ("Points for a class", "grading"),
    "errors": ("Errors", "errors extras expression"),
}
# Names beside those at the front door, of rooms that do not list theirs.
BESIDES = {
    "sourcecode": "Source", "order": "OrderLab", "parameters": "Packed", "errors": "UserError",
    "extras": "MissingPackage", "expression": "Expression ExpressionError parse", "picture": "Picture",
}  # fmt: skip
WHOLE = {"ops", "engine", "copying", "micrograd"}  # rooms that show what the front door has of them, and no more
PROSE = re.compile(r"(`+[^`]*`+)")
DOCTEST = re.compile(r"^ *>>> ")


def api_pages() -> dict[str, str]:
    """What is written where: the text of each page by its place in the site."""
    grouped = {room for _, rooms in GROUPS.values() for room in rooms.split()}
    alone = [room for room in front_rooms() if room not in grouped]
    groups = {**GROUPS, **{room: (room, room) for room in alone}}
    pages = {f"api/{page}.md": api_page(title, rooms.split()) for page, (title, rooms) in groups.items()}
    lines = [
        f"- [{title}](api/{page}.md): {', '.join(f'`{n}`' for room in rooms.split() for n in names(room))}"
        for page, (title, rooms) in groups.items()
    ]
    first = "# API\n\nEvery public name, in the words of its own docstring. What stands under `tinygrad_edu` itself is "
    return {
        "api.md": first + "imported from there: `from tinygrad_edu import Value, draw`.\n\n" + "\n".join(lines) + "\n"
    } | pages


def front_rooms() -> list[str]:
    """The rooms of the front door."""
    return [*filter(None, tinygrad_edu.ROOMS), *tinygrad_edu.ROOMS[""].split()]


def names(room: str) -> list[str]:
    """What a room shows: its names at the front door first."""
    module = import_module(f"tinygrad_edu.{room}")
    front = tinygrad_edu.ROOMS.get(room, "").split()
    listed = [] if room in WHOLE else [n for n in getattr(module, "__all__", ()) if documented(getattr(module, n))]
    return list(dict.fromkeys([*front, *listed, *BESIDES.get(room, "").split()]))


def documented(thing: Any) -> bool:
    return bool(callable(thing) and getattr(thing, "__name__", "") and inspect.getdoc(thing))


def api_page(title: str, rooms: list[str]) -> str:
    parts, seen = [f"# {title}"], set()
    for room in rooms:
        module = import_module(f"tinygrad_edu.{room}")
        mine = [n for n in names(room) if getattr(module, n) not in seen]
        seen |= {getattr(module, n) for n in mine}
        if mine or len(rooms) == 1:
            parts += [introduction(module, len(rooms) == 1)]
            parts += [entry(module, room, name) for name in mine]
    return "\n\n".join(filter(None, parts)) + "\n"


def introduction(module: ModuleType, alone: bool) -> str:
    """What a room says of itself."""
    return markdown(inspect.getdoc(module) or "") if alone else ""


def entry(module: ModuleType, room: str, name: str) -> str:
    """One function or class, as a directive that Sphinx indexes; a class with its methods."""
    thing = getattr(module, name)
    home = "tinygrad_edu" if name in tinygrad_edu.__all__ else f"tinygrad_edu.{room}"
    kind = "function" if not isinstance(thing, type) else "exception" if issubclass(thing, Exception) else "class"
    body = [markdown(inspect.getdoc(thing) or "")]
    if kind == "class":
        if parents := [b.__name__ for b in thing.__bases__ if public(b)]:
            body.append(f"It is a {' and a '.join(f'`{p}`' for p in parents)}, and has what that has.")
        same = [key for key in tinygrad_edu.__all__ if public(getattr(thing, key, None))]
        if same := [f"`L.{key}()`" for key in same if not isinstance(vars(thing)[key], staticmethod)]:
            body.append(f"Functions that take one first are methods too: {', '.join(same)}.")
        body += [member(key, x) for key, x in members(thing).items()]
    return directive(f"py:{kind}", name + call(thing), [f":module: {home}"], "\n\n".join(body), "::::")


@cache
def entries() -> set[Any]:
    """All that has an entry of its own."""
    rooms = {*front_rooms(), *(room for _, listed in GROUPS.values() for room in listed.split())}
    return {getattr(import_module(f"tinygrad_edu.{room}"), name) for room in rooms for name in names(room)}


def public(thing: Any) -> bool:
    return thing in entries()


def members(kind: type) -> dict[str, Any]:
    """The public methods and properties of a class, with those of its bases that are not public themselves.

    What follows from a row, the method of every operation, is in the table of operations.
    """
    found: dict[str, Any] = {}
    for base in kind.__mro__:
        if base is kind or base.__module__.startswith("tinygrad_edu") and not public(base):
            for name, x in vars(base).items():
                if name[0] != "_" and name not in ops.TABLE and name not in ops.FACTORIES and name not in found:
                    found[name] = x
    return {
        name: x
        for name, x in found.items()
        if not public(getattr(kind, name, None))
        if inspect.isroutine(x) or isinstance(x, (property, classmethod, staticmethod)) or hasattr(x, "func")
        if not isinstance(x, type) and inspect.getdoc(getattr(x, "__func__", x)) and own_words(x)
    }


def own_words(x: Any) -> bool:
    """Whether its docstring is its own, and not that of `functools.partial` or of a kind of descriptor."""
    return inspect.getdoc(x) != inspect.getdoc(type(x))


def member(name: str, x: Any) -> str:
    if isinstance(x, property) or not callable(getattr(x, "__func__", x)):
        return directive("py:property", name, [], markdown(inspect.getdoc(x) or ""), ":::")
    f = getattr(x, "__func__", x)
    options = [":classmethod:"] * isinstance(x, classmethod) + [":staticmethod:"] * isinstance(x, staticmethod)
    return directive("py:method", name + call(f, bound=not options or options == [":classmethod:"]), options,
                     markdown(inspect.getdoc(f) or ""), ":::")  # fmt: skip


def directive(kind: str, head: str, options: list[str], body: str, fence: str) -> str:
    return "\n".join([f"{fence}{{{kind}}} {head}", *options, "", body, fence])


def call(thing: Any, bound: bool = False) -> str:
    """The inputs of a call with their defaults, without types: the docstring says what they are."""
    if isinstance(thing, type) and issubclass(thing, Exception):
        return ""
    try:
        parameters = [*inspect.signature(thing).parameters.values()][int(bound) :]
    except (TypeError, ValueError):
        return "()"
    shown, star = [], False
    for p in parameters:
        star |= p.kind is p.VAR_POSITIONAL
        if p.kind is p.KEYWORD_ONLY and not star:
            shown, star = [*shown, "*"], True
        stars = "*" if p.kind is p.VAR_POSITIONAL else "**" if p.kind is p.VAR_KEYWORD else ""
        shown.append(f"{stars}{p.name}" + ("" if p.default is p.empty else f"={default(p.default)}"))
    return f"({', '.join(shown)})"


def default(x: Any) -> str:
    """A default as one would write it."""
    return x.__name__ if callable(x) and hasattr(x, "__name__") else "..." if " at 0x" in repr(x) else repr(x)


def markdown(doc: str) -> str:
    """A docstring as Markdown: examples in a fence, what is indented as code, and stars and lines as they are.

    >>> print(markdown("a*b*c, see `x*y`.\\n\\n>>> 1 + 1\\n2"))
    a\\*b\\*c, see `x*y`.
    <BLANKLINE>
    ```pycon
    >>> 1 + 1
    2
    ```
    """
    parts = []
    for block in re.split(r"\n\s*\n", doc.strip("\n")):
        lines = block.split("\n")
        start = next((i for i, line in enumerate(lines) if DOCTEST.match(line)), None)
        if start is not None:
            parts += [prose("\n".join(lines[:start]))] if start else []
            parts.append(fenced(lines[start:], "pycon"))
        elif all(line.startswith("    ") for line in lines):
            parts.append(fenced(lines, "text"))
        else:
            parts.append(prose(block))
    text = "\n\n".join(parts)
    return re.sub(r"\n```\n\n```pycon\n", "\n\n", text)  # one example after the other is one


def fenced(lines: list[str], language: str) -> str:
    return f"```{language}\n{inspect.cleandoc(chr(10).join(lines))}\n```"


def prose(text: str) -> str:
    """Prose in which only backticks and lists mean something."""
    parts = PROSE.split(text)
    escaped = [part if i % 2 else re.sub(r"([*_<>\[\]|~#\\$])", r"\\\1", part) for i, part in enumerate(parts)]
    return re.sub(r"(?m)^(\d+)([.)]) ", r"\1\\\2 ", "".join(escaped))
