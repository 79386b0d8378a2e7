"""nn: what a module holds and computes, and that its gradients are right."""

import math
import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tinygrad_edu import Value, functional, no_grad, ops, train
from tinygrad_edu.nn import (
    GRU,
    LSTM,
    MLP,
    RNN,
    AvgPool2d,
    BatchNorm,
    Conv2d,
    Dropout,
    Embedding,
    Flatten,
    GroupNorm,
    Layer,
    LayerNorm,
    Linear,
    MaxPool2d,
    Module,
    MultiheadAttention,
    Neuron,
    RMSNorm,
    Sequential,
    choices,
)
from tinygrad_edu.optim import SGD

IMAGE = [[[math.sin(3.0 * r + c * c + 1) for c in range(5)] for r in range(4)]]
TWO_MAPS = [IMAGE[0], [[math.cos(2.0 * r - c) for c in range(5)] for r in range(4)]]

# Every kind of module, smooth everywhere near these inputs, so that differences show its derivative.
MODULES = {
    "Neuron": (lambda: Neuron(3, activation="tanh", seed=1), [0.5, -1.0, 2.0]),
    "Neuron without bias": (lambda: Neuron(3, activation="silu", bias=False, seed=1), [0.5, -1.0, 2.0]),
    "Layer": (lambda: Layer(2, 3, activation="gelu", seed=2), [0.5, -1.0]),
    "Linear": (lambda: Linear(2, 3, seed=3), [0.5, -1.0]),
    "MLP": (lambda: MLP(2, [4, 3, 2], activation="tanh", output="sigmoid", init="xavier", seed=4), [0.5, -1.0]),
    "MLP of relus": (lambda: MLP(2, [4, 3, 1], seed=4), [0.5, -1.0]),
    "MLP expanded": (lambda: MLP(2, [4, 3, 1], activation="elu", seed=4, expand=True), [0.5, -1.0]),
    "Conv2d": (lambda: Conv2d(2, 2, 3, padding=1, pad_value=-1.0, activation="tanh", seed=5), TWO_MAPS),
    "Conv2d per unit": (lambda: Conv2d(2, 2, 2, stride=2, bias="unit", size=(4, 5), table=[[0], [1, 0]], init="lecun89",
                                       seed=5),
                        TWO_MAPS),
    "Conv2d without bias": (lambda: Conv2d(1, 2, 3, bias="none", seed=5), IMAGE),
    "MaxPool2d": (lambda: MaxPool2d(2), IMAGE),
    "AvgPool2d": (lambda: AvgPool2d(3, stride=1), IMAGE),
    "RNN": (lambda: RNN(2, 3, seed=6), [[0.5, -1.0], [1.5, 0.1], [-0.3, 0.4]]),
    "Embedding": (lambda: Embedding(4, 3, seed=7), [1, 3, 1]),
    "LSTM": (lambda: LSTM(2, 2, seed=6), [[0.5, -1.0], [1.5, 0.1], [-0.3, 0.4]]),
    "GRU": (lambda: GRU(2, 2, seed=6), [[0.5, -1.0], [1.5, 0.1], [-0.3, 0.4]]),
    "MultiheadAttention": (lambda: MultiheadAttention(4, 2, seed=1), [[0.5, -1.0, 0.2, 0.1], [1.5, 0.1, -0.3, 0.4]]),
    "MultiheadAttention, causal": (lambda: MultiheadAttention(2, 1, causal=True, bias=False, seed=1),
                                   [[0.5, -1.0], [1.5, 0.1], [0.2, 0.3]]),
    "RMSNorm": (lambda: RMSNorm(3), [0.5, -1.0, 2.0]),
    "RMSNorm without weights": (lambda: RMSNorm(3, affine=False), [0.5, -1.0, 2.0]),
    "GroupNorm": (lambda: GroupNorm(2, 4), [0.5, -1.0, 2.0, 0.25]),
    "GroupNorm of maps": (lambda: GroupNorm(1, 2), TWO_MAPS),
    "BatchNorm": (lambda: BatchNorm(2), [[0.5, -1.0], [2.0, 0.25], [0.1, 0.2]]),
    "BatchNorm of maps": (lambda: BatchNorm(2), [TWO_MAPS, TWO_MAPS[::-1]]),
    "BatchNorm in use": (lambda: BatchNorm(3).eval(), [0.5, -1.0, 2.0]),
    "LayerNorm": (lambda: LayerNorm(3), [0.5, -1.0, 2.0]),
    "Dropout": (lambda: Dropout(0.5, seed=3).eval(), [0.5, -1.0, 2.0]),
    "Flatten": (lambda: Flatten(), IMAGE),
    "Sequential": (lambda: Sequential(Linear(2, 3, seed=8), LayerNorm(3), ops.tanh, Layer(3, 1, nonlin=False, seed=9)),
                   [0.5, -1.0]),
    "Sequential of maps": (lambda: Sequential(Conv2d(1, 2, 2, seed=1), ops.leaky_relu(0.2), MaxPool2d(2), Flatten(),
                                              Linear(4, 2, seed=2)),
                           IMAGE),
}  # fmt: skip


def each_module(f):
    return pytest.mark.parametrize(("make", "x"), MODULES.values(), ids=MODULES.keys())(f)


def values(tree):
    """Numbers in nested lists as Values; whole numbers are symbols and stay."""
    return (
        [values(v) for v in tree] if isinstance(tree, (list, tuple)) else tree if isinstance(tree, int) else Value(tree)
    )


def leaves(tree):
    return [v for t in tree for v in leaves(t)] if isinstance(tree, (list, tuple)) else [tree]


def weighed(out):
    """One number that depends on every output differently, and not linearly."""
    return functional.sum([(i + 1.5) * v + v * v for i, v in enumerate(leaves(out))])


def data(tree):
    return [v.data if isinstance(v, Value) else v for v in leaves(tree)]


# Parameters, labels


def test_labels_say_where_a_parameter_hangs():
    mlp = MLP(3, [4, 4, 1])
    assert mlp.layers[0].neurons[3].w[1].label == "mlp.layers.0.neurons.3.w[1]"
    assert mlp.layers[2].neurons[0].b.label == "mlp.layers.2.neurons.0.b"
    assert MLP(1, [1], name="critic").parameters()[0].label == "critic.layers.0.neurons.0.w[0]"


@each_module
def test_every_parameter_has_a_label_of_its_own_which_is_its_path(make, x):
    module = make()
    named = module.named_parameters()
    assert [p.label for _, p in named] == [f"{type(module).__name__.lower()}.{path}" for path, _ in named]
    assert len({p.label for _, p in named}) == len(named) == len(module.parameters())


def test_an_outer_module_names_what_is_inside_it():
    class Net(Module):
        def __init__(self):
            self.body = Layer(1, 2)
            self.heads = {"left": Neuron(2), "right": Neuron(2)}
            self.table = {"wte": [[Value(1.0)], [Value(2.0)]]}
            self.scale = Value(1.0)
            self._cache = Value(3.0)

        def __call__(self, x):
            self.last = self.heads["left"](self.body(x)) * self.scale  # computed: no parameter
            return self.last

    net = Net()
    net([1.0])
    labels = [p.label for p in net.parameters()]
    assert labels[:4] == [
        "net.body.neurons.0.w[0]",
        "net.body.neurons.0.b",
        "net.body.neurons.1.w[0]",
        "net.body.neurons.1.b",
    ]
    assert labels[-4:] == ["net.heads.right.b", "net.table.wte[0][0]", "net.table.wte[1][0]", "net.scale"]
    net.rename("actor")
    assert net.scale.label == "actor.scale"


def test_a_shared_parameter_is_counted_once_and_a_circle_ends():
    class Tied(Module):
        def __init__(self):
            self.a = Neuron(2)
            self.b = self.a
            self.w = self.a.w
            self.me = self

    assert len(Tied().parameters()) == 3


def test_micrograds_own_way_to_write_a_module_works():
    class MyNeuron(Module):
        def __init__(self, nin):
            self.w = [Value(random.uniform(-1, 1)) for _ in range(nin)]
            self.b = Value(0)

        def __call__(self, x):
            return sum((wi * xi for wi, xi in zip(self.w, x)), self.b).tanh()

        def parameters(self):
            return [*self.w, self.b]

    n = MyNeuron(2)
    n([1.0, 2.0]).backward()
    assert all(p.grad for p in n.parameters())
    n.zero_grad()
    assert not any(p.grad for p in n.parameters())
    assert repr(n) == "MyNeuron()"


def test_a_class_shows_the_arguments_of_its_constructor():
    import inspect

    assert list(inspect.signature(MaxPool2d).parameters) == ["size", "stride", "name"]
    assert list(inspect.signature(Module).parameters) == []


# micrograd


def test_weights_are_drawn_from_the_global_random_in_micrograds_order():
    random.seed(1337)
    mlp = MLP(2, [16, 16, 1])
    after = random.random()
    random.seed(1337)
    expected = []
    for nin, nout in [(2, 16), (16, 16), (16, 1)]:
        for _ in range(nout):
            expected += [random.uniform(-1, 1) for _ in range(nin)] + [0.0]
    assert data(mlp.parameters()) == expected
    assert len(expected) == 337
    assert random.random() == after


def test_reprs_say_sizes_activations_and_how_much_there_is_to_learn():
    assert repr(MLP(2, [8, 8, 1], activation="tanh")) == "MLP(2-8-8-1, tanh, 105 parameters)"
    assert repr(MLP(2, [1], output=ops.leaky_relu(0.2))) == "MLP(2-1, relu, output leaky_relu(0.2), 3 parameters)"
    assert repr(Layer(2, 3, nonlin=False)) == "Layer(2-3, linear, 9 parameters)"
    assert repr(Neuron(1, activation="leaky_relu")) == "LeakyReluNeuron(1)"
    assert repr(Neuron(1, activation=lambda z: z)) == "CustomNeuron(1)"
    assert repr(Conv2d(1, 2, 3, stride=2)) == "Conv2d(1, 2, 3, stride=2)"
    assert repr(Dropout()) == "Dropout(p=0.5)"


def test_one_output_is_the_value_itself_but_linear_keeps_its_list():
    assert isinstance(MLP(2, [3, 1])([1, 2]), Value)
    assert isinstance(Layer(2, 1)([1, 2]), Value)
    assert [type(v) for v in Linear(2, 1)([1, 2])] == [Value]
    assert len(MLP(2, [3, 2])([1, 2])) == 2


def test_a_layer_of_one_neuron_can_stand_in_the_middle():
    assert isinstance(MLP(3, [1, 2, 1], activation="tanh")([1.0, 2.0, 3.0]), Value)


# What is computed

vectors = st.lists(st.floats(-3, 3), min_size=3, max_size=3)


@settings(max_examples=40, deadline=None)
@given(vectors, st.integers(0, 10**6), st.sampled_from(["relu", "tanh", "linear", "gelu"]))
def test_fused_and_expanded_agree_to_the_bit(x, seed, activation):
    results = []
    for expand in (False, True):
        mlp = MLP(3, [4, 3, 2], activation=activation, seed=seed, expand=expand)
        xs = [Value(v) for v in x]
        out = mlp(xs)
        weighed(out).backward()
        results.append([[v.data.hex() for v in out], [v.grad.hex() for v in [*xs, *mlp.parameters()]]])
    assert results[0] == results[1]


def test_a_fused_neuron_is_two_nodes():
    n = Neuron(50, activation="tanh", seed=0)
    out = n([1.0] * 50)
    assert out.op is ops.tanh
    assert out.parents[0].op is ops.dot
    assert all(not p.parents for p in out.parents[0].parents)


def test_numbers_are_converted_once_per_call():
    layer = Layer(2, 3)
    a, b = (v.parents[0] for v in layer([1.0, 2])[:2])
    assert a.parents[2] is b.parents[2]


@each_module
def test_gradients_are_those_of_central_differences(make, x):
    module = make()
    xs = values(x)

    def run():
        out = module(xs)
        return weighed(out[0] if isinstance(module, (RNN, LSTM, GRU)) else out)

    run().backward()
    places = [*module.parameters(), *(v for v in leaves(xs) if isinstance(v, Value))]
    grads, h = [v.grad for v in places], 1e-5
    assert any(grads)
    for place, grad in zip(places, grads):
        here = place.data
        place.data = here + h
        above = run().data
        place.data = here - h
        below = run().data
        place.data = here
        assert (above - below) / (2 * h) == pytest.approx(grad, rel=1e-6, abs=1e-7), place


def test_the_lectures_neuron():
    n = Neuron(2, activation="tanh")
    for p, number in zip(n.parameters(), (-3.0, 1.0, 6.8813735870195432)):
        p.data = number
    x = [Value(2.0), Value(0.0)]
    out = n(x)
    out.backward()
    assert out.data == pytest.approx(0.70710678)
    assert [v.grad for v in [*x, *n.parameters()]] == pytest.approx([-1.5, 0.5, 1.0, 0.0, 0.5])


def test_a_convolution_is_a_sum_over_windows():
    conv = Conv2d(2, 3, 2, stride=2, padding=1, pad_value=0.5, seed=0)
    for o in range(3):
        conv.b[o].data = 0.1 * o
    out = conv(TWO_MAPS)
    padded = [
        [[m[r][c] if 0 <= r < 4 and 0 <= c < 5 else 0.5 for c in range(-1, 6)] for r in range(-1, 5)] for m in TWO_MAPS
    ]
    assert [len(out), len(out[0]), len(out[0][0])] == [3, 3, 3]
    for o in range(3):
        for r in range(3):
            for c in range(3):
                terms = [
                    conv.w[o][i][y][x].data * padded[i][2 * r + y][2 * c + x]
                    for i in range(2)
                    for y in range(2)
                    for x in range(2)
                ]
                assert out[o][r][c].data == pytest.approx(math.fsum(terms) + 0.1 * o, abs=1e-12)


def test_units_of_a_map_share_the_very_same_weights():
    conv = Conv2d(1, 1, 2)
    out = conv([[[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]]])
    assert [id(p) for p in out[0][0][0].parents[:4]] == [id(p) for p in out[0][0][1].parents[:4]]


def test_lecuns_network_has_the_published_sizes():
    table = [[(o + i) % 12 for i in range(8)] for o in range(12)]
    squash = lambda a: 1.7159 * ops.tanh(2 / 3 * a)
    options = {"bias": "unit", "stride": 2, "padding": 2, "pad_value": -1.0, "activation": squash, "seed": 0}
    h1 = Conv2d(1, 12, 5, size=16, **options)
    h2 = Conv2d(12, 12, 5, size=8, table=table, **options)
    h3, output = Layer(192, 30, seed=0), Layer(30, 10, seed=0)
    assert [len(m.parameters()) for m in (h1, h2, h3, output)] == [1068, 2592, 5790, 310]
    assert [h1.shape(16, 16), h2.shape(8, 8)] == [(8, 8), (4, 4)]
    image = [[Value(math.sin(r * c)) for c in range(16)] for r in range(16)]
    maps = h1(image)
    units = [u for m in h2(maps) for row in m for u in row]
    assert len(units) == 192
    dots = [
        u.parents[1].parents[0].parents[1] if u.parents[0].op is ops.leaf else u.parents[0].parents[0] for u in units
    ]
    connections = [len(d.parents) // 2 + 1 for d in dots]
    assert math.fsum(connections) == 38592


def test_h_of_an_rnn_is_its_cell_of_input_and_state():
    rnn = RNN(1, 1, activation="relu")
    w, a, b = rnn.parameters()
    w.data, a.data, b.data = 1.0, 1.5, 0.0
    h0 = Value(1.0)
    outputs, last = rnn([[0.0]] * 50, [h0])
    last[0].backward()
    assert last == outputs[-1]
    assert h0.grad == pytest.approx(1.5**50)
    assert rnn([], [h0]) == ([], [h0])


def test_layernorm_centres_and_scales():
    out = data(LayerNorm(4, eps=1e-12)([1.0, 2.0, 3.0, 10.0]))
    assert math.fsum(out) == pytest.approx(0, abs=1e-12)
    assert math.fsum(v * v for v in out) / 4 == pytest.approx(1)
    assert data(LayerNorm(3)([5.0, 5.0, 5.0])) == [0.0, 0.0, 0.0]


def test_dropout_keeps_the_mean_and_only_acts_in_training():
    net = Sequential(Dropout(0.25, seed=0), lambda xs: functional.mean(xs))
    assert net([1.0] * 4000) == pytest.approx(1.0, abs=0.05)
    assert net.eval()([1.0] * 4000) == 1.0
    assert net.train().steps[0].training


def test_max_pooling_passes_nan_on():
    assert math.isnan(MaxPool2d(2)([[[1.0, math.nan], [3.0, 4.0]]])[0][0][0].data)


# Choices by name


@pytest.mark.parametrize("name", choices.activations())
def test_every_activation_name_is_the_row_of_that_name(name):
    z = Neuron(1, activation=name, seed=0, init=lambda rng, i, o: 0.5)([0.6])
    row = {"linear": lambda v: v, "leaky_relu": ops.leaky_relu()}.get(name) or ops.TABLE[name]
    expected = row(0.5 * 0.6)
    assert z.data == expected or math.isnan(expected)


def test_rows_and_functions_are_activations_too():
    for activation in (ops.leaky_relu(0.25), lambda z: 0.25 * z):
        n = Neuron(1, activation=activation, init=lambda rng, i, o: -1.0)
        assert n([4.0]).data == -1.0


CUTS = {
    "math.tanh": (math.tanh, r"returns float 0\.46.*, no Value, for 0.5: what is before it would never learn: "
                             r"write activation='tanh'"),
    "math.fabs": (math.fabs, "write activation='abs'"),
    "float": (float, "got type <class 'float'>"),
    "a lambda with math": (lambda z: 2 * math.tanh(z), "returns float .*as in lambda z: z.tanh"),
    "a lambda with .data": (lambda z: Value(z.data) * 2, "returns a Value that was not computed from its input 0.5"),
    "a constant": (lambda z: 0.0, "returns float 0.0"),
    "round": (round, "returns int 0"),
    "on one side": (lambda z: z if z > 0 else math.tanh(z), "returns float -0.46"),
    "on the other": (lambda z: Value(z.data**2) if z > 0 else z,
                     "returns a Value that was not computed from its input 0.5"),
    "no argument": (lambda: 0.0, "cannot be given a Value"),
    "a class": (Linear, "an activation is a name, a row or a function of one Value"),
}  # fmt: skip


@pytest.mark.parametrize(("activation", "message"), CUTS.values(), ids=CUTS)
@pytest.mark.parametrize("make", [lambda f: MLP(2, [3, 1], activation=f), lambda f: MLP(2, [1], output=f),
                                  lambda f: Neuron(1, activation=f),
                                  lambda f: Conv2d(1, 1, 2, activation=f),
                                  lambda f: RNN(1, 1, activation=f)])  # fmt: skip
def test_an_activation_that_cuts_the_graph_is_refused_before_anything_is_trained(make, activation, message):
    with pytest.raises(TypeError, match=message):
        make(activation)


def test_numpys_tanh_learns_or_is_refused():
    np = pytest.importorskip("numpy")
    try:
        mlp = MLP(1, [2, 1], activation=np.tanh, seed=0)
    except TypeError as error:
        assert "write activation='tanh'" in str(error)
    else:
        mlp([1.0]).backward()
        assert any(p.grad for p in mlp.layers[0].parameters())


@pytest.mark.parametrize(
    "make", [lambda **f: MLP(2, [1], **f), lambda **f: Neuron(2, False, **f), lambda **f: Layer(2, 2, False, **f)]
)
def test_a_name_that_is_no_activation_is_told_even_where_none_is_used(make):
    make(activation="tanh")
    with pytest.raises(ValueError, match="relu"):
        make(activation="rellu")


def test_trying_an_activation_draws_no_random_number_and_is_no_affair_of_its_errors():
    def noisy(z):
        if z > 0 and not started:
            raise LookupError("not yet")
        return z * random.random()

    started, states = [], []
    for activation in (lambda z: z * random.random(), noisy):
        random.seed(1)
        MLP(1, [1, 1], activation=activation)
        states.append(random.getstate())
    random.seed(1)
    MLP(1, [1, 1])
    assert states == [random.getstate()] * 2


def test_an_activation_may_be_a_number_where_its_slope_is_0():
    n = Neuron(1, activation=lambda z: max(z, 0.0), init=lambda rng, i, o: 1.0)
    assert [n([x]).data for x in (-2.0, 2.0)] == [0.0, 2.0]
    n([-2.0]).backward()
    assert n.w[0].grad == 0.0


@pytest.mark.parametrize(
    ("wrong", "right"),
    [
        ("Tanh", "tanh"),
        ("ReLU", "relu"),
        ("LeakyReLU", "leaky_relu"),
        ("identity", "linear"),
        ("sigmod", "sigmoid"),
        ("tahn", "tanh"),
    ],
)
def test_a_name_from_elsewhere_is_told_its_name_here(wrong, right):
    with pytest.raises(ValueError, match=f"did you mean '{right}'"):
        MLP(1, [1, 1], activation=wrong)
    assert repr(Neuron(1, activation=None)) == "LinearNeuron(1)"


def test_a_step_that_cuts_the_graph_of_a_sequence_is_refused():
    net = Sequential(Linear(1, 2, seed=0), lambda xs: [math.tanh(x) for x in xs], Linear(2, 1, seed=0))
    with pytest.raises(TypeError, match=r"step 1 of sequential, '<lambda>', makes plain numbers of Values"):
        net([1.0])
    with no_grad():
        assert len(net([1.0])) == 1
    assert Sequential(Linear(1, 2), lambda xs: max(range(2), key=xs.__getitem__))([1.0]) in (0, 1)  # at the end


SPREADS = {"uniform": 1 / math.sqrt(3), "normal": 1.0, "xavier": math.sqrt(2 / 50), "xavier_normal": math.sqrt(2 / 50),
           "he": math.sqrt(2 / 40), "he_uniform": math.sqrt(2 / 40), "lecun89": 2.4 / 40 / math.sqrt(3),
           "zeros": 0.0}  # fmt: skip
BOUNDS = {"uniform": 1.0, "xavier": math.sqrt(6 / 50), "he_uniform": math.sqrt(6 / 40), "lecun89": 2.4 / 40}


@pytest.mark.parametrize("init", choices.INITS)
def test_initial_weights_have_the_spread_of_their_paper(init):
    layer = Layer(40, 10, init=init, seed=0)
    ws = [w.data for n in layer.neurons for w in n.w]
    assert math.sqrt(math.fsum(w * w for w in ws) / len(ws)) == pytest.approx(SPREADS[init], rel=0.1)
    assert max(map(abs, ws)) <= BOUNDS.get(init, math.inf)
    assert data([n.b for n in layer.neurons]) == [0.0] * 10


def test_a_seed_is_a_stream_of_its_own():
    random.seed(5)
    before = random.getstate()
    one, two = MLP(2, [3, 1], seed=9), MLP(2, [3, 1], seed=9)
    assert random.getstate() == before
    assert one.state_dict() == two.state_dict() != MLP(2, [3, 1], seed=10).state_dict()
    assert one.layers[0].neurons[0].w[0].data != one.layers[0].neurons[1].w[0].data


# Errors

ERRORS = {
    "MLP expects 3 inputs, got 2": lambda: MLP(3, [2, 1])([1.0, 2.0]),
    "Layer expects 1 input, got 2": lambda: Layer(1, 2)([1.0, 2.0]),
    "Neuron expects 2 inputs, got 3": lambda: Neuron(2)([1.0, 2.0, 3.0]),
    "a list of 3, and a batch of one sample is [x]": lambda: train.predict(MLP(3, [1]), [1.0, 2.0, 3.0]),
    "one sample at a time": lambda: MLP(2, [1])([[1.0, 2.0]] * 3),
    "there is no activation 'rely': choose one of linear, neg, square": lambda: MLP(2, [2, 1], activation="rely"),
    "or pass a function; did you mean 'silu'?": lambda: MLP(2, [2, 1], output="swish"),
    "cannot be an activation: it has more than one input": lambda: Neuron(2, activation=ops.add),
    "there is no init 'glorot': choose one of uniform": lambda: Layer(2, 2, init="glorot"),
    "must be at least 1, got 0": lambda: Neuron(0),
    "RNN at step 1 expects 2 inputs, got 1": lambda: RNN(2, 2)([[1.0, 2.0], [1.0]]),
    "Embedding has 3 rows, 0 to 2: there is no row -1": lambda: Embedding(3, 1)(-1),
    "Conv2d expects 2 input maps, got 1": lambda: Conv2d(2, 1, 2)(IMAGE),
    "got str with 0 levels of nesting": lambda: Conv2d(1, 1, 2)("x"),
    "too small for Conv2d with kernel 9": lambda: Conv2d(1, 1, 9)(IMAGE),
    "rows of different lengths": lambda: Conv2d(1, 1, 1)([[[1.0], [1.0, 2.0]]]),
    "pass size=": lambda: Conv2d(1, 1, 2, bias="unit"),
    "was built for inputs of size [9, 9], got 4 x 5": lambda: Conv2d(1, 1, 2, bias="unit", size=9)(IMAGE),
    "bias is 'map', 'unit' or 'none'": lambda: Conv2d(1, 1, 2, bias="both"),
    "some of the input maps 0 to 1, each once": lambda: Conv2d(2, 2, 2, table=[[0], [1, 1]]),
    "one list of input maps for each of the 2": lambda: Conv2d(2, 2, 2, table=[[0]]),
    "below 1, got 1": lambda: Dropout(1),
    "eps must be above 0": lambda: LayerNorm(3, eps=0),
    "windows of 9 x 9": lambda: MaxPool2d(9)(IMAGE),
}  # fmt: skip
TYPE_ERRORS = {
    "nouts is a list": lambda: MLP(2, 3),
    "nonlin is True or False, got 'tanh': an activation is written activation=": lambda: Neuron(2, "tanh"),
    "bias is True or False, got 'tanh': a Linear has no activation; a Layer has one": lambda: Linear(2, 3, "tanh"),
    "nonlin is True or False, got 'relu'": lambda: Layer(2, 3, "relu"),
    "nonlin is True or False, got <Op tanh>": lambda: Neuron(2, ops.tanh),
    "bias is True or False, got 'relu': an activation is": lambda: Neuron(2, bias="relu"),
    "must be a whole number, got float 2.5": lambda: Neuron(2.5),
    "a seed is a whole number": lambda: MLP(2, [1], seed="a"),
    "an activation is a name": lambda: Neuron(2, activation=3),
    "init is a name or a function": lambda: Neuron(2, init=3),
    "step 1 of Sequential must be": lambda: Sequential(Flatten(), 3),
    "looked up by a whole number, got float 1.5": lambda: Embedding(3, 1)(1.5),
    "Neuron expects a list of 2 numbers": lambda: Neuron(2)(None),
    "a number is needed here, not str": lambda: Neuron(2)(["a", "b"]),
    "a number is needed here, not str 'x'": lambda: Sequential(Flatten(), Linear(1, 1))(["x"]),
    "a module's name is text": lambda: Neuron(2, name=3),
}


@pytest.mark.parametrize(("message", "wrong"), ERRORS.items(), ids=ERRORS)
def test_errors_say_what_is_allowed(message, wrong):
    with pytest.raises((ValueError, IndexError)) as caught:
        wrong()
    assert message in str(caught.value)


@pytest.mark.parametrize(("message", "wrong"), TYPE_ERRORS.items(), ids=TYPE_ERRORS)
def test_type_errors_say_what_is_allowed(message, wrong):
    with pytest.raises(TypeError) as caught:
        wrong()
    assert message in str(caught.value)


# Training


def test_an_mlp_learns_xor():
    mlp = MLP(2, [4, 1], activation="tanh", output="tanh", seed=3)
    table = [([0.0, 0.0], -1.0), ([0.0, 1.0], 1.0), ([1.0, 0.0], 1.0), ([1.0, 1.0], -1.0)]
    optimizer = SGD(mlp.parameters(), lr=0.3, momentum=0.9)
    for _ in range(100):
        loss = functional.mean([(mlp(x) - y) ** 2 for x, y in table])
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    assert loss.data < 0.01
    assert [mlp(x) > 0 for x, _ in table] == [y > 0 for _, y in table]


def test_constant_weights_keep_hidden_units_identical_for_ever():
    mlp = MLP(2, [3, 1], activation="sigmoid", init=lambda rng, i, o: 0.5)
    optimizer = SGD(mlp.parameters(), lr=0.5)
    for _ in range(20):
        mlp.zero_grad()
        ((mlp([1.0, -2.0]) - 3) ** 2).backward()
        optimizer.step()
    assert len({tuple(data(n.parameters())) for n in mlp.layers[0].neurons}) == 1
    assert mlp.layers[0].neurons[0].w[0].data != 0.5
