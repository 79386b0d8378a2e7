"""What is used twice receives twice

    d = a * b        e = a + b        f = d * e

with a = -2 and b = 3, so that d = -6, e = 1 and f = -6. The number a is used in two places, d and e. If a grows a
little, f changes because d does, and also because e does; a small change has both effects, and they add up:

    df/da = (df/dd · dd/da) + (df/de · de/da)

Write what comes over each way, and then both gradients.
"""

a, b = -2.0, 3.0
d = a * b
e = a + b
f = d * e

# TODO: a number in place of each ...
# [
df_dd = e
df_de = d
a_through_d = df_dd * b
a_through_e = df_de * 1
df_da = a_through_d + a_through_e
df_db = df_dd * a + df_de * 1
# | df_dd = ...
# | df_de = ...
# | a_through_d = ...
# | a_through_e = ...
# | df_da = ...
# | df_db = ...
# ]


# =====
from tinygrad_edu.learn import Query


def gradients(their):
    return {
        "df/dd": their.df_dd,
        "df/de": their.df_de,
        "a_through_d": their.a_through_d,
        "a_through_e": their.a_through_e,
        "df/da": their.df_da,
        "df/db": their.df_db,
    }


def expression():
    from tinygrad_edu import Value

    a, b = Value(-2.0, "a"), Value(3.0, "b")
    d = a * b
    e = a + b
    f = d * e
    d.label, e.label, f.label = "d", "e", "f"
    return f


HINTS = (
    "Follow each way from f down to a on its own: multiply the local gradients on it. Then add what the ways bring.",
    "df/dd = e and df/de = d, because f = d * e.  Over d arrives df/dd · b, over e arrives df/de · 1.",
    "df_dd = e;  df_de = d;  a_through_d = df_dd * b;  a_through_e = df_de;  df_da = a_through_d + a_through_e;\n"
    "df_db = df_dd * a + df_de",
)
QUERIES = (Query(gradients, trials=1, graph=expression),)
WRONG = {
    "forgot to add at the fork": "df_dd, df_de, a_through_d, a_through_e, df_da, df_db = 1, -6, 3, -6, -6, -6",
    "swapped arguments": "df_dd, df_de, a_through_d, a_through_e, df_da, df_db = -6, 1, -18, 1, -17, 13",
    "forgot upstream": "df_dd, df_de, a_through_d, a_through_e, df_da, df_db = 1, -6, 3, 1, 4, -1",
    "multiplied at the fork": "df_dd, df_de, a_through_d, a_through_e, df_da, df_db = 1, -6, 3, -6, -18, 12",
}
SAID = {"multiplied at the fork": "along a way one multiplies; where ways meet one adds"}
RIGHT = (
    "df_dd, df_de, a_through_d, a_through_e, df_da, df_db = 1, -6, 3, -6, -3, -8",
    "df_de, df_dd = a * b, a + b\na_through_e, a_through_d = df_de, b * df_dd\n"
    "df_da = sum([a_through_e, a_through_d])\ndf_db = df_de + a * df_dd",
)
