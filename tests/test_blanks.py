"""Figures to be filled in with a pencil: what is hidden leaves no trace in the file, and there is room to write it."""

import re

import pytest
from hypothesis import given, settings

from tinygrad_edu import Value, draw, topological
from tinygrad_edu.strategies import programs


def loss():
    w, x = Value(-0.5, label="w"), Value(2.0, label="x")
    L = (w * x).tanh() + w**2
    L.label = "L"
    L.backward()
    return w, L


def files(drawing):
    return drawing.svg(), drawing.source, drawing.note


def falsify(order):
    """Other gradients everywhere, other values and local gradients of what is computed."""
    for n in order:
        n.grad = 1234.5
        if n.parents:
            n.data, n.numbers = 0.12345, tuple(0.5 + 0.75 * abs(x) % 0.25 for x in n.numbers)


@settings(max_examples=60, deadline=None)
@given(programs())
def test_what_is_hidden_leaves_no_trace_in_any_file(p):
    leaves = [Value(x, label=f"x{i}") for i, x in enumerate(p.inputs)]
    L = p(*leaves)
    order = topological(L)
    path = [(x, L) for x in leaves if x is not L and x in order][:1]
    before = [files(draw(L, hide="grad", view="cards", path=way)) for way in (None, *path)]
    L.backward()
    assert [files(draw(L, hide="grad", view="cards", path=way)) for way in (None, *path)] == before
    every = files(draw(L, hide=["value", "grad", "local"], view="cards"))
    falsify(order)
    assert files(draw(L, hide=["value", "grad", "local"], view="cards")) == every


def test_each_word_hides_its_own_numbers_and_what_is_given_stays():
    w, L = loss()
    shown = {"value": "-0.7616", "grad": "-0.1601", "local": "×0.42"}
    for word in shown:
        svg, source, _ = files(L.draw(hide=word))
        for other, digits in shown.items():
            assert (f">{digits}<" in svg) == (other != word) == (digits in re.sub(r"tooltip=\"[^\"]*\"", "", source))
        assert ">-0.5<" in svg and ">2<" in svg  # the leaves are given
    assert L.draw(hide="local").source.count("×____") == 6 and L.draw(hide=()).svg() == L.draw().svg()


def test_a_blank_has_a_line_to_write_on_in_every_row():
    _, L = loss()
    lines = L.draw(hide=["value", "grad"]).svg().count("<polyline")
    assert lines == 6 + 4  # gradients of all, values of what is computed


def test_the_chain_rule_along_a_path_is_asked_and_not_told():
    w, L = loss()
    assert L.draw(path=(w, L), hide="grad").note == "∂L/∂w along this path = ?"
    assert "= ?" not in L.draw(path=(w, L)).note


@pytest.mark.parametrize("wrong", ["grads", ["grad", 3], 3, None, [["grad"]]])
def test_a_word_that_hides_nothing_is_refused(wrong):
    _, L = loss()
    with pytest.raises(ValueError, match="hide takes 'value', 'grad', 'local'"):
        L.draw(hide=wrong)


def test_neurons_have_no_rows_to_be_hidden():
    _, L = loss()
    with pytest.raises(ValueError, match="use view='cards'"):
        L.draw(view="modules", hide="grad")
