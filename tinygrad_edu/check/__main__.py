"""A mistake in a rule, found and named."""

from .. import streams
from ..ops import Op
from . import gradcheck

if __name__ == "__main__":
    cube = Op("cube", lambda x: x * x * x, lambda y, x: (2 * x * x,))  # the mistake: it should be 3
    with streams.safe():
        print(gradcheck(lambda x, w: (cube(x) * w).tanh(), 0.5, 1.5))
