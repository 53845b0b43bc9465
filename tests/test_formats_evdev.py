"""Captures of Linux input events: the state of the axes, frames, dropped events."""

import json
import math

import numpy as np
import pytest
from damaged_files import mutated, read_or_refused
from hypothesis import given, settings
from hypothesis import strategies as st

from strokesim.errors import FormatError
from strokesim.formats import read_ink, read_inks

ABS = {
    "abs": {
        "ABS_X": {"minimum": 0, "maximum": 20000, "resolution": 100},
        "ABS_Y": {"minimum": 0, "maximum": 10000, "resolution": 100},
        "ABS_PRESSURE": {"minimum": 0, "maximum": 2000, "resolution": 0},
        "ABS_TILT_X": {"minimum": -64, "maximum": 63, "resolution": 57},
    }
}
REPORT, DROPPED = "SYN_REPORT", "SYN_DROPPED"


def events(*changes):
    """Return events 10 ms apart at each SYN_REPORT, from names and values."""
    made, time = [], 100.0
    for change in changes:
        name, value = change if isinstance(change, tuple) else (change, 0)
        kind = {"ABS": "EV_ABS", "BTN": "EV_KEY", "SYN": "EV_SYN"}[name[:3]]
        made.append({"time": time, "type": kind, "code": name, "value": value})
        time += 0.01 if name == REPORT else 0
    return made


HOVER = [("BTN_TOOL_PEN", 1), ("ABS_X", 10), ("ABS_Y", 20), REPORT]
DOWN = [("BTN_TOUCH", 1), ("ABS_PRESSURE", 500), REPORT]
UP = [("BTN_TOUCH", 0), ("ABS_PRESSURE", 0), REPORT]
STROKE = [*HOVER, *DOWN, ("ABS_X", 11), REPORT, *UP]


def capture(lines):
    return b"".join(json.dumps(line).encode() + b"\n" for line in lines)


def written(tmp_path, lines):
    content = lines if isinstance(lines, bytes) else capture(lines)
    (tmp_path / "pen.jsonl").write_bytes(content)
    return tmp_path / "pen.jsonl"


def test_an_axis_holds_until_it_is_reported_again(tmp_path):
    ink = read_ink(written(tmp_path, [ABS, *events(*STROKE)]))
    (stroke,) = ink.strokes
    assert stroke.channels == ("x", "y", "t", "pressure")
    assert np.allclose(stroke.samples, [[10, 20, 0.01, 0.25], [11, 20, 0.02, 0.25]])
    assert [(part.before, len(part.path)) for part in ink.hover] == [(0, 1), (1, 1)]
    assert ink.mm_per_unit == 0.01
    assert not ink.repairs


def test_numbers_stand_for_names_and_the_time_may_be_in_two_parts(tmp_path):
    codes = {
        "BTN_TOOL_PEN": (1, 320), "BTN_TOUCH": (1, 330), "ABS_X": (3, 0), "ABS_Y": (3, 1),
        "ABS_PRESSURE": (3, 24), REPORT: (0, 0),
    }  # fmt: skip
    numbered = [
        {
            "sec": int(e["time"]), "usec": round(e["time"] % 1 * 1e6),
            "type": codes[e["code"]][0], "code": codes[e["code"]][1], "value": e["value"],
        }
        for e in events(*STROKE)
    ]  # fmt: skip
    ink = read_ink(written(tmp_path, [ABS, *numbered]))
    named = read_ink(written(tmp_path, [ABS, *events(*STROKE)]))
    for stroke, other in zip(ink.strokes, named.strokes, strict=True):
        assert np.allclose(stroke.samples, other.samples)


def test_touch_and_not_pressure_says_that_the_pen_is_down(tmp_path):
    ink = read_ink(written(tmp_path, events(*HOVER, ("ABS_PRESSURE", 900), REPORT, *DOWN)))
    assert [stroke.samples.tolist()[0][:2] for stroke in ink.strokes] == [[10, 20]]
    assert len(ink.hover[0].path) == 2


def test_without_a_range_pressure_is_kept_as_recorded(tmp_path):
    ink = read_ink(written(tmp_path, events(*STROKE)))
    assert ink.strokes[0]["ABS_PRESSURE"].tolist() == [500, 500]
    assert ink.mm_per_unit is None


def test_a_frame_without_a_change_of_ours_is_no_sample(tmp_path):
    serial = {"time": 100.05, "type": "EV_MSC", "code": "MSC_SERIAL", "value": 7}
    other = {"time": 100.05, "type": 3, "code": 53, "value": 7}
    lines = [*events(*HOVER, *DOWN), serial, other, *events(REPORT)]
    assert read_ink(written(tmp_path, lines)).n_samples == 1


def test_dropped_events_end_the_stroke_and_nothing_is_known_behind_them(tmp_path):
    ink = read_ink(
        written(
            tmp_path,
            events(
                *HOVER, *DOWN,
                DROPPED, ("ABS_X", 99), ("BTN_TOUCH", 0), REPORT,
                ("ABS_X", 12), REPORT,
                ("ABS_Y", 22), REPORT,
                ("BTN_TOUCH", 1), REPORT,
                ("ABS_X", 13), REPORT,
            ),
        )
    )  # fmt: skip
    assert [stroke.xy.tolist() for stroke in ink.strokes] == [[[10, 20]], [[12, 22], [13, 22]]]
    assert ink.repairs["SYN_DROPPED"] == 1
    assert ink.repairs["sample without position or touch left out"] == 2


def test_what_comes_between_dropped_and_report_is_void(tmp_path):
    lines = events(*HOVER, DROPPED, ("ABS_X", 5), ("ABS_Y", 5), ("BTN_TOUCH", 1), REPORT, *DOWN)
    with pytest.raises(FormatError, match="the pen is never down"):
        read_ink(written(tmp_path, lines))


def test_a_pen_that_left_the_range_gives_no_sample_and_comes_back_in_the_air(tmp_path):
    gone = [("BTN_TOOL_PEN", 0), ("ABS_X", 0), ("ABS_Y", 0), REPORT]
    ink = read_ink(written(tmp_path, events(*STROKE, *gone, *STROKE)))
    assert [stroke["x"].tolist() for stroke in ink.strokes] == [[10, 11], [10, 11]]
    assert [part.before for part in ink.hover] == [0, 1, 1, 2]
    assert all((part.path.xy != 0).all() for part in ink.hover)


def test_a_rubber_leaves_no_ink(tmp_path):
    rubber = [("BTN_TOOL_RUBBER", 1), ("BTN_TOUCH", 1), ("ABS_X", 50), REPORT]
    ink = read_ink(written(tmp_path, events(*STROKE, *rubber)))
    assert len(ink.strokes) == 1
    assert ink.repairs == {"eraser sample left out": 1}


def test_tilt_is_in_units_per_radian_where_the_axis_says_so_and_degrees_otherwise(tmp_path):
    tilt = [("ABS_TILT_X", 45), ("ABS_TILT_Y", 0)]
    plain = read_ink(written(tmp_path, events(*tilt, *STROKE))).strokes[0]
    assert np.allclose(plain["altitude"], math.pi / 4)
    assert np.allclose(plain["azimuth"], 0)
    scaled = read_ink(written(tmp_path, [ABS, *events(*tilt, *STROKE)])).strokes[0]
    assert np.allclose(scaled["altitude"], math.pi / 2 - 45 / 57)


@pytest.mark.parametrize(
    ("line", "message"),
    [
        (b'{"time": 5, "type"', "is not JSON at character"),
        (b"[0, 0, 3, 0, 5]", "is no JSON object; one is needed per line"),
        (b'{"time": 5, "type": 3, "code": 0}', "value is missing; needed: a number"),
        (b'{"time": 5, "type": 3, "code": 0, "value": NaN}', "is not JSON: NaN is no number"),
        (b'{"time": 5, "type": 3, "code": 0, "value": 1e400}', "value is more than a pen"),
        (b'{"time": 5, "type": 3, "code": 0, "value": "\0"}', "is not JSON"),
        (b'{"time": 5, "type": null, "code": 0, "value": 1}', "type is None; needed: a number or"),
        (b'{"time": 5, "type": 3, "code": 1.5, "value": 1}', "code is 1.5; needed: a number or"),
        (b'{"abs": {}}', "abs stands behind the first event"),
    ],
)
def test_a_damaged_event_is_refused_with_its_line_or_left_out(tmp_path, line, message):
    path = written(tmp_path, capture(events(*STROKE)) + line)
    count = len(STROKE) + 1
    with pytest.raises(FormatError, match=rf"pen\.jsonl:{count}: {message}"):
        read_ink(path)
    skipped = []
    (ink,) = read_inks(path, lenient=True, skipped=skipped)
    assert (ink.n_samples, ink.repairs, len(skipped)) == (2, {"damaged event left out": 1}, 1)


@pytest.mark.parametrize(
    ("axes", "message"),
    [
        (5, "abs is no object of axes"),
        ({"ABS_X": 5}, "ABS_X is no object with minimum and maximum"),
        ({"ABS_X": {"maximum": "5"}}, "maximum of ABS_X is '5'; needed: a number"),
    ],
)
def test_a_damaged_description_is_refused(tmp_path, axes, message):
    with pytest.raises(FormatError, match=rf"pen\.jsonl:1: {message}"):
        read_ink(written(tmp_path, [{"abs": axes}, *events(*STROKE)]), format="evdev")


def test_a_frame_needs_a_time(tmp_path):
    lines = [{k: v for k, v in e.items() if k != "time"} for e in events(*STROKE)]
    with pytest.raises(FormatError, match=r"pen\.jsonl:4: sec is missing; needed: a number"):
        read_ink(written(tmp_path, lines))


@given(st.lists(st.tuples(st.integers(0, 3), st.integers(0, 3)), min_size=1, max_size=9))
def test_the_last_report_of_an_axis_holds_in_every_frame(tmp_path_factory, positions):
    path = tmp_path_factory.mktemp("evdev") / "pen.jsonl"
    changes, expected = [*HOVER, *DOWN], [[10, 20]]
    for x, y in positions:
        was = expected[-1]
        changes += [("ABS_X", x)] * (x != was[0]) + [("ABS_Y", y)] * (y != was[1]) + [REPORT]
        if [x, y] != was:
            expected.append([x, y])
    path.write_bytes(capture(events(*changes)))
    assert read_ink(path).strokes[0].xy.tolist() == expected


@settings(max_examples=400)
@given(mutated(capture([ABS, *events(*STROKE, DROPPED, REPORT, *STROKE)])))
def test_damaged_files_are_read_or_refused(data):
    read_or_refused(data, "evdev")
