"""Data: the published points to the last bit, divisions that lose nothing,
and CSV files that say what is wrong with them.
"""

import copy
import csv
import gzip
import io
import json
import math
import pathlib
import pickle
import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tinygrad_edu import data
from tinygrad_edu.data import Preparation, Split, Standardizer, numerals, read_csv, split
from tinygrad_edu.data.legacy import RandomState

# What scikit-learn 1.9's make_moons(100, noise=0.1), make_circles(7, noise=0.1, factor=0.5), make_blobs(9, centers=3)
# and CS231n's spirals return after np.random.seed(seed): position, point, class.
FROZEN = [
    ("moons", {}, 0, [1.1221146075409685, 0.08147717341718697], 0),
    ("moons", {}, 1, [-0.8188294130836691, 0.058790063907949996], 0),
    ("moons", {}, 50, [-0.9416269141193683, 0.16801857627931402], 0),
    ("moons", {}, 99, [0.12108297264758441, 1.0655522522437006], 0),
    ("circles", {"n": 7, "seed": 3}, 0, [0.09805538702908835, 0.5027019041794524], 1),
    ("circles", {"n": 7, "seed": 3}, 6, [-0.6629157428583621, -0.9299189563034371], 0),
    ("blobs", {"n": 9, "seed": 7}, 4, [-0.7265159969853779, 4.2079471414271765], 1),
    ("spirals", {}, 150, [-0.13793781591089843, 0.48584891848547046], 1),
    ("spirals", {}, 299, [-0.47270638487404987, 0.8812199916588971], 2),
]


@pytest.mark.parametrize("shape, arguments, i, point, target", FROZEN)
def test_points_are_those_of_scikit_learn_and_cs231n(shape, arguments, i, point, target):
    X, y = getattr(data, shape)(**arguments)
    # The sine and cosine of another C library may end in another digit.
    assert X[i] == pytest.approx(point, rel=1e-14, abs=1e-15) and y[i] == target


@pytest.mark.parametrize("seed", [0, 1, 1337, 2**32 - 1])
def test_random_numbers_are_those_of_numpy(seed):
    np = pytest.importorskip("numpy")
    theirs, ours = np.random.RandomState(seed), RandomState(seed)
    for n in (1, 2, 3, 64, 65, 1000):
        assert ours.uniform(-10.0, 10.0) == theirs.uniform(-10.0, 10.0)
        assert ours.normal(2.0, 0.3) == theirs.normal(2.0, 0.3)
        assert ours.permutation(n) == theirs.permutation(n).tolist()
        assert ours.below(n) == theirs.randint(n)


def test_the_spirals_are_the_formula_of_cs231n():
    np = pytest.importorskip("numpy")
    draw, n = np.random.RandomState(5), 50
    for c, half in enumerate(np.split(np.array(data.spirals(n, classes=2, seed=5)[0]), 2)):
        r, t = np.linspace(0.0, 1, n), np.linspace(c * 4, (c + 1) * 4, n) + draw.randn(n) * 0.2
        np.testing.assert_allclose(half, np.c_[r * np.sin(t), r * np.cos(t)], rtol=1e-14)


GENERATORS = [data.moons, data.circles, data.blobs, data.xor, data.spirals]


@pytest.mark.parametrize("generator", GENERATORS)
def test_a_seed_decides_the_points(generator):
    assert generator(20, seed=4) == generator(20, seed=4) != generator(20, seed=5)


@pytest.mark.parametrize("generator", GENERATORS)
@pytest.mark.parametrize("n", [1, 2, 7])
def test_points_are_plain_lists_as_many_as_asked(generator, n):
    X, y = generator(n)
    n *= 3 if generator is data.spirals else 1
    assert len(X) == len(y) == n
    assert all(type(x) is list and [*map(type, x)] == [float, float] for x in X) and all(type(c) is int for c in y)


@pytest.mark.parametrize("generator", GENERATORS)
@pytest.mark.parametrize(
    "wrong", [{"n": 0}, {"n": -3}, {"noise": -0.1}, {"noise": math.nan}, {"seed": -1}, {"seed": 2**32}]
)
def test_impossible_points_are_refused(generator, wrong):
    if generator is data.spirals and "n" in wrong:
        wrong = {"n_per_class": wrong["n"]}
    with pytest.raises(ValueError, match=r"at least 1|standard deviation|0 to 2\*\*32"):
        generator(**wrong)


def test_without_noise_the_shapes_are_exact():
    X, y = data.circles(64, noise=0.0, factor=0.25)
    assert [math.hypot(*x) for x in X] == pytest.approx([0.25 if c else 1.0 for c in y])
    X, y = data.moons(64, noise=0.0)
    assert [math.hypot(a - c, b - c / 2) for (a, b), c in zip(X, y)] == pytest.approx([1.0] * 64)
    assert data.xor(4, noise=0.0) == ([[0.0, 0.0], [0.0, 1.0], [1.0, 0.0], [1.0, 1.0]], [0, 1, 1, 0])


def test_blobs_gather_around_their_centers_in_any_dimension():
    centers = [[-50.0, 0.0, 9.0], [50.0, 0.0, 9.0]]
    X, y = data.blobs(101, centers, noise=0.5)
    assert (y.count(0), y.count(1)) == (51, 50) and all(math.dist(x, centers[c]) < 4 for x, c in zip(X, y))
    for wrong in [], 0, [[1.0], [1.0, 2.0]]:
        with pytest.raises(ValueError, match="at least one center"):
            data.blobs(10, wrong)


def test_digits_are_all_there_and_every_seed_divides_them_fairly():
    d = data.digits()
    assert d == data.digits(seed=0) != data.digits(seed=1)
    assert (len(d.X_train), len(d.X_test)) == (1437, 360)
    assert all(len(x) == 64 and min(x) >= 0.0 and max(x) <= 1.0 for x in d.X_train + d.X_test)
    # Summed over the file: 561718 sixteenths of ink; and 1,797 digits as UCI counts them.
    assert sum(int(16 * v) for x in d.X_train + d.X_test for v in x) == 561718
    for digit, count in enumerate([178, 182, 177, 183, 181, 182, 181, 179, 174, 180]):
        tested = d.y_test.count(digit)
        assert tested + d.y_train.count(digit) == count and abs(tested - count * 360 / 1797) < 1


def test_digits_are_attributed_where_they_lie():
    folder = pathlib.Path(data.__file__).parent
    words = (folder / "digits.ATTRIBUTION.txt").read_text()
    assert (folder / "digits.csv.gz").is_file() and "CC BY 4.0" in words and "10.24432/C50P49" in words


@settings(max_examples=60, deadline=None)
@given(st.lists(st.sampled_from("aabc"), min_size=2, max_size=40), st.integers(1, 39), st.integers(0, 9), st.booleans())
def test_a_split_loses_nothing_and_keeps_the_proportions(y, count, seed, stratify):
    X = [[float(i)] for i in range(len(y))]
    if count >= len(y) or (stratify and count > len(y) - len(set(y))):
        with pytest.raises(ValueError, match=r"split needs|cannot test"):
            split(X, y, count, seed, stratify)
        return
    s = split(X, y, count, seed, stratify)
    assert len(s.X_test) == len(s.y_test) == count and len(s.X_train) == len(s.y_train)
    assert sorted(zip(s.X_train + s.X_test, s.y_train + s.y_test)) == sorted(zip(X, y))
    if stratify:
        assert set(s.y_train) == set(y)
        if all(y.count(c) > 2 * len(y) / (len(y) - count) for c in set(y)):  # no class so rare that it is held back
            assert all(abs(s.y_test.count(c) - y.count(c) * count / len(y)) < 1 for c in set(y))


def test_a_share_is_rounded_up_and_numbers_are_not_stratified():
    assert len(split([[0.0]] * 1797, [0] * 1797).y_test) == 360
    assert len(split([[0.0]] * 30, [0] * 30, test=0.1).y_test) == 3
    assert len(split([[0.0]] * 5, [1.5, 2.5, 3.5, 4.5, 5.5], test=2).y_test) == 2


@pytest.mark.parametrize("test", [0, 5, 6, 0.0, 1.0, -0.5, 1.5, math.nan])
def test_a_split_that_leaves_nothing_is_refused(test):
    with pytest.raises(ValueError, match="test part of 1 to 4 of the 5 samples"):
        split([[0.0]] * 5, [0] * 5, test)


ONE_OF_EACH = {"moons": data.moons, "xor": data.xor, "blobs": data.blobs, "spirals": data.spirals,
               "circles": data.circles, "digits": data.digits,
               "lists": lambda: split([[0.5]] * 6, [0.5] * 6),
               "own": lambda: Split([[1.0, 2.0]] * 4, ["a", "b"] * 2)}  # fmt: skip


@pytest.mark.parametrize("make", ONE_OF_EACH.values(), ids=ONE_OF_EACH)
def test_every_source_of_data_answers_the_same_questions_in_a_line(make):
    d = make()
    assert isinstance(d, Split) and len(d.X) == len(d.y) == len(d.X_train) + len(d.X_test)
    assert sorted(map(repr, zip([*d.X_train, *d.X_test], [*d.y_train, *d.y_test]))) == sorted(map(repr, zip(d.X, d.y)))
    assert len(d.features) == len(d.X[0]) and len(repr(d)) < 120 and repr(d)[0] == "<"
    for same in copy.copy(d), copy.deepcopy(d), pickle.loads(pickle.dumps(d)):
        assert same == d and repr(same) == repr(d) and same.features == d.features
    again = split(d, test=0.5, seed=1)
    assert repr(again).count("to learn from") == 1 and again.features == d.features and len(again.X) == len(d.X)
    X, y = (d.X, d.y) if len(d) == 4 else d
    assert split(X, y) == (d if make is data.digits else split(d)) or len(d) == 4


@pytest.mark.parametrize(("make", "names", "advice"), [
    (data.moons, "a, b, c, d", r"moons.*unpacks into X, y, and not into 4: .*X_train, y_train, X_test, "
                               r"y_test = tinygrad_edu.data.split"),
    (data.xor, "a, b, c", "unpacks into X, y, and not into 3"),
    (data.digits, "[a, b]", "into 2: all samples are its .X, and all targets its .y"),
    (lambda: data.split(data.moons()), "a, b, c, d, e", "X_train, y_train, X_test, y_test, and not into 5"),
])  # fmt: skip
def test_names_that_do_not_fit_a_split_are_told_what_would(make, names, advice):
    with pytest.raises(ValueError, match=advice):
        exec(f"{names} = given", {"given": make()})


def test_a_split_is_a_tuple_wherever_it_is_not_unpacked_wrongly():
    two, four = data.moons(), data.split(data.moons())
    (X, y), (a, b, c, d), (first, *rest) = two, four, four
    assert (
        [X, y] == [*two] and [a, b, c, d] == list(four) == [first, *rest] and pickle.loads(pickle.dumps(four)) == four
    )
    assert [len(part) for part in four] == [80, 80, 20, 20] == list(map(len, four))


def test_digits_show_themselves_in_a_notebook_and_points_do_not():
    html = data.digits()._repr_html_()
    assert html.count("<text") == 8 and "<svg" in html and data.moons()._repr_html_() is None


def test_a_word_from_a_file_cannot_command_a_terminal():
    d = Split([[1.0]] * 2, ["\x1b[31m" * 99, "b"], name="\x1b]0;x", target="a\nb")
    assert repr(d).isprintable() and len(repr(d)) < 300


CLASSES = {"int": int, "float": float, "bool": bool, "text": str, "float32": "f4", "int8": "i1", "numpy bool": "?"}


@pytest.mark.parametrize("kind", CLASSES)
def test_classes_of_every_type_get_their_share(kind):
    np = pytest.importorskip("numpy")
    y = [0] * 95 + [1] * 5
    y = [CLASSES[kind](c) for c in y] if callable(CLASSES[kind]) else np.array(y, CLASSES[kind])
    for seed in range(4):
        assert [str(c) for c in split([[0.0]] * 100, y, test=20, seed=seed).y_test].count(str(y[-1])) == 1


def test_the_order_of_others_is_answered_with_ours():
    for theirs in {"test_size": 0.2}, {"random_state": 0}, {"train_size": 0.8}, {"shuffle": False}, {"tset": 0.2}:
        with pytest.raises(TypeError, match="test=0.2, seed=0 .*X_train, y_train, X_test, y_test"):
            split([[1.0]] * 10, [0, 1] * 5, **theirs)
    with pytest.raises(TypeError, match="needs the targets too"):
        split([[1.0]] * 10)
    y = [0, 1] * 5
    assert split([[1.0]] * 10, y, stratify=y) == split([[1.0]] * 10, y)


def test_a_target_that_is_missing_is_named():
    for missing in None, math.nan:
        with pytest.raises(ValueError, match="target of sample 2 is missing"):
            split([[1.0]] * 4, [0.5, 1.5, missing, 2.5])
    for few in 0, 1:
        with pytest.raises(ValueError, match=f"one to test on, got {few}"):
            split([[1.0]] * few, [1] * few)


def test_shapes_answer_the_names_of_others_with_ours():
    np = pytest.importorskip("numpy")
    for generator in data.moons, data.blobs, data.xor:
        with pytest.raises(TypeError, match="no n_samples; its own name for that is n, as in n=5"):
            generator(n_samples=5)
        with pytest.raises(TypeError, match="as in seed=3"):
            generator(random_state=3)
        with pytest.raises(TypeError, match="unexpected keyword argument 'nois'"):
            generator(nois=3)
        assert generator(np.int64(6), seed=np.int32(2)) == generator(6, seed=2)


NO_SAMPLES = [{1.0, 2.0}, (x for x in [[1.0]]), "text", {"a": [1.0]}, 3.0, None]


@pytest.mark.parametrize("wrong", NO_SAMPLES, ids=lambda x: type(x).__name__)
def test_what_has_no_positions_is_refused(wrong):
    for make in lambda: split(wrong, [0, 1]), lambda: split([[1.0], [2.0]], wrong), lambda: Standardizer.of(wrong):
        with pytest.raises(TypeError, match="got a|needs the targets"):
            make()


def test_tables_are_taken_by_position():
    pd, np = pytest.importorskip("pandas"), pytest.importorskip("numpy")
    order = [3, 7, 0, 5, 1, 6, 2, 4]
    X = [[float(i), float(i % 2)] for i in order]
    frame = pd.DataFrame(X, columns=["a", "b"], index=order)
    y = pd.Series([3.0 * i for i in order], index=order)
    for targets in y, y.to_frame(), y.to_numpy(), y.tolist():
        parts = split(frame, targets, test=3)
        assert parts == split(X, y.tolist(), test=3) and all(3 * x[0] == t for x, t in zip(parts.X, parts.y))
    assert Standardizer.of(frame) == Standardizer.of(X) == Standardizer.of(np.array(X)) and Standardizer.of(X)(
        frame
    ) == Standardizer.of(X)(X)
    dummies = pd.get_dummies(pd.DataFrame({"c": ["u", "v", "u"], "n": [1, 2, 3]}))
    assert data.by_position(dummies, "X") == [[1.0, 1.0, 0.0], [2.0, 0.0, 1.0], [3.0, 1.0, 0.0]]
    assert split(frame, pd.Series(list("uvuvuvuv"), dtype="category")).classes == ["u", "v"]
    for wrong, error, message in [
        (pd.DataFrame({"c": ["u", "v"]}), TypeError, "'c' holds str 'u' in row 0.*get_dummies"),
        (pd.DataFrame({"n": [1.0, None]}), ValueError, "'n' is missing in row 1.*fillna"),
        (pd.DataFrame({"n": pd.array([1, None], "Int64")}), ValueError, "'n' is missing in row 1"),
        (pd.DataFrame({"d": pd.to_datetime(["2024-01-01"] * 2)}), TypeError, "'d' holds Timestamp"),
    ]:
        with pytest.raises(error, match=message):
            split(wrong, [0.5, 1.5])
    for empty in (
        pd.array([1.5, None], "Float64"),
        pd.array([1, None], "Int64"),
        pd.array(["u", None], "string"),
        pd.to_datetime(["2024-01-01", None]),
    ):
        for targets in (pd.Series(empty), pd.DataFrame({"y": empty})):
            with pytest.raises(ValueError, match="row 1, no number and no class: .*dropna"):
                data.by_position(targets, "y", targets=True)
    assert data.by_position(pd.Series(["None", "<NA>"], dtype=object), "y", targets=True) == ["None", "<NA>"]


def test_batches_are_all_samples_once_in_an_order_of_their_seed():
    for n, size in (10, 3), (9, 3), (2, 5), (0, 4):
        drawn = list(data.batches(n, size, seed=1))
        assert sorted(i for batch in drawn for i in batch) == list(range(n)) and all(len(b) == size for b in drawn[:-1])
        assert drawn == list(data.batches(n, size, seed=1))
    rng = random.Random(0)
    assert list(data.batches(20, 20, rng)) != list(data.batches(20, 20, rng))  # each epoch its own
    with pytest.raises(ValueError, match="at least one sample"):
        data.batches(3, 0)
    for wrong in ([[1.0], [2.0]], [0, 1]), (3, 0.5), ("3", 1), (None, 1):
        with pytest.raises(TypeError, match="two whole numbers"):
            data.batches(*wrong)


@settings(max_examples=60, deadline=None)
@given(
    st.lists(
        st.lists(st.floats(-1e12, 1e12).map(lambda v: round(v, 3)), min_size=2, max_size=2), min_size=1, max_size=20
    )
)
def test_standardized_columns_have_mean_0_and_standard_deviation_1(X):
    scale = Standardizer.of(X)
    for before, column in zip(zip(*X), zip(*scale(X))):
        mean = math.fsum(column) / len(column)
        std = math.sqrt(math.fsum((v - mean) ** 2 for v in column) / len(column))
        assert abs(mean) < 1e-2 and (
            std == pytest.approx(1.0, rel=1e-3) if len(set(before)) > 1 else column == (0.0,) * len(column)
        )
    assert Standardizer.from_dict(json.loads(json.dumps(scale.to_dict()))) == scale


@pytest.mark.parametrize("column, constant", [
    ([0.3, 0.1 + 0.2], True), ([sum([0.1] * 10), 1.0], True), ([1e300, math.nextafter(1e300, 0)], True),
    ([0.0, -0.0], True), ([1.0, 1.0 + 1e-9], False), ([1.0, 1.0 + 1e-13], False), ([1e15, 1e15 + 1], False),
    ([1.7e18, 1.7e18 + 1e9], False), ([-1e308, 1e308], False),
])  # fmt: skip
def test_what_differs_by_rounding_alone_is_constant(column, constant):
    [[first], [second]] = Standardizer.of([[v] for v in column])([[v] for v in column])
    assert (abs(first - second) < 1e-9) == constant
    assert constant or abs(first - second) == pytest.approx(2.0)


def test_standardizing_survives_the_largest_numbers():
    assert Standardizer.of([[1e308], [-1e308]])([[1e308]]) == [[pytest.approx(1.0)]]
    assert Standardizer.of([[0.1]] * 10)([[0.1], [1.1]]) == [[0.0], [1.0]]


@pytest.mark.parametrize("make", [
    lambda: Standardizer.of([]), lambda: Standardizer.of([[1.0], [1.0, 2.0]]),
    lambda: Standardizer.of([[1.0]])([[1.0, 2.0]]), lambda: Standardizer.from_dict({"means": [1.0]}),
    lambda: Standardizer.from_dict({"means": [1.0], "stds": [0.0]}),
    lambda: Standardizer.from_dict({"means": [1.0], "stds": []}),
    lambda: Standardizer.of([[1.0], [math.nan]]), lambda: Standardizer.of([[math.inf]]),
    lambda: Standardizer.from_dict({"means": 3, "stds": 4}),
])  # fmt: skip
def test_what_does_not_fit_a_standardizer_is_refused(make):
    with pytest.raises(ValueError, match="Standardizer"):
        make()


# CSV files


def csv_file(tmp_path, content):
    path = tmp_path / "f.csv"
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return path


READ = [  # file, its X, y and classes when the target is "y"
    ("a,b,y\n1,2.5,cat\n-3e1,4,dog\n", [[1.0, 2.5], [-30.0, 4.0]], [0, 1], ["cat", "dog"]),
    ("\ufeffa,b,y\r\n1,2,q\r\n3,4,p\r\n", [[1.0, 2.0], [3.0, 4.0]], [1, 0], ["p", "q"]),
    ('"a","y"\n"1","x, ""z"""\n2,"two\nlines"\n', [[1.0], [2.0]], [1, 0], ["two\nlines", 'x, "z"']),
    ("a;y\n1;u\n2;v\n", [[1.0], [2.0]], [0, 1], ["u", "v"]),
    ("a\ty\n1\tu\n2\tv\n", [[1.0], [2.0]], [0, 1], ["u", "v"]),
    (" a , y \n\n 1 , u \n\n 2 , v ", [[1.0], [2.0]], [0, 1], ["u", "v"]),
    ("y,a\n10,1\n9,2\n10,3\n9,4\n", [[1.0], [2.0], [3.0], [4.0]], [1, 0, 1, 0], ["9", "10"]),
    ("a,y\n1,1.0\n2,01\n3,2\n4,2\n", [[1.0], [2.0], [3.0], [4.0]], [0, 0, 1, 1], ["1", "2"]),
    ("a,y\n1,-1\n2,1\n3,1\n4,-1\n", [[1.0], [2.0], [3.0], [4.0]], [0, 1, 1, 0], ["-1", "1"]),
    ("a,y\n1,5\n2,6\n3,7\n", [[1.0], [2.0], [3.0]], [5.0, 6.0, 7.0], []),
    ("a,y\n1,0.5\n2,0.5\n3,7\n", [[1.0], [2.0], [3.0]], [0.5, 0.5, 7.0], []),
    ("a,y\n1,none\n2,-\n", [[1.0], [2.0]], [1, 0], ["-", "none"]),
    ("a,y\n1,x\u2028z\n2,x\n", [[1.0], [2.0]], [1, 0], ["x", "x\u2028z"]),
    ("a|y\n1|u\n2|v\n", [[1.0], [2.0]], [0, 1], ["u", "v"]),
    ("a  y\n1   2 \n10 4.5\n", [[1.0], [10.0]], [2.0, 4.5], []),
    ("'a','y'\n1,'u, w'\n2,'v'\n", [[1.0], [2.0]], [0, 1], ["u, w", "v"]),
    ('a, "y"\n1, "u, w"\n2, "v"\n', [[1.0], [2.0]], [0, 1], ["u, w", "v"]),
    ("a,y\r1,2\r3,4\r", [[1.0], [3.0]], [2.0, 4.0], []),
    ("a\ty\n1\tü\n2\tv\n".encode("utf-16"), [[1.0], [2.0]], [1, 0], ["v", "ü"]),
    ("a,y\n1,2\n3,4\n".encode("utf-32"), [[1.0], [3.0]], [2.0, 4.0], []),
    (gzip.compress(b"a,y\n1,2\n3,4\n", mtime=0), [[1.0], [3.0]], [2.0, 4.0], []),
    ("sep=;\na;y\n1;2\n3;4\n", [[1.0], [3.0]], [2.0, 4.0], []),
    ("sep=\t\na\ty\n1\t2\n3\t4\n", [[1.0], [3.0]], [2.0, 4.0], []),
    ("# today\na,y\n1,2\n# a, longer, note\n3,4\n", [[1.0], [3.0]], [2.0, 4.0], []),
    ("# a,y\n1,2\n3,4\n", [[1.0], [3.0]], [2.0, 4.0], []),
    ("#a,y\n1,u\n3,v\n", [[1.0], [3.0]], [0, 1], ["u", "v"]),
    ("Report 2024;;\n;;\na;y;\n1;2;\n3;4;\n", [[1.0], [3.0]], [2.0, 4.0], []),
    ("a,y\n1,2\n,\n3,4,\n", [[1.0], [3.0]], [2.0, 4.0], []),
    ('"a, b";y\n1;2\n3;4\n', [[1.0], [3.0]], [2.0, 4.0], []),
    ("a, b;y\n1,5;2\n3,5;4\n", [[1.5], [3.5]], [2.0, 4.0], []),
    ('a,y\n"1,5",2\n"3",4\n', [[1.5], [3.0]], [2.0, 4.0], []),
    ("a;y\n1;2,6\n2;2\n3;1,9\n", [[1.0], [2.0], [3.0]], [2.6, 2.0, 1.9], []),
    ("a;b;y\n1,234;5,5;1\n2,500;6,5;2\n", [[1.234, 5.5], [2.5, 6.5]], [1.0, 2.0], []),
    ("a;b;y\n1,234;5.5;1\n2,500;6.5;2\n", [[1234.0, 5.5], [2500.0, 6.5]], [1.0, 2.0], []),
    ("a,y\n1,100000\n2,200000\n3,100000\n4,200000\n", [[1.0], [2.0], [3.0], [4.0]], [1e5, 2e5, 1e5, 2e5], []),
    ("a,y\n1,2\n2,4\n3,2\n4,4\n", [[1.0], [2.0], [3.0], [4.0]], [0, 1, 0, 1], ["2", "4"]),
]


@settings(max_examples=60, deadline=None)
@given(st.data())
def test_a_file_in_any_dialect_is_read_as_it_was_written_or_refused(tmp_path_factory, data):
    """Never as something else: names and cells with every separator in them, decimals and thousands in every way."""
    draw = data.draw
    point, group = draw(st.sampled_from([(".", ""), (",", ""), (".", ","), (",", "."), (",", " "), (".", "'")]))
    names = draw(
        st.lists(
            st.text("abc ,;|\t'()%\"", min_size=1, max_size=6).filter(str.strip).map(str.strip),
            min_size=2,
            max_size=3,
            unique=True,
        )
    )
    words = st.sampled_from(["red", "blue; x", "a, b", "d|e", "it's", 'q"q'])
    number = st.floats(-3000, 3000).map(lambda v: round(v, 2))
    rows = draw(st.lists(st.tuples(words, *[number] * (len(names) - 1)), min_size=2, max_size=5))
    written = lambda v: f"{v:,.2f}".translate(str.maketrans({",": group, ".": point}))
    text = io.StringIO()
    out = csv.writer(
        text, delimiter=draw(st.sampled_from(",;\t|")), lineterminator=draw(st.sampled_from(["\n", "\r\n", "\r"]))
    )
    out.writerows([names, *[[word, *map(written, numbers)] for word, *numbers in rows]])
    path = csv_file(
        tmp_path_factory.getbasetemp(), text.getvalue().encode(draw(st.sampled_from(["utf-8", "utf-8-sig", "utf-16"])))
    )
    try:
        table = read_csv(path, names[-1], kind="number")
    except ValueError:
        return
    assert table.y == [row[-1] for row in rows]
    assert [x[-1] for x in table.X] == [row[1] if len(names) > 2 else x[-1] for x, row in zip(table.X, rows)]
    for word, x in zip([row[0] for row in rows], table.X):
        assert [f.partition("=")[2] for f, v in zip(table.features, x) if f.endswith(f"={word}") and v == 1.0] == [word]


NUMBERS = {"1 234,5": 1234.5, "1.234,5": 1234.5, "1,234.5": 1234.5, "1'234": 1234.0, "1’234.5": 1234.5,
           "1\u202f234": 1234.0, "1,234,567": 1234567.0, "1.234.567": 1234567.0, "1.234": 1.234, "0,123": 0.123,
           "12 %": 12.0, "$1,234.50": 1234.5, "5 €": 5.0, "₩5,000.0": 5000.0, "R$ 5,50": 5.5,
           "US$5": 5.0, "-5 ₽": -5.0, "Rs. 500": 500.0, "5 SEK": 5.0, "500 sq ft": 500.0, "5.5 l/100km": 5.5,
           "−5": -5.0, "+5": 5.0, "5.": 5.0, ".5": 0.5, ",5": 0.5,
           "1E+05": 1e5, "1,5e3": 1500.0, "-1.5": -1.5, "007": 7.0}  # fmt: skip


@pytest.mark.parametrize("written, number", NUMBERS.items())
def test_a_number_is_read_as_people_write_it(tmp_path, written, number):
    assert read_csv(csv_file(tmp_path, f'a;y\n"{written}";1\n"{written}";2\n'), "y").X == [[number]] * 2


@settings(max_examples=100, deadline=None)
@given(
    st.lists(st.floats(-1e9, 1e9).map(lambda v: round(v, 2)), min_size=2, max_size=9),
    st.sampled_from(["{:.2f}", "{:,.2f}"]),
    st.booleans(),
)
def test_a_column_written_in_either_way_is_the_same_column(numbers, form, swapped):
    cells = [form.format(v) for v in numbers]
    if swapped:
        cells = [c.translate(str.maketrans(",.", ".,")) for c in cells]
    point = numerals.point_of(cells)
    assert point == ("," if swapped else ".") and [numerals.Numeral(point).number(c) for c in cells] == numbers
    assert numerals.point_of([*cells, "x"]) == numerals.point_of([*cells, "1,5", "1.5"]) == ""


@pytest.mark.parametrize("content, X, y, classes", READ)
def test_a_csv_file_is_read(tmp_path, content, X, y, classes):
    table = read_csv(csv_file(tmp_path, content), "y")
    assert (table.X, table.y, table.classes) == (X, y, classes)
    assert table.target == "y" and len(table.features) == len(X[0]) and table.features[0][0] == "a"


def test_more_than_20_whole_numbers_are_a_quantity(tmp_path):
    rows = lambda k: "a,y\n" + "".join(f"0,{i % k}\n" for i in range(3 * k))
    assert len(read_csv(csv_file(tmp_path, rows(20)), "y").classes) == 20
    assert read_csv(csv_file(tmp_path, rows(21)), "y").classes == []
    assert read_csv(csv_file(tmp_path, rows(20)), "y", kind="number").y[:3] == [0.0, 1.0, 2.0]
    assert read_csv(csv_file(tmp_path, rows(21)), "y", kind="class").classes == [str(i) for i in range(21)]
    assert read_csv(csv_file(tmp_path, "a,y\n1,0.5\n2,.25\n"), "y", kind="class").classes == [".25", "0.5"]


def test_features_choose_columns_and_their_order(tmp_path):
    path = csv_file(tmp_path, "a,note,b,y\n1,hello,2,u\n3,there,4,v\n")
    assert read_csv(path, features=["b", "a"]).X == [[2.0, 1.0], [4.0, 3.0]]
    table = read_csv(path, "y", features=["b"])
    assert (table.X, table.y, table.features) == ([[2.0], [4.0]], [0, 1], ["b"])


WRONG = [  # file, what the error must say
    ("", "the file is empty"),
    ("\n \n", "the file is empty"),
    (",,,\n", "the file is empty"),
    (";\n\t\n", "the file is empty"),
    ('"",""\n', "the file is empty"),
    ("'',''\n", "the file is empty"),
    ("\x1c,\x1d\n", "the file is empty"),
    ("\u2003;\n", "the file is empty"),
    ("# nothing\n\n,\n", "the file is empty"),
    ("a,y\n", "no other line"),
    ("a,Y\n1,2\n", "no column is named 'y' .did you mean 'Y'.*columns are: a, Y"),
    ("a,b\n1,2\n", "no column is named 'y'; the columns are: a, b"),
    ("y\n1\n2\n", "at least one column to predict 'y' from"),
    ("a,b,y\n1,2,u\n3,,v\n", "line 3: column 'b' is missing"),
    ("a,b,y\n1,NaN,u\n3,4,v\n", "line 2: column 'b' is missing .'NaN'"),
    ("a,b,y\n1,2,u\n3,4,\n", "line 3: column 'y' is missing"),
    ("a,b,y\n1,2,u\n\n3,x,v\n", "line 4: column 'b' is 'x', which is no finite number"),
    ("a,b,y\n1,1_000,u\n3,4,v\n", "line 2: column 'b' is '1_000'"),
    ("a,b,y\n1,-inf,u\n3,4,v\n", "line 2: column 'b' is '-inf', which is no finite number"),
    ("a,b,y\n1,2,u\n3,4\n", "line 3: there are 2 cells, and 3 columns: a, b, y"),
    ("a,b,y\n1,2,u,9\n3,4,v\n", "line 2: there are 4 cells"),
    ('a,b,y\n1,2,"u\nu"\nx,4,v\n', "line 4: column 'a' is 'x'"),
    ("a,a,y\n1,2,u\n", "line 1: columns 1 and 2 are both named 'a'"),
    (",a,y\n0,1,u\n", "line 1: column 1 has no name: .* ignore=.'column 1'.; pandas"),
    (",a,y\n7,1,u\n3,2,v\n", "line 1: column 1 has no name: .*; pandas"),
    ("a,,y\n0,1,u\n", "line 1: column 2 has no name: .* ignore=.'column 2'.$"),
    ("1,2,3\n4,5,6\n", "line 1: the first line should name the columns, and holds numbers"),
    ('a,y\n1,u\n2,"v\n', "line 3: this is no CSV from here on"),
    ("a,y\n1,u\n2,u\n", "'y' is 'u' on every line"),
    ("a,y\n1,3\n2,3.0\n", "'y' is '3' on every line"),
    ("a,y\n1,3\n2,4.5\n3,oops\n", "line 4: column 'y' is 'oops'"),
    ("a,y\n" + "".join(f"0,id{i}\n" for i in range(30)), "different on each of 30 lines"),
    ("a,y\n1,caf\xe9\n".encode("latin-1"), "no UTF-8 text .byte 9"),
    ("a,y\n1,u\n".encode("utf-16-le"), "NUL characters.*encoding='utf-16-le'"),
    (b"PK\x03\x04 and so on", "an Excel workbook: save it as CSV"),
    (b"\x1f\x8b\x08 cut off", "this gzip file is damaged"),
    (
        "5.1,3.5,setosa\n4.9,3.0,setosa\n7.0,3.2,virginica\n",
        "line 1: the first line should name .* holds numbers: 5.1, 3.5; .*header=False",
    ),
    ("p,x\ne,x\np,s\n", "line 1: .*p, x also stand below.*header=False"),
    ("a,y\n1,2\na,y\n3,4\n", "line 3: the names of the columns stand here again"),
    ("a,b;c,y\nx,q;r,w\nz,s;t,w\n", "delimiter=',' or delimiter=';'"),
    ('a,y\n"1,234",1\n"2,500",2\n', "line 2: column 'a' is '1,234', which is 1234 or 1.234: say decimal"),
    ("a;b;y\n1.234;5,5;1\n2.500;6,5;2\n", "line 2: column 'a' is '1.234', which is 1234 or 1.234"),
    ("a;b;c;y\n1,234;5,5;5.5;1\n2,345;6,5;6.5;2\n", "'1,234', which is 1234 or 1.234"),
    ("a;y\n1,5;1\n1.5;2\n", "line 2: column 'a' is '1,5', which is written in another way than '1.5'"),
    ("a;y\n1;5,1\n2;5.1\n", "column 'y' is '5,1', which is written in another way"),
    ("a,y\n5 %,1\n6,2\n", "line 2: column 'a' is '5 %', which is written in another way than '6': .*one unit"),
    ("a,y\n1,2\n3,4\nTotal,6\n", "line 4: column 'a' is 'Total'.*ignore=.'a'.*text=.'a'"),
    ("a,y\n1_000,2\n2_000,4\n", "line 2: column 'a' is '1_000', which is no number"),
    ("a,y\n2024-01-03,2\n2024-01-04,4\n", "line 2: column 'a' is '2024-01-03', which is a date"),
    ("a,y\n18:30,2\n18:31,4\n", "line 2: column 'a' is '18:30', which is a date or a time"),
    ("id,y\n" + "".join(f"A{i},{i}\n" for i in range(6)), "'id' is 'A0', which is one of 6 different texts"),
    ("a,y\n" + "".join(f"{i},{'NA' if i % 2 else 'DE'}\n" for i in range(8)), "'y' is missing .'NA'.*kind='class'"),
    ("a,y\n,1\n?,2\n", "column 'a' is missing"),
    ("a\x1b[31m,b\n1,2\n3,4\n", r"the columns are: 'a\\x1b\[31m', b$"),
    (
        ",".join(f"c{i}" for i in range(5000)) + "\n" + "1," * 4999 + "1\n",
        r"the columns are: c0, .*, c11, \.\.\. .5,000 in all.$",
    ),
]


@pytest.mark.parametrize("content, message", WRONG)
def test_a_wrong_csv_file_says_where(tmp_path, content, message):
    with pytest.raises(ValueError, match=message) as error:
        read_csv(csv_file(tmp_path, content), "y")
    assert str(error.value).startswith(str(tmp_path / "f.csv"))


def test_text_is_a_number_for_each_word_and_missing_cells_are_told_of(tmp_path):
    path = csv_file(tmp_path, "a,c,id,y\n1,red,x1,2.5\n,blue,x2,3\n4,,x3,5\n2,red,x4,\n")
    with pytest.raises(ValueError, match="line 3: column 'a' is missing.*missing='drop'.*missing='mean'"):
        read_csv(path, "y", ignore=["id"])
    mean = read_csv(path, "y", ignore=["id"], missing="mean", keep=["id"])
    assert mean.features == ["a", "c=blue", "c=red"] and mean.y == [2.5, 3.0, 5.0] and mean.rows == [0, 1, 2]
    assert mean.X == [[1.0, 0.0, 1.0], [2.5, 1.0, 0.0], [4.0, 0.5, 0.5]] and mean.kept == {
        "id": ["x1", "x2", "x3", "x4"]
    }
    drop = read_csv(path, features=["c"], missing="drop")
    assert (
        drop.X == [[0.0, 1.0], [1.0, 0.0], [0.0, 1.0]]
        and drop.rows == [0, 1, 3]
        and any("1 of 4" in note for note in drop.notes)
    )
    zips = csv_file(tmp_path, "zip,y\n123,2.5\n456,3\n123,4\n")
    assert read_csv(zips, "y", text=["zip"]).X == [[1.0, 0.0], [0.0, 1.0], [1.0, 0.0]]


def test_whole_numbers_become_classes_only_with_a_word(tmp_path):
    path = csv_file(tmp_path, "a,y\n" + "".join(f"{i},{i % 3}\n" for i in range(9)))
    assert any("3 classes, 0 to 2" in note and "kind='number'" in note for note in read_csv(path, "y").notes)
    assert read_csv(path, "y", kind="class").notes == read_csv(path, "y", kind="number").notes == []
    country = csv_file(tmp_path, "a,y\n" + "".join(f"{i},{'NA' if i % 2 else 'DE'}\n" for i in range(8)))
    assert read_csv(country, "y", kind="class").classes == ["DE", "NA"]


def test_a_file_without_names_and_of_another_encoding_can_be_told(tmp_path):
    path = csv_file(tmp_path, "1,2,caf\xe9\n3,4,th\xe9\n".encode("cp1252"))
    table = read_csv(path, "column 3", header=False, encoding="cp1252", features=["column 2"])
    assert (table.X, table.classes) == ([[2.0], [4.0]], ["caf\xe9", "th\xe9"])
    assert read_csv(csv_file(tmp_path, "1990,2000,y\n1,2,3.5\n4,5,6.5\n"), "y", header=True).features == [
        "1990",
        "2000",
    ]
    thousands = csv_file(tmp_path, 'a,y\n"1,234",1.5\n"2,500",2.5\n')
    assert [read_csv(thousands, features=["a"], decimal=sign).X[0][0] for sign in ",."] == [1.234, 1234.0]
    with pytest.raises(TypeError, match="a table that is read already"):
        read_csv([[1.0, 2.0]], "y")
    with pytest.raises(ValueError, match="download it first"):
        read_csv("https://example.org/a.csv", "y")
    with pytest.raises(TypeError, match="got the text '1'"):
        Standardizer.of([["1"], ["2"]])
    for wrong in {"encoding": "klingon"}, {"delimiter": ";;"}, {"decimal": "'"}, {"missing": "guess"}:
        with pytest.raises(ValueError):
            read_csv(path, **wrong)


def test_a_preparation_is_repeated_on_other_files(tmp_path):
    table = read_csv(csv_file(tmp_path, "size;c;y\n1,5;red;u\n2,5;blue;v\n;red;u\n"), "y", missing="mean")
    like = Preparation.from_dict(json.loads(json.dumps(table.preparation.to_dict())))
    assert like == table.preparation
    again = read_csv(csv_file(tmp_path, "y,c,size,more\nv,red,0.5,x\nw,blue,,x\n"), like=like)
    assert again.X == [[0.5, 0.0, 1.0], [2.0, 1.0, 0.0]] and again.features == table.features
    assert again.y == [1, None]  # w is no class that is known
    for content, message in [("c;size\nred;1\ngreen;2\n", "line 3: column 'c' is 'green', which is none of the words"),
                             ("c;size\nred;1\nred;x\n", "line 3: column 'size' is 'x', which is no finite number"),
                             ("c;size\nred;1 %\n", "unit"), ("size\n1\n", "no column is named 'c'"),
                             ('c;size\nred;"1,5"\nred;1.5\n', "no finite number|another way")]:  # fmt: skip
        with pytest.raises(ValueError, match=message):
            read_csv(csv_file(tmp_path, content), like=like)
    right = table.preparation.to_dict()
    for wrong in [{}, [], None, {**right, "columns": {}}, {**right, "columns": []}, {**right, "classes": "uv"},
                  {**right, "numeral": 3}, {**right, "missing": "x"},
                  {**right, "columns": [{**right["columns"][0], "means": []}]}, {**right, "more": 1}]:  # fmt: skip
        with pytest.raises(ValueError, match="damaged"):
            Preparation.from_dict(wrong)


QUANTITIES = [
    (["0cm", "1 cm", "2cm"], [0, 1, 2]), (["3.5 kg", "3.5 kg", "4 kg"], [3.5, 3.5, 4]),
    (["20°C", "-5°C", "\u22123 °C"], [20, -5, -3]), (["50 m²", "60 m²", "70 m²"], [50, 60, 70]),
    (["5 km/h", "7 km/h", "1,000 km/h"], [5, 7, 1000]), (["1e3 m", "2e3 m", "5 m"], [1000, 2000, 5]),
    (["-$5", "$7.50", "$-3"], [-5, 7.5, -3]), (["5 €", "7,50 €", "3 €"], [5, 7.5, 3]),
    (["USD 5", "USD 7", "USD 7"], [5, 7, 7]), (["10%", "10 %", "20%"], [10, 10, 20]),
]  # fmt: skip


@pytest.mark.parametrize(("cells", "numbers"), QUANTITIES)
def test_a_number_with_a_unit_is_that_number_as_a_feature_and_as_a_target(tmp_path, cells, numbers):
    lines = [f"{cell};{i % 2}.5" for i, cell in enumerate(cells)]
    path = csv_file(tmp_path, "\n".join(["v;w", *lines]).encode())
    feature, target = read_csv(path, "w", delimiter=";"), read_csv(path, "v", delimiter=";")
    assert [x for [x] in feature.X] == numbers == target.y and "as a class with kind='class'" in " ".join(target.notes)
    assert feature.preparation == Preparation.from_dict(json.loads(json.dumps(feature.preparation.to_dict())))
    assert read_csv(path, like=feature.preparation).X == feature.X
    as_words = read_csv(path, "w", delimiter=";", text=["v"])
    assert {*as_words.features} == {f"v={cell}" for cell in cells}
    assert {*read_csv(path, "v", delimiter=";", kind="class").classes} == {*cells}


@pytest.mark.parametrize("cells", [
    ["5 kg", "500 g", "2 kg"], ["1.5M", "300k", "2M"], ["5 kg", "7", "8"], ["1.5 kg", "1,5 kg", "2 kg"],
    ["2024-01-05", "2024-02-05", "2024-02-05"], ["5/1/2024", "6/1/2024", "7/1/2024"],
    ["5 Jan 2024", "6 Feb 2024", "7 May 2024"], ["Jan-24", "Feb-24", "Jan-24"], ["10:30", "11:45", "1:15 pm"],
    ["Jan 5, 2024", "March 6, 2024", "May 7, 2024"], ["2024-01", "2024-02", "2024-01"],
    ["2024-01-05T10:00Z", "2024-01-05T11:00Z", "2024-01-06"], ["(5.00)", "7.00", "(1.00)"], ["10-20", "20-30", "10-20"],
])  # fmt: skip
def test_what_may_be_a_number_or_not_is_one_error_with_both_ways_on(tmp_path, cells):
    path = csv_file(tmp_path, "\n".join(["v;w", *[f"{cell};{i % 2}.5" for i, cell in enumerate(cells)]]).encode())
    with pytest.raises(ValueError, match=r"line \d: column 'v' is .*(write it|correct it|write all).*text=\['v'\]"):
        read_csv(path, "w", delimiter=";")
    with pytest.raises(ValueError, match=r"line \d: column 'v' is .*, or take it as a class, with kind='class'"):
        read_csv(path, "v", delimiter=";")
    assert {*read_csv(path, "v", delimiter=";", kind="class").classes} == {*cells}
    assert len(read_csv(path, "w", delimiter=";", text=["v"]).X) == 3


@pytest.mark.parametrize(
    "cells",
    [
        ["1st", "2nd", "3rd"],
        ["5a", "5b", "6a"],
        ["A1", "B2", "A1"],
        ["Monday", "Sunday", "Monday"],
        ["007x", "008x", "007x"],
    ],
)
def test_words_that_hold_digits_are_words(tmp_path, cells):
    path = csv_file(tmp_path, "\n".join(["v;w", *[f"{cell};{i % 2}.5" for i, cell in enumerate(cells)]]).encode())
    assert {*read_csv(path, "w", delimiter=";").features} == {f"v={cell}" for cell in cells}
    assert read_csv(path, "v", delimiter=";").classes == sorted({*cells})


def test_a_model_of_kilograms_is_told_when_it_gets_grams(tmp_path):
    made = read_csv(csv_file(tmp_path, b"v;w\n1 kg;0.5\n2 kg;1.5\n"), "w").preparation
    for cell, says in (
        ("500 g", "not in the unit that the model knows, 'kg'"),
        ("5", "not in the unit"),
        ("x", "no finite number in kg"),
    ):
        with pytest.raises(ValueError, match=f"line 2: column 'v' is '{cell}', which is {says}"):
            read_csv(csv_file(tmp_path, f"v;w\n{cell};1\n".encode()), like=made)


SAID = [  # what is said of the first file, the first file, one like it of which nothing is said, and its samples
    ({"encoding": "cp1252"}, "größe,y\n1.5,a\n2,b\n".encode("cp1252"), "größe\n3.5\n".encode("cp1252"), [[3.5]]),
    ({"encoding": "cp1252"}, "größe,y\n1.5,a\n2,b\n".encode("cp1252"), "größe\n3.5\n".encode(),
     [[3.5]]),  # evidently UTF-8
    ({"encoding": "utf-16-le"}, "a,y\n1.5,a\n2,b\n".encode("utf-16-le"), "a\n3.5\n".encode("utf-16-le"), [[3.5]]),
    ({"encoding": "utf-16-le"}, "a,y\n1.5,a\n2,b\n".encode("utf-16-le"), "a\n3.5\n".encode("utf-16"),
     [[3.5]]),  # it has a mark
    ({"delimiter": ":"}, b"a:b:y\n1:2:u\n3:4:v\n", b"a:b\n5:6\n", [[5.0, 6.0]]),
    ({"decimal": ","}, b"a;y\n1.234;u\n2.345;v\n", b"a;b\n3.456;1\n", [[3456.0]]),
    ({"decimal": "."}, b"a;y\n1,234;u\n2,345;v\n", b"a;b\n3,456;1\n", [[3456.0]]),
    ({"header": False}, b"1,u\n3,v\n", b"5,u\n", [[5.0]]),
]  # fmt: skip


@pytest.mark.parametrize(("said", "first", "second", "X"), SAID)
def test_what_was_said_of_a_file_is_true_of_the_next_one(tmp_path, said, first, second, X):
    (tmp_path / "first.csv").write_bytes(first)
    (tmp_path / "second.csv").write_bytes(second)
    made = read_csv(tmp_path / "first.csv", "column 2" if "header" in said else "y", **said).preparation
    kept = Preparation.from_dict(json.loads(json.dumps(made.to_dict())))
    assert kept == made and read_csv(tmp_path / "second.csv", like=kept).X == X


def test_what_was_said_of_a_file_can_be_unsaid(tmp_path):
    (tmp_path / "first.csv").write_text("a;y\n1.234;u\n2.345;v\n")
    (tmp_path / "second.csv").write_text("a\n0.5\n")
    made = read_csv(tmp_path / "first.csv", "y", decimal=",").preparation
    with pytest.raises(ValueError, match=r"line 2: column 'a' is '0.5', .*say decimal='.'"):
        read_csv(tmp_path / "second.csv", like=made)
    assert read_csv(tmp_path / "second.csv", like=made, decimal=".").X == [[0.5]]
    for damaged in {"decimal": "x"}, {"delimiter": 1}, {"colour": "red"}, {"encoding": ""}, ["decimal"]:
        with pytest.raises(ValueError, match="damaged"):
            Preparation.from_dict({**made.to_dict(), "said": damaged})
    old = {name: part for name, part in made.to_dict().items() if name != "said"}  # written before it was kept
    assert Preparation.from_dict(old).said == {}


def test_a_wrong_question_about_a_csv_file_is_refused(tmp_path):
    path = csv_file(tmp_path, "a,b,y\n1,2,u\n3,4,v\n")
    for arguments, message in [({"kind": "text"}, "kind is"), ({"features": ["a", "c"]}, "no column is named 'c'"),
                               ({"features": ["a", "y"]}, "'y' itself is none"),
                               ({"ignore": ["c"]}, "no column is named 'c'"),
                               ({"kind": "number"}, "'u', which is no finite number")]:  # fmt: skip
        with pytest.raises(ValueError, match=message):
            read_csv(path, "y", **arguments)
    for arguments in {"features": "ab"}, {"ignore": "a"}, {"features": [0]}, {"target": 1}:
        with pytest.raises(TypeError, match="name"):
            read_csv(path, **{"target": "y", **arguments})
    with pytest.raises(FileNotFoundError):
        read_csv(tmp_path / "nowhere.csv", "y")


@pytest.mark.parametrize("first", [0, 1])
def test_a_column_that_numbers_the_lines_without_a_name_is_left_out(tmp_path, first):
    path = tmp_path / "t.csv"
    path.write_text('"","a","y"\n' + "".join(f'"{i + first}",{i * i},{i * 0.5}\n' for i in range(20)))
    table = data.read_csv(path, target="y")
    assert table.X == [[float(i * i)] for i in range(20)]
    assert data.read_csv(path, target="y", ignore=["column 1"]).X == table.X
    path.write_text(",a,y\n" + "".join(f"{i * 7 % 20},{i * i},{i * 0.5}\n" for i in range(20)))
    assert data.read_csv(path, target="y", ignore=["column 1"]).X == table.X
    assert data.read_csv(path, target="y", features=["a"]).X == table.X
    path.write_text("n,a,y\n" + "".join(f"{i},{i * i},{i * 0.5}\n" for i in range(20)))
    assert len(data.read_csv(path, target="y").X[0]) == 2  # it has a name: whoever wrote it may mean it


@pytest.mark.parametrize("name", ["simple", "diag", "split", "xor", "circle", "spiral"])
def test_minitorchs_sets_lie_in_the_unit_square_have_two_classes_and_follow_their_seed(name):
    X, y = data.minitorch(name, 300, seed=3)
    assert len(X) == len(y) == 300 and set(y) == {0, 1} and all(0 <= v <= 1 for x in X for v in x)
    assert data.minitorch(name, 300, seed=3) == data.minitorch(name, 300, seed=3)
    assert name == "spiral" or data.minitorch(name, 300, seed=4) != data.minitorch(name, 300, seed=3)


@pytest.mark.parametrize(
    "given, said", [(("spirals",), "did you mean 'spiral'"), (("xor", 0), "at least 1"), (("spiral", 1), "2 points")]
)
def test_minitorchs_sets_say_which_there_are_and_how_many_points(given, said):
    with pytest.raises(ValueError, match=said):
        data.minitorch(*given)
