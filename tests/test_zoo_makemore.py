"""makemore: counting is the best that a table can do, and what is written by hand is what the engine finds."""

import math
import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tinygrad_edu import Value
from tinygrad_edu.extras import MissingPackage
from tinygrad_edu.zoo import Run, makemore
from tinygrad_edu.zoo.makemore import bigrams

np = pytest.importorskip("numpy")
from tinygrad_edu.zoo.makemore import byhand, layers, network  # noqa: E402

TABLES = st.integers(2, 5).flatmap(
    lambda n: st.tuples(
        st.lists(st.lists(st.integers(0, 50), min_size=n, max_size=n), min_size=n, max_size=n).filter(
            lambda rows: all(map(sum, rows))
        ),
        st.lists(st.lists(st.floats(-5, 5), min_size=n, max_size=n), min_size=n, max_size=n),
    )
)


@pytest.fixture(scope="module")
def names():
    return network.Names(0)


# Counting


@settings(max_examples=50, deadline=None)
@given(TABLES)
def test_no_row_of_logits_is_less_surprised_than_the_counts(drawn):
    counts, W = drawn
    pairs = bigrams.Counts({(a, b): c for a, row in enumerate(counts) for b, c in enumerate(row) if c})
    penalty = 0.01 * sum(w * w for row in W for w in row) / len(bigrams.LETTERS) ** 2
    assert bigrams.bigram_loss(W, counts) - penalty >= bigrams.surprise(pairs) - 1e-12
    best = [[math.log(c) if c else -1e3 for c in row] for row in counts]
    penalty = 0.01 * sum(w * w for row in best for w in row) / len(bigrams.LETTERS) ** 2
    assert bigrams.bigram_loss(best, counts) - penalty == pytest.approx(bigrams.surprise(pairs), abs=1e-9)


@settings(max_examples=30, deadline=None)
@given(TABLES)
def test_the_slopes_of_the_net_by_hand_by_differences_and_by_the_engine_agree(drawn):
    counts, numbers = drawn
    W = [[Value(w) for w in row] for row in numbers]
    bigrams.bigram_loss(W, counts).backward()
    engine = [w.grad for row in W for w in row]
    for way, close in ((bigrams.by_formula, 1e-14), (bigrams.by_differences, 1e-8)):
        assert [g for row in way(numbers, counts) for g in row] == pytest.approx(engine, rel=0, abs=close)


def test_more_added_to_every_count_brings_the_surprise_to_that_of_one_who_knows_nothing():
    pairs = bigrams.counted(["emma", "olivia", "ava"], 2)
    seen = [bigrams.surprise(pairs, more) for more in (0, 1, 10, 10**9)]
    assert seen == sorted(seen) and seen[-1] == pytest.approx(bigrams.CHANCE, abs=1e-6)
    assert bigrams.counted(["ab"], 3) == {(0, 0, 1): 1, (0, 1, 2): 1, (1, 2, 0): 1}


# The MLP


def test_examples_are_every_letter_of_every_name_after_the_three_before_it(names):
    spelled = [tuple(x) for x in np.vstack([names.train[0], names.dev[0], names.test[0]]).tolist()]
    assert len(spelled) == 228_146 and sum(x == (0, 0, 0) for x in spelled) == 32_033
    X, Y = names.dev
    assert all((X[k + 1] == [*X[k][1:], Y[k]]).all() for k in range(500) if Y[k])


@pytest.mark.parametrize("seed", [0, -1, 2**70])
def test_a_seed_says_which_batches_are_drawn_and_each_training_has_its_own(names, seed):
    def first(stream):
        return network.generator(seed, stream).integers(0, 10**6, 4).tolist()

    assert first("ladder") == first("ladder") != first("deep") and first("ladder") != network.generator(1, "ladder")
    assert [x.tolist() for x in names.batches("deep")()] == [x.tolist() for x in names.batches("deep")()]


def test_what_reads_as_arrays_is_what_the_engine_computes(names):
    model = network.Speller("eager").begin(3, W2=0.1)
    X, Y = names.dev[0][:5], names.dev[1][:5]
    read = model.reader()
    for letters, logits in zip(X, read(X)[1]):
        values = model(network.ONE_HOT[letters].tolist())
        assert [v.data for v in values] == pytest.approx(logits.tolist(), abs=1e-12)
    losses = [model.loss(network.ONE_HOT[letters].tolist(), int(y)).data for letters, y in zip(X, Y)]
    assert network.score(read, (X, Y), at_once=2) == pytest.approx(sum(losses) / 5, abs=1e-12)


def test_a_replayed_training_is_the_eager_one(names, monkeypatch):
    monkeypatch.setattr(network, "BATCH", 3)
    trained = []
    for backend in ("eager", "auto"):
        model = network.Speller(backend).begin(5, W1=0.2, W2=0.1)
        seen = network.train(Run("test", show=None, backend=backend), model, names, 4)
        trained.append([*seen, *[p.data for p in model.parameters()]])
    assert trained[0] == pytest.approx(trained[1], abs=1e-12) and trained[0][0] != trained[0][1]


# By hand


@pytest.mark.parametrize("seed", range(4))
def test_every_gradient_by_hand_is_the_engines(names, seed):
    p = byhand.Parameters.drawn(seed, hidden=7)
    rng = np.random.default_rng(seed)
    X, Y = rng.integers(0, 5, (6, 3)), rng.integers(0, 27, 6)  # few letters, so that some are read many times
    loss, values = byhand.forward(p, X, Y)
    grads = byhand.backward(values, X, Y)
    root, nodes = byhand.by_engine(p, X, Y)
    root.backward()
    assert root.data == pytest.approx(loss, abs=1e-14) and list(grads) == byhand.NAMED and len(grads) == 26
    for name in byhand.NAMED:
        assert grads[name].shape == values[name].shape
        engine = byhand.gradient(nodes[name]).reshape(grads[name].shape)
        assert engine == pytest.approx(grads[name], rel=1e-9, abs=1e-13), name
    assert byhand.fused_cross_entropy(values["logits"], Y) == pytest.approx(grads["logits"], abs=1e-14)
    fused = byhand.fused_batchnorm(grads["hpreact"], values["bngain"], values["bnraw"], values["bnvar_inv"])
    assert fused == pytest.approx(grads["hprebn"], abs=1e-14)


@pytest.mark.parametrize("n", [2, 5, 32])
def test_batch_normalisation_hands_back_no_gradient_that_moves_the_mean_or_the_spread(n):
    normal = np.random.default_rng(n).standard_normal
    layer = layers.BatchNorm(normal(4), normal(4))
    layer.forward(normal((n, 4)) * 9, training=True)
    d = layer.backward(normal((n, 4)))
    assert d.sum(0) == pytest.approx(np.zeros(4), abs=1e-12)
    assert (d * layer.raw).sum(0) == pytest.approx(np.zeros(4), abs=1e-5)  # eps alone is left


def test_a_step_without_an_engine_goes_along_the_slope_that_differences_find(names):
    network_ = layers.five_hidden(0, hidden=6)
    X, Y = names.batches("test")()

    def loss():
        return network.surprise(network_.logits(X, training=True), Y)

    before = loss()
    assert network_.step(X, Y, 0.0) == before and loss() == before
    slopes = [(p, g.copy()) for layer in network_.layers for p, g in zip(layer.params, layer.grads)]
    rng = random.Random(0)
    for p, g in slopes:
        at = tuple(rng.randrange(n) for n in p.shape)
        was, moved = p[at], []
        for h in (1e-5, -1e-5):
            p[at] = was + h
            moved.append(loss())
        p[at] = was
        assert (moved[0] - moved[1]) / 2e-5 == pytest.approx(g[at], abs=1e-7)
    network_.step(X, Y, 0.01)
    assert loss() < before


def test_settled_batch_normalisation_takes_one_example_as_it_took_many(names):
    one = layers.one_hidden(0)
    X = names.dev[0][:200]
    one.settle(X)
    together = one.read(X)[1]
    assert one.read(X[7:8])[1] == pytest.approx(together[7:8], abs=1e-12)


# The essay


def test_without_numpy_it_says_what_to_install_before_anything_runs(monkeypatch):
    monkeypatch.setattr(makemore, "find_spec", lambda name: None)
    told = []
    with pytest.raises(MissingPackage, match="pip install numpy"):
        makemore.main(Run("makemore", show=told.append))
    assert not told


def test_an_interrupt_in_the_first_training_ends_them_all_and_the_essay_goes_on(monkeypatch):
    def interrupted():
        raise KeyboardInterrupt

    few, draws = network.Names(0, small=True), network.Names.batches
    monkeypatch.setattr(few, "batches", lambda stream: interrupted if stream == "three letters" else draws(few, stream))
    run = Run("makemore", small=True, show=None)
    model = network.Speller()
    network.three_letters(run, few, model, 20)
    network.ladder(run, few, model, 20)
    layers.without_an_engine(run, few, 20)
    layers.deep(run, few)
    assert run.interrupted and not run.missed and set(run.pictures) == {"tanh"}
    told = {"not judged: interrupted", "unlike: 0 steps here, 200,000 there"}
    assert {row.why for row in run.rows if not row.verdict} == told
    assert all(math.isfinite(row.ours) for row in run.rows)


def test_without_the_native_backend_fewer_steps_are_taken_and_it_is_said(monkeypatch):
    told = []
    run = Run("makemore", epochs=200_000, show=told.append, backend="python")
    assert network.affordable(run) == 1000 and run.reduced and "pip install" in " ".join(told)
    assert network.affordable(Run("makemore", epochs=300, show=None, backend="python")) == 300
    monkeypatch.setattr(network, "find_spec", lambda name: None)
    assert network.affordable(Run("makemore", epochs=200_000, show=None)) == 1000
