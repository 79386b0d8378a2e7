"""backward() adds

    L = w * x        with w = 3 and x = 2, so dL/dw = 2 and dL/dx = 3

.grad is 0 at first, and backward() adds to it what arrives: it has to, because gradients of a node that is used twice
add up. So what does .grad hold after a second backward(), of the same L, and after one of another loss?

    L.backward()              (1)
    L.backward()              (2)
    M = w * w                 (w is still 3)
    M.backward()              (3)

Write w.grad and x.grad after each of the three.
"""

# TODO: a number in place of each ...
# [
w_grad_1, x_grad_1 = 2.0, 3.0
w_grad_2, x_grad_2 = 4.0, 6.0
w_grad_3, x_grad_3 = 10.0, 6.0
# | w_grad_1, x_grad_1 = ..., ...
# | w_grad_2, x_grad_2 = ..., ...
# | w_grad_3, x_grad_3 = ..., ...
# ]


# =====
from tinygrad_edu.learn import Query


def numbers(their):
    return {f"{name}.grad after ({k})": getattr(their, f"{name}_grad_{k}") for k in (1, 2, 3) for name in ("w", "x")}


HINTS = (
    "Nobody sets .grad to 0 in between: each pass adds to what the ones before it left.",
    "after (2): twice what is there after (1).  M = w * w has the slope 2w by w, and does not use x.",
    "w_grad_1, x_grad_1 = 2, 3;  w_grad_2, x_grad_2 = 4, 6;  w_grad_3, x_grad_3 = 10, 6",
)
QUERIES = (Query(numbers, trials=1),)
WRONG = {
    "= for +=": "w_grad_1, x_grad_1, w_grad_2, x_grad_2, w_grad_3, x_grad_3 = 2, 3, 2, 3, 6, 3",
    "swapped arguments": "w_grad_1, x_grad_1, w_grad_2, x_grad_2, w_grad_3, x_grad_3 = 3, 2, 6, 4, 6, 10",
    "w is used once": "w_grad_1, x_grad_1, w_grad_2, x_grad_2, w_grad_3, x_grad_3 = 2, 3, 4, 6, 7, 6",
    "x gets something too": "w_grad_1, x_grad_1, w_grad_2, x_grad_2, w_grad_3, x_grad_3 = 2, 3, 4, 6, 10, 9",
    "set to 0 in between": "w_grad_1, x_grad_1, w_grad_2, x_grad_2, w_grad_3, x_grad_3 = 2, 3, 2, 3, 6, 0",
    "M alone": "w_grad_1, x_grad_1, w_grad_2, x_grad_2, w_grad_3, x_grad_3 = 2, 3, 4, 6, 6, 0",
    "x set to 0": "w_grad_1, x_grad_1, w_grad_2, x_grad_2, w_grad_3, x_grad_3 = 2, 3, 4, 6, 10, 0",
    "the numbers themselves": "w_grad_1, x_grad_1, w_grad_2, x_grad_2, w_grad_3, x_grad_3 = 3, 2, 6, 4, 12, 4",
}
SAID = {
    "= for +=": "backward() adds to what .grad holds already: it does not begin anew",
    "w is used once": "w * w uses w twice, and each use brings 3",
    "x gets something too": "M was computed from w alone: nothing of it arrives at x",
    "set to 0 in between": "nobody sets .grad to 0 in between: backward() adds to what it holds already",
    "M alone": "that is what M brings: it is added to what .grad holds after (2)",
    "x set to 0": "M was computed from w alone: nothing arrives at x, and x.grad stays what it is",
    "the numbers themselves": "dL/dw is the other factor, x = 2, and dL/dx is w = 3",
}
RIGHT = (
    "w_grad_1 = 2\nx_grad_1 = 3\nw_grad_2, x_grad_2 = 2 * w_grad_1, 2 * x_grad_1\n"
    "w_grad_3, x_grad_3 = w_grad_2 + 2 * 3, x_grad_2",
    "w_grad_1, x_grad_1, w_grad_2, x_grad_2, w_grad_3, x_grad_3 = 2, 3, 4, 6, 10, 6",
)
