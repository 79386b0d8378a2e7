"""Names that people remember from elsewhere: each room says what they are called here, however they are asked for."""

import pickle

import pytest

import tinygrad_edu
from tinygrad_edu import Value, data, functional, losses, nn, optim, plot, signposts, stochastic, train

ROOMS = {
    "tinygrad_edu" + r: m
    for r, m in zip(signposts.ROOMS, (tinygrad_edu, nn, losses, optim, functional, data, train, plot, stochastic))
}


@pytest.mark.parametrize(("room", "asked", "named"), [
    ("", "MLP", "tinygrad_edu.nn.MLP"), ("", "Tensor", "tinygrad_edu.Value"), ("", "adam", "tinygrad_edu.optim.Adam"),
    ("", "draw_dot", "tinygrad_edu.draw"), ("", "relu", "tinygrad_edu.functional.relu"),
    ("", "sign", "tinygrad_edu.functional.sign"),
    (".nn", "ReLU", "tinygrad_edu.functional.relu"), (".nn", "CrossEntropyLoss", "tinygrad_edu.losses.cross_entropy"),
    (".nn", "Conv2D", "tinygrad_edu.nn.Conv2d"), (".nn", "Dense", "tinygrad_edu.nn.Linear"),
    (".optim", "RMSprop", "tinygrad_edu.optim.RMSProp"), (".losses", "bce", "tinygrad_edu.losses.binary_cross_entropy"),
    (".data", "make_moons", "tinygrad_edu.data.moons"), (".data", "train_test_split", "tinygrad_edu.data.split"),
    (".data", "load_csv", "tinygrad_edu.data.read_csv"), (".train", "accuracy_score", "tinygrad_edu.train.accuracy"),
    (".functional", "arctan", "tinygrad_edu.functional.atan"), (".functional", "zzz", "tanh"),
    (".optim", "zzz", "SGD, Adagrad"), (".stochastic", "REINFORCE", "tinygrad_edu.stochastic.Score"),
    (".stochastic", "Dirichlet", "Bernoulli, Binomial"), ("", "Bernoulli", "tinygrad_edu.stochastic.Bernoulli"),
    (".stochastic", "MLP", "tinygrad_edu.nn.MLP"), (".nn", "linear", "tinygrad_edu.nn.Linear"),
])  # fmt: skip
def test_a_name_from_elsewhere_is_answered_with_the_name_here(room, asked, named):
    room = "tinygrad_edu" + room
    assert not hasattr(ROOMS[room], asked)
    with pytest.raises(AttributeError) as got:
        getattr(ROOMS[room], asked)
    with pytest.raises(ImportError) as imported:
        exec(f"from {room} import {asked}")
    assert named in str(got.value) and str(got.value) == str(imported.value)


@pytest.mark.parametrize("room", ROOMS)
def test_every_public_name_is_found_under_spellings_of_it(room):
    names = dir(functional) if room.endswith("functional") else ROOMS[room].__all__
    for name in names:
        getattr(ROOMS[room], name)
        wrong = name.swapcase()
        if not hasattr(ROOMS[room], wrong):
            advised = signposts.advice(room, wrong).removeprefix(": write ")
            assert advised.rpartition(".")[2].lower() == name.lower(), advised


def test_what_is_there_is_found_as_ever():
    from tinygrad_edu import cli, explanation  # modules that the face does not import

    assert cli.main and explanation.explain
    assert functional.tanh is tinygrad_edu.ops.tanh
    assert not hasattr(nn, "__wrapped__") and not hasattr(tinygrad_edu, "_private")
    assert pickle.loads(pickle.dumps(tinygrad_edu.fit)) is tinygrad_edu.fit


@pytest.mark.parametrize("name", signposts.OF_VALUES)
@pytest.mark.parametrize(
    "v", [Value(2.0), Value(2.0) * 3, type("Parameter", (Value,), {})(2.0)], ids=["leaf", "node", "own"]
)
def test_an_attribute_that_would_be_set_in_vain_is_answered(v, name):
    before = dict(vars(v))
    for ask in (lambda: getattr(v, name), lambda: setattr(v, name, 1.0), lambda: setattr(v, name, True)):
        with pytest.raises(AttributeError, match=f"a Value has no '{name}': .*v\\."):
            ask()
    assert vars(v) == before and name not in dir(v) and not hasattr(v, name) and not hasattr(Value, name)


@pytest.mark.parametrize("name", signposts.METHODS)
def test_a_method_of_other_libraries_is_answered_and_may_be_given_a_meaning(name):
    v = Value(2.0)
    with pytest.raises(AttributeError, match=f"a Value has no '{name}': (write|each)"):
        getattr(v, name)
    assert name not in dir(v) and not hasattr(v, name)
    setattr(v, name, 3.0)
    assert getattr(v, name) == 3.0


@pytest.mark.parametrize("name", signposts.OF_MODULES)
def test_a_module_says_so_too_and_may_have_one_of_its_own(name):
    model = nn.MLP(2, [1])
    with pytest.raises(AttributeError, match=f"a module has no '{name}': write .*model"):
        getattr(model, name)
    assert name not in dir(model) and not hasattr(model, name) and not hasattr(nn.Module, name)
    own = type("Own", (nn.Module,), {name: lambda self, x: 2 * x})()
    assert getattr(own, name)(3.0) == 6.0 and (name != "forward" or own(3.0) == 6.0)
    setattr(model, name, 3.0)
    assert getattr(model, name) == 3.0


@pytest.mark.parametrize("name", signposts.OF_MODULES)
def test_a_method_that_is_mixed_in_is_used_and_listed(name):
    class Mixed:
        pass

    setattr(Mixed, name, lambda self, x: 2 * x)
    model = type("Own", (nn.Module, Mixed), {})()
    assert getattr(model, name)(3.0) == 6.0 and name in dir(model)
    assert getattr(type(model), name)(model, 3.0) == 6.0


def test_a_power_is_written_with_stars():
    for ask in (lambda v: v ^ 2, lambda v: 2 ^ v, lambda v: v ^ v):
        with pytest.raises(TypeError, match=r"written \*\* in Python"):
            ask(Value(3.0))
    own = type("Own", (), {"__rxor__": lambda self, v: v.data})()
    assert Value(3.0) ^ own == 3.0


def test_a_class_of_ones_own_may_give_such_a_name_a_meaning():
    class Variable(Value):
        requires_grad = True

    v = Variable(1.0)
    v.requires_grad = False
    assert Variable.requires_grad and not v.requires_grad


def test_item_is_the_number():
    assert (Value(2.0) * 3).item() == 6.0
