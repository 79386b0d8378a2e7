"""CSV files as people have them, kind by kind: each is read rightly, or refused in one line that says what to do."""

import math
import re
import shlex

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from tinygrad_edu import train
from tinygrad_edu.cli import main, tables
from tinygrad_edu.data import Standardizer, batches, read_csv
from tinygrad_edu.data.cells import MISSING, NO_NUMBER
from tinygrad_edu.data.numerals import KINDS, of_one_kind
from tinygrad_edu.streams import short


def written(tmp_path, content):
    path = tmp_path / "f.csv"
    path.write_text(content, encoding="utf-8")
    return path


ERRORS = {"#DIV/0!", "#VALUE!", "#NAME?", "#NV", "#WERT!", "#N/D", "#¡VALOR!"}  # of Excel in some languages


@pytest.mark.parametrize("blank", sorted(MISSING | NO_NUMBER | ERRORS))
def test_what_stands_for_nothing_among_numbers_is_a_missing_cell_and_not_a_word(tmp_path, blank):
    path = written(tmp_path, f'a;c;y\n"{blank}";x;1.5\n1;z;2\n3;z;3\n')
    with pytest.raises(ValueError, match="line 2: column 'a' is missing.*missing='mean'"):
        read_csv(path, "y")
    assert read_csv(path, "y", missing="mean").X == [[2.0, 1.0, 0.0], [1.0, 0.0, 1.0], [3.0, 0.0, 1.0]]
    like = read_csv(path, "y", missing="mean").preparation
    assert read_csv(written(tmp_path, f'a;c\n"{blank}";z\n"{blank}";x\n'), like=like).X == [[2, 0, 1], [2, 1, 0]] or (
        blank not in MISSING
    )


@pytest.mark.parametrize("blank", sorted(NO_NUMBER | ERRORS))
def test_what_stands_for_nothing_among_numbers_is_a_word_among_words(tmp_path, blank):
    path = written(tmp_path, f'a;y\n"{blank}";1.5\nred;2\n"{blank}";3\n')
    assert sorted(read_csv(path, "y").features) == sorted([f"a={blank}", "a=red"])
    beside_numbers = written(tmp_path, f'a;y\n"{blank}";1.5\n1;2\n1;3\n')
    assert sorted(read_csv(beside_numbers, "y", text=["a"]).features) == sorted([f"a={blank}", "a=1"])
    target = written(tmp_path, f'a;y\n1;"{blank}"\n2;1\n3;2\n')
    assert sorted(read_csv(target, "y", kind="class").classes) == sorted([blank, "1", "2"])


def test_a_mark_that_stood_for_nothing_in_training_does_so_in_a_file_of_nothing_else(tmp_path):
    like = read_csv(written(tmp_path, "a,y\n-,1.5\n1,2\n3,3\n"), "y", missing="mean").preparation
    assert read_csv(written(tmp_path, "a\n-\n.\n"), like=like).X == [[2.0], [2.0]]


SIGNED = ["12 %", "12", "$5", "5 €", "CHF 5", "R$ 5", "1.5", "1,5", "1 234", "-3"]


@pytest.mark.parametrize("a", SIGNED)
@pytest.mark.parametrize("b", SIGNED)
def test_numbers_written_in_two_ways_are_refused_or_one_column(tmp_path, a, b):
    path = written(tmp_path, f"x;y\n{a};1\n{b};2\n{a};3\n")
    try:
        table = read_csv(path, "y", kind="number")
    except ValueError as error:
        assert a != b and f"is {b!r}, which is written in another way than {a!r}" in str(error)
        assert ("one unit" in str(error)) == any(sign in a + b for sign in "%$€C")
    else:
        assert table.features == ["x"] and (a == b) == (len({*map(tuple, table.X)}) == 1)


@pytest.mark.parametrize("kind", KINDS)
def test_amounts_in_two_units_of_one_thing_are_never_words(tmp_path, kind):
    one, other, *_ = sorted(kind)
    assert of_one_kind({one, other}) and not of_one_kind({one}) and not of_one_kind({one, "th"})
    path = written(tmp_path, f"a;y\n5{one};1.5\n7{other};2\n5{one};3\n")
    with pytest.raises(ValueError, match="line 3: column 'a' is .*not written as .*one unit"):
        read_csv(path, "y")
    with pytest.raises(ValueError, match="line 3: column 'a' is .*kind='class'"):
        read_csv(path, "a")
    assert len(read_csv(path, "y", text=["a"]).features) == 2


ROWS = [  # with names of rows that have no name themselves: as R writes them, and read.table reads them
    ("a\ty\n1\t5\tu\n2\t6\tv\n", [[5.0], [6.0]]),
    ("a,y\nMazda RX4,21,u\nFiat 128,32.4,v\n", [[21.0], [32.4]]),
    ('a y\n"1" 5.5 "u"\n"2" 6 "v"\n', [[5.5], [6.0]]),
    ('"a";"y"\n"one";5,5;"u"\n"two";6;"v"\n# the end\n', [[5.5], [6.0]]),
]


@pytest.mark.parametrize("content, X", ROWS)
def test_cells_that_name_the_lines_and_have_no_name_are_left_out_with_a_word(tmp_path, content, X):
    table = read_csv(written(tmp_path, content), "y")
    assert table.X == X and table.classes == ["u", "v"] and any("as R writes it" in note for note in table.notes)


@pytest.mark.parametrize("content", ["a,y\n0.5,5,u\n0.25,6,v\n", "a,y\nx,5,u\nx,6,v\n", "a,y\n1,5,u\n"])
def test_a_cell_too_many_that_may_be_a_number_is_an_error(tmp_path, content):
    with pytest.raises(ValueError, match="line 2: there are 3 cells, and 2 columns"):
        read_csv(written(tmp_path, content), "y")


def test_columns_under_spaces_may_have_a_tab_before_the_last(tmp_path):
    auto = '18.0   8   307.0\t"chevrolet chevelle"\n15.0   8   ?\t"buick skylark"\n27.0   4   97.00\t"vw"\n'
    table = read_csv(
        written(tmp_path, auto), "column 1", header=False, ignore=["column 4"], missing="drop", kind="number"
    )
    assert table.X == [[8.0, 307.0], [4.0, 97.0]] and table.y == [18.0, 27.0]


def test_digits_that_may_be_a_name_are_told_of(tmp_path):
    rows = "".join(f"0{1234 + i % 3 * 1000},{i}\n" for i in range(9))
    table = read_csv(written(tmp_path, "zip,y\n" + rows), "y", kind="number")
    assert any("zip is a number, though 01234 begins with 0" in note for note in table.notes)
    assert any(
        "as a class with kind='class'" in note for note in read_csv(written(tmp_path, "zip,y\n" + rows), "zip").notes
    )
    assert read_csv(written(tmp_path, "zip,y\n" + rows), "zip", kind="class").classes == ["01234", "02234", "03234"]
    assert read_csv(written(tmp_path, "y,a\n01,1\n1,2\n2,3\n"), "y", kind="class").classes == ["1", "2"]
    long = "".join(f"{12345678901234567890 + i},{i}\n" for i in range(9))
    for target, other in ("y", "text=.'id'."), ("id", "kind='class'"):
        with pytest.raises(
            ValueError, match="line 3: column 'id' is '12345678901234567891', which is the same.*" + other
        ):
            read_csv(written(tmp_path, "id,y\n" + long), target, kind="number")
    assert len(read_csv(written(tmp_path, "id,y\n" + long), "y", text=["id"], kind="number").features) == 9


def test_columns_that_never_change_are_told_of(tmp_path):
    table = read_csv(written(tmp_path, "a,c,w,y\n1,5,x,1.5\n2,5.0,x,2\n"), "y")
    assert table.notes[-1] == "c, w are the same on every line, and say nothing"


HINTS = [
    ("a~y\n1~2\n3~4\n", "if '~' separates the cells, say delimiter='~'"),
    ("a:y\n1:2\n3:4\n", "if ':' separates the cells, say delimiter=':'"),
    ("@relation r\n@data\n1,2\n", "an ARFF file"),
    ('[{"a": 1, "y": 2}]\n', "JSON"),
    ("| a | y |\n|---|---|\n| 1 | 2 |\n", "line 2: this line draws a table for people"),
    (" a | y\n---+---\n 1 | 2\n", "line 2: this line draws a table for people"),
    ("+---+---+\n| a | y |\n+---+---+\n", "line 1: this line draws a table for people"),
    (
        "a;b;y\n1;2;u\n3;4;v\nSource: me\n",
        "line 4: there is 1 cell, and 3 columns: a, b, y; correct the line, or remove it",
    ),
    ("red,u\nblue,v\nred,u\n", "line 3: the names of the columns stand here again: .*header=False"),
    ('a,y\n"say \\"hi\\"",1\n', 'is written twice, "", and not'),
    ("a,y\n1,0 # off\n2,1 # on\n", "column 'y' is '0 # off', which is a number with a comment behind it: remove"),
    ("a,y\n1,2\n3,4\nTotal,6\n", "correct it or remove the line"),
]


@pytest.mark.parametrize("content, hint", HINTS)
def test_what_cannot_be_read_is_refused_with_what_to_do(tmp_path, content, hint):
    with pytest.raises(ValueError, match=hint) as error:
        read_csv(written(tmp_path, content), "y")
    assert "\n" not in str(error.value)


def test_a_target_in_another_unit_is_not_compared(tmp_path):
    like = read_csv(written(tmp_path, "a,y\n1,2 kg\n2,3.5 kg\n3,4 kg\n"), "y").preparation
    assert read_csv(written(tmp_path, "a,y\n1,2 kg\n2,3 kg\n"), like=like).y == [2.0, 3.0]
    other = read_csv(written(tmp_path, "a,y\n1,2000 g\n2,3000 g\n"), like=like)
    assert other.y == [] and "another unit" in other.notes[-1]


@pytest.mark.parametrize("size", [1e-310, 1e-160, 1.0, 1e150, 1e300])
def test_r_squared_has_no_size_at_which_it_fails(size):
    y = [size * v for v in (1.0, 2.0, 3.0, 5.0)]
    assert train.r_squared(lambda x: x, [y[0], y[1], y[2], 4 * size], y) == pytest.approx(1 - 1 / 8.75)
    with pytest.raises(ValueError, match="all the same"):
        train.r_squared(lambda x: x, y, [0.1 * size] * 4)
    with pytest.raises(ValueError, match="farther than floats reach"):
        Standardizer.of([[1e308], [-1e308]] * 8)
    assert math.isfinite(train.r_squared(lambda x: x, [0.0, 1e-200, 2.0], [0.0, 1e200, 1.0]))


def test_both_plots_are_drawn_of_a_number_what_was_predicted_and_how_it_was_learned(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    written(tmp_path, "a,b,y\n" + "".join(f"{i},{i % 3},{2 * i + 0.5}\n" for i in range(30)))
    train = ["train", "f.csv", "--target", "y", "--quiet", "--epochs", "2", "--hidden", "0", "--backend", "eager"]
    assert main([*train, "--plot", "p.svg", "--history", "h.svg"]) == 0
    drawn = {name: (tmp_path / name).read_text(encoding="utf-8") for name in ("p.svg", "h.svg")}
    assert "y predicted" in drawn["p.svg"] and drawn["p.svg"].count("<circle") == 6  # of 30, a fifth is to test on
    assert "epoch" in drawn["h.svg"] and "test" in drawn["h.svg"]
    out = capsys.readouterr().out
    assert (
        "wrote p.svg" in out
        and "wrote h.svg" in out
        and "24 samples to train, 6 to test, 2 features, the number" in out
    )
    assert main([*train, "--features", "b", "--plot", "p.svg", "--history", "h.svg"]) == 0
    out = capsys.readouterr().out
    assert "replaced p.svg" in out and "replaced h.svg" in out and "1 feature, the number 'y'; 2 parameters" in out
    assert main([*train, "--history", "H.CSV"]) == 0 and (tmp_path / "H.CSV").read_text().startswith("epoch,")
    assert main([*train, "--history", "h.txt"]) == 2 and ".json or .svg" in capsys.readouterr().err


def test_without_a_finished_epoch_no_history_is_written_and_a_word_says_so(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(train, "fit", lambda *_, **__: train.History(interrupted=True))
    assert main(["train", "xor", "--history", "h.csv", "--plot", "p.svg", "--quiet"]) == 0
    assert capsys.readouterr().out.count("is not written: there is no finished epoch") == 2
    assert not (tmp_path / "h.csv").exists() and not (tmp_path / "p.svg").exists()


READ = [
    ('"a,y"\n"1,u"\n"3,v"\n', [[1.0], [3.0]]),
    ('"a,""y"""\n"1,""u"""\n\n"3,""v"""\n', [[1.0], [3.0]]),
    ('"a";"y"\n"1";"u"\n"3";"v"\n', [[1.0], [3.0]]),
    ("sep=\\t\na\ty\n1\tu\n3\tv\n", [[1.0], [3.0]]),
    ('a,y\n="1",u\n="3",="v"\n', [[1.0], [3.0]]),
    ("a,y\n1,u\n3,v\n\x1a", [[1.0], [3.0]]),
    ("\ufeffa,y\n\u200b1,u\n3\u200b,v\ufeff\n", [[1.0], [3.0]]),
    ("Unnamed: 0,a,y\n0,1,u\n1,3,v\n", [[1.0], [3.0]]),
    ("...1,a,y\n1,1,u\n2,3,v\n", [[1.0], [3.0]]),
    ("Unnamed: 0,y\n1,u\n3,v\n", [[1.0], [3.0]]),  # numbers no lines
    ("a,y\n1,u\n3,--\n", [[1.0], [3.0]]),
]


@pytest.mark.parametrize("content, X", READ)
def test_what_programs_write_around_cells_is_no_part_of_them(tmp_path, content, X):
    path = written(tmp_path, content)
    table = read_csv(path, "y")
    assert table.X == X and table.y in ([0, 1], [1, 0]) and {*table.classes} <= {"u", "v", "--"}


def test_a_column_that_counts_the_lines_is_told_of(tmp_path):
    rows = "".join(f"{i + 7},{i % 3},{i / 2}\n" for i in range(9))
    notes = read_csv(written(tmp_path, "id,a,y\n" + rows), "y").notes
    assert notes == ["id counts the lines; if it is only their number, say ignore=['id']"]
    assert read_csv(written(tmp_path, "id,a,y\n" + rows), "y", features=["id"]).notes == []


def test_what_is_no_row_of_numbers_is_told_in_one_line_with_what_to_make_of_it():
    pandas = pytest.importorskip("pandas")
    days = pandas.DataFrame({"when": pandas.date_range("2024-01-01", periods=4), "a": [1, 2, 3, 4]})
    for table, hint in (days, "days since a day"), (days.astype(str), "get_dummies"):
        with pytest.raises(TypeError, match=f"column 'when' holds .* in row 0.*{hint}"):
            Standardizer.of(table)
    with pytest.raises(TypeError, match="two whole numbers") as error:
        batches(days, 2)
    assert "\n" not in str(error.value)


# Without $ and `, which a shell unescapes and shlex does not.
LETTERS = st.characters(codec="utf-8", exclude_categories=["Cc", "Cs", "Zl", "Zp"], exclude_characters="$`")


@given(st.text(LETTERS | st.sampled_from(",\"' \\"), min_size=1).map(str.strip))
@settings(max_examples=200, deadline=None)
def test_the_option_that_an_error_advises_can_be_typed_as_it_stands(name):
    name = " ".join(name.split()) or "a"
    assume(name == short(name))
    [option, typed] = shlex.split(tables.as_options(f"say ignore=[{name!r}]"))[1:]
    assert option == "--ignore" and tables.names(typed) == [name]


def test_a_column_with_a_comma_in_its_name_is_left_out_as_advised(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    written(tmp_path, '"seen, when";a;y\n' + "".join(f"2024-01-0{i};{i};{i / 2}\n" for i in range(1, 9)))
    train = ["train", "f.csv", "--target", "y", "--quiet", "--epochs", "1", "--hidden", "0", "--backend", "eager"]
    assert main(train) == 2
    advice = re.search(r"--ignore (.*), or take", capsys.readouterr().err)[0].removesuffix(", or take")
    assert main([*train, *shlex.split(advice)]) == 0
    assert (
        main([*train, "--ignore", "seen, when"]) == 2
        and "the columns are: 'seen, when', a, y" in capsys.readouterr().err
    )
