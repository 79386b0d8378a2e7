"""The winner takes all

m = max(x[0], x[1], ...) is one of the numbers. If that one grows a little, m grows as much; the others may move a
little, and m does not notice. So all that arrives goes to the largest. Max pooling of images is this, many times.

Write what each number is handed. If several are the largest, share as you like: one of them gets all, or each a part,
but together they get what arrives.
"""


def maximum(upstream, xs):
    """dL/dx for each x in xs, where m = max(xs) and dL/dm = upstream."""
    # TODO
    # [
    k = xs.index(max(xs))
    return [upstream if i == k else 0.0 for i in range(len(xs))]
    # ]


# =====
from tinygrad_edu.learn import Query


def one(their, upstream, xs):
    return {"handed on": their.maximum(upstream, list(xs))}


def several(their, upstream, xs):
    return {"handed on": their.maximum(upstream, list(xs))}


def judge(theirs, right, upstream, xs):
    handed, largest = theirs["handed on"], max(xs)
    if len(handed) != len(xs):
        return f"there are {len(xs)} numbers, and {len(handed)} get something"
    for x, g in zip(xs, handed):
        if x < largest and g:
            return f"{x:g} is not the largest of {', '.join(f'{v:g}' for v in xs)}, and should get 0, not {g:g}"
        if not min(0, upstream) <= g <= max(0, upstream):
            return f"each of the largest gets something from 0 to {upstream:g}, not {g:g}"
    if abs(sum(handed) - upstream) > 1e-9:
        return f"together the largest should get {upstream:g}, and they get {sum(handed):g}"
    return ""


def draw(rng):
    xs = rng.sample([-3.0, -1.5, 0.0, 0.5, 1.0, 2.5, 4.0], 4)
    return rng.choice([-1, 1]) * rng.uniform(0.5, 2), xs


HINTS = (
    "Which one is the largest? All that arrives goes there.",
    "dL/dx = upstream at the largest, 0 elsewhere",
    "k = xs.index(max(xs))\nreturn [upstream if i == k else 0.0 for i in range(len(xs))]",
)
QUERIES = (
    Query(one, draw, also=((-1.5, [2.0]), (2.0, [-3.0, -1.0]), (1.0, [0.0, 0.01, -0.01, 0.02, -5.0, -5.0, 0.0]))),
    Query(
        several,
        lambda rng: (rng.choice([-1, 1]) * rng.uniform(0.5, 2), [1.0, 3.0, -2.0, 3.0]),
        judge=judge,
        also=((1.5, [2.0, 2.0]), (-3.0, [-1.0, -1.0, -2.0, -1.0]), (1.0, [0.0, 0.0, 0.0, 0.0, 0.0])),
    ),
)
WRONG = {
    "all of them": "return [upstream for _ in xs]",
    "forgot upstream": "k = xs.index(max(xs))\nreturn [1.0 if i == k else 0.0 for i in range(len(xs))]",
    "the whole to each at a tie": "return [upstream if x == max(xs) else 0.0 for x in xs]",
    "times the number": "return [upstream * x if x == max(xs) else 0.0 for x in xs]",
    "the smallest": "k = xs.index(min(xs))\nreturn [upstream if i == k else 0.0 for i in range(len(xs))]",
    "to those above 0": "return [upstream if x > 0 else 0.0 for x in xs]",
    "a part for each": "return [upstream * x / (sum(xs) or 1.0) for x in xs]",
    "the place of it": "return xs.index(max(xs))",
    "the largest itself": "return max(xs)",
    "shared by all": "return [upstream / len(xs) for _ in xs]",
}
SAID = {
    "all of them": "the max does not notice when one of the others moves: they get 0",
    "the whole to each at a tie": "at a tie each gets the whole: together they should get what arrives, no more",
    "times the number": "the local gradient of max is 1 at the largest, not the number itself",
    "the smallest": "the largest gets it, not the smallest",
    "to those above 0": "that is relu: here the largest gets it, and no other, whatever their signs are",
    "a part for each": "only the largest gets something: the max does not notice when one of the others moves",
    "the place of it": "that is where the largest is: return a list with a number for each of them",
    "the largest itself": "that is the max: return what each of them is handed, in a list",
    "shared by all": "it is shared among all: only the largest gets something",
}
RIGHT = (
    "many = xs.count(max(xs))\nreturn [upstream / many if x == max(xs) else 0.0 for x in xs]",
    "k = max(range(len(xs)), key=lambda i: (xs[i], i))\nfound = [0.0] * len(xs)\nfound[k] = upstream\nreturn found",
)
