"""microgpt's published losses, from our Value: a transformer, its backward pass and Adam,
right to every printed digit.
"""

import itertools
import random
import string
from importlib.util import find_spec

import pytest

from benchmarks.microgpt import MicroGPT, multiply_and_add, train
from tinygrad_edu import Value, cli, jit, no_grad, topological, zoo
from tinygrad_edu import functional as F
from tinygrad_edu.zoo import microgpt as essay

NATIVE = pytest.param(
    "native", marks=pytest.mark.skipif(not find_spec("numba"), reason="the native backend needs Numba")
)

# The losses of the first 13 steps that microgpt prints, and the names that it takes them on: the first 13 of makemore's
# 32,033 after random.seed(42) and random.shuffle.  Shuffling draws the same numbers whatever is shuffled, so that the
# weights, which are drawn next, can be had without the file.
LOSSES = {
    "yuheng": "3.3660", "diondre": "3.4243", "xavien": "3.1778", "jori": "3.0664", "juanluis": "3.2209",
    "erandi": "2.9452", "phia": "3.2894", "samatha": "3.3245", "phoenix": "2.8990", "emmelynn": "3.2229",
    "hollan": "2.7964", "hollis": "2.9345", "callalily": "3.0544"}  # fmt: skip


def after_the_shuffle() -> random.Random:
    rng = random.Random(42)
    rng.shuffle(list(range(32033)))
    return rng


def test_it_has_the_parameters_of_microgpt():
    parameters = MicroGPT(Value, after_the_shuffle()).parameters()
    assert len(parameters) == len(set(parameters)) == 4192


@pytest.mark.parametrize("dot", [multiply_and_add, F.dot], ids=["node for node", "fused dot"])
def test_its_losses_are_the_published_ones(dot):
    losses = train(MicroGPT(Value, after_the_shuffle(), dot), list(LOSSES))
    assert [f"{loss:.4f}" for loss in losses] == list(LOSSES.values())


def test_a_fused_dot_gives_the_gradients_of_its_multiplies_and_adds():
    models = [MicroGPT(Value, after_the_shuffle(), dot) for dot in (multiply_and_add, F.dot)]
    for model in models:
        model.loss("samatha").backward()
    for p, q in zip(*[model.parameters() for model in models]):
        assert p.grad == pytest.approx(q.grad, rel=1e-9, abs=1e-15)


def test_every_parameter_that_a_name_reaches_has_a_gradient():
    model = MicroGPT(Value, after_the_shuffle())
    model.loss("ab").backward()
    used = {row for row, weights in enumerate(model.token) if all(w.grad for w in weights)}
    assert used == {0, 1, 26}  # a, b and BOS were read; the other letters' embeddings were not
    assert all(w.grad for row in model.head for w in row)  # every letter was a possible answer
    assert not any(w.grad for row in model.place[3:] for w in row)


def test_fusing_the_dots_leaves_an_eighth_of_the_nodes():
    plain, fused = [
        len(topological(MicroGPT(Value, after_the_shuffle(), dot).loss("isabella")))
        for dot in (multiply_and_add, F.dot)
    ]
    assert plain > 7 * fused


def test_its_gradients_are_the_slopes_of_the_loss():
    model = MicroGPT(Value, after_the_shuffle())
    model.loss("yuheng").backward()
    for matrix in (
        model.token,
        model.place,
        model.head,
        model.query,
        model.key,
        model.value,
        model.out,
        model.up,
        model.down,
    ):
        p = max((p for row in matrix for p in row), key=lambda p: abs(p.grad))
        before, h, losses = p.data, 1e-4, []
        with no_grad():
            for p.data in (before + h, before - h):
                losses.append(model.loss("yuheng").data)
        p.data = before
        assert (losses[0] - losses[1]) / (2 * h) == pytest.approx(p.grad, rel=1e-5)


# The essay of the zoo, which records


def fresh():
    return essay.GPT(string.ascii_lowercase).initialised(after_the_shuffle())


def steps(model, texts, backend, total=1000):
    """The essay's training, in one of the two ways."""
    return essay.train(essay.recorded(model.loss, backend), model, texts, total)


def first_losses(backend, texts):
    return list(itertools.islice(steps(fresh(), texts, backend), len(texts)))


@pytest.mark.parametrize("backend", ["eager", NATIVE])
def test_the_essay_shows_the_published_losses(backend):
    assert [f"{loss:.4f}" for loss in first_losses(backend, list(LOSSES))] == list(LOSSES.values())


@pytest.mark.parametrize("backend", ["python", NATIVE])
def test_replaying_a_name_gives_the_losses_of_building_its_graph(backend):
    texts = ["bo", "al", "bo", "cy"]  # one recording, and each loss depends on all gradients before it
    assert first_losses(backend, texts) == pytest.approx(first_losses("eager", texts), rel=1e-12)


def test_names_of_one_length_share_a_recording():
    model = fresh()
    loss = jit(model.loss)
    for text, recordings in [("al", 1), ("bo", 1), ("cy", 1), ("a", 2), ("ed", 2)]:
        assert loss(*model.arguments(text)).data == pytest.approx(model.loss(*model.arguments(text)).data, rel=1e-13)
        assert len(loss.recordings) == recordings


def test_gradients_flow_to_the_rows_of_the_letters_that_were_read():
    model = fresh()
    model.loss(*model.arguments("noon")).backward()
    eager = {i: [w.grad for w in row] for i, row in enumerate(model.token) if any(w.grad for w in row)}
    assert sorted(eager) == [*map(string.ascii_lowercase.index, "no"), model.edge]  # n and o are read twice, and add up
    model.zero_grad()
    jit(model.loss)(*model.arguments("noon")).backward()
    assert {i: [w.grad for w in row] for i, row in enumerate(model.token) if any(w.grad for w in row)} == eager


def test_a_text_is_read_from_edge_to_edge_and_cut_at_a_block():
    model = essay.GPT("ab").initialised(random.Random(0))
    rows, targets = model.arguments("ba")
    assert rows == [model.token[2], model.token[1], model.token[0]] and targets == [[0, 1, 0], [1, 0, 0], [0, 0, 1]]
    assert [len(model.arguments("a" * n)[0]) for n in (15, 16, 99)] == [16, 16, 16]


@pytest.mark.parametrize("backend", ["eager", NATIVE])
def test_a_training_that_is_stopped_keeps_what_was_learned(backend):
    stopped, other = fresh(), fresh()
    losses = steps(stopped, ["al"], backend)
    next(losses), next(losses)
    losses.close()
    for _ in itertools.islice(steps(other, ["al"], "eager"), 2):
        pass
    assert [p.data for p in stopped.parameters()] == pytest.approx(
        [p.data for p in other.parameters()], rel=1e-9, abs=1e-12
    )


def test_near_temperature_0_it_always_says_what_is_likeliest():
    model = fresh()
    texts = {model.invent(random.Random(seed), 1e-6) for seed in range(3)}
    assert len(texts) == 1 and all(len(text) <= 16 for text in texts)


def test_it_learns_a_text_by_heart():
    model = essay.GPT("aehnt").initialised(random.Random(1))
    losses = list(steps(model, ["hannah"], "auto", 60))
    assert (
        losses[0] == pytest.approx(1.8, abs=0.2)
        and losses[-1] < 0.1
        and model.invent(random.Random(0), 0.1) == "hannah"
    )


def test_texts_of_ones_own_are_learned_and_made_up(tmp_path):
    path = tmp_path / "towns.txt"
    path.write_text("\ufeffös\n\n ål \n", encoding="utf-8")
    run = zoo.run("microgpt", data=path, epochs=4, show=None)
    assert not run.missed and "2 texts of 4 letters" in run.markdown()


@pytest.mark.parametrize("content, said", [(b"\n  \n", "there is no text in it"), (b"\x89PNG\r\n", "no text in UTF-8")])
def test_a_file_without_texts_is_one_line(content, said, tmp_path, capsys):
    path = tmp_path / "names.txt"
    path.write_bytes(content)
    assert cli.main(["zoo", "microgpt", "--data", str(path), "--out", str(tmp_path)]) == 2
    told = capsys.readouterr()
    assert said in told.err and "names.txt" in told.err and told.err.count("\n") == 1 and told.out == ""
