"""A network explained: which layers, samples and neurons its gradient comes through, before any single number.

    >>> from tinygrad_edu.nn import MLP
    >>> model = MLP(1, [2, 1], seed=2)
    >>> loss = sum((model([x]) - y) ** 2 for x, y in [(1.0, 1.0), (-1.0, 2.0)])
    >>> loss.label = "loss"
    >>> loss.backward()
    >>> loss.explain(of=model.layers[0].neurons[0])
    mlp.layers.0.neurons.0, 2 parameters, at work on 2 samples: its gradient from
    loss = 10.52.
    <BLANKLINE>
    What comes back to its output is upstream, dloss/d(output); times the slope of
    relu, it is passed on to its weighted sum.
      sample  weighted sum  output  upstream  slope  passed on
           0        0.9121  0.9121     4.528      1      4.528
           1       -0.9121       0     3.548      0          0
    <BLANKLINE>
    A weight's gradient adds up what is passed on × its input over the samples; the
    bias has input 1.
      parameter   value  gradient  from each sample
      w[0]       0.9121     4.528  4.528 + 0
      b               0     4.528  4.528 + 0

What belongs to a neuron is read from the labels of its weights, as for a picture (`figures.units`).
"""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from ..blocks import Block, Explanation, Rows, joined
from ..engine import Value
from ..figures.units import Groups, Unit, module_of, neuron_of, samples_of, slope_of
from ..words import brief, few, leading, plural
from .walk import Walk

IN_A_LIST = re.compile(r"(.+)\.[^\W\d]\w*\.\d+")  # mlp.layers.0.neurons.3 is one of mlp.layers.0
MOST_LAYERS, MOST_NEURONS, MOST_SAMPLES, MOST_NAMES = 24, 16, 6, 5
FAR = 100.0  # times smaller or larger: a gradient that vanishes or explodes between two layers


@dataclass(eq=False)
class NeuronGradients:
    """The same weights, at work once for each sample: `uses`, in the order of the samples."""

    name: str
    layer: str
    weights: tuple[Value, ...]
    uses: list[Unit]

    @property
    def parameters(self) -> list[Value]:
        """The weights, and the bias if there is one."""
        bias = self.uses[0].bias
        return [*self.weights, *([] if bias is None else [bias])]

    @property
    def closed(self) -> int:
        """On how many of its uses its activation passes no gradient on."""
        return sum(u.out is not u.z and slope_of(u) == 0 for u in self.uses)


@dataclass(eq=False)
class LayerGradients:
    """The neurons of one module; none if its parameters do something else, as those of a norm do."""

    name: str
    neurons: list[NeuronGradients] = field(default_factory=list)
    parameters: list[Value] = field(default_factory=list)


class Overview(Explanation):
    """What `explain(L)` says of a network that is too large to be shown node by node,
    and `explain(L, of=module)` of a part of one.

    `layers`, from the root back to the inputs, each with its `neurons` and `parameters`; `samples`, how many the
    network is at work on; `totals`, the gradient of every node of the graph.
    """

    def __init__(self, walk: Walk, groups: Groups, part: Iterable[Value] | None = None) -> None:
        self.walk, self.root, self.totals, self.names = walk, walk.root, walk.totals, walk.names
        self.samples = samples_of(groups)
        self.word = "sample" if self.samples > 1 else "use"
        within = None if part is None else set(part)
        self.neurons = [n for n in neurons_of(groups, self.samples) if within is None or n.weights[0] in within]
        self.layers = self._found(within)
        self._last = _last(groups)

    def _found(self, within: set[Value] | None) -> list[LayerGradients]:
        """Every module with parameters, in the order in which the gradient reaches them."""
        layer_of = {p: n.layer for n in self.neurons for p in n.parameters}
        layers: dict[str, LayerGradients] = {}
        for e in self.walk.edges:
            p = e.parent
            if p not in layer_of and (within is None or p in within) and (module := module_of(p)):
                layer_of[p] = module
            if p in layer_of:
                layer = layers.setdefault(layer_of[p], LayerGradients(layer_of[p]))
                layer.parameters.append(p)
        for layer in layers.values():
            layer.parameters = list(dict.fromkeys(layer.parameters))
            layer.neurons = [n for n in self.neurons if n.layer == layer.name]
        return list(layers.values())

    def blocks(self) -> Iterator[Block]:
        """What is said, as sentences and tables."""
        yield f"{self._what()}."
        if len(self.neurons) == 1:
            yield from self._neuron(self.neurons[0])
        elif len(self.layers) == 1:
            yield from self._layer(self.layers[0])
        else:
            yield from self._network()
        parameters = [p for layer in self.layers for p in layer.parameters]
        yield from self.walk.nonfinite_notes(self.walk.edges, self.walk.order)
        yield from self.walk.changed_notes(parameters)[:3]
        yield from self.walk.grad_notes(parameters)

    # Sizes

    def _sizes(self, nodes: Iterable[Value]) -> list[str]:
        """The sizes of some numbers, and of their gradients."""
        nodes = list(nodes)
        return [brief(rms(map(self.walk.value, nodes))), brief(self._gradient(nodes))]

    def _outputs(self, neurons: Iterable[NeuronGradients]) -> list[str]:
        """The same of what some neurons give."""
        return self._sizes(u.out for n in neurons for u in n.uses)

    def _gradient(self, nodes: Iterable[Value]) -> float:
        return rms([self.totals[n] for n in nodes])

    # A network

    def _what(self) -> str:
        root = f"{self.names[self.root]} = {brief(self.walk.value(self.root))}"
        parameters = plural(sum(len(layer.parameters) for layer in self.layers), "parameter")
        at_work = f", at work on {plural(self.samples, 'sample')}" if self.samples > 1 else ""
        if len(self.neurons) == 1:
            return f"{self.neurons[0].name}, {parameters}{at_work}: its gradient from {root}"
        inside = f"{plural(len(self.neurons), 'neuron')}, {parameters}{at_work}"
        if len(self.layers) == 1:
            return f"{self.layers[0].name}, {inside}: its gradient from {root}"
        return f"{plural(len(self.layers), 'layer')}, {inside}: their gradients from {root}"

    def _network(self) -> Iterator[Block]:
        yield (f"Layer by layer, from {self.names[self.root]} back to the inputs. The size of outputs and of weights, "
               "beside each that of its gradient: root mean squares.")  # fmt: skip
        rows: list[tuple[str, ...]] = [("layer", "neurons", "closed", "output", "gradient", "weight", "gradient")]
        for layer in self.layers[:MOST_LAYERS]:
            shut = sum(n.closed == len(n.uses) for n in layer.neurons)
            count = [f"{len(layer.neurons):,}", f"{shut:,}" if shut else ""] if layer.neurons else ["", ""]
            outputs = self._outputs(layer.neurons) if layer.neurons else ["", ""]
            rows.append((layer.name, *count, *outputs, *self._sizes(layer.parameters)))
        yield Rows(rows, "lrrrrrr", (0,))
        yield from _more(len(self.layers) - MOST_LAYERS, "more layer", "")
        yield from self._on_the_way()
        yield from self._by_sample()
        yield from self._largest()

    def _on_the_way(self) -> list[str]:
        """What happens to a gradient on its way: closed neurons, closed layers, and sizes that shrink or grow."""
        told, shut = [], [n for n in self.neurons if n.closed == len(n.uses)]
        if shut:
            every = f"on every {self.word}" if self.samples > 1 else "here"
            told.append(
                f"{len(shut):,} of {plural(len(self.neurons), 'neuron')} "
                f"{'is' if len(shut) == 1 else 'are'} closed {every}: no gradient for the weights of "
                f"{few([n.name for n in shut], MOST_NAMES)}."
            )
        for layer in self.layers:
            if len(layer.neurons) > 1 and all(n in shut for n in layer.neurons):
                told.append(f"All of {layer.name} is closed: nothing flows back through it to what comes before.")
        sizes = [
            (self._gradient(u.out for n in layer.neurons for u in n.uses), layer.name)
            for layer in self.layers
            if layer.neurons
        ]
        (first, above), (last, below) = sizes[0], sizes[-1]
        if 0 < first < math.inf and 0 < last < math.inf and not 1 / FAR < last / first < FAR:
            times, word, verb = (
                (first / last, "smaller", "vanishes") if last < first else (last / first, "larger", "explodes")
            )
            told.append(
                f"What reaches {below} is {times:,.0f} times {word} than what reaches {above}: "
                f"the gradient {verb} on the way."
            )
        return told

    def _by_sample(self) -> Iterator[Block]:
        """What each sample gets, those with the largest gradients first."""
        if self.samples == 1:
            return
        n = len(self._last) // self.samples
        given = [[neuron[s].out for neuron in _by_neuron(self._last)] for s in range(self.samples)]
        sizes = list(map(self._gradient, given))
        order = sorted(range(self.samples), key=lambda s: -sizes[s] if sizes[s] == sizes[s] else -math.inf)
        idle = sorted([s for s in order if sizes[s] == 0])

        def cells(outs: list[Value]) -> list[str]:
            several = map(self.walk.value, outs), map(self.totals.__getitem__, outs)
            return [", ".join(map(brief, xs)) for xs in several] if n <= 3 else self._sizes(outs)

        rows = [(f"{s}", *cells(given[s])) for s in order[:MOST_SAMPLES] if sizes[s] != 0]
        what = "output" if n == 1 else f"{n} outputs" if n <= 3 else f"size of its {n} outputs"
        if rows:
            yield (f"Sample by sample, numbered from 0 as {self.names[self.root]} reads them: the output and its "
                   "gradient, the largest first.")  # fmt: skip
            yield Rows([("sample", what, "gradient"), *rows], "rrr")
        if idle:
            several = f"Samples {few(list(map(str, idle)), MOST_NAMES)}, {len(idle):,} of {self.samples:,}, get"
            one = f"Sample {idle[0]} of {self.samples:,} gets"
            yield f"{one if len(idle) == 1 else several} no gradient."

    def _largest(self) -> Iterator[Block]:
        """The parameters with the largest gradients, and how to ask for more."""
        parameters = [p for layer in self.layers for p in layer.parameters]
        top = sorted(parameters, key=lambda p: -abs(self.totals[p]))[:MOST_NAMES]
        yield "The largest gradients:"
        yield Rows([("parameter", "value", "gradient"), *[(p.label, *self._numbers(p)) for p in top]], "lrr")
        wide, root = max(self.layers, key=lambda layer: len(layer.neurons)), self.names.term(self.root)
        asked = (wide.name, "a layer"), (wide.neurons[0].name, "a neuron"), (top[0].label, "one gradient")
        yield "Ask for more:"
        yield Rows([("write", "to explain"), *[(f'{root}.explain(of="{name}")', what) for name, what in asked],
                    (f"{root}.explain(max_nodes={len(self.walk.order)})", "every node")])  # fmt: skip

    def _numbers(self, p: Value) -> list[str]:
        return [brief(self.walk.value(p)), brief(self.totals[p])]

    # A layer

    def _layer(self, layer: LayerGradients) -> Iterator[Block]:
        root = self.names.term(self.root)
        yield ("Neuron by neuron: the size of its outputs and of the gradients that come back to them (root mean "
               f"squares over the {self.word}s), then the gradients d{root}/d(bias) and, of its weights, the "
               "largest.")  # fmt: skip
        rows: list[tuple[str, ...]] = [("neuron", "closed on", "output", "gradient", "bias", f"largest d{root}/dw")]
        for n in leading(layer.neurons, MOST_NEURONS, lambda n: self._gradient(n.parameters)):
            top = max(n.weights, key=lambda w: abs(self.totals[w]))
            bias = n.uses[0].bias
            rows.append((n.name.removeprefix(f"{layer.name}."), f"{n.closed} of {len(n.uses)}" if n.closed else "",
                         *self._outputs([n]), "" if bias is None else brief(self.totals[bias]),
                         f"{_attribute(top)}: {brief(self.totals[top])}"))  # fmt: skip
        yield Rows(rows, "lrrrrl", (0,))
        yield from _more(len(layer.neurons) - MOST_NEURONS, "more neuron", ", with smaller gradients")
        yield f'{root}.explain(of="{layer.neurons[0].name}") explains one of them.'

    # A neuron

    def _neuron(self, neuron: NeuronGradients) -> Iterator[Block]:
        root, totals, value = self.names.term(self.root), self.totals, self.walk.value
        bent = " then ".join(n.op.name for u in neuron.uses[:1] for n in u.nodes[u.nodes.index(u.z) + 1 :])
        yield f"What comes back to its output is upstream, d{root}/d(output); " + (
            f"times the slope of {bent}, it is passed on to its weighted sum."
            if bent
            else "it is passed on to its weighted sum as it is, for there is no activation."
        )
        rows: list[tuple[str, ...]] = [(self.word, "weighted sum", "output", "upstream", "slope", "passed on")]
        for s, u in leading(list(enumerate(neuron.uses)), MOST_SAMPLES, lambda use: abs(totals[use[1].z])):
            numbers = value(u.z), value(u.out), totals[u.out], slope_of(u), totals[u.z]
            rows.append((f"{s}", *map(brief, numbers)))
        yield Rows(rows, "rrrrrr")
        yield from _more(len(neuron.uses) - MOST_SAMPLES, f"more {self.word}", ", which pass less on")
        yield f"A weight's gradient adds up what is passed on × its input over the {self.word}s; the bias has input 1."
        rows = [("parameter", "value", "gradient", f"from each {self.word}")]
        place = {n: s for s, u in enumerate(neuron.uses) for n in u.nodes}
        for p in leading(neuron.parameters, MOST_NEURONS, lambda p: abs(totals[p])):
            edges = sorted(self.walk.into[p], key=lambda e: place.get(e.node, 0))
            rows.append((_attribute(p), *self._numbers(p), joined([e.contribution for e in edges], "+", 4)))
        yield Rows(rows, "lrrl", (3,))
        yield from _more(len(neuron.parameters) - MOST_NEURONS, "more weight", ", with smaller gradients")


def _more(n: int, what: str, tail: str) -> list[str]:
    return [f"… {plural(n, what)}{tail}."] * (n > 0)


def neurons_of(groups: Groups, samples: int) -> list[NeuronGradients]:
    """The neurons of a graph in the order of their names, each with its uses in the order of the `samples_of` it."""
    sample = _numbered(groups, samples)
    rows = Counter(units[0].name for units in _by_neuron(groups.units))
    neurons: dict[tuple[Value, ...], NeuronGradients] = {}
    for u in groups.units:
        weights = neuron_of(u)
        if weights not in neurons:
            neurons[weights] = NeuronGradients(*_called(u, rows[u.name] > 1), weights, [])
        neurons[weights].uses.append(u)
    for neuron in neurons.values():
        neuron.uses.sort(key=sample.__getitem__)
    return sorted(neurons.values(), key=lambda n: [int(i) for i in re.findall(r"\d+", n.name)])


def rms(xs: Iterable[float]) -> float:
    """The root mean square of numbers of any size, 0.0 of nothing.

    >>> rms([3.0, -4.0, 0.0, 0.0]), rms([1e300, 1e300]) < 1.1e300
    (2.5, True)
    """
    xs = list(map(float, xs))
    return math.hypot(*xs) / math.sqrt(len(xs)) if xs else 0.0


def _attribute(p: Value) -> str:
    """A parameter inside its module: w[3]."""
    return p.label.removeprefix(module_of(p) + ".")


def _called(u: Unit, one_of_many: bool) -> tuple[str, str]:
    """What a neuron is called, and its layer: one of a list of neurons, or one of the rows of a matrix."""
    first = u.inputs[0][0].label
    if not one_of_many and first.count("[") < 2:
        found = IN_A_LIST.fullmatch(u.name)
        return u.name, found[1] if found else u.name
    return first[: first.find("]") + 1] or first, u.name


def _by_neuron(units: Iterable[Unit]) -> list[list[Unit]]:
    found: dict[tuple[Value, ...], list[Unit]] = {}
    for u in units:
        found.setdefault(neuron_of(u), []).append(u)
    return list(found.values())


def _last(groups: Groups) -> list[Unit]:
    """The units that no other reads."""
    read = {groups.owner.get(x) for u in groups.units for _, x in u.inputs}
    read |= {groups.owner.get(p) for box in groups.boxes for n in box.nodes for p in n.parents}
    return [u for u in groups.units if u not in read]


def _numbered(groups: Groups, samples: int) -> dict[Unit, int]:
    """Which sample, or which use, each unit is at work on: counted in the last units,
    and the same for all that they read.
    """
    number = {u: i for units in _by_neuron(groups.units) for i, u in enumerate(units)}
    if samples > 1:
        for u in sorted(groups.units, key=lambda u: -u.level):
            for _, x in u.inputs:
                if isinstance(reads := groups.owner.get(x), Unit):
                    number[reads] = number[u]
    return number
