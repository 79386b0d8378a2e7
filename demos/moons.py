"""micrograd's demo, to its published losses: two moons, an MLP 2-16-16-1, the max-margin loss, and the decision boundary.

    python demos/moons.py [FILE.svg]       100 steps; draws the boundary to moons.svg

The points are those of scikit-learn's `make_moons(n_samples=100, noise=0.1)` after `np.random.seed(1337)`, the weights
those of `random.seed(1337)`, as in the notebook that everybody knows; the first losses it prints are the notebook's.
"""

import random
import sys
import time

from tinygrad_edu import Value, data, losses, no_grad, plot
from tinygrad_edu.nn import MLP

PUBLISHED = [0.8958441028683222, 1.7235905336972022]  # the losses of the notebook's first two steps


def train(steps: int = 100):
    """Yield (step, loss, accuracy, model) after each step of the notebook's loop."""
    X, y = data.moons(n=100, noise=0.1, seed=1337)
    signs = [2 * k - 1 for k in y]
    random.seed(1337)
    model = MLP(2, [16, 16, 1])
    inputs = [[Value(v) for v in x] for x in X]
    for k in range(steps):
        scores = [model(x) for x in inputs]
        loss = losses.hinge(scores, signs) + losses.l2(model.parameters(), 1e-4)
        right = sum((s > 0) == (t > 0) for s, t in zip(scores, signs)) / len(signs)
        model.zero_grad()
        loss.backward()
        rate = 1.0 - 0.9 * k / 100
        for p in model.parameters():
            p.data -= rate * p.grad
        yield k, loss.data, right, model


def main(path: str = "moons.svg", steps: int = 100) -> int:
    """Train, print every tenth step beside what was published, draw the boundary."""
    start, wrong, model = time.perf_counter(), 0, None
    for k, loss, right, trained in train(steps):
        model = trained
        if k < len(PUBLISHED):
            agrees = abs(loss - PUBLISHED[k]) <= 1e-12
            wrong += not agrees
            print(f"step {k:3d}  loss {loss:.16f}  published {PUBLISHED[k]:.16f}  {'ok' if agrees else 'WRONG'}  accuracy {right:.0%}")
        elif k % 10 == 0 or k == steps - 1:
            print(f"step {k:3d}  loss {loss:.16f}  accuracy {right:.0%}")
    print(f"{steps} steps in {time.perf_counter() - start:.1f} s")
    X, y = data.moons(n=100, noise=0.1, seed=1337)
    with no_grad():
        print(f"wrote {plot.decision_boundary(model, X, [2 * t - 1 for t in y]).save(path)}")
    return min(wrong, 1)


if __name__ == "__main__":
    raise SystemExit(main(*sys.argv[1:2]))
