"""hwrt: lists of points with epoch milliseconds; nothing is repaired."""

import json

import pytest
from damaged_files import mutated, read_or_refused
from hypothesis import given, settings

from strokesim.errors import FormatError
from strokesim.formats import read_ink, read_inks

EPOCH = 1411811187486
STROKES = [
    [{"x": 1, "y": 2, "time": EPOCH}, {"y": 3.5, "x": 2, "time": EPOCH + 8}],
    [{"x": 9, "y": 9, "time": EPOCH + 1000}],
]


def written(tmp_path, content):
    content = content if isinstance(content, bytes) else json.dumps(content).encode()
    (tmp_path / "1.json").write_bytes(content)
    return tmp_path / "1.json"


def test_strokes_have_seconds_from_the_first_point(tmp_path):
    ink = read_ink(written(tmp_path, STROKES))
    assert [stroke.samples.tolist() for stroke in ink.strokes] == [
        [[1, 2, 0], [2, 3.5, 0.008]],
        [[9, 9, 1]],
    ]


def test_stamps_that_stand_still_or_step_back_are_kept(tmp_path):
    points = [{"x": k, "y": 0, "time": EPOCH + t} for k, t in enumerate((0, 0, -3 * 10**11, 8))]
    ink = read_ink(written(tmp_path, [points]))
    assert ink.strokes[0]["t"].tolist() == [0, 0, -3e8, 0.008]
    assert not ink.repairs


@pytest.mark.parametrize(
    ("stroke", "message"),
    [
        ([], "needed: a list of at least one point"),
        (5, "needed: a list of at least one point"),
        ([[1, 2, 3]], "point 0 is no object with x, y and time"),
        ([{"x": 1, "y": 2}], "point 0: time is missing; needed: a number"),
        ([{"x": "1", "y": 2, "time": 3}], "point 0: x is '1'; needed: a number"),
        ([{"x": True, "y": 2, "time": 3}], "point 0: x is True; needed: a number"),
        ([{"x": 1e300, "y": 2, "time": 3}], "point 0: x is more than a pen can record"),
        ([{"x": 10**400, "y": 2, "time": 3}], "point 0: x is more than a pen can record"),
    ],
)
def test_damaged_strokes_are_refused_or_left_out(tmp_path, stroke, message):
    path = written(tmp_path, [STROKES[0], stroke])
    with pytest.raises(FormatError, match=f"1.json: stroke 1: {message}"):
        read_ink(path)
    skipped = []
    (ink,) = read_inks(path, lenient=True, skipped=skipped)
    assert (len(ink.strokes), ink.repairs, len(skipped)) == (1, {"damaged stroke left out": 1}, 1)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b'[[{"x":1,"y":2,"time":3},\n{"x"', "1.json:2: is not JSON"),
        (b'[[{"x":NaN,"y":2,"time":3}]]', "NaN is no number"),
        (b'[[{"x":1e400,"y":2,"time":3}]]', "x is more than a pen can record"),
        (b'[[{"x":1,"y":2,"time":\x00}]]', "is not JSON"),
        (b"[" * 20_000, "is nested too deeply"),
        (b"{}", "is no list of strokes"),
        (b"[]", "has no stroke"),
    ],
)
def test_what_is_no_recording_is_refused(tmp_path, content, message):
    with pytest.raises(FormatError, match=message):
        read_ink(written(tmp_path, content), format="hwrt")


@settings(max_examples=400)
@given(mutated(json.dumps(STROKES).encode()))
def test_damaged_files_are_read_or_refused(data):
    read_or_refused(data, "hwrt")


@pytest.mark.data
@pytest.mark.parametrize(
    ("name", "stamps", "first"),
    [
        ("97705.json", [0, 0.031, 0.039], [328.5, 223.125]),
        ("97705-dupe-time.json", [0, 0, 0.039], [328.5, 223.125]),
        ("97705-low-time.json", [0, 3e8, 3e8 + 0.039], [328.5, 223.125]),
        ("97705-wild-point.json", [0, 0, 3e8], [1000, 1000]),
    ],
)
def test_the_published_recordings_keep_their_faults(data, name, stamps, first):
    ink = read_ink(data / "hwrt" / name)
    assert ink.strokes[0]["t"][:3].tolist() == stamps
    assert ink.strokes[0].xy[0].tolist() == first
    assert not ink.repairs


@pytest.mark.data
def test_every_published_recording_is_read(data):
    inks = list(read_inks(data / "hwrt"))
    assert [len(ink.strokes) for ink in inks] == [7, 2, 1, 1, 1, 1, 1]


def test_nothing_but_lists_is_refused_before_it_takes_twenty_times_the_file(tmp_path):
    lists = b"[" + b"[]," * 60_000 + b"[]]"
    with pytest.raises(FormatError, match="has 60002 lists and objects of less than 8 bytes"):
        read_ink(written(tmp_path, lists), format="hwrt")
    points = b"[[" + b",".join([b'{"x":1,"y":2,"time":3}'] * 60_000) + b"]]"
    assert len(read_ink(written(tmp_path, points)).strokes[0]) == 60_000
