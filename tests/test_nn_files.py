"""nn on disk: a module that was saved comes back to the bit, and a damaged file is one clear error."""

import copy
import json
import math
import pickle
import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from test_nn import data, each_module

from tinygrad_edu import Op, Value, nn, ops, register
from tinygrad_edu.nn import MLP, Conv2d, Flatten, Linear, Module, Neuron, Sequential
from tinygrad_edu.optim import Adam


@each_module
def test_a_saved_module_comes_back_to_the_bit(make, x, tmp_path):
    module, path = make(), tmp_path / "model.json"
    module.save(path, extra=["anything", 1.5])
    random.seed(3)
    before = random.getstate()
    again = nn.load(path).train(module.training)
    assert random.getstate() == before
    assert type(again) is type(module)
    assert repr(again) == repr(module)
    assert [(p.label, p.data.hex()) for p in again.parameters()] == [
        (p.label, p.data.hex()) for p in module.parameters()
    ]
    assert data(again(x)) == data(module(x))
    assert nn.read(path)["extra"] == ["anything", 1.5]
    assert os_files(tmp_path) == ["model.json"]
    again.save(path)
    assert nn.read(path)["extra"] is None
    other = make()
    for p in other.parameters():
        p.data += 1
    assert other.load(path).state_dict() == module.state_dict()


def os_files(folder):
    return sorted(p.name for p in folder.iterdir())


@settings(max_examples=30, deadline=None)
@given(st.lists(st.floats(), min_size=3, max_size=3))
def test_any_float_survives_the_disk(tmp_path_factory, numbers):
    path = tmp_path_factory.mktemp("floats") / "n.json"
    n = Neuron(2)
    for p, x in zip(n.parameters(), numbers):
        p.data = x
    n.save(path, extra={"numbers": numbers})
    for back in (data(nn.load(path).parameters()), nn.read(path)["extra"]["numbers"]):
        assert [x.hex() for x in back] == [x.hex() for x in numbers]
    json.loads(path.read_text(), parse_constant=pytest.fail)  # standard JSON: no bare NaN


def test_an_optimizers_state_fits_into_extra(tmp_path):
    n = Neuron(2, seed=0)
    adam = Adam(n.parameters())
    n([1.0, 1.0]).backward()
    adam.step()
    n.save(tmp_path / "n.json", extra=adam.state_dict())
    other = Adam(nn.load(tmp_path / "n.json").parameters())
    other.load_state_dict(nn.read(tmp_path / "n.json")["extra"])
    assert other.state_dict() == adam.state_dict()


def test_numpy_numbers_may_be_in_extra(tmp_path):
    np = pytest.importorskip("numpy")
    Neuron(1).save(tmp_path / "n.json", extra={"means": np.array([1.5, np.nan]), "n": np.int64(3)})
    extra = nn.read(tmp_path / "n.json")["extra"]
    assert extra["n"] == 3
    assert extra["means"][0] == 1.5
    assert math.isnan(extra["means"][1])


BAD_STATES = {
    "1 missing (b)": {"w[0]": 1.0, "w[1]": 2.0},
    "1 unexpected (c)": {"w[0]": 1.0, "w[1]": 2.0, "b": 3.0, "c": 4.0},
    "1 not a number (w[1]: '2')": {"w[0]": 1.0, "w[1]": "2", "b": 3.0},
    "3 missing (w[0], w[1], b); 1 unexpected (x)": {"x": 1.0},
}


@pytest.mark.parametrize(("message", "state"), BAD_STATES.items(), ids=BAD_STATES)
def test_a_state_that_does_not_fit_changes_nothing(message, state):
    n = Neuron(2, seed=0)
    before = n.state_dict()
    with pytest.raises(ValueError) as caught:
        n.load_state_dict(state)
    assert message in str(caught.value)
    assert n.state_dict() == before


def saved(tmp_path, **changes):
    path = tmp_path / "model.json"
    MLP(2, [3, 1], seed=0).save(path)
    content = json.loads(path.read_text())
    for key, x in changes.items():
        content[key] = x(content[key]) if callable(x) else x
    path.write_text(json.dumps(content))
    return path


DAMAGE = {
    "format": "something", "version": 99, "kind": "os.system", "config": {"nin": 10**12, "nouts": [10**9, 1]},
    "state": [], "kind of a list": ("kind", []), "no config": ("config", 3), "empty state": ("state", {}),
    "unknown argument": ("config", {"nin": 2, "x": 1}),
    "activation": ("config", {"nin": 2, "nouts": [3, 1], "activation": "eval"}),
    "row": ("config", {"nin": 2, "nouts": [3, 1], "activation": {"$op": "system"}}),
    "word": ("state", lambda s: {**s, "layers.0.neurons.0.b": {"$float": "infinity"}}),
    "text": ("state", lambda s: {**s, "layers.0.neurons.0.b": "1"}),
    "other sizes": ("config", {"nin": 2, "nouts": [2, 1]}),
    "name": ("config", lambda c: {**c, "name": []}),
    "module": ("config", lambda c: {**c, "activation": {"$module": "Popen", "config": {}}}),
}  # fmt: skip


@pytest.mark.parametrize(("key", "change"), DAMAGE.items(), ids=DAMAGE)
def test_a_damaged_file_is_one_clear_error_with_its_path(key, change, tmp_path):
    path = saved(tmp_path, **dict([change if isinstance(change, tuple) else (key, change)]))
    with pytest.raises(ValueError) as caught:
        nn.load(path)
    assert str(path) in str(caught.value)


GARBAGE = [
    b"",
    b"{",
    b"[]",
    b"null",
    b"\xff\xfe\x00",
    b"[" * 100_000,
    b"import os",
    b'{"format": "tinygrad_edu", "version": 1}',
]


@pytest.mark.parametrize("text", GARBAGE, ids=range(len(GARBAGE)))
def test_garbage_is_one_clear_error_with_its_path(text, tmp_path):
    path = tmp_path / "garbage.json"
    path.write_bytes(text)
    for read in (nn.load, nn.read, Neuron(1).load):
        with pytest.raises(ValueError, match=r"garbage\.json"):
            read(path)


@settings(max_examples=60, deadline=None)
@given(st.data())
def test_no_damage_to_a_file_raises_anything_but_a_value_error(tmp_path_factory, draw):
    folder = tmp_path_factory.mktemp("damage")
    path = folder / "m.json"
    Sequential(Conv2d(1, 1, 2, seed=0), Flatten(), MLP(1, [1], activation=ops.leaky_relu(0.1), seed=0)).save(path)
    text = bytearray(path.read_bytes())
    at = draw.draw(st.integers(0, len(text) - 1))
    other = st.sampled_from([b"", b"0", b'"', b"-1", b"null", b"[]", b"{}", b"1e999", b"99999999"])
    text[at : at + draw.draw(st.integers(0, 8))] = draw.draw(other)
    path.write_bytes(text)
    try:
        assert isinstance(nn.load(path), Sequential | Module)
    except ValueError as error:
        assert str(path) in str(error)


def test_a_missing_file_is_a_missing_file(tmp_path):
    with pytest.raises(FileNotFoundError):
        nn.load(tmp_path / "none.json")


def test_a_save_that_fails_leaves_the_old_file_alone(tmp_path, monkeypatch):
    path = tmp_path / "n.json"
    n = Neuron(1, seed=0)
    n.save(path)
    old = path.read_text()
    with pytest.raises(TypeError, match=r"extra\['model'\] cannot be written to JSON: object"):
        n.save(path, extra={"model": object()})
    with pytest.raises(TypeError, match="keys must be text"):
        n.save(path, extra={3: "three"})
    monkeypatch.setattr("os.replace", lambda *names: (_ for _ in ()).throw(OSError("disk full")))
    with pytest.raises(OSError, match="disk full"):
        n.save(path, extra=1)
    assert path.read_text() == old
    assert os_files(tmp_path) == ["n.json"]


def test_a_module_with_a_function_is_saved_and_says_how_to_load_it(tmp_path):
    path = tmp_path / "f.json"
    net = Sequential(Linear(1, 1, seed=0), lambda x: x)
    net.save(path)
    with pytest.raises(
        ValueError, match=r"not how to build it: Sequential's steps\[1\] cannot be written.*module\.load"
    ):
        nn.load(path)
    assert Sequential(Linear(1, 1, seed=1), lambda x: x).load(path).state_dict() == net.state_dict()


def test_a_class_of_your_own_is_loaded_when_you_name_it(tmp_path):
    class Pair(Module):
        def __init__(self, width, act=ops.tanh):
            self.width, self.act = width, act
            self.left, self.right = Linear(width, 1), Linear(width, 1)

    pair = Pair(3)
    pair.save(tmp_path / "p.json")
    with pytest.raises(ValueError, match="no module is called 'Pair': pass classes of your own"):
        nn.load(tmp_path / "p.json")
    again = nn.load(tmp_path / "p.json", kinds=[Pair])
    assert again.state_dict() == pair.state_dict()
    assert again.act is ops.tanh


def test_an_activation_of_ones_own_must_be_registered_before_it_is_loaded(tmp_path):
    row = register(Op("swoosh", lambda x: x * 2, lambda y, x: (2.0,)))
    try:
        for i, activation in enumerate(["swoosh", row]):
            MLP(2, [2, 1], activation=activation).save(tmp_path / f"{i}.json")
            assert nn.load(tmp_path / f"{i}.json").layers[0].neurons[0]._bend is row
    finally:
        del ops.TABLE["swoosh"], Value.swoosh
    for i in range(2):
        with pytest.raises(ValueError, match=r"'swoosh'.*register it first"):
            nn.load(tmp_path / f"{i}.json")


@each_module
def test_modules_copy_and_pickle(make, x):
    module = make()
    for again in (copy.deepcopy(module), pickle.loads(pickle.dumps(module))):
        assert data(again(x)) == data(module(x))
        assert not set(again.parameters()) & set(module.parameters())
