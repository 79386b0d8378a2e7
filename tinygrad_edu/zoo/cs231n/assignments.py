"""The assignments: layers and nets by hand in NumPy, beside the numbers that the course gives, the scalar engine,
and differences.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from ... import losses, ops
from ..report import Run
from . import check, examples, layers
from .arrays import Array, np
from .examples import EXAMPLES, Example
from .relative import of_assignments

TINY = 1e-12
HAND: dict[str, tuple[Callable[..., Any], Callable[..., Any] | None]] = {
    "affine": (layers.affine_forward, layers.affine_backward),
    "relu": (layers.relu_forward, layers.relu_backward),
    "sigmoid": (layers.sigmoid_forward, layers.sigmoid_backward),
    "softmax": (layers.softmax_loss, None),
    "svm": (layers.svm_loss, None),
    "batchnorm": (layers.batchnorm_forward, layers.batchnorm_backward),
    "layernorm": (layers.layernorm_forward, layers.layernorm_backward),
    "spatial_batchnorm": (layers.spatial_batchnorm_forward, layers.spatial_batchnorm_backward),
    "spatial_groupnorm": (layers.spatial_groupnorm_forward, layers.spatial_groupnorm_backward),
    "dropout": (layers.dropout_forward, layers.dropout_backward),
    "conv": (layers.conv_forward_naive, layers.conv_backward_naive),
    "max_pool": (layers.max_pool_forward_naive, layers.max_pool_backward_naive),
    "rnn_step": (layers.rnn_step_forward, layers.rnn_step_backward),
}


# Layers


def spaced(low: float, high: float, *shape: int) -> Array:
    """Evenly spaced numbers in an array: what the course takes where its outputs are to be printed."""
    return np.linspace(low, high, int(np.prod(shape))).reshape(shape)


def forward(run: Run) -> None:
    """The outputs that the assignments print, eight digits of each: so there is an error, of their rounding."""
    run.section("Layers by hand, forward")
    x, w, b = spaced(-0.1, 0.5, 2, 4, 5, 6), spaced(-0.2, 0.3, 120, 3), spaced(-0.3, 0.1, 3)
    images, filters = spaced(-0.1, 0.5, 2, 3, 4, 4), spaced(-0.2, 0.3, 3, 3, 4, 4)
    now, Wx = spaced(-0.4, 0.7, 3, 10), spaced(-0.1, 0.9, 10, 4)
    before, Wh = spaced(-0.2, 0.5, 3, 4), spaced(-0.3, 0.7, 4, 4)
    cases = {
        "affine": (layers.affine_forward(x, w, b), 1e-9,
                   [1.49834967, 1.70660132, 1.91485297, 3.25553199, 3.5141327, 3.77273342]),
        "relu": (layers.relu_forward(spaced(-0.5, 0.5, 3, 4)), 1e-8,
                 [0, 0, 0, 0, 0, 0, 0.04545455, 0.13636364, 0.22727273, 0.31818182, 0.40909091, 0.5]),
        "conv": (layers.conv_forward_naive(images, filters, spaced(-0.1, 0.2, 3), {"stride": 2, "pad": 1}), 1e-8,
                 [-0.08759809, -0.10987781, -0.18387192, -0.2109216, 0.21027089, 0.21661097, 0.22847626, 0.23004637,
                  0.50813986, 0.54309974, 0.64082444, 0.67101435, -0.98053589, -1.03143541, -1.19128892, -1.24695841,
                  0.69108355, 0.66880383, 0.59480972, 0.56776003, 2.36270298, 2.36904306, 2.38090835, 2.38247847]),
        "max_pool": (layers.max_pool_forward_naive(spaced(-0.3, 0.4, 2, 3, 4, 4), HALF), 1e-8,
                     [-0.26315789, -0.24842105, -0.20421053, -0.18947368, -0.14526316, -0.13052632,
                      -0.08631579, -0.07157895, -0.02736842, -0.01263158, 0.03157895, 0.04631579,
                      0.09052632, 0.10526316, 0.14947368, 0.16421053, 0.20842105, 0.22315789,
                      0.26736842, 0.28210526, 0.32631579, 0.34105263, 0.38526316, 0.4]),
        "rnn_step": (layers.rnn_step_forward(now, before, Wx, Wh, spaced(-0.2, 0.4, 4)), 1e-8,
                     [-0.58172089, -0.50182032, -0.41232771, -0.31410098, 0.66854692, 0.79562378,
                      0.87755553, 0.92795967, 0.97934501, 0.99144213, 0.99646691, 0.99854353]),
    }  # fmt: skip
    for name, ((out, _), expected, printed) in cases.items():
        far = check.worst(of_assignments, out, printed)
        what = f"{name}: error from the numbers that are given"
        run.compare(what, far, expected, within=(0.0, 10 * expected), form=".2g")
    for name, published in (("softmax", 2.302545844500738), ("svm", 8.999602749096233)):
        loss = HAND[name][0](EXAMPLES[name].inputs["x"], *EXAMPLES[name].more)[0]
        run.compare(f"{name}: loss of 50 samples of 10 classes", loss, published, within=TINY, form=".12f")
    run.say(
        "The assignments print eight digits, and what is left is the rounding of those.  They expect errors “around "
        "1e-8”, which is taken for: so many times 1e-8, but not ten times."
    )


def backward(run: Run) -> None:
    """Every gradient of every layer, beside the engine's and differences; then the worst, and what is expected."""
    run.section("Layers by hand, backward")
    run.say(
        "The inputs are those that the assignments draw after np.random.seed(231).  The engine's layers are made of "
        "single Values, which know the chain rule and nothing of arrays; two ways to the same numbers, and they agree "
        "to the last digits.  Differences are only as good as their step, 1e-5."
    )
    reports = {name: check.layer(*hand) for name, hand in HAND.items()}
    reports["batchnorm, one line"] = check.layer(layers.batchnorm_forward, layers.batchnorm_backward_alt)
    _show(run, "layer", reports)
    run.say(
        "Some errors the assignments expect “around 1e-10”, as above; others “between 1e-13 and 1e-8”, which is taken "
        "for: at most 1e-8."
    )
    for name, report in reports.items():
        why = "the assignments have none" if name == "sigmoid" else ""
        _worst(run, name, report, why)
    exact = max(g.from_engine for report in reports.values() for g in report.gradients)
    run.compare("all layers: worst error from the engine", exact, 0.0, within=TINY, form=".2g")
    run.compare("layers whose every number is the engine's", sum(map(bool, reports.values())), len(reports))
    run.say("What `check.layer` says of a mistake that everybody makes once, a mean in the place of a sum:")
    run.code(str(check.layer(layers.affine_forward, mistaken)))
    uses, parts = uses_of_a_bias()
    begin = " + ".join(f"({part:.3g})" for part in parts[:3])
    run.say(
        f"Where does the sum in db come from?  In the engine's graph of the affine layer {uses} nodes read b[0], one "
        f"for each sample, and what they hand back adds up: {begin} + ... = {sum(parts):.4g}.  A broadcast forward is "
        "a sum backward."
    )


def mistaken(dout: Array, cache: Any) -> tuple[Array, Array, Array]:
    """affine_backward, with a mistake in db."""
    dx, dw, _ = layers.affine_backward(dout, cache)
    return dx, dw, dout.mean(axis=0)


def uses_of_a_bias() -> tuple[int, list[float]]:
    """How many nodes read b[0] of the affine example, and what each of them hands to it."""
    example = EXAMPLES["affine"]
    x, w, b = map(check.as_values, example.inputs.values())
    outs = [row[0] for row in examples.affine(x, w, b)]
    assert example.dout is not None
    return sum(out.parents.count(b[0]) for out in outs), example.dout[:, 0].tolist()


def batch_normalisation(run: Run) -> None:
    """Why its gradient looks as it does: the output does not change if a column is shifted, nor (but for eps) if it
    is stretched.
    """
    run.section("What batch normalisation does to a gradient")
    example, train = EXAMPLES["batchnorm"], {"mode": "train"}
    x, gamma, beta = example.inputs.values()
    assert example.dout is not None
    out, cache = layers.batchnorm_forward(x, gamma, beta, train)
    dx, x_hat = layers.batchnorm_backward(example.dout, cache)[0], cache[0]
    moved = np.abs(out - layers.batchnorm_forward(x + 100.0, gamma, beta, train)[0]).max()
    sums, along = np.abs(dx.sum(axis=0)).max(), np.abs((dx * x_hat).sum(axis=0)).max()
    run.compare("100 more for every sample moves the output by", float(moved), 0.0, within=TINY, form=".2g")
    run.compare("so a column of dx sums to", float(sums), 0.0, within=TINY, form=".2g")
    run.compare("and a column of dx · x_hat, but for eps, to", float(along), 0.0, within=1e-5, form=".2g")
    run.say(
        "A shift of a column changes no output, so the gradient has no part along it, and its columns sum to 0.  A "
        "stretch changes none either, but for eps, so there is no part along x_hat.  These are the two terms that the "
        "one line takes away: dx = (dx_hat - mean(dx_hat) - x_hat · mean(dx_hat · x_hat)) / std, where dx_hat = dout "
        "· gamma."
    )


# Whole nets

SAME, HALF = {"stride": 1, "pad": 1}, {"pool_height": 2, "pool_width": 2, "stride": 2}


def dense(parameters: Any, X: Array, y: Any) -> tuple[float, Array, list[Array]]:
    """affine, relu, ..., affine, softmax by hand, of any depth, for parameters W1, b1, ..., Wk, bk: the loss, dX,
    and their gradients.
    """
    Ws, bs = parameters[::2], parameters[1::2]
    out, caches = X, []
    for k, (W, b) in enumerate(zip(Ws, bs)):
        hidden, bend = layers.relu_forward(out) if k else (out, None)
        out, cache = layers.affine_forward(hidden, W, b)
        caches.append((bend, cache))
    loss, dout = layers.softmax_loss(out, y)
    gradients: list[Array] = []
    for bend, cache in reversed(caches):
        dout, dW, db = layers.affine_backward(dout, cache)
        gradients = [dW, db, *gradients]
        if bend is not None:
            dout = layers.relu_backward(dout, bend)
    return loss, dout, gradients


def fully_connected(*given: Any) -> tuple[float, tuple[Array, ...]]:
    """`dense` with reg/2 · ΣW² on its weights, but not its biases: given W1, b1, ..., Wk, bk, X, y and reg."""
    *parameters, X, y, reg = given
    loss, _, gradients = dense(parameters, X, y)
    loss += 0.5 * reg * sum(float((W**2).sum()) for W in parameters[::2])
    return loss, tuple(d + (reg * p if k % 2 == 0 else 0.0) for k, (d, p) in enumerate(zip(gradients, parameters)))


def fully_connected_of_values(*given: Any) -> Any:
    """The same out of Values: what was the backward half of it is not needed."""
    *parameters, X, y, reg = given
    out = X
    for k, (W, b) in enumerate(zip(parameters[::2], parameters[1::2])):
        out = np.array(examples.affine(_bent(out) if k else out, W, b))
    loss = losses.cross_entropy(out.tolist(), y.tolist())
    return loss + losses.l2([w for W in parameters[::2] for w in W.ravel()], reg / 2) if reg else loss


def conv_net(W1: Array, b1: Array, W2: Array, b2: Array, W3: Array, b3: Array, X: Array, y: Any) -> Any:
    """conv, relu, 2 × 2 max pool, then `dense`: the loss, and the gradients of all six."""
    maps, first = layers.conv_forward_naive(X, W1, b1, SAME)
    bent, bend = layers.relu_forward(maps)
    pooled, pool = layers.max_pool_forward_naive(bent, HALF)
    loss, dpooled, gradients = dense((W2, b2, W3, b3), pooled, y)
    dmaps = layers.relu_backward(layers.max_pool_backward_naive(dpooled, pool), bend)
    return loss, (*layers.conv_backward_naive(dmaps, first)[1:], *gradients)


def conv_net_of_values(W1: Any, b1: Any, W2: Any, b2: Any, W3: Any, b3: Any, X: Array, y: Any) -> Any:
    """The same out of Values."""
    pooled = examples.max_pool(_bent(np.array(examples.conv(X, W1, b1, SAME))), HALF)
    return fully_connected_of_values(W2, b2, W3, b3, np.array(pooled), y, 0.0)


def _bent(values: Any) -> Any:
    """relu of every Value of an array."""
    return np.vectorize(ops.relu, otypes=[object])(values)


def nets() -> dict[str, tuple[Example, Callable[..., Any]]]:
    """The nets whose gradients the assignments check, with their inputs; and ten layers, which the notes speak of."""

    def drawn(random: Any, scale: float | None, *sizes: int) -> dict[str, Array]:
        """Weights in the order in which they are drawn; without a scale, sqrt(2 / inputs)."""
        found: dict[str, Array] = {}
        for k, (n, m) in enumerate(zip(sizes, sizes[1:]), 1):
            found |= {f"W{k}": (scale or np.sqrt(2 / n)) * random.randn(n, m), f"b{k}": np.zeros(m)}
        return found

    two = dict(
        W1=spaced(-0.7, 0.3, 5, 50), b1=spaced(-0.1, 0.9, 50), W2=spaced(-0.3, 0.4, 50, 7), b2=spaced(-0.9, 0.1, 7)
    )
    X, y, found = spaced(-5.5, 4.5, 5, 3).T, np.array([0, 5, 1]), {}
    for reg in (0.0, 0.7):
        one = Example("two layers", two, fully_connected_of_values, 1e-7, True, (X, y, reg))
        found[f"two layers, regularisation {reg:g}"] = one, fully_connected
    random = np.random.RandomState(231)
    X, y = random.randn(2, 15), random.randint(10, size=2)
    for reg in (0.0, 3.14):
        one = Example(
            "three layers", drawn(random, 5e-2, 15, 20, 30, 10), fully_connected_of_values, 1e-5, True, (X, y, reg)
        )
        found[f"three layers, regularisation {reg:g}"] = one, fully_connected
    ten = drawn(random, None, 15, *[8] * 9, 10)
    found["ten layers"] = Example("ten", ten, fully_connected_of_values, 1e-2, False, (X, y, 0.0)), fully_connected
    random = np.random.RandomState(231)
    X, y = random.randn(2, 3, 16, 16), random.randint(10, size=2)
    conv = {"W1": 1e-3 * random.randn(3, 3, 3, 3), "b1": np.zeros(3)}
    conv |= {f"{k[0]}{int(k[1]) + 1}": p for k, p in drawn(random, 1e-3, 3 * 8 * 8, 7, 10).items()}
    found["a convolutional net"] = Example("conv", conv, conv_net_of_values, 1e-2, True, (X, y), step=1e-6), conv_net
    return found


def whole_nets(run: Run) -> None:
    """Layers in a row: errors grow, and it is the differences that grow wrong."""
    run.section("Whole nets by hand")
    checked = nets()
    published = {"two layers, regularisation 0": 3.4702243556, "three layers, regularisation 0": 2.3004790898,
                 "three layers, regularisation 3.14": 7.0521147765}  # fmt: skip
    for name, expected in published.items():
        one, net = checked[name]
        loss = net(*one.inputs.values(), *one.more)[0]
        run.compare(f"{name}: loss", loss, expected, within=1e-10, form=".10f")
    two = checked["two layers, regularisation 0"][0]
    loss = fully_connected(*two.inputs.values(), *two.more[:2], 1.0)[0]
    run.compare("two layers, regularisation 1: loss", loss, 26.5948426952, within=1e-10, form=".10f")
    if run.small:
        del checked["a convolutional net"]  # 1,515 parameters, and twice the whole net for each
    reports = {name: check.compare(one, net) for name, (one, net) in checked.items()}
    _show(run, "net", {name: replace(report, gradients=(_far(report),)) for name, report in reports.items()})
    for name, report in reports.items():
        _worst(run, name, report)
    run.say(
        "Each net's worst gradient.  Is it wrong, if its error is 1e-5, or 1e-2?  Not these: beside the engine the "
        "same numbers are right to twelve digits.  The assignments allow errors “on the order of 1e-5” for three "
        "layers, and “up to the order of 1e-2” for the convolutional net.  It has weights of 0.001 when it starts: the "
        "gradients of its first layers are tiny, and a difference of two losses near 2.3 has only the digits that 2.3 "
        "leaves it.  The deeper a net, the less differences prove: check layers one by one."
    )


# What the tables show of reports


def _show(run: Run, what: str, reports: dict[str, check.Report]) -> None:
    header = [what, "gradient", "shape", "largest", "from the engine", "from differences", "the notes' error"]
    rows = []
    for name, report in reports.items():
        for g in report.gradients:
            far = g.from_engine, g.from_differences, g.from_differences_by_the_notes
            shape = " × ".join(map(str, g.ours.shape))
            rows.append([name, g.name, shape, f"{np.abs(g.exact).max():.2g}", *[f"{e:.1e}" for e in far]])
    run.table(header, rows)


def _far(report: check.Report) -> check.Gradient:
    """The gradient that is farthest from differences."""
    return max(report.gradients, key=lambda g: g.from_differences)


def _worst(run: Run, name: str, report: check.Report, why: str = "") -> None:
    """The worst error of all its gradients, beside what the course expects."""
    one, what = report.example, f"{name}: worst error from differences"
    run.compare(what, _far(report).from_differences, one.expected, within=(0.0, one.limit), form=".2g", unlike=why)
