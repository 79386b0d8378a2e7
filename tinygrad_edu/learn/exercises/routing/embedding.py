"""A row that is looked up

An embedding is a table with a row of numbers for each word. A sentence is looked up row by row:

    out[t] = table[words[t]]        for every place t

Nothing is computed, so the local gradient is 1 where the number was taken from and 0 everywhere else. A word that
stands in the sentence twice gets what arrives at both places; a word that does not stand there gets 0.

Write the gradient of the table: the same shape as the table, as a list of lists.
"""


def gradient(table, words, upstream):
    """dL/dtable, from dL/dout: upstream[t][i] belongs to out[t][i]."""
    # TODO
    # [
    found = [[0.0] * len(row) for row in table]
    for t, word in enumerate(words):
        for i, g in enumerate(upstream[t]):
            found[word][i] += g
    return found
    # ]


# =====
from tinygrad_edu.learn import Query


def looked_up(their, table, words, upstream):
    given = [list(row) for row in table]
    found = their.gradient(given, list(words), [list(row) for row in upstream])
    return {"dL/dtable": found, "the table is as it was": given == [list(row) for row in table]}


def draw(rng):
    words = [2, 0, 2, rng.randrange(4), 2]
    table = [[rng.uniform(-1, 1) for _ in range(3)] for _ in range(5)]
    return table, words, [[rng.uniform(-2, 2) for _ in range(3)] for _ in words]


HINTS = (
    "Begin with zeros in the shape of the table. Where did the number at out[t][i] come from?",
    "dL/dtable[w][i] = Σ of upstream[t][i] over all places t with words[t] = w",
    "for t, word in enumerate(words):\n    for i, g in enumerate(upstream[t]):\n        found[word][i] += g",
)
EDGES = (
    ([[0.5]], [0], [[-2.0]]),
    ([[0.5, 1.0], [2.0, 3.0]], [], []),
    (
        [[1.0, 1.0], [1.0, 1.0]],
        [1, 1, 1, 1, 0, 1],
        [[1.0, 30.0], [1.0, 0.0], [2.0, 1.0], [2.0, 1.0], [4.0, 0.5], [1.0, 1.0]],
    ),
)
QUERIES = (Query(looked_up, draw, also=EDGES),)
WRONG = {
    "= for +=": """
        found = [[0.0] * len(row) for row in table]
        for t, word in enumerate(words):
            found[word] = list(upstream[t])
        return found
    """,
    "the rows put together": """
        found = [[0.0] * len(row) for row in table]
        for t, word in enumerate(words):
            found[word] += list(upstream[t])
        return found
    """,
    "begun with the table": """
        found = [list(row) for row in table]
        for t, word in enumerate(words):
            for i, g in enumerate(upstream[t]):
                found[word][i] += g
        return found
    """,
    "each word once": """
        found = [[0.0] * len(row) for row in table]
        for word in set(words):
            found[word] = list(upstream[words.index(word)])
        return found
    """,
    "one row for all": """
        found = [[0.0] * len(table[0])] * len(table)
        for t, word in enumerate(words):
            for i, g in enumerate(upstream[t]):
                found[word][i] += g
        return found
    """,
    "the place, not the word": """
        found = [[0.0] * len(row) for row in table]
        for t in range(len(words)):
            for i, g in enumerate(upstream[t]):
                found[t][i] += g
        return found
    """,
    "the word, not the place": """
        found = [[0.0] * len(row) for row in table]
        for word in words:
            for i, g in enumerate(upstream[word]):
                found[word][i] += g
        return found
    """,
    "times the table": """
        found = [[0.0] * len(row) for row in table]
        for t, word in enumerate(words):
            for i, g in enumerate(upstream[t]):
                found[word][i] += g * table[word][i]
        return found
    """,
    "averaged": """
        found = [[0.0] * len(row) for row in table]
        for t, word in enumerate(words):
            for i, g in enumerate(upstream[t]):
                found[word][i] += g / words.count(word)
        return found
    """,
}
SAID = {
    "the rows put together": "+= puts one list behind another: numbers are added one by one, or with zip",
    "begun with the table": "begin with zeros: the gradient is no part of the table, and the table none of it",
    "each word once": "a word that stands there twice gets what arrives at both places",
    "one row for all": "[[0.0] * n] * m is the same row m times, and adding to one adds to all: make each anew",
    "the place, not the word": "what arrives at place t belongs to the row of the word there, words[t], not to row t",
    "the word, not the place": "upstream has a row for each place: what arrives is upstream[t], and words[t] is where "
    "it goes",
    "times the table": "nothing is multiplied when a row is looked up: the local gradient is 1",
    "averaged": "what arrives over several uses adds up; it is not averaged",
}
RIGHT = (
    """
        zero = [0.0] * len(table[0])
        rows = [[u for u, w in zip(upstream, words) if w == k] for k in range(len(table))]
        return [[sum(column) for column in zip(zero, *found)] for found in rows]
    """,
    """
        found = []
        for k in range(len(table)):
            here = [u for u, w in zip(upstream, words) if w == k]
            found.append([sum((u[i] for u in here), 0.0) for i in range(len(table[0]))])
        return found
    """,
)
