"""NumPy's legacy random numbers without NumPy, so that published examples come out point for point.

`RandomState(1337)` draws what `np.random.seed(1337)` makes `np.random` draw.  Both NumPy and Python turn the
Mersenne Twister MT19937 into floats in the same way; they differ in how a seed fills its 624 words, in the
Gaussian (here: Marsaglia's polar method, which makes two and keeps one) and in the shuffle.
"""

from __future__ import annotations

import math
import random


class RandomState:
    """The part of `numpy.random.RandomState` that the shapes next door draw from.

    Raises TypeError if the seed is no whole number, ValueError if it is not between 0 and 2**32 - 1.

    >>> draw = RandomState(0)
    >>> draw.uniform(), draw.normal(), draw.permutation(5)
    (0.5488135039273248, 0.7415917408091613, [0, 2, 1, 4, 3])
    """

    def __init__(self, seed: int) -> None:
        if not hasattr(seed, "__index__"):
            raise TypeError(f"a seed is a whole number, got {type(seed).__name__} {seed!r}")
        if not 0 <= seed < 1 << 32:
            raise ValueError(f"a seed is a whole number from 0 to 2**32 - 1, got {seed}")
        words, word = [], int(seed)
        for i in range(1, 625):  # init_genrand of Matsumoto and Nishimura's mt19937ar.c, 2002
            words.append(word)
            word = (1812433253 * (word ^ (word >> 30)) + i) & 0xFFFFFFFF
        self._twister = random.Random()
        self._twister.setstate((3, (*words, 624), None))
        self._spare: float | None = None

    def uniform(self, low: float = 0.0, high: float = 1.0) -> float:
        """A number drawn evenly from [low, high), 53 random bits fine."""
        return low + (high - low) * self._twister.random()

    def normal(self, mean: float = 0.0, std: float = 1.0) -> float:
        """A number drawn from the bell curve."""
        g, self._spare = self._spare, None
        if g is None:
            while True:  # a point in the unit disc, without its centre
                x, y = self.uniform(-1.0), self.uniform(-1.0)
                r2 = x * x + y * y
                if 0.0 < r2 < 1.0:
                    break
            f = math.sqrt(-2.0 * math.log(r2) / r2)
            g, self._spare = f * y, f * x
        return mean + std * g

    def below(self, n: int) -> int:
        """A whole number drawn evenly from 0 to n - 1: random bits are drawn again until they are small enough."""
        bits = (n - 1).bit_length()
        while bits:
            word = self._twister.getrandbits(32) & ((1 << bits) - 1)
            if word < n:
                return word
        return 0

    def permutation(self, n: int) -> list[int]:
        """The numbers 0 to n - 1 in random order (Fisher and Yates)."""
        order = list(range(n))
        for i in range(n - 1, 0, -1):
            j = self.below(i + 1)
            order[i], order[j] = order[j], order[i]
        return order
