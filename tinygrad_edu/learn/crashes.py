"""What errors mean to somebody who learns, Python's own and NumPy's: the likely reason, in a sentence.

>>> reason("TypeError", "unsupported operand type(s) for ^: 'float' and 'int'")
'a power is written x ** 2: ^ is another operation'
>>> reason("NameError", "name 'cos' is not defined")
'write math.cos, with import math at the top of the file'
>>> reason("RuntimeError", "something of one's own")
''
"""

from __future__ import annotations

import math
import random
import re

from .course import ENGINE
from .sandbox import Answer

NUMBER, FUNCTION = "'(?:float|int|Value)'", "'(?:function|builtin_function_or_method|method|type)'"
REASONS: tuple[tuple[str, str, str], ...] = (
    ("ValueError", "matmul|not aligned", "in a @ b, a has as many columns as b has rows: one of them is to be turned, "
                   ".T, or they are in the wrong order"),
    ("ValueError", "output operand", "what is added has another shape than what it is added to: a sum is missing, or "
                   "goes over another axis"),
    ("ValueError", "could not (be )?broadcast", "these shapes do not fit to each other: what was summed over axis 1 "
                   "fits to rows with keepdims=True; a sum may be missing, or a matrix not turned"),
    ("ValueError", "truth value of an array", "max, if, and, or ask one question of the whole array: number by number "
                   "there are np.maximum, np.where and comparisons such as x > 0"),
    ("TypeError", "only integer scalar arrays", "np.max(x, axis) is the largest of one array, over an axis; of two, "
                  "number by number, it is np.maximum"),
    ("TypeError", "(?i)ellipsis", "a name in it is still ...: write that one first"),
    ("AttributeError", "(?i)ellipsis", "something is still ...: put what it is in its place"),
    ("TypeError", r"for \^", "a power is written x ** 2: ^ is another operation"),
    ("TypeError", rf"operand.*{FUNCTION}", "a function stands where its value is meant: call it, as in f(x)"),
    ("TypeError", rf"{FUNCTION} object is not (subscriptable|iterable)", "a function is called with (): f(x)"),
    ("TypeError", r"concatenate list", "+ joins a list and another list: xs + [x], or [*xs, x]"),
    ("TypeError", r"NoneType", "something gave None: a function without return does, and so do .append(), .sort() and "
                  ".reverse()"),
    ("TypeError", r"multiply sequence|operand.*'(list|tuple)'", "+, -, * and / do not go through a list number by "
                  "number: [a * x for x in xs], and zip(xs, ys) for two"),
    ("TypeError", r"'Value' object is not (subscriptable|iterable)|object of type 'Value' has no len",
                  "that is one Value, where several are asked for; a tuple of one is (x,), with the comma"),
    ("TypeError", rf"{NUMBER} object is not (subscriptable|iterable)|object of type {NUMBER} has no len",
                  "that is one alone, where several are asked for; a tuple of one is (x,), with the comma"),
    ("TypeError", r"operand.*'Value'", "one of the two is a Value, the other a plain number: a Value's number is its "
                  ".data"),
    ("TypeError", rf"{NUMBER} object is not callable", "a number before a bracket is called like a function: is a * "
                  "missing?"),
    ("TypeError", r"'(list|tuple|dict)' object is not callable", "an element is xs[i], with square brackets"),
    ("TypeError", r"must be real number, not Value", "math's functions take plain numbers: give them its .data, or use "
                  "the Value's own method"),
    ("TypeError", r"not supported between instances of .*'Value'", "Values are not larger or smaller: compare their "
                  "numbers, .data"),
    ("TypeError", r"indices must be integers", "a place in a list is a whole number: for i, x in enumerate(xs) gives "
                  "places and numbers"),
    ("TypeError", r"'tuple' object does not support item", "a tuple cannot be changed: make a list of it"),
    ("TypeError", r"cannot unpack non-iterable (float|int|Value) object", "that is one alone, where several are "
                  "asked for: a pair is written a, b"),
    ("TypeError", r"positional argument|unexpected keyword", "it is called with other arguments than it takes: leave "
                  "the first line of a function as it was"),
    ("UnboundLocalError", "", "it is used before it has a value: give it one above the loop"),
    ("KeyError", "", "there is nothing under that key yet: d.get(key, 0.0) gives 0.0 then"),
    ("IndexError", r"index", "an index is larger than its list is long: which one counts rows, and which columns?"),
    ("OverflowError", "", "exp or a power of a large number is more than a float can hold"),
    ("ValueError", r"math domain", "log and sqrt take numbers above 0 only: what do they get here?"),
    ("ValueError", r"values to unpack", "there are more values, or fewer, than names for them"),
    ("SyntaxError", r"invalid (decimal|imaginary) literal", "between two factors a * is missing, as in 2 * x"),
    ("SyntaxError", r"line continuation", "a division is written /: a backslash is none"),
    ("SyntaxError", r"null bytes", "the file is no plain text: save it as UTF-8"),
    ("IndentationError", r"expected an indented", "lines inside of a function or loop are set in, by four spaces"),
    ("IndentationError", r"", "lines of one block begin in the same column"),
    ("TabError", r"", "tabs and spaces are mixed: let the editor turn tabs into four spaces"),
    ("AttributeError", r"'NoneType' object", "something gave None: a function without return does, and so do "
                       ".append(), .sort() and .reverse()"),
    ("ZeroDivisionError", "", "what stands below the line is 0 here: where it may be, ask for that first"),
    ("TypeError", r"object is not callable", "brackets behind a name call it like a function, and this is none"),
    ("AttributeError", r"'Node' object has no attribute", "a node has what the exercise names, and no more"),
    ("AttributeError", r"'(float|int)' object has no attribute", "that is a number, no Value: was .data taken early?"),
    ("AttributeError", r"'tuple' object has no attribute '(add|append|extend|remove|pop)'", "() is a tuple, which "
                       "stays as it is: [] is a list, and set() a set"),
    ("AttributeError", r"'dict' object has no attribute 'a(dd|ppend)'", "{} is a dict without keys: a set without "
                       "elements is set(), and a list []"),
    ("AttributeError", r"'tuple' object has no attribute", "that is a tuple, of several: ask each of its elements"),
    ("AttributeError", r"'list' object has no attribute", "that is a list: ask each of its elements, in a loop"),
    ("AttributeError", r"(function|method|method_or_function)' object has no attribute", "a function is called with "
                       "brackets behind its name: f(x), v.tanh()"),
    ("ModuleNotFoundError", "", "the exercise can be solved without it"),
)  # fmt: skip


def reason(error: str, text: str, values: bool = True) -> str:
    """The likely reason of an error of Python, by its type and text; "" where none is known.  `values` says whether
    who made it knows what a Value is.
    """
    if error == "NameError" and (found := re.search(r"name '(\w+)'", text)):
        name = found[1]
        if name in ("math", "random"):
            return f"import {name}, at the top of the file"
        if name == "Value":
            return "from tinygrad_edu import Value, at the top of the file"
        if name in ("np", "numpy"):
            return "the exercise can be solved without NumPy, or says import numpy as np at its top"
        home = next((m.__name__ for m in (math, random) if hasattr(m, name)), "")
        method = f"; a Value has a method of its own: v.{name}()" * (values and name in ("exp", "log", "tanh"))
        return f"write {home}.{name}, with import {home} at the top of the file{method}" if home else ""
    return next((words for kind, pattern, words in REASONS if kind == error and re.search(pattern, text)), "")


NAMELESS = r"(module 'exercise'|'InNotebook' object|'InOtter' object) has no attribute '(\w+)'"


def crash_words(answer: Answer, who: str) -> tuple[str, str]:
    """How basic it is that code raised something, or never came back, and what is said of it."""
    at = f"Line {answer.line}{' of your Value' * (answer.file == ENGINE)}" if answer.line else who.replace("_", " ")
    at += f", `{answer.code}`" if answer.line and answer.code else ""
    rank = "missing" if "ellipsis" in answer.text.lower() else "crash"
    if answer.error == "NotImplementedError":
        rank = "missing"
        said = f"{at}: this is still to be written. Put your own lines in its place."
    elif answer.error == "Timeout":
        said = f"{at}: {answer.text}. Is there a loop without an end, a walk that visits the same nodes twice, or " \
               "a search through a list that becomes long, where a set knows at once?"  # fmt: skip
    elif answer.error == "RecursionError":
        said = f"{at}: the function calls itself without an end, or too deeply for Python; a loop with a list of " \
               "what is still to be done has no such limit."  # fmt: skip
    elif answer.error == "SystemExit":
        said = f"{at}: it ends the program. Leave sys.exit() and exit() out: the check goes on after your lines."
    elif answer.error == "EOFError":
        said = f"{at}: input() finds nobody to ask. Write the number where it is needed."
    elif answer.error == "MemoryError":
        said = f"{at}: more memory than there is for an exercise. Does a list grow without an end?"
    elif answer.error == "Died":
        said = f"{answer.text}. Python itself has crashed, or was ended: what in your lines reaches beyond Python?"
    elif answer.error == "AttributeError" and (lacks := re.match(NAMELESS, answer.text)):
        rank, name = "missing", lacks[2]
        said = f"There is no {name} in your file: the name that is in the exercise has to stay."
        if "InNotebook" in lacks[1]:
            said = f"{name} was not given: write learn.check(..., {name}={name}), or learn.check(..., **globals())."
    elif answer.asked and not answer.line:
        said = f"What {answer.asked} gives cannot be used as the exercise asks: {answer.error}: {answer.text}"
    else:
        said = f"{at}: {answer.error}" + f": {answer.text}" * bool(answer.text)
    return rank, said
