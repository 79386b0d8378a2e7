"""What the layers are compared on and with: the inputs of the course's own checks, and each layer a second time, out
of Values.

The inputs are those that the assignments draw after `np.random.seed(231)`, so that anybody's notebook has the same.  A
layer out of Values is `nn`'s where there is one, given the arrays as its parameters; it knows nothing of batches, and
nothing of any backward pass.

>>> EXAMPLES["affine"].inputs["w"].shape, EXAMPLES["affine"].expected
((6, 5), 1e-10)
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

from ... import losses, nn, ops
from .arrays import Array, np


class Example(NamedTuple):
    """One layer: `values` is called with arrays of Values in the place of `inputs`, and `more`; it returns its output.

    `expected` is the error from differences that the course expects, at most, or, if it says so, `around` it.
    """

    name: str
    inputs: dict[str, Array]
    values: Callable[..., Any]
    expected: float
    around: bool = True
    more: tuple[Any, ...] = ()
    dout: Array | None = None  # the gradient from above; None: a loss, which has none
    step: float = 1e-5  # of the central differences

    @property
    def limit(self) -> float:
        """The error that still meets it: what is around 1e-10 is written as so many times 1e-10."""
        return 10 * self.expected if self.around else self.expected


def affine(x: Any, w: Any, b: Any) -> Any:
    """A row of x through nn.Linear, whose neurons are the columns of w."""
    layer = nn.Linear(w.shape[0], w.shape[1], init="zeros")
    for neuron, column, bias in zip(layer.neurons, w.T, b):
        neuron.w, neuron.b = list(column), bias
    return [layer(sample.ravel().tolist()) for sample in x]


def each(op: Any) -> Callable[[Any], Any]:
    """A row of the table on every number."""
    return lambda x: [op(v) for v in x.ravel()]


def normed(layer: Any, gamma: Any, beta: Any) -> Any:
    """One of nn's normalisations, with these parameters."""
    layer.w, layer.b = list(gamma.ravel()), list(beta.ravel())
    return layer


def batchnorm(x: Any, gamma: Any, beta: Any, settings: Any) -> Any:
    """nn.BatchNorm reads the whole batch; its channels are numbers, or maps."""
    return normed(nn.BatchNorm(x.shape[1]), gamma, beta)(x.tolist())


def layernorm(x: Any, gamma: Any, beta: Any, settings: Any) -> Any:
    """nn.LayerNorm, sample by sample."""
    return [normed(nn.LayerNorm(x.shape[1]), gamma, beta)(sample.tolist()) for sample in x]


def groupnorm(x: Any, gamma: Any, beta: Any, groups: int, settings: Any) -> Any:
    """nn.GroupNorm, image by image."""
    return [normed(nn.GroupNorm(groups, x.shape[1]), gamma, beta)(image.tolist()) for image in x]


def dropout(x: Any, settings: Any) -> Any:
    """Products with a mask that the seed fixes: nn.Dropout draws a new one at every call."""
    stays = np.random.RandomState(settings["seed"]).rand(*x.shape) < settings["p"]
    return [v * (float(stay) / settings["p"]) for v, stay in zip(x.ravel(), stays.ravel())]


def conv(x: Any, w: Any, b: Any, settings: Any) -> Any:
    """nn.Conv2d, image by image."""
    layer = nn.Conv2d(w.shape[1], w.shape[0], w.shape[2], settings["stride"], settings["pad"], init="zeros")
    layer.w, layer.b = w.tolist(), list(b)
    return [layer(image.tolist()) for image in x]


def max_pool(x: Any, settings: Any) -> Any:
    """nn.MaxPool2d, image by image."""
    layer = nn.MaxPool2d(settings["pool_height"], settings["stride"])
    return [layer(image.tolist()) for image in x]


def rnn_step(x: Any, prev_h: Any, Wx: Any, Wh: Any, b: Any) -> Any:
    """nn.RNN on a sequence of one; its neurons weigh the input, then the state."""
    layer = nn.RNN(Wx.shape[0], Wx.shape[1], init="zeros")
    for neuron, of_input, of_state, bias in zip(layer.cell.neurons, Wx.T, Wh.T, b):
        neuron.w, neuron.b = [*of_input, *of_state], bias
    return [layer([now.tolist()], before.tolist())[1] for now, before in zip(x, prev_h)]


def loss(of: Callable[..., Any]) -> Callable[[Any, Any], Any]:
    """A loss of `losses`, which takes lists."""
    return lambda x, y: of(x.tolist(), y.tolist())


def _examples() -> dict[str, Example]:
    """All of them, each with random numbers of its own, in the order in which the assignments draw."""

    def draw(*shapes: tuple[int, ...]) -> list[Any]:
        randn = np.random.RandomState(231).randn
        return [randn(*shape) for shape in shapes]

    def norm(*shape: int, param: tuple[int, ...] = ()) -> tuple[dict[str, Array], Array]:
        x, gamma, beta, dout = draw(shape, param or shape[1:2], param or shape[1:2], shape)
        return {"x": 5 * x + 12, "gamma": gamma, "beta": beta}, dout

    flat, maps, groups = norm(4, 5), norm(2, 3, 4, 5), norm(2, 6, 4, 5, param=(1, 6, 1, 1))
    train, square = {"mode": "train"}, draw((10, 10), (10, 10))
    random = np.random.RandomState(231)
    scores = {"x": 0.001 * random.randn(50, 10)}
    classes = random.randint(10, size=50)

    def example(name: str, names: str, drawn: list[Any], values: Any, expected: float, *more: Any) -> Example:
        return Example(name, dict(zip(names.split(), drawn)), values, expected, True, more, drawn[-1])

    found = [
        example("affine", "x w b", draw((10, 2, 3), (6, 5), (5,), (10, 5)), affine, 1e-10),
        example("relu", "x", square, each(ops.relu), 1e-12),
        example("sigmoid", "x", square, each(ops.sigmoid), 1e-10),
        Example("softmax", scores, loss(losses.cross_entropy), 1e-8, True, (classes,)),
        Example("svm", scores, loss(losses.multiclass_hinge), 1e-9, True, (classes,)),
        Example("batchnorm", flat[0], batchnorm, 1e-8, False, (train,), flat[1]),
        Example("layernorm", flat[0], layernorm, 1e-8, False, ({},), flat[1]),
        Example("spatial_batchnorm", maps[0], batchnorm, 1e-6, False, (train,), maps[1]),
        Example("spatial_groupnorm", groups[0], groupnorm, 1e-7, False, (2, {}), groups[1]),
        example("dropout", "x", [square[0] + 10, square[1]], dropout, 1e-10, {"mode": "train", "p": 0.2, "seed": 123}),
        example("conv", "x w b", draw((4, 3, 5, 5), (2, 3, 3, 3), (2,), (4, 2, 5, 5)), conv, 1e-8,
                {"stride": 1, "pad": 1}),
        example("max_pool", "x", draw((3, 2, 8, 8), (3, 2, 4, 4)), max_pool, 1e-12,
                {"pool_height": 2, "pool_width": 2, "stride": 2}),
        example("rnn_step", "x prev_h Wx Wh b", draw((4, 5), (4, 6), (5, 6), (6, 6), (6,), (4, 6)), rnn_step, 1e-8),
    ]  # fmt: skip
    return {one.name: one for one in found}


EXAMPLES = _examples()
