"""Wacom's sensor CSV: strokes by number, stamps of two units, channels filled with zeros."""

import numpy as np
import pytest
from damaged_files import mutated, read_or_refused
from hypothesis import given, settings

from strokesim.errors import FormatError
from strokesim.formats import read_ink, read_inks
from strokesim.formats.table import format_of_file

HEADER = b"idx,SPLINE_X,SPLINE_Y,SENSOR_TIMESTAMP,SENSOR_PRESSURE,SENSOR_ALTITUDE\n"
PLAIN = HEADER + b"0,1.5,2,100.25,0.5,0\n0,3,4,100.5,1,0\n1,5,6,102.25,0,0\n"


def written(tmp_path, content):
    (tmp_path / "ink.csv").write_bytes(content)
    return tmp_path / "ink.csv"


def test_strokes_change_with_their_number_and_y_grows_downwards(tmp_path):
    ink = read_ink(written(tmp_path, PLAIN))
    assert ink.channels == ("x", "y", "t", "pressure")
    assert [stroke.samples.tolist() for stroke in ink.strokes] == [
        [[1.5, 2, 0, 0.5], [3, 4, 0.25, 1]],
        [[5, 6, 2, 0]],
    ]
    assert not ink.hover
    assert not ink.repairs


def test_milliseconds_added_to_the_seconds_of_a_stroke_are_taken_off_again(tmp_path):
    starts = 1_720_722_663.649, 1_720_722_665.539
    rows = [
        f"{stroke},0,0,{1000 * start + start + step:.3f},1,0\n"
        for stroke, start in enumerate(starts)
        for step in (0, 0.25)
    ]
    ink = read_ink(written(tmp_path, HEADER + "".join(rows).encode()))
    assert np.allclose(ink.strokes[0]["t"], [0, 0.25], atol=5e-4)
    assert np.allclose(ink.strokes[1]["t"], [1.89, 2.14], atol=5e-4)
    assert ink.repairs == {"time stamp of two units taken apart": 4}


def test_a_channel_of_zeros_was_not_recorded_but_a_position_of_zeros_was(tmp_path):
    ink = read_ink(written(tmp_path, HEADER + b"0,0,0,0,0,0\n0,0,0,0,0,0\n"))
    assert ink.channels == ("x", "y")


@pytest.mark.parametrize("separator", [b",", b";", b"\t"])
def test_other_columns_keep_their_names_and_other_separators_are_understood(tmp_path, separator):
    content = b"\xef\xbb\xbfidx,SPLINE_X,SPLINE_Y,SPLINE_RED\r\n0,1,2,3\r\n".replace(
        b",", separator
    )
    path = written(tmp_path, content)
    assert format_of_file(content, "ink.csv", named=False).name == "wacom_csv"
    assert read_ink(path).strokes[0]["SPLINE_RED"].tolist() == [3]


@pytest.mark.parametrize(
    ("row", "message"),
    [
        (b"0,1,2,3,4", "ink.csv:5: has 5 numbers; needed: 6"),
        (b"0,1,2,,4,5", "ink.csv:5: has 5 numbers"),
        (b"0,1,2 3,4,5", "ink.csv:5: is not 6 numbers separated by ','"),
        (b"0,1 2,,3,4,5", "ink.csv:5: is not 6 numbers separated by ','"),
        (b",0,1,2 3 4,5", "ink.csv:5: is not 6 numbers separated by ','"),
        (b"0,1,x,3,4,5", "ink.csv:5: 'x' is not a number"),
        (b"0,1,nan,3,4,5", "ink.csv:5: 'nan' is not a number"),
        (b"0,1,1e400,3,4,5", "ink.csv:5: '1e400' is more than a pen can record"),
        (b"0,1,\0,3,4,5", r"ink.csv:5: '\\x00' is not a number"),
        (b"0,1", "ink.csv:5: has 2 numbers"),
    ],
)
def test_a_damaged_row_is_refused_with_its_line_or_left_out(tmp_path, row, message):
    path = written(tmp_path, PLAIN + row + b"\n")
    with pytest.raises(FormatError, match=message):
        read_ink(path)
    skipped = []
    (ink,) = read_inks(path, lenient=True, skipped=skipped)
    assert (ink.n_samples, ink.repairs, len(skipped)) == (3, {"damaged row left out": 1}, 1)


def test_pressure_beyond_its_range_is_cut_and_counted(tmp_path):
    ink = read_ink(written(tmp_path, HEADER + b"0,1,2,3,1.5,0\n0,1,2,3,-1,0\n"))
    assert ink.strokes[0]["pressure"].tolist() == [1, 0]
    assert ink.repairs == {"pressure beyond its range": 2}


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"idx,SPLINE_X\n0,1\n", "needed: idx, SPLINE_X, SPLINE_Y, each name once"),
        (b"idx,SPLINE_X,SPLINE_Y,SPLINE_X\n0,1,2,3\n", "each name once"),
        (HEADER, "has no samples"),
    ],
)
def test_what_is_no_table_of_samples_is_refused(tmp_path, content, message):
    with pytest.raises(FormatError, match=rf"ink\.csv:1: .*{message}"):
        read_ink(written(tmp_path, content), format="wacom_csv")


@settings(max_examples=400)
@given(mutated(PLAIN))
def test_damaged_files_are_read_or_refused(data):
    read_or_refused(data, "wacom_csv")


@pytest.mark.data
def test_the_published_csv_writes_ink_in_seven_seconds(data):
    ink = read_ink(data / "wacom" / "ink.csv")
    assert [len(stroke) for stroke in ink.strokes] == [229, 129, 222, 300]
    assert ink.channels == ("x", "y", "t", "pressure", "altitude", "azimuth")
    assert [round(stroke["t"][0], 2) for stroke in ink.strokes] == [0, 1.89, 3.53, 5.27]
    assert all(np.diff(stroke["t"]).min() >= 0 for stroke in ink.strokes)
    # The i has its dot above it.
    assert ink.strokes[1]["y"].max() < ink.strokes[0]["y"].min()
