"""A network that reads handwritten zip codes, 1989: it learned from real mail, by weights that are shared.

A stroke is a stroke wherever it stands.  So a unit that looks for one in a 5 x 5 window need not learn it anew in
every place: 64 units, in 64 places, use the very same 25 weights, and together they are a map of where the stroke is.
Nothing in backpropagation has to be changed for it.  A weight that is used 64 times gets 64 contributions to its
gradient, and gradients add where paths meet.  So 64,660 connections are learned with 9,760 numbers, and two layers of
maps learn by themselves what was written by hand before: what in a picture to look at.

The network is the published one, unit by unit; the digits are others.  The zip codes of 1989, 7,291 to learn from and
2,007 to test on, do not come with this package: it reads 8 x 8 digits scaled up, or with `--data FILE` yours.  That is
one of MNIST's IDX files (its partners are found beside it), or a table with a line for each picture, its pixels and
which digit it is, such as zip.train with zip.test beside it, which hold zip codes of the same kind.

Sources: Y. LeCun, B. Boser, J. S. Denker, D. Henderson, R. E. Howard, W. Hubbard, L. D. Jackel, "Backpropagation
Applied to Handwritten Zip Code Recognition", Neural Computation 1 (1989); Andrej Karpathy, "Deep Neural Nets: 33 years
ago and 33 years from now" (2022), who ran it again on MNIST, and from whom are what the paper leaves out: which maps
H2 reads, how windows go over the border, where biases start, and plain gradient descent with a rate of 0.03 in place
of an approximate Newton's method.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

from ... import losses, ops, plot
from ...engine import Value, topological
from ...modes import no_grad
from .. import Run
from .modern import modernise
from .network import READS, Net, read, squash, target
from .patterns import MOST, Patterns, of_digits, of_file
from .saturation import saturate
from .training import Outputs, Pass, learn


def main(run: Run) -> None:
    """Patterns, network, counts, what sharing does to a gradient, 23 passes, what was learned, and how it can fail."""
    seen = of_digits(run.seed) if run.data is None else of_file(run.data, run.seed)
    if run.small:  # enough to see everything work
        seen = seen._replace(
            X_train=seen.X_train[:6], y_train=seen.y_train[:6], X_test=seen.X_test[:4], y_test=seen.y_test[:4]
        )
    look(run, seen)
    net = Net(run.seed)
    count(run, net, seen.X_train[0])
    share(run, net, seen)
    run.section("The passes over the patterns")
    curve(run)
    passes, outputs = learn(run, net, seen, run.steps(2))
    if passes:
        judge(run, seen, passes)
    show(run, net, seen, outputs)
    if run.data is None:
        saturate(run, seen)
        modernise(run, seen)


# What it looks at, and how large it is


def look(run: Run, seen: Patterns) -> None:
    """The patterns, some of them drawn."""
    run.section("What it looks at")
    run.say(f"{seen.words}: {len(seen.X_train):,} to learn from, {len(seen.X_test):,} to test on.")
    run.picture(
        "patterns",
        plot.images(seen.X_train[:6], labels=seen.y_train[:6], title="patterns", across=6),
        "what the network sees: 16 x 16 numbers from -1, paper, to 1, ink",
    )


def count(run: Run, net: Net, pixels: list[float]) -> None:
    """Units, connections and parameters, counted in the graph of one pattern: no formula for the network is used."""
    run.section("Why 9,760?")
    graph = topological(ops.sum(*net([Value(v, "pixel") for v in pixels])))
    pixels_read = {p for unit in graph for p in unit.parents if p.label == "pixel"}
    units: dict[str, list[Value]] = {}  # of each layer: a unit is the weighted sum that its activation bends
    for node in graph:
        if node.op is ops.dot:
            units.setdefault(node.parents[-1].label.split(".")[1], []).append(node)
    rows: list[list[Any]] = []
    total = [len(pixels_read), 0, 0, 0, 0]
    for layer, sums in units.items():
        inputs = len(sums[0].parents) // 2  # its parents: the weights, as many inputs, and the bias
        connections = sum(len(unit.parents) // 2 + 1 for unit in sums)
        weights = {w for unit in sums for w in unit.parents[: len(unit.parents) // 2]}
        biases = {unit.parents[-1] for unit in sums}
        numbers = [len(sums), connections, len(weights), len(biases), connections - len(sums)]
        rows.append([layer, len(sums), inputs, *numbers[1:4], len(weights) + len(biases), numbers[4]])
        total = [a + b for a, b in zip(total, numbers)]
    header = ["layer", "units", "inputs of each", "connections", "weights", "biases", "parameters", "multiply-adds"]
    last = ["and 256 pixels", total[0], "", *total[1:4], total[2] + total[3], total[4]]
    run.table(header, [*rows, last])
    run.say(
        "A unit with n inputs has n + 1 connections, one of them to its bias; a weight or bias counts once, however "
        f"many connections use it. If none were shared, {total[1]:,} numbers would have to be learned from "
        f"{MOST[0]:,} patterns. A unit of H2 looks through a window of 5 x 5 at {len(READS[0])} of the 12 maps of H1: "
        f"{', '.join(f'{k}-{k + 3} at {spans(READS[k])}' for k in range(0, 12, 4))}."
    )
    published = {"h1": (768, 19968, 1068), "h2": (192, 38592, 2592), "h3": (30, 5790, 5790), "output": (10, 310, 310)}
    for row in rows:
        for what, ours, theirs in zip(
            ("units", "connections", "parameters"), (row[1], row[3], row[6]), published[row[0]]
        ):
            run.compare(f"{what} of {row[0]}", ours, theirs)
    run.compare("units in all, with the inputs", total[0], 1256)
    run.compare("connections in all", total[1], 64660)
    run.compare("parameters in all", total[2] + total[3], 9760)
    run.compare("multiply-adds for a pattern", total[4], 63660)
    run.compare("activations", total[0] - len(pixels_read), 1000)


def spans(numbers: Sequence[int]) -> str:
    """Numbers that follow one another, in short.

    >>> spans([0, 1, 2, 3, 8, 9, 10, 11])
    '0-3 and 8-11'
    """
    starts = [n for n in numbers if n - 1 not in numbers]
    ends = [n for n in numbers if n + 1 not in numbers]
    return " and ".join(f"{a}-{b}" for a, b in zip(starts, ends))


def share(run: Run, net: Net, seen: Patterns) -> None:
    """Where sharing is in the gradient: a weight of H1 gets a contribution from each of 64 units, and they add up."""
    run.section("Where is weight sharing in the gradient?")
    loss = losses.mse(net(seen.X_train[0]), target(seen.y_train[0]))
    loss.backward()
    w = net.h1.w[0][0][2][2]  # the middle of the first kernel
    place = {bias: k for k, bias in enumerate(b for row in net.h1.b[0] for b in row)}  # each unit has its own bias
    upstream, seen_there, terms = [0.0] * 64, [0.0] * 64, [0.0] * 64
    total, graph = 0.0, topological(loss)
    for unit in reversed(graph):  # as backward() goes, so that the sum is the same to the last bit
        if w in unit.parents:
            k, local = place[unit.parents[-1]], unit.local_grads()[unit.parents.index(w)]
            upstream[k], seen_there[k], terms[k] = unit.grad, local, unit.grad * local
            total += terms[k]
    run.say(
        "The middle weight of the first kernel sees one pixel in each of 64 places, and each of its units hands it "
        "upstream x local: the gradient of that unit's sum, times that pixel. These are the 64 contributions, in "
        "millionths, where they come from:"
    )
    run.code("\n".join(" ".join(f"{1e6 * term:+6.1f}" for term in terms[r : r + 8]) for r in range(0, 64, 8)))
    run.compare("their sum, and what backward() says", total, w.grad, form="+.10f")
    weights = {"H1": w, "H2": net.h2.w[0][0][2][2], "H3": net.h3.neurons[0].w[0]}
    uses = {name: sum(weight in unit.parents for unit in graph) for name, weight in weights.items()}
    for (name, times), published in zip(uses.items(), (64, 16, 1)):
        run.compare(f"contributions to the gradient of a weight of {name}", times, published)
    largest = [max(map(abs, row)) or 1.0 for row in (upstream, terms)]
    run.picture(
        "sharing",
        plot.images(
            [[g / largest[0] for g in upstream], seen_there, [t / largest[1] for t in terms]],
            labels=["upstream", "local: pixel", "contribution"],
            title="one weight, 64 units",
            note="each beside its largest number",
        ),
        "the gradients of 64 units, the pixel that a shared weight sees at each, and their products, which add up to "
        "the weight's gradient",
    )


def curve(run: Run) -> None:
    """Why the curve of a unit is no plain tanh."""
    told = []
    for bend in (squash, ops.tanh):
        x = Value(1.0)
        y = bend(x)
        y.backward()
        told.append(f"{y.data:.4f}, with a slope of {x.grad:.3f}")
    near = ops.tanh(z := ops.atanh(0.999))
    run.say(
        "Why 1.7159 tanh(2a/3)? An output is to say 1 for its digit and -1 for the others. At 1 this curve is "
        f"{told[0]}: an output that is right can still move. tanh(1) is {told[1]}; only far out, where it is flat, "
        f"does it say 1: at {z:.2f} it is {near:.3f}, and its slope {1 - near**2:.3f}."
    )


def judge(run: Run, seen: Patterns, passes: list[Pass]) -> None:
    """Each pass, and the last one beside the paper's, and its re-run's of 2022."""
    header = ["pass", "loss", "errors", "test loss", "test errors"]
    cells = [
        [k, f"{p.loss:.4f}", f"{p.error:.2%}", f"{p.test_loss:.4f}", f"{p.test_error:.2%}"]
        for k, p in enumerate(passes, 1)
    ]
    run.table(header, cells)
    last, n = passes[-1], len(seen.X_test)
    if run.data is None:
        run.compare("errors on the patterns learned from", last.error, 0.0, form=".2%", whole=True)
        run.compare("errors on the test patterns", last.test_error, 0.0306, within=0.01, form=".2%", whole=True)
    data = "7,291 zip codes there" if run.data is None else "zip codes there, your file here"
    for who, numbers, why in (
        ("1989", (2.5e-3, 0.0014, 1.8e-2, 0.050), f"{data}, and Newton's method"),
        ("2022", (4.073e-3, 0.0062, 2.838e-2, 0.0409), "7,291 digits of MNIST there, tanh, ±2.4/√inputs"),
    ):
        for what, ours, theirs in zip(("loss", "errors", "test loss", "test errors"), last, numbers):
            run.compare(f"{what}, {who}", ours, theirs, form=".2%" if "errors" in what else ".4f", unlike=why)
    spread = math.sqrt(last.test_error * (1 - last.test_error) / n)
    run.say(
        f"{n:,} test patterns are few: one more or less is {1 / n:.2%}, and what chance does to their number is a "
        f"standard deviation of {spread:.2%}."
    )
    run.curves(
        "errors",
        {"errors": [100 * p.error for p in passes], "test errors": [100 * p.test_error for p in passes]},
        "errors after each pass over the patterns",
        title="errors, pass by pass",
        xlabel="pass",
        ylabel="percent of the patterns",
        log=False,
        marks={"test, 1989": 5.0, "test, 2022": 4.09},
    )
    run.curves(
        "loss",
        {"loss": [p.loss for p in passes], "test loss": [p.test_loss for p in passes]},
        "the mean squared error of an output after each pass",
        title="loss, pass by pass",
        xlabel="pass",
        ylabel="mean squared error",
        log=True,
        marks={"test, 1989": 0.018, "1989": 0.0025},
    )


def show(run: Run, net: Net, seen: Patterns, outputs: Outputs) -> None:
    """What it learned to look for, where it finds it, and what it misreads."""
    run.section("What it has learned to look for")
    run.picture(
        "kernels",
        plot.weights(net.h1),
        "the twelve kernels of H1: orange where they want ink, blue where they want paper",
    )
    with no_grad():
        h1, _, _, says = ([unit.data for unit in layer] for layer in net.layers(seen.X_test[0]))
    run.picture(
        "maps",
        plot.images([h1[k : k + 64] for k in range(0, 768, 64)], title=f"H1 sees a {seen.y_test[0]}", across=6),
        f"the twelve maps of H1 for a test pattern, a {seen.y_test[0]}: each kernel's answer in 8 x 8 places",
    )
    told = ", ".join(f"{y:+.2f} for {k}" for k, y in enumerate(says))
    run.say(f"The outputs say {told}: it reads a {read(says)}.")
    answers = [(x, digit, read(out)) for x, digit, out in zip(seen.X_test, seen.y_test, outputs(seen.X_test))]
    misread = [answer for answer in answers if answer[1] != answer[2]]
    if misread:
        run.picture(
            "misread",
            plot.images(
                [x for x, _, _ in misread[:6]],
                labels=[f"{digit}, read as {said}" for _, digit, said in misread[:6]],
                title="misread",
                across=6,
            ),
            f"{min(len(misread), 6)} of the {len(misread)} test patterns that it misreads",
        )
