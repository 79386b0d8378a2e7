"""The network of 1989: the published recipe, weight by weight; patterns out of files of every kind, or one line."""

import csv
import math
import random
import struct

import pytest

from tinygrad_edu import Value, cli, zoo
from tinygrad_edu.zoo import Run
from tinygrad_edu.zoo.lecun1989 import modern, network, patterns, training


@pytest.fixture(scope="module")
def net():
    return network.Net(0)


@pytest.fixture(scope="module")
def pattern():
    rng = random.Random(0)
    return [rng.uniform(-1.0, 1.0) for _ in range(256)]


def test_outputs_are_those_of_the_formula_written_out(net, pattern):
    def f(a):
        return 1.7159 * math.tanh(2 * a / 3)

    def maps(seen, w, b, size, reads):
        at = lambda m, r, c: seen[m][r][c] if 0 <= r < 2 * size and 0 <= c < 2 * size else -1.0
        return [
            [[f(b[o][r][c].data + sum(w[o][i][y][x].data * at(m, 2 * r + y - 2, 2 * c + x - 2)
                                      for i, m in enumerate(reads[o]) for y in range(5) for x in range(5)))
              for c in range(size)] for r in range(size)] for o in range(12)
        ]  # fmt: skip

    h1 = maps([[pattern[i : i + 16] for i in range(0, 256, 16)]], net.h1.w, net.h1.b, 8, [[0]] * 12)
    groups = [[0, 1, 2, 3, 4, 5, 6, 7], [4, 5, 6, 7, 8, 9, 10, 11], [0, 1, 2, 3, 8, 9, 10, 11]]
    h2 = maps(h1, net.h2.w, net.h2.b, 4, [groups[o // 4] for o in range(12)])
    xs = [v for rows in h2 for row in rows for v in row]
    for layer in net.h3, net.output:
        xs = [f(n.b.data + sum(w.data * x for w, x in zip(n.w, xs))) for n in layer.neurons]
    assert [y.data for y in net(pattern)] == pytest.approx(xs, abs=1e-12)


def test_weights_begin_within_the_paper_s_bounds_and_biases_where_the_recipe_has_them(net):
    for layer, inputs in ((net.h1, 25), (net.h2, 200), (net.h3, 192), (net.output, 30)):
        drawn = [p.data for p in layer.parameters() if ".b" not in p.label]
        assert max(map(abs, drawn)) <= 2.4 / inputs and max(drawn) > 2.2 / inputs and min(drawn) < -2.2 / inputs
    assert {p.data for p in net.parameters() if ".b" in p.label and "output" not in p.label} == {0.0}
    assert {n.b.data for n in net.output.neurons} == {-1.0}


def test_the_squashing_function_is_1_at_1_and_bends_most_there():
    for x in -1.0, 1.0:
        assert network.squash(Value(x)).data == pytest.approx(x, abs=1e-4)
    bends = [abs(math.tanh(2 * x / 3) / math.cosh(2 * x / 3) ** 2) for x in (0.8, 0.9, 1.0, 1.1, 1.2)]
    assert max(bends) == bends[2]


@pytest.mark.parametrize("recipe", [training.PAPER, modern.DROPOUT], ids=["paper", "dropout"])
def test_a_replayed_step_moves_every_weight_as_an_eager_one(pattern, recipe):
    pytest.importorskip("numba")  # to print a network of this size as source takes seconds
    make = network.Net if recipe is training.PAPER else modern.modern
    eager, replayed = make(3), make(3)
    for model, how in (eager, "eager"), (replayed, "native"):
        step, outputs = training.steps(Run("lecun1989", backend=how, show=None), model, recipe)
        step(*recipe.show(pattern, random.Random(0)), recipe.aim(4))
        assert len(outputs([pattern])[0]) == 10
    assert [p.data for p in eager.parameters()] == [p.data for p in replayed.parameters()]


def test_a_shifted_pattern_is_one_of_nine_and_paper_comes_in(pattern):
    rows = lambda x: [x[i : i + 16] for i in range(0, 256, 16)]
    seen, rng = set(), random.Random(1)
    for _ in range(100):
        moved = rows(modern.shifted(pattern, rng))
        inner = [row[1:15] for row in moved[1:15]]
        found = [
            (r, c) for r in range(3) for c in range(3) if inner == [x[c : c + 14] for x in rows(pattern)[r : r + 14]]
        ]
        assert len(found) == 1
        (r, c), paper = found[0], [-1.0] * 16
        assert (r == 1) or (moved[0] if r == 0 else moved[15]) == paper
        assert (c == 1) or [row[0] if c == 0 else row[15] for row in moved] == paper
        seen.update(found)
    assert len(seen) == 9


def test_dropout_leaves_a_quarter_out_and_sums_as_large_as_they_were():
    rng = random.Random(2)
    factors = [k for _ in range(400) for k in modern.kept(rng)]
    assert {*factors} == {0.0, 1 / 0.75} and math.fsum(factors) / len(factors) == pytest.approx(1.0, abs=0.02)


def test_scores_are_the_mean_square_and_the_share_of_wrong_maxima():
    sure = network.target(3)
    assert training.scores([sure, sure], [3, 3]) == (0.0, 0.0)
    assert training.scores([sure, sure], [3, 5]) == (pytest.approx(0.4), 0.5)


def table(path, rows, names=None):
    with open(path, "w", newline="") as file:
        csv.writer(file).writerows([names] * bool(names) + rows)
    return path


def squares(n, side=4, top=16, first=True):
    """A digit and a picture of it, n times: each its own."""
    rng = random.Random(n)
    pixels = [[rng.choice([0, 0, 0, top // 2, top]) for _ in range(side * side)] for _ in range(n)]
    return [[k % 10, *row] if first else [*row, k % 10] for k, row in enumerate(pixels)]


@pytest.mark.parametrize("first", [True, False])
@pytest.mark.parametrize("named", [True, False])
def test_a_csv_file_of_pixels_is_read_wherever_its_digit_stands(tmp_path, named, first):
    names = [f"pixel{k}" for k in range(16)]
    names = ["Label", *names] if first else [*names, "Label"]
    found = patterns.of_file(table(tmp_path / "d.csv", squares(40, first=first), names if named else None), 0)
    assert (len(found.y_train), len(found.y_test)) == (31, 9) and {*found.y_train, *found.y_test} == {*range(10)}
    assert all(len(x) == 256 and min(x) >= -1.0 and max(x) <= 1.0 for x in found.X_train + found.X_test)
    assert min(map(min, found.X_train)) == -1.0 and "4 x 4, scaled from 0 to 16" in found.words


def test_bright_paper_is_turned_round(tmp_path):
    rows = squares(40)
    turned = [[row[0], *(16 - v for v in row[1:])] for row in rows]
    dark, bright = (patterns.of_file(table(tmp_path / f"{k}.csv", r), 0) for k, r in enumerate((rows, turned)))
    assert bright.X_train == [pytest.approx(x) for x in dark.X_train] and "most of a page is bright" in bright.words


def test_idx_files_come_with_their_test_files_and_as_many_as_in_1989(tmp_path):
    for name, n in ("train", 30), ("t10k", 12):
        rows = squares(n, side=28, top=255)
        head = struct.pack(">BBBBIII", 0, 0, 8, 3, n, 28, 28)
        (tmp_path / f"{name}-images-idx3-ubyte").write_bytes(head + bytes(v for row in rows for v in row[1:]))
        labels = struct.pack(">BBBBI", 0, 0, 8, 1, n) + bytes(row[0] for row in rows)
        (tmp_path / f"{name}-labels-idx1-ubyte").write_bytes(labels)
    found = patterns.of_file(tmp_path / "train-images-idx3-ubyte", 0)
    assert (len(found.y_train), len(found.y_test)) == (30, 12) and "t10k-images-idx3-ubyte" in found.words
    assert max(map(max, found.X_train)) <= 1.0 and {len(x) for x in found.X_test} == {256}


def test_what_is_called_train_brings_the_test_file_beside_it_if_that_has_digits(tmp_path):
    lines = lambda rows: "".join(" ".join(f"{v:.4f}" for v in row) + " \n" for row in rows)
    (tmp_path / "zip.train").write_text(lines(squares(30)))  # as the zip codes come
    assert len(patterns.of_file(tmp_path / "zip.train", 0).y_test) == 6
    (tmp_path / "zip.test").write_text(lines([row[1:] for row in squares(12)]))
    found = patterns.of_file(tmp_path / "zip.train", 0)
    assert len(found.y_test) == 6 and "zip.test has other columns, and is left out" in found.words
    (tmp_path / "zip.test").write_text(lines(squares(12)))
    found = patterns.of_file(tmp_path / "zip.train", 0)
    assert sorted(found.y_train) == sorted(k % 10 for k in range(30)) != found.y_train and len(found.y_test) == 12


WRONG = [
    ([["a", *[0] * 16] for _ in range(20)], None, "no column says which digit it is"),
    ([[k % 10, *range(k, k + 10)] for k in range(20)], None, "10 columns, and the pixels of a square are 64, 256"),
    ([[k % 10, *range(k % 10, k % 10 + 3), k % 10] for k in range(20)], None, "may both say which digit it is"),
    (
        [[k, 0, 0, 0, 1] for k in range(20)],
        ["label", "a", "b", "c", "d"],
        "is to say which digit it is, 0 to 9, and has a",
    ),
    ([[k % 10, 5, 5, 5, 5] for k in range(20)], ["label", "a", "b", "c", "d"], "every pixel is 5"),
    (squares(12), None, "12 pictures of 10 digits are too few: 3 are to test on"),
    ([[k % 2, 0, 0, 1, k % 2] for k in range(20)], ["label", "a", "b", "c", "digit"], "may both say which digit"),
]


@pytest.mark.parametrize("rows, names, said", WRONG, ids=lambda x: x[:30] if isinstance(x, str) else "")
def test_a_file_that_holds_no_digits_is_one_line_and_status_2(tmp_path, capsys, rows, names, said):
    path = table(tmp_path / "d.csv", rows, names)
    assert cli.main(["zoo", "lecun1989", "--small", "--data", str(path), "--out", str(tmp_path / "zoo")]) == 2
    told = capsys.readouterr()
    assert said in told.err and told.err.count("\n") == 1 and told.out == ""


def test_a_run_on_a_file_of_one_s_own_is_judged_by_nothing_but_its_counts(tmp_path):
    this = zoo.run("lecun1989", data=table(tmp_path / "d.csv", squares(40)), small=True, show=None)
    assert not this.missed and not [row.what for row in this.rows if row.verdict and "error" in row.what]
