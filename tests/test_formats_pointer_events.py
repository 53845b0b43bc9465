"""Captures of Pointer Events: coalesced samples, buttons, tilt."""

import json
import math

import numpy as np
import pytest
from damaged_files import mutated, read_or_refused
from hypothesis import given, settings
from hypothesis import strategies as st

from strokesim.errors import FormatError
from strokesim.formats import read_ink, read_inks
from strokesim.formats.pen_angles import angles_of_tilt


def event(kind, x, y, t, buttons=1, **more):
    return {
        "type": f"pointer{kind}", "pointerId": 1, "pointerType": "pen", "buttons": buttons,
        "timeStamp": t, "clientX": x, "clientY": y, **more,
    }  # fmt: skip


TWO_STROKES = [
    event("move", 0, 0, 1000, 0),
    event("down", 1, 1, 1008, pressure=0.5),
    event("move", 2, 1, 1016, pressure=0.6),
    event("up", 2, 1, 1020, 0, pressure=0),
    event("move", 3, 3, 1030, 0, pressure=0),
    event("down", 4, 4, 1040, pressure=0.5),
    event("up", 4, 4, 1050, 0, pressure=0),
]


def capture(events):
    return b"".join(json.dumps(event).encode() + b"\n" for event in events)


def written(tmp_path, events):
    content = events if isinstance(events, bytes) else capture(events)
    (tmp_path / "pen.jsonl").write_bytes(content)
    return tmp_path / "pen.jsonl"


def test_buttons_tell_strokes_from_movements_in_the_air(tmp_path):
    ink = read_ink(written(tmp_path, TWO_STROKES))
    assert [stroke.xy.tolist() for stroke in ink.strokes] == [[[1, 1], [2, 1]], [[4, 4]]]
    assert [(part.before, part.path.xy.tolist()) for part in ink.hover] == [
        (0, [[0, 0]]),
        (1, [[2, 1], [3, 3]]),
        (2, [[4, 4]]),
    ]
    assert np.allclose(ink.strokes[0]["t"], [0.008, 0.016])
    assert ink.strokes[0]["pressure"].tolist() == [0.5, 0.6]
    assert ink.notes == {"pointerType": "pen"}


def test_coalesced_events_come_in_their_order_and_the_event_itself_not_twice(tmp_path):
    coalesced = [
        {"clientX": x, "clientY": 5, "timeStamp": 1010 + x, "pressure": x / 10} for x in (2, 3, 4)
    ]
    moved = event("move", 4, 5, 1014, pressure=0.4, coalescedEvents=coalesced)
    ink = read_ink(written(tmp_path, [event("down", 1, 5, 1010, pressure=0.1), moved]))
    assert ink.strokes[0]["x"].tolist() == [1, 2, 3, 4]
    assert ink.strokes[0]["pressure"].tolist() == [0.1, 0.2, 0.3, 0.4]
    assert np.allclose(ink.strokes[0]["t"], [0, 0.002, 0.003, 0.004])


def test_an_event_that_coalesced_nothing_is_its_own_sample(tmp_path):
    moved = event("move", 2, 2, 1008, coalescedEvents=[], predictedEvents=[{"clientX": 99}])
    ink = read_ink(written(tmp_path, [event("down", 1, 1, 1000), moved]))
    assert ink.strokes[0].xy.tolist() == [[1, 1], [2, 2]]


def test_moves_that_repeat_raw_updates_are_passed_over(tmp_path):
    events = [
        event("down", 1, 1, 1000),
        event("rawupdate", 2, 2, 1004),
        event("rawupdate", 3, 3, 1006),
        event("move", 3, 3, 1006, coalescedEvents=[{"clientX": 2, "clientY": 2}]),
        event("over", 9, 9, 1007),
    ]
    ink = read_ink(written(tmp_path, events))
    assert ink.strokes[0]["x"].tolist() == [1, 2, 3]


def test_without_buttons_the_pen_is_down_from_down_to_up(tmp_path):
    events = [{k: v for k, v in e.items() if k != "buttons"} for e in TWO_STROKES]
    ink = read_ink(written(tmp_path, events))
    assert ink.strokes == read_ink(written(tmp_path, TWO_STROKES)).strokes


def test_pressure_does_not_say_that_the_pen_is_down(tmp_path):
    events = [event("move", 0, 0, 0, 0, pressure=0.9), event("down", 1, 1, 8, 1, pressure=0)]
    ink = read_ink(written(tmp_path, events))
    assert ink.strokes[0].xy.tolist() == [[1, 1]]
    assert ink.hover[0].path["pressure"].tolist() == [0.9]


def test_a_cancelled_stroke_ends_and_its_last_place_is_no_sample(tmp_path):
    events = [event("down", 1, 1, 0), event("cancel", 0, 0, 4, 0), event("down", 2, 2, 8)]
    ink = read_ink(written(tmp_path, events))
    assert [stroke.xy.tolist() for stroke in ink.strokes] == [[[1, 1]], [[2, 2]]]
    assert not ink.hover


def test_an_eraser_leaves_no_ink(tmp_path):
    events = [event("down", 1, 1, 0), event("move", 5, 5, 4, 32), event("move", 2, 2, 8, 1)]
    ink = read_ink(written(tmp_path, events))
    assert [stroke.xy.tolist() for stroke in ink.strokes] == [[[1, 1]], [[2, 2]]]
    assert ink.repairs == {"eraser sample left out": 1}


def test_the_samples_of_two_pointers_are_not_mixed(tmp_path):
    second = {"pointerId": 2}
    events = [
        event("down", 1, 1, 0),
        event("down", 7, 7, 1, **second),
        event("move", 2, 2, 2),
        event("move", 8, 8, 3, **second),
    ]
    ink = read_ink(written(tmp_path, events))
    assert [stroke["x"].tolist() for stroke in ink.strokes] == [[1, 2], [7, 8]]


def test_angles_are_radians_and_hold_before_tilt_in_degrees(tmp_path):
    events = [
        event("down", 1, 1, 0, tiltX=0, tiltY=45),
        event("move", 2, 2, 1, tiltX=0, tiltY=0, altitudeAngle=0.5, azimuthAngle=1.5),
    ]
    (stroke,) = read_ink(written(tmp_path, events)).strokes
    assert np.allclose(stroke["altitude"], [math.pi / 4, 0.5])
    assert np.allclose(stroke["azimuth"], [math.pi / 2, 1.5])


@pytest.mark.parametrize(
    ("tilt", "azimuth", "altitude"),
    [
        ((0, 0), 0, math.pi / 2),
        ((0, 90), math.pi / 2, 0),
        ((0, -90), 3 * math.pi / 2, 0),
        ((90, 0), 0, 0),
        ((-90, 0), math.pi, 0),
        ((90, 90), 0, 0),
        ((-90, -90), 0, 0),
        ((90, 45), 0, 0),
        ((0, 45), math.pi / 2, math.pi / 4),
        ((0, -45), 3 * math.pi / 2, math.pi / 4),
        ((45, 0), 0, math.pi / 4),
        ((-45, 0), math.pi, math.pi / 4),
        ((45, 45), math.pi / 4, math.atan(math.sqrt(0.5))),
    ],
)
def test_tilt_becomes_angles_as_the_recommendation_has_it(tilt, azimuth, altitude):
    found = angles_of_tilt(*np.array(tilt, float))
    assert found == (pytest.approx(altitude), pytest.approx(azimuth))


@given(st.floats(0.05, math.pi / 2 - 0.05), st.floats(0, 2 * math.pi - 1e-6))
def test_angles_come_back_from_their_tilt(altitude, azimuth):
    lean = 1 / math.tan(altitude)
    tilt_x = math.degrees(math.atan(math.cos(azimuth) * lean))
    tilt_y = math.degrees(math.atan(math.sin(azimuth) * lean))
    found = angles_of_tilt(np.array(tilt_x), np.array(tilt_y))
    assert found[0] == pytest.approx(altitude)
    assert math.cos(found[1] - azimuth) == pytest.approx(1)
    assert 0 <= found[1] < 2 * math.pi


def test_a_channel_that_some_samples_lack_is_left_out_and_counted(tmp_path):
    events = [event("down", 1, 1, 0, pressure=0.5), event("move", 2, 2, 1)]
    ink = read_ink(written(tmp_path, events))
    assert ink.channels == ("x", "y", "t")
    assert ink.repairs == {"pressure left out": 1}


@pytest.mark.parametrize("names", [("pageX", "pageY"), ("x", "y"), ("offsetX", "offsetY")])
def test_every_pair_of_coordinates_will_do(tmp_path, names):
    events = [
        {"type": "pointerdown", "timeStamp": 0, names[0]: 1, names[1]: 2},
        {"type": "pointermove", "timeStamp": 1, names[0]: 3, names[1]: 4},
    ]
    assert read_ink(written(tmp_path, events)).strokes[0].xy.tolist() == [[1, 2], [3, 4]]


@pytest.mark.parametrize(
    ("line", "message"),
    [
        (b'{"type": "pointerdown", "timeSt', "is not JSON at character"),
        (b"[1, 2]", "is no JSON object; one is needed per line"),
        (b"[" * 20_000, "is nested too deeply"),
        (b'{"timeStamp": 5}', "has no type; needed: pointerdown"),
        (b'{"type": "pointermove", "timeStamp": 5}', "clientX is missing; needed: a number"),
        (capture([event("move", "1", 2, 3)]), "clientX is '1'; needed: a number"),
        (capture([event("move", 1, 2, None)]), "timeStamp is missing; needed: a number"),
        (b'{"type": "pointermove", "clientX": NaN}', "is not JSON: NaN is no number"),
        (capture([event("move", 1e300, 2, 3)]), "clientX is more than a pen can record"),
        (b'{"type": "pointermove", "clientX": 1e400}', "clientX is more than a pen can record"),
        (b'{"type": "pointer\0move"}', "is not JSON at character"),
        (capture([event("move", 1, 2, 3, "1")]), "buttons is '1'; needed: a number"),
        (capture([event("move", 1, 2, 3, pressure=2)]), "pressure is 2; it runs from 0 to 1"),
        (capture([event("move", 1, 2, 3, tiltX=91, tiltY=0)]), "a tilt is beyond 90 degrees"),
        (capture([event("move", 1, 2, 3, coalescedEvents=5)]), "coalescedEvents is no list"),
        (capture([event("move", 1, 2, 3, coalescedEvents=[5])]), "coalescedEvents is no list"),
    ],
)
def test_a_damaged_event_is_refused_with_its_line_or_left_out(tmp_path, line, message):
    path = written(tmp_path, capture(TWO_STROKES[:2]) + line.strip() + b"\n")
    with pytest.raises(FormatError, match=rf"pen\.jsonl:3: {message}"):
        read_ink(path)
    skipped = []
    (ink,) = read_inks(path, lenient=True, skipped=skipped)
    assert (ink.strokes[0].xy.tolist(), len(skipped)) == ([[1, 1]], 1)
    assert ink.repairs == {"damaged event left out": 1}


def test_a_capture_in_which_the_pen_is_never_down_is_refused(tmp_path):
    with pytest.raises(FormatError, match="the pointer is never down"):
        read_ink(written(tmp_path, TWO_STROKES[:1]))


@settings(max_examples=400)
@given(mutated(capture(TWO_STROKES)))
def test_damaged_files_are_read_or_refused(data):
    read_or_refused(data, "pointer_events")
