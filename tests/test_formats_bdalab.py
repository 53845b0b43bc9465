"""BDALab's JSON: the tablet's layout and that of pointer events."""

import json
import math

import numpy as np
import pytest
from damaged_files import mutated, read_or_refused
from hypothesis import given, settings

from strokesim.errors import FormatError
from strokesim.formats import read_ink

TABLET = {
    "meta_data": {"samples_count": 3, "participant": {"id": "BD_1"}, "task_id": 7},
    "data": {
        "x": [1, 2, 3], "y": [4, 5, 6], "time": [0, 8, 16], "pen_status": [1, 1, 0],
        "azimuth": [0, 900, 900], "tilt": [450, 450, 450], "pressure": [0.25, 0.5, 0],
    },
}  # fmt: skip
POINTER = {
    "x": [1.5, 2, 3], "y": [4, 5, 6], "time": [100, 108, 116.5], "pressure": [0, 0.5, 0.25],
    "button": [-1, 0, -1], "buttons": [0, 1, 1], "twist": [0, 0, 0], "tiltX": [0, 0, 45],
    "tiltY": [0, 30, 0], "pointerType": "pen",
}  # fmt: skip


def written(tmp_path, content, name="signal.json"):
    content = content if isinstance(content, bytes) else json.dumps(content).encode()
    (tmp_path / name).write_bytes(content)
    return tmp_path / name


def changed(record, **columns):
    """Return a copy of a layout with other columns."""
    if "data" in record:
        return record | {"data": record["data"] | columns}
    return record | columns


def test_the_tablet_layout_is_the_svc_in_another_form(tmp_path):
    ink = read_ink(written(tmp_path, TABLET))
    assert ink.strokes[0].xy.tolist() == [[1, -4], [2, -5]]
    assert ink.strokes[0]["t"].tolist() == [0, 0.008]
    assert ink.strokes[0]["pressure"].tolist() == [0.25, 0.5]
    assert np.allclose(ink.strokes[0]["altitude"], math.pi / 4)
    assert ink.hover[0].path.xy.tolist() == [[3, -6]]
    assert (ink.writer, ink.notes["task_id"]) == ("BD_1", "7")


def test_the_pointer_layout_has_y_downwards_and_tilt_in_degrees(tmp_path):
    ink = read_ink(written(tmp_path, POINTER))
    (stroke,) = ink.strokes
    assert stroke.xy.tolist() == [[2, 5], [3, 6]]
    assert np.allclose(stroke["t"], [0.008, 0.0165])
    assert np.allclose(stroke["altitude"], [math.pi / 3, math.pi / 4])
    assert np.allclose(stroke["azimuth"], [math.pi / 2, 0])
    assert [part.before for part in ink.hover] == [0]
    assert ink.notes == {"pointerType": "pen"}


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b'{"data": {"x": [1,', "signal.json:1: is not JSON at character 19"),
        (b'{"data": {"x": [NaN]}}', "is not JSON: NaN is no number"),
        (b'{"data":' + b"[" * 20_000, "is nested too deeply"),
        ({"data": 5}, "data is no object of lists"),
        ({"data": {}}, "x is missing; needed: a list of numbers"),
        (changed(TABLET, x=[1, "2", 3]), "x holds '2'; needed: numbers"),
        (changed(TABLET, x=[1, True, 3]), "x holds True; needed: numbers"),
        (changed(TABLET, x=[1, 1e300, 3]), "x holds more than a pen can record"),
        (changed(TABLET, x=[1, 10**400, 3]), "x holds more than a pen can record"),
        (changed(TABLET, x=5), "x is 5; needed: a list of numbers"),
        (changed(TABLET, pen_status=[0, 0, 0]), "the pen is never down"),
        (changed(POINTER, buttons=[0, 0, 0]), "the pen is never down"),
        (changed(POINTER, **{k: [] for k in POINTER if k != "pointerType"}), "never down"),
    ],
)
def test_what_cannot_be_saved_is_refused(tmp_path, content, message):
    with pytest.raises(FormatError, match=message):
        read_ink(written(tmp_path, content), format="bdalab")


@pytest.mark.parametrize(
    ("content", "message", "repair"),
    [
        (changed(TABLET, y=[4, 5]), "the lists have different lengths: x 3, y 2", "incomplete"),
        (changed(POINTER, y=[4, 5]), "the lists have different lengths: x 3, y 2", "incomplete"),
        (changed(TABLET, pen_status=[1, 1, 7]), "sample 2: pen_status is 7", "damaged"),
        (
            TABLET | {"meta_data": {"samples_count": 10**9}},
            "announces 1000000000 samples and has 3",
            "announced sample that is missing",
        ),
    ],
)
def test_what_can_be_saved_is_counted(tmp_path, content, message, repair):
    path = written(tmp_path, content)
    with pytest.raises(FormatError, match=message):
        read_ink(path)
    ink = read_ink(path, lenient=True)
    assert any(repair in what for what in ink.repairs)


def test_samples_beyond_the_announced_number_are_kept_and_counted(tmp_path):
    ink = read_ink(written(tmp_path, TABLET | {"meta_data": {"samples_count": 1}}))
    assert ink.repairs == {"sample beyond the announced number": 2}


@settings(max_examples=400)
@given(mutated(json.dumps(TABLET).encode(), json.dumps(POINTER).encode()))
def test_damaged_files_are_read_or_refused(data):
    read_or_refused(data, "bdalab")


@pytest.mark.data
def test_both_published_layouts_are_read(data):
    tablet = read_ink(data / "svc" / "json_data" / "signal.json")
    assert (tablet.writer, tablet.n_samples, len(tablet.hover)) == ("BD_1234", 100, 0)
    assert tablet.strokes[0]["t"][-1] == 0.744
    pointer = read_ink(data / "svc" / "html_data" / "signal.json")
    assert (pointer.n_samples, [len(part.path) for part in pointer.hover]) == (148, [73, 12])
    assert pointer.strokes[0]["pressure"].max() == pytest.approx(0.60782790184021)
