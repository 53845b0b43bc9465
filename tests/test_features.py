"""Features against their slow definitions, and what must not change them."""

import itertools
import json
from math import cos, pi, sin

import feature_oracle
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from strokesim import FeatureSpec, Ink
from strokesim.features import FEATURES

ALL = tuple(FEATURES)
LOCAL = tuple(name for name in ALL if not name.startswith("page"))
CHANNELS = ("x", "y", "t", "pressure")


@st.composite
def recordings(draw, max_strokes=4, max_samples=7):
    """Strokes of (x, y, t, pressure) in which rests, cusps, dots and bad clocks happen."""
    small, clock, strokes = st.integers(0, 4), 0, []
    for _ in range(draw(st.integers(1, max_strokes))):
        stroke = []
        for _ in range(draw(st.integers(1, max_samples))):
            clock += draw(st.sampled_from([-1, 0, 0, 1, 2]))
            stroke.append((draw(small), draw(small), clock, draw(st.integers(0, 4)) / 4))
        strokes.append(stroke)
    return strokes


@st.composite
def options(draw, **fixed):
    """Options of a spec, by default of one that has every feature."""
    along = fixed.get("along") or draw(st.sampled_from(["path", "ink", "time", "samples"]))
    chosen = {
        "features": ALL,
        "along": along,
        "steps": None,
        "spacing": None,
        "position": draw(st.sampled_from(["centroid", "box", "start", None])),
        "size": draw(st.sampled_from(["longer", "height", "rms", None])),
        "deslant": draw(st.booleans()),
        "derotate": draw(st.booleans()),
        "vicinity": draw(st.integers(1, 3)),
    }
    if along != "samples":
        if draw(st.booleans()):
            chosen["steps"] = draw(st.integers(2, 12))
        else:
            chosen["spacing"] = draw(st.sampled_from([0.15, 0.4, 1.0, 3.0]))
    return chosen | fixed


def ink_of(strokes, **fields):
    return Ink.from_arrays(strokes, CHANNELS, **fields)


def column(ink, name, **chosen):
    """One feature, as a list."""
    return FeatureSpec(features=[name], **chosen).transform(ink)[:, 0].tolist()


def close(actual, expected, absolute=2e-6):
    """float32 features of coordinates of a few units."""
    return actual.shape == np.shape(expected) and np.allclose(actual, expected, 1e-5, absolute)


@settings(max_examples=400)
@given(recordings(), options())
def test_features_equal_their_definitions(strokes, chosen):
    actual = FeatureSpec(**chosen).transform(ink_of(strokes))
    names = chosen.pop("features")
    expected = feature_oracle.features(strokes, names, **chosen)
    assert actual.dtype == np.float32
    assert close(actual, np.array(expected))


def test_the_comparison_with_the_definitions_can_fail():
    assert not close(np.zeros((2, 1)), np.zeros((1, 1)))
    assert not close(np.zeros((1, 1)), np.full((1, 1), 1e-5))


# --- examples one can check in the head ---------------------------------------------------------

CORNER = Ink.from_arrays([[[0, 0], [4, 0], [4, 4]]])
TWO_STROKES = Ink.from_arrays([[[0, 0], [4, 0]], [[4, 4], [0, 4]]])
RAW = {"along": "samples", "position": None, "size": None}


def test_default_is_32_even_steps_of_position_and_half_the_direction():
    spec = FeatureSpec()
    assert (spec.steps, spec.names, spec.weights) == (
        32,
        ("x", "y", "cos", "sin"),
        (1, 1, 0.5, 0.5),
    )
    line = spec.transform(Ink.from_arrays([[[10, 5], [17, 5]]]))
    assert line.shape == (32, 4)
    np.testing.assert_allclose(line[:, 0], np.linspace(-0.5, 0.5, 32), atol=1e-7)
    assert line[:, 1:].tolist() == [[0, 0.5, 0]] * 32


def test_path_steps_lie_in_the_air_and_ink_steps_do_not():
    page = {"position": None, "size": None}
    assert column(TWO_STROKES, "y", steps=7, along="path", **page) == [0, 0, 0, 2, 4, 4, 4]
    assert column(TWO_STROKES, "y", steps=5, along="ink", **page) == [0, 0, 4, 4, 4]


def test_pen_up_is_the_share_of_the_way_from_the_step_before_in_the_air():
    assert column(TWO_STROKES, "pen_up", steps=7, along="path") == [0, 0, 0, 1, 1, 0, 0]
    assert column(TWO_STROKES, "pen_up", steps=5, along="path") == pytest.approx(
        [0, 0, 2 / 3, 2 / 3, 0]
    )
    assert column(TWO_STROKES, "pen_up", along="samples") == [0, 0, 1, 0]
    assert column(TWO_STROKES, "pen_up", steps=5, along="ink") == pytest.approx([0, 0, 2 / 3, 0, 0])


def test_a_pen_lifted_and_set_down_on_the_same_spot_was_lifted():
    spot = Ink.from_arrays([[[0, 0], [1, 0]], [[1, 0], [2, 0]]])
    assert column(spot, "pen_up", along="samples") == [0, 0, 1, 0]


def test_steps_along_time_are_even_in_time():
    ink = Ink.from_arrays([[[0, 0, 5], [1, 0, 6], [9, 0, 7], [9, 0, 9]]], ("x", "y", "t"))
    kept = {"along": "time", "steps": 5, "position": None, "size": None}
    assert column(ink, "x", **kept) == [0, 1, 9, 9, 9]
    assert column(ink, "t", **kept) == [0, 1, 2, 3, 4]
    assert column(ink, "speed", **kept) == [1, 4.5, 4, 0, 0]


def test_spacing_is_the_largest_distance_between_even_steps():
    line = Ink.from_arrays([[[0, 0], [10, 0]]])
    kept = {"position": None, "size": None}
    assert column(line, "x", spacing=2.5, **kept) == [0, 2.5, 5, 7.5, 10]
    assert column(line, "x", spacing=4.9, **kept) == pytest.approx([0, 10 / 3, 20 / 3, 10])
    assert column(line, "x", spacing=11, **kept) == [0, 10]
    assert column(line, "x", spacing=0.5, position="start") == [0, 0.5, 1]


def test_rounding_does_not_add_a_step_to_a_multiple_of_the_spacing():
    for tenths in range(1, 60):
        line = Ink.from_arrays([[[0.1 * i, 0] for i in range(tenths + 1)]])
        assert len(column(line, "x", spacing=0.1, size=None)) == tenths + 1


def test_rounding_does_not_lift_a_step_off_the_end_of_a_stroke():
    for x in range(1, 60):
        thirds = [[[0, 0, 1], [x, 1, 1]], [[2 * x, 2, 1], [3 * x, 3, 1]]]
        ink = Ink.from_arrays(thirds, ("x", "y", "pressure"))
        assert column(ink, "pressure", steps=4, along="path") == [1, 1, 1, 1]


def test_position_and_size_are_what_they_are_called():
    kept = {"along": "samples"}
    assert column(CORNER, "x", position="start", size="longer", **kept) == [0, 1, 1]
    assert column(CORNER, "y", position="box", size="longer", **kept) == [-0.5, -0.5, 0.5]
    assert column(CORNER, "x", position="centroid", size="longer", **kept) == [-0.75, 0.25, 0.25]
    flat = Ink.from_arrays([[[8, 0], [0, 2]]])
    assert column(flat, "x", position="start", size="height", **kept) == [0, -4]
    line = Ink.from_arrays([[[0, 0], [0, 6]]])
    # The mean square of the distance from the middle of a line is its length squared over 12.
    assert column(line, "y", position="centroid", size="rms", **kept) == pytest.approx(
        [-(3**0.5), 3**0.5]
    )


def test_a_dash_is_limited_in_height_and_radius():
    dash = Ink.from_arrays([[[0, 0], [32, 0]]])
    assert column(dash, "x", position="start", size="height", along="samples") == [0, 16]


def test_direction_passes_over_rests_and_a_turn_back_has_none():
    ink = Ink.from_arrays([[[0, 0], [0, 0], [2, 0], [2, 0], [2, 2], [2, 0]]])
    assert column(ink, "cos", **RAW) == pytest.approx([1, 1, 0.5**0.5, 0.5**0.5, 0, 0])
    assert column(ink, "sin", **RAW) == pytest.approx([0, 0, 0.5**0.5, 0.5**0.5, 0, -1])


def test_curvature_is_the_angle_of_the_turn_clockwise_on_the_page():
    assert column(CORNER, "curvature", **RAW) == pytest.approx([0, pi / 2, 0])
    back = Ink.from_arrays([[[0, 0], [1, 0], [0, 0]]])
    assert column(back, "curvature", **RAW) == pytest.approx([0, pi, 0])


def test_vicinity_features_of_a_corner():
    values = {
        name: column(CORNER, name, **RAW)[1]
        for name in ("aspect", "curliness", "linearity", "slope_cos", "slope_sin")
    }
    assert values == pytest.approx(
        # Two sides of a square: 8 long in a box of 4, the corner sqrt(8) off the diagonal.
        {"aspect": 0, "curliness": 0, "linearity": 8 / 3, "slope_cos": 0.5**0.5,
         "slope_sin": 0.5**0.5}
    )  # fmt: skip


def test_pressure_is_0_in_the_air():
    ink = Ink.from_arrays(
        [[[0, 0, 1], [2, 0, 0.5]], [[4, 0, 0.5], [6, 0, 0.5]]], ("x", "y", "pressure")
    )
    assert column(ink, "pressure", steps=7, along="path") == [1, 0.75, 0.5, 0, 0.5, 0.5, 0.5]


def test_derotated_ink_begins_to_the_right_of_its_centroid():
    spec = FeatureSpec(features=["x", "y"], derotate=True, along="samples", size=None)
    line = spec.transform(Ink.from_arrays([[[0, 0], [3, 4]]]))
    np.testing.assert_allclose(line, [[2.5, 0], [-2.5, 0]], atol=1e-6)


def test_deslanted_ink_stands_upright_and_ink_leaning_too_far_is_sheared_by_45_degrees():
    spec = FeatureSpec(features=["x", "y"], deslant=True, along="samples", size=None)
    np.testing.assert_allclose(
        spec.transform(Ink.from_arrays([[[0, 4], [2, 0]]])), [[0, 2], [0, -2]], atol=1e-6
    )
    np.testing.assert_allclose(
        spec.transform(Ink.from_arrays([[[0, 1], [4, 0]]])), [[-1.5, 0.5], [1.5, -0.5]], atol=1e-6
    )


def test_weights_multiply():
    plain = FeatureSpec(features=ALL, along="samples")
    weighted = FeatureSpec(features=[(name, 4) for name in ALL], along="samples")
    ink = ink_of([[(0, 0, 0, 1), (3, 1, 1, 0.5)], [(2, 2, 2, 0)]])
    assert np.array_equal(4 * plain.transform(ink), weighted.transform(ink))


# --- what must not change features --------------------------------------------------------------


def transformed(strokes, place):
    return [[(*place(x, y), *rest) for x, y, *rest in stroke] for stroke in strokes]


@given(recordings(), options(features=LOCAL), *[st.integers(-1000, 1000)] * 2)
def test_moving_ink_changes_no_bit_of_features_of_position(strokes, chosen, right, down):
    if chosen["position"] is None:
        chosen["position"] = "box"
    spec = FeatureSpec(**chosen)
    there = transformed(strokes, lambda x, y: (x + right, y + down))
    assert np.array_equal(spec.transform(ink_of(strokes)), spec.transform(ink_of(there)))


@given(recordings(), options(features=LOCAL), st.sampled_from([2.0**-40, 0.25, 3.0, 0.1, 1e9]))
def test_resizing_ink_does_not_change_features_of_size(strokes, chosen, factor):
    if chosen["size"] is None:
        chosen["size"] = "longer"
    spec = FeatureSpec(**chosen)
    larger = transformed(strokes, lambda x, y: (x * factor, y * factor))
    assert close(spec.transform(ink_of(strokes)), spec.transform(ink_of(larger)))


@given(recordings(), options(features=LOCAL), st.floats(0, 6.3))
def test_turning_ink_does_not_change_derotated_features(strokes, chosen, angle):
    start = np.subtract(strokes[0][0][:2], feature_oracle.centroid(strokes))
    if np.hypot(*start) < 1e-6:
        return  # Ink that begins in its centroid has no indicative angle.
    kept = {"derotate": True, "deslant": False, "position": "centroid"}
    spec = FeatureSpec(**(chosen | kept | {"size": "longer"}))
    turned = transformed(
        strokes, lambda x, y: (cos(angle) * x - sin(angle) * y, sin(angle) * x + cos(angle) * y)
    )
    assert close(spec.transform(ink_of(strokes)), spec.transform(ink_of(turned)), 1e-5)


@given(recordings(), options(), st.data())
def test_repeated_samples_do_not_change_steps_along_a_length(strokes, chosen, data):
    if chosen["along"] in ("time", "samples"):
        chosen |= {"along": "path", "steps": 7, "spacing": None}
    repeated = [
        [sample for sample in stroke for _ in range(data.draw(st.integers(1, 3)))]
        for stroke in strokes
    ]
    spec = FeatureSpec(**chosen)
    assert np.array_equal(spec.transform(ink_of(strokes)), spec.transform(ink_of(repeated)))


@given(recordings(), st.integers(2, 12), st.sampled_from(["centroid", "box"]))
def test_ink_drawn_backwards_gives_the_same_steps_backwards(strokes, steps, position):
    backwards = [stroke[::-1] for stroke in strokes[::-1]]
    even = ["x", "y", "cos2", "sin2", "aspect", "curliness", "linearity"]
    odd = ["cos", "sin", "slope_cos", "slope_sin"]
    for names, sign in ((even, 1), (odd, -1)):
        spec = FeatureSpec(features=names, steps=steps, position=position, along="path")
        forth, back = spec.transform(ink_of(strokes)), spec.transform(ink_of(backwards))
        assert close(forth[::-1], sign * back, 1e-5)


@given(recordings(), options())
def test_page_features_are_positions_that_were_neither_moved_nor_scaled(strokes, chosen):
    chosen |= {"along": "samples", "steps": None, "spacing": None}
    page = FeatureSpec(**chosen | {"features": ["page_x", "page_y"]})
    kept = FeatureSpec(**chosen | {"features": ["x", "y"], "position": None, "size": None})
    assert close(page.transform(ink_of(strokes)), kept.transform(ink_of(strokes)), 1e-5)


def test_page_features_tell_where_and_how_large():
    ink = Ink.from_arrays([[[100, 7], [104, 9]]])
    assert column(ink, "page_x", steps=3) == [100, 102, 104]
    assert column(ink, "page_y", steps=3) == [7, 8, 9]


@given(recordings(), options(along="ink"))
def test_steps_along_ink_lie_on_paper(strokes, chosen):
    spec = FeatureSpec(features=["x", "y"], **{
        key: chosen[key] for key in ("along", "steps", "spacing")
    }, position=None, size=None)  # fmt: skip
    if all(len({sample[:2] for sample in stroke}) == 1 for stroke in strokes):
        return  # Dots have no line on paper; steps go from one to the next.
    for x, y in spec.transform(ink_of(strokes)).tolist():
        assert min(distance_from_stroke(x, y, stroke) for stroke in strokes) < 1e-5


def distance_from_stroke(x, y, stroke):
    nearest = min(np.hypot(x - a[0], y - a[1]) for a in stroke)
    for (ax, ay, *_), (bx, by, *_) in itertools.pairwise(stroke):
        length = np.hypot(bx - ax, by - ay)
        if length:
            share = ((x - ax) * (bx - ax) + (y - ay) * (by - ay)) / length**2
            share = min(1, max(0, share))
            foot = ax + share * (bx - ax), ay + share * (by - ay)
            nearest = min(nearest, np.hypot(x - foot[0], y - foot[1]))
    return nearest


@given(recordings(), options(along="path"))
def test_number_of_steps_is_what_was_asked_for(strokes, chosen):
    spec = FeatureSpec(**chosen)
    n_steps = len(spec.transform(ink_of(strokes)))
    if spec.steps is not None:
        assert n_steps == spec.steps
    else:
        path = column(ink_of(strokes), "x", along="path", spacing=spec.spacing, size=spec.size,
                      deslant=spec.deslant, derotate=spec.derotate)  # fmt: skip
        assert n_steps == len(path)


# --- many inks ----------------------------------------------------------------------------------


def random_inks(count, rng):
    """Inks of 1 to 3 strokes of 1 to 30 samples."""
    inks = []
    for number in range(count):
        strokes = [
            np.column_stack([
                rng.normal(size=(n, 2)).cumsum(axis=0),
                rng.integers(0, 3, n).cumsum(),
                rng.random(n),
            ])
            for n in rng.integers(1, 31, rng.integers(1, 4))
        ]  # fmt: skip
        inks.append(Ink.from_arrays(strokes, CHANNELS, id=f"ink-{number}"))
    return inks


INKS = random_inks(600, np.random.default_rng(2))
SPECS = {
    "default": FeatureSpec(),
    "everything raw": FeatureSpec(features=ALL, along="samples"),
    "everything spaced": FeatureSpec(features=ALL, spacing=0.1, along="ink", deslant=True),
    "everything in time": FeatureSpec(features=ALL, steps=20, along="time", derotate=True),
}


@pytest.mark.parametrize("spec", SPECS.values(), ids=SPECS)
def test_threads_and_company_change_no_bit(spec):
    one = spec.transform_all(INKS, threads=1)
    for threads in (2, 5, None):
        many = spec.transform_all(INKS, threads=threads)
        assert np.array_equal(one.values, many.values)
        assert np.array_equal(one.offsets, many.offsets)
    for i in (0, 255, 256, 599):
        assert np.array_equal(one[i], spec.transform(INKS[i]))


def test_ragged_result_keeps_order_and_lengths():
    raw = FeatureSpec(along="samples").transform_all(INKS)
    assert raw.lengths.tolist() == [ink.n_samples for ink in INKS]
    assert (raw.values.dtype, raw.offsets.dtype) == (np.float32, np.int64)


def test_no_inks_give_no_sequences():
    empty = FeatureSpec(features=["x"]).transform_all(iter([]))
    assert (len(empty), empty.values.shape, empty.n_features) == (0, (0, 1), 1)


@pytest.mark.parametrize("threads", [1, 3])
def test_progress_counts_every_ink_once(threads):
    seen = []
    FeatureSpec().transform_all(INKS, threads=threads, progress=seen.append)
    assert sum(seen) == 600
    assert all(seen)


def test_inks_with_different_channels_go_together():
    spec = FeatureSpec(features=["x", "t", "pressure"], along="samples", position=None, size=None)
    a = Ink.from_arrays([[[1, 2, 0, 0.5]]], ("x", "y", "t", "pressure"))
    b = Ink.from_arrays([[[0.25, 7, 0, 9, 3]]], ("pressure", "azimuth", "t", "y", "x"))
    assert spec.transform_all([a, b]).values.tolist() == [[1, 0, 0.5], [3, 0, 0.25]]


def test_transforming_does_not_touch_the_ink():
    ink = Ink.from_arrays([[[5, 6], [7, 9]]])
    FeatureSpec().transform(ink)
    assert ink.strokes[0].samples.tolist() == [[5, 6], [7, 9]]


# --- specs as values ----------------------------------------------------------------------------


@given(options())
def test_specs_survive_json_and_text(chosen):
    chosen["features"] = [(name, 1.0 + i / 3) for i, name in enumerate(ALL)]
    spec = FeatureSpec(**chosen)
    stored = json.loads(json.dumps(spec.to_dict()))
    for again in (FeatureSpec.from_dict(stored), FeatureSpec.parse(str(spec))):
        assert again == spec
        assert hash(again) == hash(spec)


def test_text_form_reads_as_written():
    spec = FeatureSpec.parse("x, y,0.5*cos,.5 * sin; steps = 16;along=path;size=none;deslant=true")
    assert spec == FeatureSpec(steps=16, along="path", size=None, deslant=True)
    assert FeatureSpec.parse(";steps=16") == FeatureSpec(steps=16)
    assert str(FeatureSpec(features=["x", ("y", 2)])) == "x,2.0*y;steps=32"


def test_specs_of_the_same_meaning_are_equal():
    assert FeatureSpec(steps=32) == FeatureSpec()
    assert FeatureSpec(features=["x", ["y", 1]]) == FeatureSpec(features=(("x", 1.0), "y"))
    assert FeatureSpec(features={"x": 1, "cos": 0.5}) == FeatureSpec(features=["x", ("cos", 0.5)])
    assert FeatureSpec(steps=np.int64(32)) == FeatureSpec(steps=32)
    assert FeatureSpec(steps=31) != FeatureSpec()


def test_table_says_what_each_feature_needs():
    for name, feature in FEATURES.items():
        assert feature.name == name
        assert feature.definition.endswith(".")
        assert feature.source
        spec = FeatureSpec(features=[name])
        assert (spec.needs_time, spec.needs_pressure) == (
            feature.needs_time,
            feature.needs_pressure,
        )
    assert FeatureSpec(along="time").needs_time
