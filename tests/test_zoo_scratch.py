"""The made-up classes are scikit-learn's, the ranking is its ranking, and the deltas are gradients for any network."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tinygrad_edu import data, train
from tinygrad_edu.zoo import scratch


@pytest.mark.parametrize(
    "ours, theirs",
    [
        ({}, {}),
        ({"informative": 15, "redundant": 3, "flip": 0.05, "seed": 42},
         {"n_informative": 15, "n_redundant": 3, "flip_y": 0.05}),
        ({"n": 77, "features": 9, "informative": 4, "redundant": 1, "classes": 3, "clusters": 1, "separation": 0.5},
         {"n_samples": 77, "n_features": 9, "n_informative": 4, "n_redundant": 1, "n_classes": 3,
          "n_clusters_per_class": 1, "class_sep": 0.5}),
    ],
)  # fmt: skip
def test_made_up_classes_are_those_of_scikit_learn(ours, theirs):
    datasets = pytest.importorskip("sklearn.datasets")
    X, y = data.classification(**ours)
    theirs_X, theirs_y = datasets.make_classification(
        **{"n_samples": 100, "random_state": ours.get("seed", 0), **theirs}
    )
    assert [v for x in X for v in x] == pytest.approx(
        theirs_X.ravel().tolist(), rel=1e-9, abs=1e-12
    ) and y == theirs_y.tolist()


@pytest.mark.parametrize(
    "wrong, said",
    [({"n": 0}, "at least 1"), ({"informative": 1}, "corner each"), ({"redundant": 19}, "19 redundant"),
     ({"flip": 2.0}, "flip=2.0"),
     ({"informative": 31, "features": 40}, "1 to 30"), ({"clusters": 0}, "counts are at least 1")],
)  # fmt: skip
def test_classes_that_cannot_be_made_say_why(wrong, said):
    with pytest.raises(ValueError, match=said):
        data.classification(**wrong)


@given(st.lists(st.tuples(st.integers(-3, 3), st.integers(0, 1)), min_size=2, max_size=30))
def test_the_area_is_how_often_one_of_class_1_is_above_another(pairs):
    ones, others = ([s for s, t in pairs if t == k] for k in (1, 0))
    X, y = [[float(s)] for s, _ in pairs], [t for _, t in pairs]
    if not ones or not others:
        with pytest.raises(ValueError, match="of one"):
            train.auc(lambda x: x[0], X, y)
        return
    wins = sum((a > b) + (a == b) / 2 for a in ones for b in others)
    assert train.auc(lambda x: x[0], X, y) == pytest.approx(wins / len(ones) / len(others), abs=1e-12)
    across, up = train.roc(lambda x: x[0], X, y)
    assert across == sorted(across) and up == sorted(up) and (across[0], up[0], across[-1], up[-1]) == (0, 0, 1, 1)


@pytest.mark.parametrize("model, said", [(lambda x: [x[0], 1.0], "2 scores"), (lambda x: float("nan"), "nan")])
def test_what_is_no_ranking_is_refused(model, said):
    with pytest.raises(ValueError, match=said):
        train.auc(model, [[1.0], [2.0]], [0, 1])


@given(st.lists(st.integers(1, 4), max_size=3), st.integers(0, 99))
@settings(max_examples=15, deadline=None)
def test_deltas_by_hand_are_the_gradients_at_every_unit(hidden, seed):
    np = pytest.importorskip("numpy")
    model, rng = scratch.network(hidden, seed, features=3), np.random.default_rng(seed)
    for p in model.parameters():
        p.data *= 10
    X, y = rng.normal(size=(4, 3)), np.array([0, 1, 1, 0])
    layers = [(np.array([[w.data for w in n.w] for n in layer.neurons]), np.array([n.b.data for n in layer.neurons]))
              for layer in model.layers]  # fmt: skip
    for hand, engine in zip(scratch.by_hand(layers, X, y), scratch.by_engine(model, X, y), strict=True):
        assert hand == pytest.approx(np.array(engine), rel=1e-9, abs=1e-15)
