"""Features of ink at the edge of what a pen can write, and of what is no ink or no spec."""

import itertools

import numpy as np
import pytest

from strokesim import FeatureSpec, Ink
from strokesim.errors import ArgumentError, UnknownNameError
from strokesim.features import FEATURES

ALL = tuple(FEATURES)
CHANNELS = ("x", "y", "t", "pressure")
LARGEST = 2.0**53


def timed(points, times=None):
    """An ink of one stroke through points of shape (n, 2)."""
    points = np.asarray(points, float)
    times = np.arange(len(points)) if times is None else times
    return Ink.from_arrays([np.column_stack([points, times, np.full(len(points), 0.5)])], CHANNELS)


def dots(*points):
    """An ink of strokes of one sample."""
    return Ink.from_arrays([[[x, y, 0, 0.5]] for x, y in points], CHANNELS)


rng = np.random.default_rng(5)
EXTREMES = {
    "one point": timed([[3, 4]]),
    "one point far away": timed([[LARGEST, -LARGEST]]),
    "constant": timed([[3, 4]] * 50),
    "constant off the grid": timed([[0.1, -0.7]] * 7),
    "two dots": dots((0, 0), (1, 5)),
    "equal dots": dots((1, 1), (1, 1), (1, 1)),
    "dot above a line": Ink.from_arrays([[[0, 0, 0, 1], [0, 5, 1, 1]], [[0, -3, 2, 1]]], CHANNELS),
    "horizontal line": timed([[x, 7] for x in range(9)]),
    "vertical line": timed([[-2, y] for y in range(9)]),
    "slanted line": timed([[3 * i, 0.1 * i] for i in range(9)]),
    "back and forth": timed([[0, 0], [5, 5]] * 20),
    "almost a line": timed([[x, 1e-13 * (x % 2)] for x in range(20)]),
    "as large as ink can be": timed([[-LARGEST, -LARGEST], [LARGEST, LARGEST], [LARGEST, 0]]),
    "1e-300 apart": timed([[0, 0], [1e-300, 0], [1e-300, 3e-300], [0, 1e-300]]),
    "denormal": timed([[0, 0], [5e-324, 0], [5e-324, 1e-323]]),
    "one wild point": timed([[0, 0], [1, 1], [LARGEST, 0], [2, 1], [1e-300, 2]]),
    "thousands of points": timed(rng.normal(size=(5000, 2)).cumsum(axis=0)),
    "time stands still": timed([[0, 0], [1, 0], [1, 2], [3, 3]], [5, 5, 5, 5]),
    "time runs backwards": timed([[0, 0], [1, 0], [1, 2], [3, 3]], [5, 4, 3, 2]),
    "time stumbles": timed([[0, 0], [1, 0], [1, 2], [3, 3]], [0, 2, 1, 3]),
    "time jumps": timed([[0, 0], [1, 0], [1, 2], [3, 3]], [-LARGEST, 0, LARGEST, LARGEST]),
}


@pytest.mark.parametrize("ink", EXTREMES.values(), ids=EXTREMES)
@pytest.mark.parametrize("along", ["path", "ink", "time", "samples"])
def test_features_of_extreme_ink_are_finite_and_normalised_positions_small(ink, along):
    turns = [(False, False), (True, False), (False, True), (True, True)]
    for position, size, (deslant, derotate) in itertools.product(
        ["centroid", "box", "start"], ["longer", "height", "rms"], turns
    ):
        spec = FeatureSpec(
            features=ALL,
            along=along,
            steps=None if along == "samples" else 16,
            position=position,
            size=size,
            deslant=deslant,
            derotate=derotate,
        )
        values = spec.transform(ink)
        assert np.isfinite(values).all()
        # The size is at least a sixteenth of the longer side, whatever it is called.
        assert np.abs(values[:, :2]).max() <= 16 * 2**0.5
        directions = values[:, [ALL.index(name) for name in ("cos", "sin", "cos2", "sin2")]]
        assert np.abs(directions).max() <= 1
        assert (
            0 <= values[:, ALL.index("pen_up")].min() <= values[:, ALL.index("pen_up")].max() <= 1
        )


@pytest.mark.parametrize("ink", EXTREMES.values(), ids=EXTREMES)
def test_extreme_ink_in_its_own_unit_keeps_its_coordinates(ink):
    spec = FeatureSpec(features=["x", "y"], along="samples", position=None, size=None)
    expected = np.concatenate([stroke.xy for stroke in ink.strokes])
    longer = np.ptp(expected, axis=0).max()
    absolute = max(1e-15 * longer, 1e-45)  # What float32 cannot tell from 0 becomes 0.
    np.testing.assert_allclose(spec.transform(ink), expected, rtol=1e-6, atol=absolute)


@pytest.mark.parametrize(
    "name", ["one point", "one point far away", "constant", "constant off the grid", "equal dots"]
)
def test_a_dot_stays_a_dot_in_the_origin(name):
    values = FeatureSpec().transform(EXTREMES[name])
    assert values.tolist() == [[0, 0, 0, 0]] * 32
    assert FeatureSpec(spacing=0.1).transform(EXTREMES[name]).shape == (1, 4)


@pytest.mark.parametrize("name", ["1e-300 apart", "as large as ink can be"])
def test_size_of_the_unit_does_not_matter(name):
    shapes = {
        "1e-300 apart": [[0, 0], [1, 0], [1, 3], [0, 1]],
        "as large as ink can be": [[-1, -1], [1, 1], [1, 0]],
    }
    spec = FeatureSpec(features=[f for f in ALL if f not in ("speed", "page_x", "page_y")], steps=9)
    np.testing.assert_allclose(
        spec.transform(EXTREMES[name]), spec.transform(timed(shapes[name])), atol=1e-6
    )


def test_the_clock_never_runs_backwards():
    spec = FeatureSpec(features=["t"], along="samples")
    assert spec.transform(EXTREMES["time stumbles"])[:, 0].tolist() == [0, 2, 2, 3]
    assert spec.transform(EXTREMES["time runs backwards"])[:, 0].tolist() == [0, 0, 0, 0]


@pytest.mark.parametrize("name", ["time stands still", "time runs backwards", "one point"])
def test_ink_whose_time_never_runs_has_no_speed_and_goes_along_its_path(name):
    ink = EXTREMES[name]
    assert not FeatureSpec(features=["speed"]).transform(ink).any()
    along_time = FeatureSpec(along="time").transform(ink)
    assert np.array_equal(along_time, FeatureSpec(along="path").transform(ink))


# --- inks that are refused ----------------------------------------------------------------------

PLAIN = Ink.from_arrays([[[0, 0], [3, 4]]], id="plain")


@pytest.mark.parametrize("name", ["t", "speed"])
def test_features_of_time_refuse_ink_without_time(name):
    with pytest.raises(ArgumentError, match=rf"ink 0 \('plain'\) .* no t, which {name} needs"):
        FeatureSpec(features=["x", name]).transform(PLAIN)


def test_steps_along_time_refuse_ink_without_time():
    with pytest.raises(ArgumentError, match=r"no t, which along='time' needs"):
        FeatureSpec(along="time").transform(PLAIN)


def test_pressure_refuses_ink_without_pressure_and_the_ink_is_named_by_its_place():
    good = EXTREMES["constant"]
    with pytest.raises(ArgumentError, match=r"ink 300 \('plain'\) .* no pressure, which pressure"):
        FeatureSpec(features=["pressure"]).transform_all([good] * 300 + [PLAIN, good])


def test_inks_that_are_a_part_of_more_are_named_by_their_place_in_the_whole():
    with pytest.raises(ArgumentError, match=r"ink 1001 \('plain'\) "):
        FeatureSpec(features=["t"]).transform_all([EXTREMES["constant"], PLAIN], first=1000)


def test_spacing_too_fine_for_memory_is_refused():
    with pytest.raises(ArgumentError, match=r"ink 1 .*more than 65536 steps at spacing=1e-09"):
        FeatureSpec(spacing=1e-9).transform_all([EXTREMES["one point"], PLAIN])


def test_features_beyond_float32_are_refused():
    fast = timed([[0, 0], [1, 0], [2, 0]], [0, 1e-300, 2e-300])
    with pytest.raises(ArgumentError, match=r"ink 1: speed is larger than float32 .* at step 0"):
        FeatureSpec(features=["x", "speed"]).transform_all([EXTREMES["constant"], fast])
    page = Ink.from_arrays([[[0, 5], [1e-300, 5]]])
    with pytest.raises(ArgumentError, match=r"y is larger than float32"):
        FeatureSpec(position=None).transform(page)


def test_what_is_no_ink_is_refused():
    with pytest.raises(ArgumentError, match="ink 1 is a list; needed: an Ink"):
        FeatureSpec().transform_all([PLAIN, [[0, 0], [1, 1]]])
    with pytest.raises(ArgumentError, match=r"use transform\(ink\)"):
        FeatureSpec().transform_all(PLAIN)
    with pytest.raises(ArgumentError, match="threads=0; use at least 1"):
        FeatureSpec().transform_all([PLAIN], threads=0)


# --- specs that are refused ---------------------------------------------------------------------


@pytest.mark.parametrize(
    ("chosen", "message"),
    [
        ({"features": ["x", "pen-up"]}, "unknown feature 'pen-up'; did you mean 'pen_up'"),
        ({"features": []}, "needs at least one feature"),
        ({"features": "x,y"}, "a list of names or"),
        ({"features": {"x": 0}}, "the weight of x is 0"),
        ({"features": {1: 1}}, "is no feature"),
        ({"features": 3}, "a list of names or"),
        ({"features": ["x", 3]}, "3 is no feature"),
        ({"features": [("x", 1, 2)]}, "is no feature"),
        ({"features": ["x", ("x", 2)]}, "feature 'x' is given twice"),
        ({"features": [("x", 0)]}, "the weight of x is 0; use a positive"),
        ({"features": [("x", -1)]}, "the weight of x is -1"),
        ({"features": [("x", float("nan"))]}, "the weight of x is nan"),
        ({"features": [("x", float("inf"))]}, "the weight of x is inf"),
        ({"features": [("x", "heavy")]}, "the weight of x is 'heavy'"),
        ({"features": [("x", True)]}, "the weight of x is True"),
        ({"steps": 1}, "steps=1; use a whole number from 2"),
        ({"steps": 2**17}, "steps=131072; use a whole number from 2 to 65536"),
        ({"steps": 3.0}, r"steps=3\.0; use a whole number"),
        ({"steps": True}, "steps=True"),
        ({"spacing": 0}, "spacing is 0; use a positive"),
        ({"spacing": float("nan")}, "spacing is nan"),
        ({"spacing": "wide"}, "spacing is 'wide'"),
        ({"steps": 8, "spacing": 0.1}, r"steps=8 and spacing=0\.1: .* give one"),
        ({"steps": 8, "along": "samples"}, "leave out steps and spacing"),
        ({"spacing": 0.1, "along": "samples"}, "leave out steps and spacing"),
        ({"along": "arc"}, "unknown along 'arc'; .*known: ink, path, samples, time"),
        ({"along": None}, "unknown along 'None'"),
        ({"position": "centre"}, "unknown position 'centre'; did you mean 'centroid'"),
        ({"position": ["box"]}, "unknown position"),
        ({"size": "width"}, "unknown size 'width'"),
        ({"size": np.ones(2)}, "unknown size"),
        ({"deslant": 1}, "deslant=1; use True or False"),
        ({"derotate": "yes"}, "derotate='yes'; use True or False"),
        ({"vicinity": 0}, "vicinity=0; use a whole number from 1"),
    ],
)
def test_specs_without_a_meaning_are_refused(chosen, message):
    with pytest.raises(ArgumentError, match=message):
        FeatureSpec(**chosen)


def test_specs_take_keywords_only_and_do_not_change():
    with pytest.raises(TypeError):
        FeatureSpec(["x"])
    with pytest.raises(AttributeError):
        FeatureSpec().steps = 5


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"version": 2}, "of version 2; this strokesim reads version 1"),
        ({"version": None}, "of version None"),
        ({"smoothing": 3}, "unknown key of a feature spec 'smoothing'"),
        ({"steps": "many"}, "steps='many'"),
    ],
)
def test_stored_specs_that_cannot_be_read_are_refused(change, message):
    with pytest.raises(ArgumentError, match=message):
        FeatureSpec.from_dict(FeatureSpec().to_dict() | change)


def test_stored_specs_need_every_key():
    stored = FeatureSpec().to_dict()
    del stored["size"], stored["along"]
    with pytest.raises(ArgumentError, match="without along, size; every key is needed"):
        FeatureSpec.from_dict(stored)
    with pytest.raises(ArgumentError, match="is a dict, not a list"):
        FeatureSpec.from_dict([1])


@pytest.mark.parametrize(
    ("text", "error", "message"),
    [
        ("x,,y", UnknownNameError, "unknown feature ''"),
        ("x;y", ArgumentError, "'y' in the feature spec 'x;y' is no option; write name=value"),
        ("x;", ArgumentError, "is no option"),
        ("cos*0.5", ArgumentError, "write its weight first"),
        ("x;step=3", UnknownNameError, "unknown option 'step'; did you mean 'steps'"),
        ("x;features=y", UnknownNameError, "unknown option 'features'"),
        ("x;steps=3;steps=4", ArgumentError, "steps is given twice"),
        ("x;steps=many", ArgumentError, "steps='many'"),
        ("x;steps=3.5", ArgumentError, r"steps=3\.5"),
        ("x;spacing=nan", ArgumentError, "spacing is nan"),
        ("nan*x", ArgumentError, "the weight of x is nan"),
        (None, ArgumentError, "is a str, not a NoneType"),
    ],
)
def test_texts_that_are_no_spec_are_refused(text, error, message):
    with pytest.raises(error, match=message):
        FeatureSpec.parse(text)
