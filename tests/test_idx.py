"""Images in files: IDX in every type of number, packed or not, its partner beside it, or one line that says why not."""

import gzip
import struct

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tinygrad_edu import data
from tinygrad_edu.errors import UserError

CODES = {"B": 0x08, "b": 0x09, "h": 0x0B, "i": 0x0C, "f": 0x0D, "d": 0x0E}


def idx(numbers, *shape, code="B"):
    """The bytes of an IDX file, as its description has them."""
    head = struct.pack(f">BBBB{len(shape)}I", 0, 0, CODES[code], len(shape), *shape)
    return head + struct.pack(f">{len(numbers)}{code}", *numbers)


IMAGES, LABELS = idx([0, 51, 102, 153, 204, 255, 1, 2, 3, 4, 5, 6], 2, 2, 3), idx([7, 0], 2)


def written(folder, images=IMAGES, labels=LABELS, name="mine"):
    if labels is not None:
        (folder / f"{name}-labels-idx1-ubyte").write_bytes(labels)
    path = folder / f"{name}-images-idx3-ubyte"
    path.write_bytes(images)
    return path


def test_a_pair_is_read_from_either_file_packed_or_not(tmp_path):
    path = written(tmp_path)
    found = data.read_idx(path)
    assert found.X == [[0.0, 0.2, 0.4, 0.6, 0.8, 1.0], [k / 255 for k in range(1, 7)]] and found.y == [7, 0]
    assert found.image == 3 and found.features[5] == "pixel 1,2" and found.classes == [str(k) for k in range(8)]
    other = tmp_path / "mine-labels-idx1-ubyte"
    assert data.read_idx(str(other)) == found
    for file in path, other:  # one after the other: a pair may be packed in part
        packed = file.with_name(file.name + ".gz")
        packed.write_bytes(gzip.compress(file.read_bytes()))
        file.unlink()
        assert data.read_idx(packed) == found


def test_what_is_called_train_brings_what_to_test_on(tmp_path):
    path = written(tmp_path, name="train")
    assert len(data.read_idx(path)) == 2
    written(tmp_path, idx(range(6), 1, 2, 3), idx([9], 1), name="t10k")
    found = data.read_idx(path)
    assert found.y_train == [7, 0] and found.y_test == [9] and found.X_test == [[k / 255 for k in range(6)]]
    assert len(found.classes) == 10 and "t10k-labels-idx1-ubyte" in found.notes[1]
    written(tmp_path, idx(range(4), 1, 2, 2), idx([9], 1), name="t10k")
    with pytest.raises(UserError, match="t10k-images.* its images are 2 x 2, and those of train-images.* are 2 x 3"):
        data.read_idx(path)


@settings(max_examples=30, deadline=None)
@given(st.sampled_from("Bbhifd"), st.integers(1, 4), st.integers(1, 3), st.integers(1, 3), st.data())
def test_numbers_of_every_type_are_those_that_were_written(tmp_path_factory, code, n, rows, columns, drawn):
    if code in "fd":
        one = st.floats(allow_nan=False, allow_infinity=False, width=32)
    else:
        bits = 8 * struct.calcsize(">" + code)
        one = st.integers(0, 255) if code == "B" else st.integers(-(2 ** (bits - 1)), 2 ** (bits - 1) - 1)
    numbers = drawn.draw(st.lists(one, min_size=n * rows * columns, max_size=n * rows * columns))
    path = written(tmp_path_factory.mktemp("idx"), idx(numbers, n, rows, columns, code=code), idx([1] * n, n))
    size = rows * columns
    expected = [float(v) / 255 if code == "B" else float(v) for v in numbers]
    assert data.read_idx(path).X == [expected[i : i + size] for i in range(0, n * size, size)]


def test_some_are_drawn_with_their_labels_and_each_once(tmp_path):
    path = written(tmp_path, idx([k for k in range(50)], 50, 1, 1), idx(list(range(50)), 50))
    some = data.read_idx(path, most=20, seed=3)
    assert len({*some.y}) == 20 and some.X == [[k / 255] for k in some.y] and some == data.read_idx(path, 20, 3)
    assert some != data.read_idx(path, most=20, seed=4) and data.read_idx(path, most=99).y == [*range(50)]


WRONG = [
    ({"images": IMAGES[:-1]}, "2 x 2 x 3 numbers, which is 12 bytes, but 11 follow: the file is cut off"),
    ({"images": IMAGES[:9]}, "cut off"),
    ({"images": IMAGES + b"\0"}, "13 follow: it holds more than that"),
    ({"images": b""}, "the file is empty"),
    ({"images": b"\1\2\3\4\5\6"}, "no IDX file: it begins with 01 02 03 04, and not with 00 00 08"),
    ({"images": b"PK\3\4 and so on"}, "no IDX file: it is a zip archive"),
    ({"images": b"label,pixel0\n1,2\n"}, "no IDX file: it is text; read_csv reads CSV files"),
    ({"images": b"\0\0\x0a\3" + IMAGES[4:]}, "no IDX file"),
    ({"images": gzip.compress(IMAGES)[:-9]}, "this gzip file is damaged"),
    ({"images": LABELS}, "it has 1 dimension, and images of rows of pixels have 3: are these the images?"),
    ({"labels": IMAGES}, "it has 3 dimensions, and labels in one row have 1: are these the labels?"),
    ({"labels": idx([1, 2, 3], 3)}, "these are 3 labels, and mine-images-idx3-ubyte has 2 images"),
    ({"labels": idx([1, -1], 2, code="b")}, "a label is a whole number from 0 up, got -1"),
    ({"labels": idx([1.0, 0.5], 2, code="f")}, "a label is a whole number from 0 up, got 0.5"),
    ({"images": idx([1.0, float("nan")], 2, 1, 1, code="d")}, "some of its numbers are not finite"),
    ({"images": idx([], 0, 2, 3), "labels": idx([], 0)}, "its header says 0 x 2 x 3: there is nothing in it"),
    ({"labels": None}, "its labels are not there: mine-labels-idx1-ubyte, packed .*must lie beside it"),
]


@pytest.mark.parametrize("files, said", WRONG, ids=lambda x: x[:40] if isinstance(x, str) else "")
def test_a_wrong_file_is_named_in_one_line(tmp_path, files, said):
    path = written(tmp_path, **files)
    with pytest.raises(UserError, match=said) as caught:
        data.read_idx(path)
    assert str(caught.value).startswith(str(tmp_path)) and "\n" not in str(caught.value)


def test_a_wrong_question_about_idx_files_is_refused(tmp_path):
    with pytest.raises(FileNotFoundError, match="there is no such file in"):
        data.read_idx(tmp_path / "no-images-idx3-ubyte")
    (tmp_path / "digits.idx").write_bytes(IMAGES)
    with pytest.raises(UserError, match='no "images" and no "labels" in this name'):
        data.read_idx(tmp_path / "digits.idx")
    with pytest.raises(UserError, match="from 1 up, got 0"):
        data.read_idx(written(tmp_path), most=0)


@given(st.lists(st.floats(-9, 9), min_size=6, max_size=6), st.integers(1, 9), st.integers(1, 9))
def test_a_resized_picture_stays_between_its_darkest_and_its_brightest(pixels, rows, columns):
    found = data.resized(pixels, (rows, columns), columns=3)
    assert len(found) == rows * columns and min(pixels) - 1e-9 <= min(found) and max(found) <= max(pixels) + 1e-9
    assert data.resized(pixels, (2, 3), columns=3) == pixels
    assert data.resized([2.5] * 6, (rows, columns), columns=3) == pytest.approx([2.5] * rows * columns)


def test_a_slope_stays_a_slope_and_other_sizes_are_those_of_other_libraries():
    assert data.resized([0.0, 4.0, 8.0, 12.0] * 4, 2) == [2.0, 10.0] * 2
    # torch.nn.functional.interpolate(mode="bilinear") of 0 to 8 in three rows
    assert data.resized(range(9), 2) == pytest.approx([1.0, 2.5, 5.5, 7.0])
    assert data.resized([7.0], 3) == [7.0] * 9
    for wrong in ([1.0] * 5, 2), ([], 2), ([1.0] * 4, 0):
        with pytest.raises(UserError, match="columns=|from 1 up"):
            data.resized(*wrong)
    with pytest.raises(UserError, match="no rows of 3"):
        data.resized([1.0] * 4, 2, columns=3)
