"""Ink and Stroke: immutable samples with named channels."""

import pickle

import numpy as np
import pytest

from strokesim import Ink, Stroke
from strokesim.errors import InkError
from strokesim.ink import LARGEST, Hover


def ink(**fields):
    return Ink.from_arrays([[[0, 0, 0], [3, 4, 0.1]], [[5, 5, 0.3]]], ("x", "y", "t"), **fields)


def test_strokes_keep_order_channels_and_samples():
    one = ink(label="7", writer="w", id="a#1")
    assert one.channels == ("x", "y", "t")
    assert one.n_samples == 3
    assert one.strokes[0]["t"].tolist() == [0, 0.1]
    assert one.strokes[1].xy.tolist() == [[5, 5]]


def test_positions_are_found_in_any_order_of_channels():
    stroke = Stroke([[0.1, 2, 1]], ("t", "y", "x"))
    assert stroke.xy.tolist() == [[1, 2]]


def test_nothing_of_an_ink_can_be_changed():
    given = np.zeros((2, 2))
    one = Ink.from_arrays([given], repairs={"duplicates": 1}, notes={"pen": "blue"})
    given[0, 0] = 7
    assert one.strokes[0]["x"][0] == 0
    with pytest.raises(ValueError, match="read-only"):
        one.strokes[0].samples[0, 0] = 1
    with pytest.raises(AttributeError):
        one.label = "8"
    with pytest.raises(TypeError):
        one.repairs["duplicates"] = 2
    with pytest.raises(TypeError):
        one.notes["pen"] = "red"


def test_read_only_samples_are_kept_without_copying():
    samples = np.arange(6.0).reshape(3, 2)
    samples.flags.writeable = False
    assert Stroke(samples).samples is samples


def test_equal_inks_are_equal_and_hash_alike():
    assert ink(label="a") == ink(label="a")
    assert hash(ink(label="a")) == hash(ink(label="a"))
    assert ink(label="a") != ink(label="b")
    assert ink() != ink(mm_per_unit=0.01)
    assert ink() != ink(repairs={"wild points": 1})
    assert ink() != "ink"


def test_pickled_ink_comes_back_whole_and_read_only():
    hover = [Hover(1, Stroke([[1, 2, 3]], ("x", "y", "t")))]
    one = ink(label="x", hover=hover, repairs={"a": 1}, notes={"b": "c"}, mm_per_unit=0.5)
    again = pickle.loads(pickle.dumps(one))
    assert again == one
    assert not again.strokes[0].samples.flags.writeable


@pytest.mark.parametrize(
    ("samples", "message"),
    [
        ([[0, float("nan")]], "sample 0: y is nan"),
        ([[0, 0], [float("-inf"), 0]], "sample 1: x is -inf"),
        ([[1e300, 0]], r"sample 0: x is 1e\+300; a reading is finite and at most 2\*\*53"),
        ([[0, 0, 0]], r"shape \(1, 3\); needed: \(n_samples, 2\)"),
        ([1, 2], r"shape \(2,\)"),
        ([[1, 2], [3]], "not a table of numbers"),
        ([["a", "b"]], "not a table of numbers"),
        (np.empty((0, 2)), "a stroke without samples"),
    ],
)
def test_samples_that_are_no_stroke_are_refused(samples, message):
    with pytest.raises(InkError, match=message):
        Stroke(samples)


def test_the_largest_reading_is_still_one():
    assert Stroke([[LARGEST, -LARGEST]])["x"][0] == 2**53


@pytest.mark.parametrize("channels", [("x", "t"), ("y", "t"), ("x", "x")])
def test_x_and_y_are_needed_once(channels):
    with pytest.raises(InkError, match="x and y are needed, and each name only once"):
        Stroke([[0, 0]], channels)


def test_a_channel_that_was_not_recorded_is_a_key_error():
    with pytest.raises(KeyError, match="pressure"):
        ink().strokes[0]["pressure"]


def test_inks_that_are_none_are_refused():
    with pytest.raises(InkError, match="an ink without strokes"):
        Ink(())
    with pytest.raises(InkError, match="stroke 1 has the channels x, y, t, stroke 0 x, y"):
        Ink((Stroke([[0, 0]]), Stroke([[0, 0, 0]], ("x", "y", "t"))))
    with pytest.raises(InkError, match="hover before stroke 3 of 2"):
        ink(hover=[Hover(3, Stroke([[0, 0]]))])
    for scale in (0, -1, float("nan"), float("inf")):
        with pytest.raises(InkError, match="mm_per_unit"):
            ink(mm_per_unit=scale)


def test_an_ink_says_what_it_is():
    shown = repr(ink(label="7", id="a#1"))
    assert "label='7'" in shown
    assert "2 strokes, 3 samples of x, y, t" in shown
