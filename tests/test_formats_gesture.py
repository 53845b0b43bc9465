"""Gesture XML: one gesture per file, in strokes or as one."""

import numpy as np
import pytest
from damaged_files import mutated, read_or_refused
from hypothesis import given, settings
from hypothesis import strategies as st

from strokesim.errors import FormatError
from strokesim.formats import read_ink, read_inks

MULTISTROKE = """<?xml version="1.0" encoding="utf-8" standalone="yes"?>
<Gesture Name="half_note~03" Subject="10" InputType="stylus" Speed="MEDIUM" NumPts="4">
\t<Stroke index="1">
\t\t<Point X="56" Y="54" T="1302126475064" Pressure="128" />
\t\t<Point X="53" Y="53" T="1302126475064" Pressure="128" />
\t\t<Point X="52" Y="87.5" T="1302126475079" Pressure="128" />
\t</Stroke>
\t<Stroke index="2">
\t\t<Point X="-1" Y="9" T="1302126475579" Pressure="128" />
\t</Stroke>
</Gesture>
"""
UNISTROKE = (
    '<Gesture Name="arrow01" Subject="2" Speed="fast" Number="1" NumPts="2" AppName="Gestures">'
    '<Point X="68" Y="222" T="1363112"/><Point X="70" Y="220" T="1363125"/></Gesture>'
)


def written(tmp_path, content, name="n.xml"):
    path = tmp_path / name
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return path


def test_strokes_end_where_the_pen_was_lifted(tmp_path):
    ink = read_ink(written(tmp_path, MULTISTROKE))
    assert ink.channels == ("x", "y", "t")
    assert [stroke.samples.tolist() for stroke in ink.strokes] == [
        [[56, 54, 0], [53, 53, 0], [52, 87.5, 0.015]],
        [[-1, 9, 0.515]],
    ]
    assert (ink.label, ink.writer, ink.id) == ("half_note", "10", "n")
    assert ink.notes == {"speed": "MEDIUM", "input": "stylus", "repetition": "03"}
    assert ink.repairs == {"placeholder pressure left out": 4}


def test_points_outside_strokes_are_one_stroke(tmp_path):
    ink = read_ink(written(tmp_path, UNISTROKE))
    assert [stroke.xy.tolist() for stroke in ink.strokes] == [[[68, 222], [70, 220]]]
    assert (ink.label, ink.notes["repetition"], ink.notes["program"]) == ("arrow", "1", "Gestures")


@pytest.mark.parametrize(
    ("name", "number", "label"),
    [
        ("arrow12", "12", "arrow"), ("arrow12", "2", "arrow12"), ("7", "7", "7"),
        ("line-1", None, "line-1"), ("five_point_star~01", None, "five_point_star"),
        ("a~b~2", None, "a~b"), ("x", "3", "x"),
    ],
)  # fmt: skip
def test_the_label_is_the_name_without_its_repetition(tmp_path, name, number, label):
    stated = "" if number is None else f'Number="{number}"'
    text = f'<Gesture Name="{name}" {stated}><Point X="1" Y="2"/></Gesture>'
    assert read_ink(written(tmp_path, text)).label == label


def test_a_byte_order_mark_crlf_and_other_encodings_change_nothing(tmp_path):
    plain = read_ink(written(tmp_path, MULTISTROKE))
    windows = b"\xef\xbb\xbf" + MULTISTROKE.replace("\n", "\r\n").encode()
    assert read_ink(written(tmp_path, windows)) == plain
    sixteen = MULTISTROKE.replace("utf-8", "utf-16").encode("utf-16")
    assert read_ink(written(tmp_path, sixteen)) == plain


def test_stamps_that_stand_still_or_step_back_are_kept(tmp_path):
    text = MULTISTROKE.replace("475079", "475000")
    assert read_ink(written(tmp_path, text)).strokes[0]["t"].tolist() == [0, 0, -0.064]


def test_pressure_that_varies_is_kept_as_recorded(tmp_path):
    text = MULTISTROKE.replace('Pressure="128"', 'Pressure="200"', 1)
    ink = read_ink(written(tmp_path, text))
    assert ink.channels == ("x", "y", "t", "Pressure")
    assert ink.strokes[0]["Pressure"].tolist() == [200, 128, 128]
    assert ink.repairs == {}


def test_a_channel_of_only_some_points_is_left_out_and_counted(tmp_path):
    ink = read_ink(written(tmp_path, MULTISTROKE.replace(' T="1302126475579"', "")))
    assert ink.channels == ("x", "y")
    assert ink.repairs["T left out"] == 3


def test_another_number_of_points_than_announced_is_counted(tmp_path):
    ink = read_ink(written(tmp_path, MULTISTROKE.replace('NumPts="4"', 'NumPts="999999999"')))
    assert ink.repairs["announced another number of points"] == 1


def test_strokes_without_points_are_left_out_and_counted(tmp_path):
    text = MULTISTROKE.replace("</Gesture>", "<Stroke/></Gesture>")
    ink = read_ink(written(tmp_path, text))
    assert len(ink.strokes) == 2
    assert ink.repairs["stroke without samples left out"] == 1


@pytest.mark.parametrize("word", ["NaN", "inf", "1e400", "", "1,5", "5 6", "1_0", "x", "٣", "1e17"])
def test_what_is_no_number_is_refused_with_its_line_or_its_point_left_out(tmp_path, word):
    path = written(tmp_path, MULTISTROKE.replace('X="53"', f'X="{word}"'))
    with pytest.raises(FormatError, match=r"n\.xml:5: X: .* is (not a number|more than a pen)"):
        read_ink(path)
    skipped = []
    (ink,) = read_inks(path, lenient=True, skipped=skipped)
    assert ink.strokes[0]["x"].tolist() == [56, 52]
    assert len(skipped) == 1


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (MULTISTROKE.replace(' X="53"', ""), "n.xml:5: a point without X"),
        ("<Gesture Name='a'><Stroke></Stroke></Gesture>", "n.xml: an ink without strokes"),
        ("<Gesture Name='a'/>", "n.xml: an ink without strokes"),
        ("<Other><Point/></Other>", "n.xml:1: begins with <Other>; needed: <Gesture>"),
    ],
)
def test_what_is_no_gesture_is_refused(tmp_path, text, message):
    with pytest.raises(FormatError, match=message):
        read_ink(written(tmp_path, text), format="gesture")


def test_what_stands_ahead_of_a_break_is_saved(tmp_path):
    path = written(tmp_path, MULTISTROKE[: MULTISTROKE.index('Y="87')])
    with pytest.raises(FormatError, match=r"n\.xml:6: is no XML at column \d+: unclosed token"):
        read_ink(path)
    skipped = []
    (ink,) = read_inks(path, lenient=True, skipped=skipped)
    assert [stroke.xy.tolist() for stroke in ink.strokes] == [[[56, 54], [53, 53]]]
    assert len(skipped) == 1


numbers = st.floats(-(2.0**53), 2.0**53)


@given(st.lists(st.lists(st.tuples(numbers, numbers, numbers), min_size=1), min_size=1))
def test_every_number_comes_back(tmp_path_factory, strokes):
    points = [
        "".join(f'<Point X="{x!r}" Y="{y!r}" T="{t!r}"/>' for x, y, t in stroke)
        for stroke in strokes
    ]
    text = "".join(f"<Stroke>{stroke}</Stroke>" for stroke in points)
    ink = read_ink(written(tmp_path_factory.mktemp("n"), f"<Gesture>{text}</Gesture>"))
    assert [stroke.xy.tolist() for stroke in ink.strokes] == [
        [[x, y] for x, y, _ in stroke] for stroke in strokes
    ]
    start = strokes[0][0][2]
    assert ink.strokes[0]["t"].tolist() == [(t - start) / 1000 for _, _, t in strokes[0]]


@settings(max_examples=100)
@given(mutated(MULTISTROKE.encode()))
def test_damaged_files_raise_nothing_but_format_errors(data):
    read_or_refused(data, "gesture")


@pytest.mark.data
def test_the_published_gestures_are_read_whole(data):
    inks = list(read_inks(data / "mmg"))
    assert len(inks) == 16
    assert sum(ink.n_samples for ink in inks) == 1293
    assert sum(len(ink.strokes) for ink in inks) == 34
    assert {ink.writer for ink in inks} == {"10"}
    assert {"N", "five_point_star", "exclamation_point"} <= {ink.label for ink in inks}
    steps = [np.diff(np.concatenate([stroke["t"] for stroke in ink.strokes])) for ink in inks]
    assert [int((step < 0).sum()) for step in steps if (step < 0).any()] == [1, 1, 1, 1]
    equal = sum(int((step == 0).sum()) for step in steps)
    assert 0.4 < equal / sum(map(len, steps)) < 0.6
    assert all(ink.repairs == {"placeholder pressure left out": ink.n_samples} for ink in inks)
