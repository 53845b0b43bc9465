"""Signature text: SVC2004 and BDALab's .svc."""

import math

import numpy as np
import pytest
from damaged_files import mutated, read_or_refused
from hypothesis import given, settings

from strokesim.errors import FormatError
from strokesim.formats import read_ink, read_inks
from strokesim.formats.table import format_of_file

FOUR = b"5\r\n10 20 1000 0\r\n10 20 1010 1\r\n12 25 1020 1\r\n12 25 1020 0\r\n30 20 1015 1\r\n"
SEVEN = b"3\n10 20 1000 1 900 450 0\n12 25 1010 1 1800 900 1023\n14 20 1020 0 0 600 5\n"


def written(tmp_path, content, name="U5S1.TXT"):
    (tmp_path / name).write_bytes(content)
    return tmp_path / name


def test_the_button_and_not_the_pressure_says_where_the_pen_was_down(tmp_path):
    ink = read_ink(written(tmp_path, SEVEN))
    assert [stroke.xy.tolist() for stroke in ink.strokes] == [[[10, -20], [12, -25]]]
    assert ink.strokes[0]["pressure"].tolist() == [0, 1]
    ((before, path),) = ink.hover
    assert (before, path.xy.tolist(), path["pressure"].tolist()) == (1, [[14, -20]], [5 / 1023])


def test_leading_and_inner_pen_up_rows_are_hover(tmp_path):
    ink = read_ink(written(tmp_path, FOUR))
    assert [stroke.xy.tolist() for stroke in ink.strokes] == [[[10, -20], [12, -25]], [[30, -20]]]
    assert [(part.before, part.path.xy.tolist()) for part in ink.hover] == [
        (0, [[10, -20]]),
        (1, [[12, -25]]),
    ]


def test_equal_and_backward_stamps_are_kept(tmp_path):
    ink = read_ink(written(tmp_path, FOUR))
    assert ink.channels == ("x", "y", "t")
    assert ink.strokes[0]["t"].tolist() == [0.010, 0.020]
    assert ink.strokes[1]["t"].tolist() == [0.015]
    assert not ink.repairs


def test_angles_are_tenths_of_degrees_unless_no_altitude_is_above_90(tmp_path):
    tenths = read_ink(written(tmp_path, SEVEN)).strokes[0]
    assert np.allclose(tenths["altitude"], [math.pi / 4, math.pi / 2])
    assert np.allclose(tenths["azimuth"], [math.pi / 2, math.pi])
    degrees = read_ink(written(tmp_path, b"1\n0 0 0 1 180 45 0.5\n")).strokes[0]
    assert np.allclose([degrees["altitude"][0], degrees["azimuth"][0]], [math.pi / 4, math.pi])


@pytest.mark.parametrize(
    ("largest", "scaled", "full"),
    [(1, 1, "1"), (512, 512 / 1023, "1023"), (1023, 1, "1023"), (32767, 1, "32767")],
)
def test_full_pressure_is_the_first_that_no_sample_is_above(tmp_path, largest, scaled, full):
    ink = read_ink(written(tmp_path, b"1\n0 0 0 1 0 500 %d\n" % largest))
    assert ink.strokes[0]["pressure"][0] == scaled
    assert ink.notes["full pressure"] == full


@pytest.mark.parametrize("pressure", [b"-1", b"40000"])
def test_pressure_of_an_unknown_range_is_kept_as_recorded(tmp_path, pressure):
    ink = read_ink(written(tmp_path, b"1\n0 0 0 1 0 500 %b\n" % pressure))
    assert ink.strokes[0]["P"][0] == float(pressure)
    assert "pressure" not in ink.channels


def test_stamps_with_fractions_are_seconds(tmp_path):
    ink = read_ink(written(tmp_path, b"2\n0 0 1.5 1\n1 1 1.75 1\n"))
    assert ink.strokes[0]["t"].tolist() == [0, 0.25]


def test_names_tell_user_forgery_writer_and_task(tmp_path):
    genuine = read_ink(written(tmp_path, SEVEN, "U5S20.TXT"))
    assert (genuine.label, genuine.writer, genuine.notes["genuine"]) == ("U5", "U5", "yes")
    forged = read_ink(written(tmp_path, SEVEN, "u5s21.txt"))
    assert (forged.label, forged.writer, forged.notes["genuine"]) == ("U5", None, "no")
    task = read_ink(written(tmp_path, SEVEN, "id7_01-02-1990_F_0003_Doe_01-02-2020.svc"))
    assert (task.writer, task.notes["task"], task.label) == ("id7", "0003", None)


def test_rows_beyond_the_announced_number_are_kept_and_counted(tmp_path):
    ink = read_ink(written(tmp_path, b"1\n" + SEVEN[2:]))
    assert ink.n_samples == 2
    assert ink.repairs == {"row beyond the announced number": 2}


@pytest.mark.parametrize(
    ("content", "message", "saved"),
    [
        (b"1000000000\n1 2 3 1\n", "U5S1.TXT:1: announces 1000000000 samples and has 1", 1),
        (b"2\n1 2 3 1\n1 2 3\n", "U5S1.TXT:3: has 3 numbers; needed: 4", 1),
        (b"2\n1 2 3 1\nx 2 3 1\n", "U5S1.TXT:3: 'x' is not a number", 1),
        (b"2\n1 2 nan 1\n1 2 3 1\n", "U5S1.TXT:2: 'nan' is not a number", 1),
        (b"2\n1 2 3 1\n\n1e400 2 3 1\n", "U5S1.TXT:4: '1e400' is more than a pen", 1),
        (b"2\n1 2 3 1\n1 \0 3 1\n", r"U5S1.TXT:3: '\\x00' is not a number", 1),
        (b"2\n1 2 3 1\n\n1 2 3 2\n", "U5S1.TXT:4: sample 1: the button is 2; 1 is down", 1),
        (b"2\n1 2 3 1 5\n1 2 3 1\n", "U5S1.TXT:2: has 5 numbers; needed: 4 or 7", 1),
        (b"2\n1 2 3 0\n1 2 3 0\n", "U5S1.TXT: the pen is never down", None),
        (b"x\n1 2 3 1\n", "U5S1.TXT:1: begins with 'x'; needed: the number of samples", None),
        (b"1\n", "U5S1.TXT:1: announces 1 samples and has 0", None),
    ],
)
def test_what_is_damaged_is_refused_with_its_line_or_left_out(tmp_path, content, message, saved):
    path = written(tmp_path, content)
    with pytest.raises(FormatError, match=message):
        read_ink(path, format="signature_text")
    skipped = []
    try:
        inks = list(read_inks(path, format="signature_text", lenient=True, skipped=skipped))
    except FormatError:
        inks = []
    assert [ink.n_samples for ink in inks] == ([] if saved is None else [saved])
    assert all(len(ink.repairs) == len(skipped) == 1 for ink in inks)


@settings(max_examples=400)
@given(mutated(FOUR, SEVEN))
def test_damaged_files_are_read_or_refused(data):
    read_or_refused(data, "signature_text")


def test_numbers_that_are_no_signature_are_not_taken_for_one():
    for head in (b"3\n1 2 3\n", b"1 2 3 1\n", b"3\n1 2 3 7\n", b"3\n1,2,3,1\n", b"3\n1 2 3 1 2\n"):
        assert format_of_file(head, "a.txt", named=False) is None
    assert format_of_file(SEVEN, "a.txt", named=False).name == "signature_text"


@pytest.mark.data
def test_the_published_svc_files_are_read_whole(data):
    folder = data / "svc" / "svc_data"
    ink = read_ink(folder / "jack_18-07-2014_M_0006_Doe_12-10-2020.svc")
    rows = np.loadtxt(folder / "jack_18-07-2014_M_0006_Doe_12-10-2020.svc", skiprows=1)
    assert ink.repairs == {"row beyond the announced number": 1}
    assert (len(rows), ink.n_samples) == (607, int(rows[:, 3].sum()))
    assert sum(len(part.path) for part in ink.hover) == 607 - ink.n_samples
    assert np.array_equal(ink.strokes[0].xy[0], [4034, -7509])
    assert ink.strokes[-1]["t"][-1] == (rows[-1, 2] - rows[0, 2]) / 1000
    other = read_ink(folder / "signal.svc")
    assert other.strokes[-1]["t"][-1] == pytest.approx(11.731)
    assert not other.repairs
