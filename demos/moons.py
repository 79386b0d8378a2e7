"""micrograd's demo, to its published losses, eager and replayed: two moons, an MLP 2-16-16-1, the max-margin loss, the decision boundary.

    python demos/moons.py [FILE.svg]          100 steps both ways; draws the boundary to moons.svg
    python demos/moons.py --backend eager     one way alone; python, numpy, native and jax are backends of `jit`

The points are those of scikit-learn's `make_moons(n_samples=100, noise=0.1)` after `np.random.seed(1337)`, the weights
those of `random.seed(1337)`, as in the notebook that everybody knows; the first losses it prints are the notebook's.
"""

import argparse
import random
import sys
import time
from pathlib import Path

from tinygrad_edu import data, jit, losses, no_grad, optim, plot
from tinygrad_edu.nn import MLP

PUBLISHED = [0.8958441028683222, 1.7235905336972022]  # the losses of the notebook's first two steps
BACKENDS = ["both", "eager", "auto", "python", "numpy", "native", "jax"]


def points():
    """100 points of two half circles, and which of them each is on: -1 or 1."""
    X, y = data.moons(n=100, noise=0.1, seed=1337)
    return X, [2 * k - 1 for k in y]


def eager(model, X, signs):
    """A function that builds the whole graph anew, 100 samples of it, and returns the loss."""

    def loss():
        return losses.hinge([model(x) for x in X], signs) + losses.l2(model.parameters(), 1e-4)

    return loss


def replayed(model, X, signs, backend):
    """The same with one sample recorded, and replayed for each of the 100."""
    one = jit(lambda x, sign: (1 - sign * model(x)).relu(), backend=backend)

    def loss():
        return one.mean(X, signs) + losses.l2(model.parameters(), 1e-4)

    return loss


def train(steps=100, backend="eager"):
    """Yield (step, loss, model), the loss before each step of the notebook's loop, the model after it."""
    X, signs = points()
    random.seed(1337)
    model = MLP(2, [16, 16, 1])
    loss_now = eager(model, X, signs) if backend == "eager" else replayed(model, X, signs, backend)
    sgd = optim.SGD(model.parameters(), lr=optim.linear(1.0, steps=100, end=0.1))
    for k in range(steps):
        loss = loss_now()
        sgd.zero_grad()
        loss.backward()
        sgd.step()
        yield k, loss.data, model


def accuracy(model):
    """The share of points on the right side."""
    with no_grad():
        return sum((model(x) > 0) == (sign > 0) for x, sign in zip(*points())) / 100


def show(steps, backend):
    """Train and print every tenth step, the first two beside what was published; the losses, the model, how many were wrong."""
    print("eager:" if backend == "eager" else f"replayed by the {jit(abs, backend).backend} backend:")
    shown, wrong, spent = [], 0, []
    begin = time.perf_counter()
    for k, loss, model in train(steps, backend):
        spent.append(time.perf_counter() - begin)
        shown.append(loss)
        if k < len(PUBLISHED):
            agrees = abs(loss - PUBLISHED[k]) <= 1e-12
            wrong += not agrees
            print(f"  step {k:3d}  loss {loss:.16f}  published {PUBLISHED[k]:.16f}  {'ok' if agrees else 'WRONG'}")
        elif k % 10 == 0 or k == steps - 1:
            print(f"  step {k:3d}  loss {loss:.16f}  accuracy after it {accuracy(model):.0%}")
        begin = time.perf_counter()
    print(
        f"  {len(spent)} steps in {sum(spent):.2f} s: the first took {1e3 * spent[0]:.1f} ms, the last {1e3 * spent[-1]:.2f} ms"
    )
    return shown, model, wrong


class Parser(argparse.ArgumentParser):
    """argparse, with an error of one line."""

    def error(self, message):
        self.exit(2, f"{self.prog}: {message} (see --help)\n")


def count(text):
    """A number of steps on the command line."""
    if not text.isdecimal() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"{text!r} is not a whole number from 1 up")
    return int(text)


def main(argv=None):
    """Train as the command line says, compare, draw the boundary; the exit status: 1 if a number is not the published one."""
    parser = Parser(
        description="micrograd's moons demo, as a graph built at every step and as one that is recorded once and replayed."
    )
    parser.add_argument(
        "svg", nargs="?", default="moons.svg", metavar="FILE.svg", help="where to draw the boundary (default moons.svg)"
    )
    parser.add_argument(
        "--backend", choices=BACKENDS, default="both", help="eager, a backend of jit, or both eager and auto (default)"
    )
    parser.add_argument("--steps", type=count, default=100, metavar="N", help="default 100, as in the notebook")
    given = parser.parse_args(argv)
    if Path(given.svg).suffix != ".svg" or not Path(given.svg).resolve().parent.is_dir():
        parser.error(f"{given.svg}: a picture goes into a folder that is there, under a name that ends in .svg")
    try:
        runs = [
            show(given.steps, backend)
            for backend in (["eager", "auto"] if given.backend == "both" else [given.backend])
        ]
    except ImportError as missing:
        parser.error(str(missing))
    wrong = sum(w for _, _, w in runs)
    if len(runs) == 2:
        apart = max(abs(a - b) for a, b in zip(runs[0][0], runs[1][0]))
        print(f"the losses of both agree to {apart:.1g}")
        wrong += apart > 1e-6
    X, signs = points()
    print(f"wrote {plot.decision_boundary(runs[-1][1], X, signs).save(given.svg)}")
    return min(wrong, 1)


if __name__ == "__main__":
    sys.exit(main())
