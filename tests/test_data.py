"""Data: the published points to the last bit, divisions that lose nothing, and CSV files that say what is wrong with them."""

import json
import math
import pathlib
import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tinygrad_edu import data
from tinygrad_edu.data import Standardizer, read_csv, split
from tinygrad_edu.data.legacy import RandomState

# What scikit-learn 1.9's make_moons(100, noise=0.1), make_circles(7, noise=0.1, factor=0.5), make_blobs(9, centers=3) and CS231n's
# spirals return after np.random.seed(seed): position, point, class.
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


def test_batches_are_all_samples_once_in_an_order_of_their_seed():
    for n, size in (10, 3), (9, 3), (2, 5), (0, 4):
        drawn = list(data.batches(n, size, seed=1))
        assert sorted(i for batch in drawn for i in batch) == list(range(n)) and all(len(b) == size for b in drawn[:-1])
        assert drawn == list(data.batches(n, size, seed=1))
    rng = random.Random(0)
    assert list(data.batches(20, 20, rng)) != list(data.batches(20, 20, rng))  # each epoch its own
    with pytest.raises(ValueError, match="at least one sample"):
        data.batches(3, 0)


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


def test_standardizing_survives_the_largest_numbers():
    assert Standardizer.of([[1e308], [-1e308]])([[1e308]]) == [[pytest.approx(1.0)]]
    assert Standardizer.of([[0.1]] * 10)([[0.1], [1.1]]) == [[0.0], [1.0]]


@pytest.mark.parametrize("make", [
    lambda: Standardizer.of([]), lambda: Standardizer.of([[1.0], [1.0, 2.0]]), lambda: Standardizer.of([[1.0]])([[1.0, 2.0]]),
    lambda: Standardizer.from_dict({"means": [1.0]}), lambda: Standardizer.from_dict({"means": [1.0], "stds": [0.0]}),
    lambda: Standardizer.from_dict({"means": [1.0], "stds": []}), lambda: Standardizer.from_dict({"means": 3, "stds": 4}),
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
]


@pytest.mark.parametrize("content, X, y, classes", READ)
def test_a_csv_file_is_read(tmp_path, content, X, y, classes):
    table = read_csv(csv_file(tmp_path, content), "y")
    assert (table.X, table.y, table.classes) == (X, y, classes)
    assert table.target == "y" and table.features == ["a", "b"][: len(X[0])]


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
    ("a,y\n", "no other line"),
    ("a,Y\n1,2\n", "no column is named 'y' .did you mean 'Y'.*columns are: a, Y"),
    ("a,b\n1,2\n", "no column is named 'y'; the columns are: a, b"),
    ("y\n1\n2\n", "at least one column to predict 'y' from"),
    ("a,b,y\n1,2,u\n3,,v\n", "line 3: column 'b' is missing"),
    ("a,b,y\n1,NaN,u\n3,4,v\n", "line 2: column 'b' is missing .'NaN'"),
    ("a,b,y\n1,2,u\n3,4,\n", "line 3: column 'y' is missing"),
    ("a,b,y\n1,2,u\n\n3,x,v\n", "line 4: column 'b' is 'x', which is no finite number"),
    ('a,b,y\n1,"1,5",u\n3,4,v\n', "line 2: column 'b' is '1,5'.*decimals with a point"),
    ("a,b,y\n1,1_000,u\n3,4,v\n", "line 2: column 'b' is '1_000'"),
    ("a,b,y\n1,-inf,u\n3,4,v\n", "line 2: column 'b' is '-inf', which is no finite number"),
    ("a,b,y\n1,2,u\n3,4\n", "line 3: there are 2 cells, and 3 columns: a, b, y"),
    ("a,b,y\n1,2,u,9\n3,4,v\n", "line 2: there are 4 cells"),
    ('a,b,y\n1,2,"u\nu"\nx,4,v\n', "line 4: column 'a' is 'x'"),
    ("a,a,y\n1,2,u\n", "line 1: columns 1 and 2 are both named 'a'"),
    (",a,y\n0,1,u\n", "line 1: column 1 has no name; pandas"),
    ("a,,y\n0,1,u\n", "line 1: column 2 has no name$"),
    ("1,2,3\n4,5,6\n", "line 1: the first line should name the columns, and holds numbers"),
    ('a,y\n1,u\n2,"v\n', "line 3: this is no CSV from here on"),
    ("a,y\n1,u\n2,u\n", "'y' is 'u' on every line"),
    ("a,y\n1,3\n2,3.0\n", "'y' is '3' on every line"),
    ("a,y\n1,3\n2,4.5\n3,oops\n", "line 4: column 'y' is 'oops'"),
    ("a,y\n" + "".join(f"0,id{i}\n" for i in range(30)), "different on each of 30 lines"),
    ("a,y\n1,caf\xe9\n".encode("latin-1"), "no UTF-8 text .byte 9"),
    ("a,y\n1,u\n".encode("utf-16"), "no UTF-8 text"),
]


@pytest.mark.parametrize("content, message", WRONG)
def test_a_wrong_csv_file_says_where(tmp_path, content, message):
    with pytest.raises(ValueError, match=message) as error:
        read_csv(csv_file(tmp_path, content), "y")
    assert str(error.value).startswith(str(tmp_path / "f.csv"))


def test_a_wrong_question_about_a_csv_file_is_refused(tmp_path):
    path = csv_file(tmp_path, "a,b,y\n1,2,u\n3,4,v\n")
    for arguments, message in [({"kind": "text"}, "kind is"), ({"features": ["a", "c"]}, "no column is named 'c'"),
                               ({"features": ["a", "y"]}, "'y' itself is none"), ({"kind": "number"}, "'u', which is no finite number")]:  # fmt: skip
        with pytest.raises(ValueError, match=message):
            read_csv(path, "y", **arguments)
    with pytest.raises(FileNotFoundError):
        read_csv(tmp_path / "nowhere.csv", "y")
