"""The mistakes that people make with gradients, by name, and how each is known from numbers alone.

    >>> guess([(-2.0, 2.0), (6.0, -6.0)])
    'missing minus'
    >>> guess([(4.0, 2.0), (-12.0, -6.0)]), guess([(1.0, 2.0), (2.0, 5.0)])
    ('factor 2', '')

An exercise adds its own: it keeps the code of mistakes, and answers that are those of such code are that mistake.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

from ..trees import shape

RANKS = ("crash", "missing", "kind", "shape", "overwritten", "order", "sign", "factor", "value")

# What each is told as, and how basic it is: the most basic is told first.
MISTAKES: dict[str, tuple[str, str]] = {
    "missing minus": ("sign", "the sign is turned: a minus is missing, or there is one too many"),
    "factor 2": ("factor", "it is twice as large as it should be: a term is counted twice, or a half is missing"),
    "factor 1/2": ("factor", "it is half as large as it should be: a term is missing, or is halved once too often"),
    "averaged twice": ("factor", "it is divided by how many there are once too often: a mean is taken once, in the "
                       "loss"),
    "sum for mean": ("factor", "it is the sum where the mean is asked for: divide by how many there are"),
    "forgot the mean": ("factor", "the mean is asked for, and here is one for each of those that it is taken over"),
    "factor missing": ("factor", "a factor is missing"),
    "factor too many": ("factor", "there is a factor too many"),
    "another's": ("value", "that is something else, as it is"),
    "another product": ("value", "it is the product of two others"),
    "constant factor": ("factor", "it is the same factor away from what it should be, whatever the numbers are"),
    "forgot to add at the fork": ("overwritten", "what is used in several places gets a gradient from each, and they "
                                  "add up; here only one of them arrived"),
    "= for +=": ("overwritten", "a gradient was set where it should be added to: the second use overwrites the first"),
    "forgot zero_grad": ("overwritten", "gradients of an earlier pass are still in it: set them to 0 before the next"),
    "transposed": ("shape", "its rows and columns are exchanged: the gradient of a matrix has the shape of the matrix"),
    "wrong axis summed": ("shape", "it was summed over the wrong axis"),
    "forgot to sum": ("shape", "what was spread over several places gets the sum of what comes back from them"),
    "summed too far": ("shape", "it is summed over more than what it was spread over"),
    "zeros left out": ("shape", "x[x > 0] keeps what is picked and leaves the others out: they are 0, and keep their "
                       "places"),
    "another shape": ("shape", "the numbers are right: give them the shape of what they belong to"),
    "back to front": ("order", "the numbers are right, and in the opposite order: the last comes first"),
    "one sample only": ("overwritten", "it is what one alone gives, of several samples, units or places: what all of "
                        "them give adds up"),
    "forgot upstream": ("value", "it is the local gradient alone: multiply by what arrives from above"),
    "forgot local": ("value", "it is what arrives from above, handed on as it is: multiply by the local gradient"),
    "output used for input": ("value", "the rule was filled in with the output where it wants the input"),
    "input used for output": ("value", "the rule was filled in with the input where it wants the output"),
    "swapped arguments": ("value", "two of them are exchanged: each has the other's"),
    "order reversed": ("order", "nodes are visited in the wrong order: a gradient has to be complete before it is "
                       "handed on, so the end comes first and the inputs last"),
    "visited twice": ("order", "a node hands its gradient on more than once: visit each node once"),
    "updated weight used": ("order", "the gradient was computed with a weight that had been changed already: finish "
                            "the backward pass, then change the weights"),
    "some get nothing": ("value", "here and there it is 0, where something arrives: it was not added, or another "
                         "step has overwritten it"),
    "disconnected": ("value", "it is always 0: the path is cut (by a plain number, by .data, by a node that was made "
                     "anew), it is multiplied by 0, or two things that are the same are subtracted"),
    "integer division": ("value", "// drops what is after the point: write /"),
    "other side of a kink": ("value", "it is the slope on the other side of the kink"),
    "not a number": ("value", "it is nan or infinite where it should be a number: something was divided by 0, or too "
                     "large for exp"),
    "nothing returned": ("kind", "it is None: a function without return gives None"),
    "a text": ("kind", "it is a text, because of the quotes: write the number without them"),
    "always the same": ("value", "it is the same, whatever is given: what it depends on is not in it, a factor or what "
                        "arrives from above"),
    "nearly right": ("value", "it is right but for the last digits: a small number was added, such as 1e-9, or "
                     "something was rounded"),
    "off by a constant": ("value", "it is off by the same number everywhere: a term too much, or one too few"),
}  # fmt: skip


def near(a: float, b: float, within: float = 1e-6) -> bool:
    """Whether two numbers are the same, but for rounding; two nan, or two infinities, are."""
    return a == b or abs(a - b) <= within * min(max(1.0, abs(a), abs(b)), 1e300) or (a != a and b != b)


def guess(pairs: Sequence[tuple[Any, Any]], within: float = 1e-6) -> str:
    """The mistake that explains all pairs (theirs, right) of one number, over several trials; "" if none does.

    A factor or a constant needs two pairs that differ: of one pair anything could be said.
    """
    if not pairs:
        return ""
    if any(theirs is None for theirs, _ in pairs):
        return "nothing returned"
    if any(isinstance(theirs, str) and numeric(right) for theirs, right in pairs):
        return "a text"
    if not all(numeric(x) for pair in pairs for x in pair):
        return ""
    if any(not math.isfinite(theirs) and math.isfinite(right) for theirs, right in pairs):
        return "not a number"
    if all(near(*pair, 1e-6) for pair in pairs) and not all(near(*pair, 1e-12) for pair in pairs):
        return "nearly right"
    if all(near(theirs, -right, within) for theirs, right in pairs):
        return "missing minus"
    if all(theirs == 0 for theirs, _ in pairs):
        return "disconnected"
    floors = all(theirs == math.floor(right) != right for theirs, right in pairs)
    if floors and any(abs(right) > 1 for _, right in pairs):  # 0 and -1 come about in many other ways
        return "integer division"
    different = len({right for _, right in pairs}) > 1
    factors = [theirs / right if right else 0.0 if theirs else math.nan for theirs, right in pairs]
    factors = [f for f in factors if f == f]  # 0 is any factor times 0
    if different and len(factors) > 1 and factors[0] and all(abs(f / factors[0] - 1) <= within for f in factors):
        by_name = {2.0: "factor 2", 0.5: "factor 1/2"}
        return next((name for f, name in by_name.items() if near(f, factors[0], within)), "constant factor")
    if different and all(theirs == pairs[0][0] for theirs, _ in pairs):
        return "always the same"
    slack = within * max(1.0, *(abs(right) for _, right in pairs))
    if different and all(abs(theirs - right - (pairs[0][0] - pairs[0][1])) <= slack for theirs, right in pairs):
        return "off by a constant"
    return ""


def misshapen(theirs: Any, right: Any) -> str:
    """How the form of an answer is wrong, in a sentence; "" if it is not.

    >>> misshapen([1.0, 2.0], 3.0), misshapen([[1.0, 2.0]], [[1.0], [2.0]])
    ('it is a list of 2 and should be one number', 'it is 1 × 2 and should be 2 × 1: it is transposed')
    >>> misshapen(1.0, {"dy/da": 1.0, "dy/db": 2.0})
    'it is one number and should be 2 of them: dy/da, dy/db'
    """
    if (isinstance(right, dict) or isinstance(right, list) and shape(right)) and isinstance(theirs, (str, type(None))):
        return f"it is {theirs!r:.80} and should be {_asked(right, f'{len(right)} of them:')}"
    if isinstance(right, list) and isinstance(theirs, dict) and "#" not in theirs:
        return f"it is a dict and should be {_asked(right, '')}"
    if not all(isinstance(x, (list, dict)) or numeric(x) for x in (theirs, right)) or isinstance(theirs, dict):
        return ""
    try:
        mine = shape(theirs)
        asked = (len(right),) if isinstance(right, dict) else shape(right)
    except (TypeError, ValueError):
        return ""
    if mine == asked and not isinstance(right, dict):
        return ""
    if mine is None:
        return "its rows are not of one length"
    named = _asked(right, "a dict, with" if mine[:1] == asked else f"{(asked or [1])[0]} of them:")
    transposed = ": it is transposed" if mine[::-1] == asked and len(mine) == 2 else ""
    return f"it is {_form(mine)} and should be {named}{transposed}"


def unreadable(what: str, text: str, right: Any) -> str:
    """What is said of an answer of a type that is not read, after "is": what should be there, and how to come by it.

    >>> unreadable("map", "<map object at 0x7f>", [1.0, 2.0])
    'a map and should be a list of 2: list(...) makes a list of what it hands out one by one'
    >>> unreadable("Decimal", "Decimal('2')", 2.0)
    "Decimal Decimal('2'), where a number is asked for: float(...) makes one of it"
    """
    advice = next((told for told, types in FORMS.items() if what in types), "")
    shown = f"a {what}" if text.startswith("<") else f"{what} {text}"
    if numeric(right):
        return f"{shown}, where a number is asked for{advice}"
    return f"{shown} and should be {_asked(right, 'numbers by name:')}{advice}"


FORMS = {
    ": list(...) makes a list of what it hands out one by one": ("generator", "map", "zip", "filter", "chain",
                                                                 "accumulate", "reversed", "list_reverseiterator"),
    ": list(...) makes a list of it": ("range", "deque", "array", "dict_values", "dict_keys", "dict_items"),
    ": a set keeps no order, and nothing twice": ("set", "frozenset"),
    ": float(...) makes one of it": ("Decimal", "Fraction"),
    ": .data is its number": ("Value",),
    ": a function is called with brackets behind its name": ("function", "method", "builtin_function_or_method"),
}  # fmt: skip


def _asked(right: Any, words: str) -> str:
    """What should be there: a form, or names, behind these words."""
    if isinstance(right, dict):
        return f"{words} {', '.join(right)}".rstrip()
    if isinstance(right, (bool, str)):
        return "True or False" if isinstance(right, bool) else "a text"
    return _form(shape(right) or ())


def _form(size: tuple[int, ...]) -> str:
    return " × ".join(map(str, size)) if len(size) > 1 else f"a list of {size[0]}" if size else "one number"


def exchanged(misses: Sequence[tuple[str, Any, Any]]) -> bool:
    """Whether the first number that is wrong, and another, are each other's."""
    numbers = [(a, b) for _, a, b in misses if numeric(a) and numeric(b)]
    return any(near(numbers[0][0], b) and near(a, numbers[0][1]) for a, b in numbers[1:])


def numeric(x: Any) -> bool:
    """Whether it is an int or a float; True and False are none."""
    return isinstance(x, (int, float)) and not isinstance(x, bool)
