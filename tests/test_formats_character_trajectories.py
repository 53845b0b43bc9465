"""Character Trajectories: velocities become ink again."""

import numpy as np
import pytest
from damaged_files import mutated, read_or_refused
from hypothesis import given, settings

from strokesim.errors import FormatError
from strokesim.formats import read_ink, read_inks

HEADER = "sample,label,k,vx,vy,force"
# Pressed, moved right and up, lifted; the running sum of force is 2, 3, 3, 0, -1.
WRITTEN = np.array([[0, 1, 2], [1, 0, 1], [2, 1, 0], [1, 0, -3], [9, 9, -1]], dtype=float)


def csv(rows, sample=0, label="A"):
    lines = [f"{sample},{label},{k}," + ",".join(map(str, row)) for k, row in enumerate(rows)]
    return "\n".join(lines) + "\n"


def padded(rows, before=2, after=3):
    return np.concatenate([np.zeros((before, 3)), rows, np.zeros((after, 3))])


@pytest.fixture
def path(tmp_path):
    return tmp_path / "letters.csv"


def test_velocities_are_summed_and_y_turned_round(path):
    path.write_text(f"{HEADER}\n{csv(padded(WRITTEN))}")
    ink = read_ink(path)
    assert ink.label == "A"
    assert ink.channels == ("x", "y", "t", "pressure")
    (stroke,) = ink.strokes
    assert stroke.xy.tolist() == [[0, -1], [1, -1], [3, -2]]
    assert stroke["t"] == pytest.approx([0, 0.005, 0.010])
    assert stroke["pressure"] == pytest.approx([2 / 3, 1, 1])


def test_what_follows_the_lift_is_hover(path):
    path.write_text(f"{HEADER}\n{csv(padded(WRITTEN))}")
    ((before, lifted),) = read_ink(path).hover
    assert before == 1
    assert lifted.xy.tolist() == [[4, -2], [13, -11]]
    assert lifted["t"] == pytest.approx([0.015, 0.020])
    assert lifted["pressure"].tolist() == [0, 0]


def test_zeros_at_both_ends_are_cut_off_and_counted(path):
    path.write_text(f"{HEADER}\n{csv(padded(WRITTEN, 2, 3))}")
    assert read_ink(path).repairs == {"zero row cut off": 5}
    path.write_text(f"{HEADER}\n{csv(WRITTEN)}")
    assert read_ink(path).repairs == {}


def test_a_pause_inside_a_character_stays(path):
    path.write_text(f"{HEADER}\n{csv(np.insert(WRITTEN, 2, 0, axis=0))}")
    assert read_ink(path).strokes[0].xy.tolist() == [[0, -1], [1, -1], [1, -1], [3, -2]]


def test_a_pen_that_never_presses_draws_one_stroke_without_pressure(path):
    rows = np.array([[1, 0, -1], [1, 0, -1]], dtype=float)
    path.write_text(f"{HEADER}\n{csv(rows)}")
    (stroke,) = read_ink(path).strokes
    assert len(stroke) == 2
    assert stroke["pressure"].tolist() == [0, 0]


def test_force_under_another_name_is_known_by_how_a_pen_moves(path):
    told = "".join(csv(WRITTEN * [sign, 1, 1], n) for n, sign in enumerate([1, -1]))
    path.write_text(f"{HEADER}\n{told}")
    truthful = list(read_inks(path))
    assert truthful[0].repairs == {}
    mixed = "".join(
        csv((WRITTEN * [sign, 1, 1])[:, [2, 0, 1]], n) for n, sign in enumerate([1, -1])
    )
    path.write_text(f"{HEADER}\n{mixed}")
    found = list(read_inks(path))
    assert [ink.strokes for ink in found] == [ink.strokes for ink in truthful]
    assert found[0].repairs == {"column named wrongly": 3}


def test_the_header_is_believed_where_two_columns_could_be_force(path):
    rows = np.array([[1, 1, -1], [-1, -1, 1]], dtype=float)
    path.write_text(f"{HEADER}\n{csv(rows)}")
    assert read_ink(path).repairs == {}


@pytest.mark.parametrize(
    ("row", "message"),
    [
        ("0,A,5,1,2", "is no row of sample,label,k,vx,vy,force"),
        ("0,A,5,1,2,3,4", "is no row of"),
        ("0,A,5,1,2,x", "is no row of"),
        ("0,A,5,1,2,nan", "is no row of"),
        ("0,A,5,1,2,1e999", "is no row of"),
        ("0,A,5,1e17,2,3", "is no row of"),
        ("0,A,5,nan,2,3", "is no row of"),
        ("0,A,5,1,2,1_0", "is no row of"),
        ("0,A,5,1,2,٣", "is no row of"),
        ("0", "is no row of"),
    ],
)
def test_a_damaged_row_is_refused_or_its_character_left_out(path, row, message):
    path.write_text(f"{HEADER}\n{csv(WRITTEN, 1, 'B')}{row}\n{csv(WRITTEN, 2, 'C')}")
    with pytest.raises(FormatError, match=rf"letters\.csv:7: '{row[:5]}.*{message}"):
        list(read_inks(path))
    skipped = []
    kept = list(read_inks(path, lenient=True, skipped=skipped))
    assert [ink.label for ink in kept] == ["B", "C"]
    assert len(skipped) == 1
    path.write_text(f"{HEADER}\n{csv(WRITTEN, 0, 'A')}{row if ',' in row else '0,A,'}\n")
    assert list(read_inks(path, lenient=True)) == []


def test_files_that_hold_no_characters_are_refused(path):
    path.write_text(f"{HEADER}\n")
    with pytest.raises(FormatError, match="holds no ink"):
        read_ink(path)
    path.write_text(f"{HEADER}\n{csv(np.zeros((3, 3)))}")
    with pytest.raises(FormatError, match="sample 0 never moves"):
        read_ink(path)
    path.write_text("a,b\n1,2\n")
    with pytest.raises(FormatError, match=r"letters.csv:1: begins with 'a,b'; needed: 'sample,"):
        read_ink(path, format="character_trajectories")


def test_a_pen_that_leaves_the_range_of_numbers_is_refused_or_left_out(path):
    far = np.array([[0, 2.0**53, 1], [0, 2.0**53, 1]])
    path.write_text(f"{HEADER}\n{csv(far, 0, 'A')}{csv(WRITTEN, 1, 'B')}")
    with pytest.raises(FormatError, match=r"letters\.csv: sample 0: sample 1: y is -1\.80144e\+16"):
        list(read_inks(path))
    assert [ink.label for ink in read_inks(path, lenient=True)] == ["B"]


def test_line_ends_of_windows_and_unusual_spaces_keep_the_lines_counted(path):
    text = f"{HEADER}\r\n" + csv(WRITTEN, 0, "\x85").replace("\n", "\r\n")
    path.write_bytes(f"\ufeff{text}{csv(WRITTEN, 1, 'é')}0,A\n".encode())
    with pytest.raises(FormatError, match=r"letters\.csv:12: '0,A' is no row"):
        list(read_inks(path))
    assert [ink.label for ink in read_inks(path, lenient=True)] == ["\x85", "é"]


@settings(max_examples=100)
@given(mutated(f"{HEADER}\n{csv(padded(WRITTEN))}{csv(WRITTEN, 1, 'B')}".encode()))
def test_damaged_files_raise_nothing_but_format_errors(data):
    read_or_refused(data, "character_trajectories")


@pytest.mark.data
def test_the_published_excerpt_is_written_by_a_pen(data):
    inks = list(read_inks(data / "character_trajectories"))
    assert len(inks) == 100
    assert {ink.repairs["column named wrongly"] for ink in inks} == {3}
    for ink in inks:
        (stroke,) = ink.strokes
        assert 0 < stroke["pressure"].min() < stroke["pressure"].max() == 1
        ((_, lifted),) = ink.hover
        assert lifted["pressure"].max() == 0
        # The curves go on straight, at a constant speed, after the pen has been lifted.
        steps = np.diff(lifted.xy, axis=0)[3:-5]
        assert np.abs(steps - steps[0]).max() < 0.05


@pytest.mark.data
def test_an_integrated_letter_is_upright(data):
    first = {ink.label: ink for ink in reversed([*read_inks(data / "character_trajectories")])}
    # An l is written from the top down and turns up at its foot; a v starts and ends at the top.
    ell, vee = (first[label].strokes[0]["y"] for label in "LV")
    assert ell[0] < ell.min() + 0.1 * np.ptp(ell)
    assert 0 < ell.argmax() < len(ell) - 1
    assert vee[0] < vee.max() > vee[-1]
