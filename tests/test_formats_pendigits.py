"""UCI's pendigits: 8 points and a class per line."""

import numpy as np
import pytest
from damaged_files import mutated, read_or_refused
from hypothesis import given, settings

from strokesim.errors import FormatError
from strokesim.formats import read_ink, read_inks
from strokesim.formats.table import format_of_file

LINE = b" 47,100, 27, 81, 57, 37, 26,  0,  0, 23, 56, 53,100, 90, 40, 98, 8"


def written(tmp_path, content):
    (tmp_path / "pendigits.tra").write_bytes(content)
    return tmp_path / "pendigits.tra"


def test_a_line_is_a_digit_of_eight_points_with_y_turned_round(tmp_path):
    ink = read_ink(written(tmp_path, LINE + b"\r\n"))
    assert (ink.label, ink.id, len(ink.strokes)) == ("8", "pendigits.tra#0", 1)
    assert ink.strokes[0].xy[:3].tolist() == [[47, 0], [27, 19], [57, 63]]
    assert len(ink.strokes[0]) == 8


@pytest.mark.parametrize(
    ("line", "message"),
    [
        (b"1,2,3", "is not 16 numbers and a digit separated by commas"),
        (LINE + b",1", "is not 16 numbers"),
        (LINE[:-1] + b"10", "is not 16 numbers"),
        (LINE.replace(b"47", b"-7"), "is not 16 numbers"),
        (LINE.replace(b"47", b"1e400"), "is not 16 numbers"),
        (LINE.replace(b"47", b"nan"), "is not 16 numbers"),
        (LINE.replace(b"47", b"\0"), "is not 16 numbers"),
        (LINE.replace(b"47", b"101"), "101 is beyond the 100 of a point"),
        (LINE[:30], "is not 16 numbers"),
    ],
)
def test_a_damaged_line_is_refused_with_its_number_or_left_out(tmp_path, line, message):
    path = written(tmp_path, b"\n".join([LINE, line, LINE]))
    with pytest.raises(FormatError, match=f"pendigits.tra:2: {message}"):
        list(read_inks(path))
    skipped = []
    inks = list(read_inks(path, lenient=True, skipped=skipped))
    assert ([ink.id for ink in inks], len(skipped)) == (["pendigits.tra#0", "pendigits.tra#2"], 1)


def test_other_tables_of_numbers_are_not_taken_for_digits():
    for head in (b"1,2,3\n", LINE + b",1\n", b"x,y\n1,2\n", LINE.replace(b",", b" ")):
        found = format_of_file(head, "a.txt", named=False)
        assert found is None or found.name != "pendigits"


@settings(max_examples=400)
@given(mutated(LINE + b"\n" + LINE))
def test_damaged_files_are_read_or_refused(data):
    read_or_refused(data, "pendigits")


@pytest.mark.data
@pytest.mark.parametrize(("name", "count"), [("pendigits.tra", 7494), ("pendigits.tes", 3498)])
def test_the_published_digits_are_read_as_they_stand(data, name, count):
    inks = list(read_inks(data / "pendigits" / name))
    table = np.loadtxt(data / "pendigits" / name, delimiter=",")
    assert len(inks) == count
    assert [ink.label for ink in inks] == [f"{label:.0f}" for label in table[:, -1]]
    points = np.stack([ink.strokes[0].xy for ink in inks])
    assert np.array_equal(points[:, :, 0], table[:, :16:2])
    assert np.array_equal(100 - points[:, :, 1], table[:, 1:16:2])
