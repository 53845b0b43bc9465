"""The grammar of InkML's values: the Recommendation's example, every rule, every mistake."""

import tracemalloc

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from strokesim.formats.inkml import values as values_module
from strokesim.formats.inkml.values import (
    BadCount,
    BadTrace,
    TraceChannel,
    parse_trace,
    parse_traces,
)

X, Y = TraceChannel("X"), TraceChannel("Y")
XY = [X, Y]
B1, B2 = (TraceChannel(name, True, True, 0.0) for name in ("B1", "B2"))
RECOMMENDATION = """1125 18432,'23'43,"7"-8,3-5,7-3,6 2,6 8,3 6T,2 4*T,3 6,3-6FF"""


def test_the_example_of_the_recommendation_is_decoded():
    assert parse_trace(RECOMMENDATION, [X, Y, B1, B2]).tolist() == [
        [1125, 18432, 0, 0],
        [1148, 18475, 0, 0],
        [1178, 18510, 0, 0],
        [1211, 18540, 0, 0],
        [1251, 18567, 0, 0],
        [1297, 18596, 0, 0],
        [1349, 18633, 0, 0],
        [1404, 18676, 1, 0],
        [1461, 18723, 1, 1],
        [1521, 18776, 0, 0],
        [1584, 18823, 0, 0],
    ]


@pytest.mark.parametrize(
    ("text", "points"),
    [
        ("", []),
        (" \n ", []),
        ("1 2", [[1, 2]]),
        ("1 2,", [[1, 2]]),
        ("1\t2\n,\r\n3 4", [[1, 2], [3, 4]]),
        (".5 .25", [[0.5, 0.25]]),
        ("5. -.5", [[5, -0.5]]),
        ("1e-3 -1E+3", [[0.001, -1000]]),
        ("1e-3-4", [[0.001, -4]]),
        ("7-3", [[7, -3]]),
        ("- 7 -\n3", [[-7, -3]]),
        ("#1F #FF", [[31, 255]]),
        ("#1F-#F", [[31, -15]]),
        ("1 2,'-29'35", [[1, 2], [-28, 37]]),
        ("1 2,' - 29' 35", [[1, 2], [-28, 37]]),
        # A modifier stays until it is changed, for its own channel only.
        ("1 2,'1 5,1 5,!9 5,9 5", [[1, 2], [2, 5], [3, 5], [9, 5], [9, 5]]),
        ("!1!2,'1'1,'1 1", [[1, 2], [2, 3], [3, 4]]),
        # A second difference goes on from the difference ahead of it.
        ("0 0,'2'3,\"1\"1,0 0", [[0, 0], [2, 3], [5, 7], [8, 11]]),
        ("0 0,'2'3,\"1\"1,'2'3,!0!0", [[0, 0], [2, 3], [5, 7], [7, 10], [0, 0]]),
        # * repeats the number under its modifier.
        ("1 2,* *,'1'1,* *", [[1, 2], [1, 2], [2, 3], [3, 4]]),
        ("1 2,'1'1,\"1\"1,* *", [[1, 2], [2, 3], [4, 5], [7, 8]]),
        # ? is not known, and differences go on from what was.
        ("1 2,'1?,1'5", [[1, 2], [2, np.nan], [3, 7]]),
        ("? 1,2 3", [[np.nan, 1], [2, 3]]),
    ],
)
def test_each_rule_of_the_grammar(text, points):
    samples = parse_trace(text, XY)
    assert samples.shape == (len(points), 2)
    np.testing.assert_array_equal(samples, np.reshape(points, (-1, 2)).astype(float))


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (",", "point 0 has 0 values; needed: X Y"),
        ("1 2,,3 4", "point 1 has 0 values; needed: X Y"),
        ("1 2,3", "point 1 has 1 values; needed: X Y"),
        ("1 2 3", "point 0 has more than 2 values"),
        ("1 2,1..5 2", "point 1: channel X: '1..5' is not a number"),
        ("1.5.5", "point 0: channel X: '1.5.5' is not a number"),
        ("1 2e", "point 0 has more than 2 values|'2e' is not a number"),
        ("1 x", "point 0: channel Y: 'x' is not a number"),
        ("+1 2", r"channel X: '\+1' is not a number"),
        ("\u0661 2", "is not a number"),
        ("nan 2", "channel X: 'nan' is not a number"),
        ("1 2,' 3", "point 1 has 1 values"),
        ("1 2,''3 4", "point 1: channel X: .* is not a number"),
        ("'1 2", "point 0: channel X: a difference, and no value stands ahead of it"),
        ('"1 2', "point 0: channel X: a second difference, and no|a difference, and no value"),
        ('1 2,2 4,"3 4', "point 2: channel X: a second difference, and no difference stands"),
        ("1 2,'1'1,!2!2,\"3 4", "point 3: channel X: a second difference, and no difference"),
        ("1 2,'1'1,,", "point 2 has 0 values"),
        ('1 2,"3 4', "point 1: channel X: a second difference, and no difference stands"),
        ("* 1", r"point 0: channel X: \* repeats a number, and none stands ahead"),
        ("T 1", "point 0: channel X: 'T' is no number"),
        ("1e400 2", "channel X: '1e400' is more than a pen can record"),
        ("1e300 2", "channel X: '1e300' is more than a pen can record"),
        ("#" + "F" * 999 + " 2", "is more than a pen can record"),
        ("9e15 2,'9e15 2", r"point 1: X is 1.8e\+16, beyond 2\*\*53"),
    ],
)
def test_what_is_not_of_the_grammar_is_refused_with_point_and_channel(text, message):
    with pytest.raises(BadTrace, match=message):
        parse_trace(text, XY)


def test_a_leading_star_is_the_default_of_its_channel():
    z = TraceChannel("Z", default=7.0)
    assert parse_trace("1 2 *,1 2'1,1 2*", [X, Y, z]).tolist() == [[1, 2, 7], [1, 2, 8], [1, 2, 9]]


def test_intermittent_numbers_left_out_are_their_default_or_0():
    channels = [X, Y, TraceChannel("P", intermittent=True, default=3.0)]
    assert parse_trace("1 2,1 2 9,1 2", channels)[:, 2].tolist() == [3, 9, 3]
    assert parse_trace("1 2,1 2", channels)[:, 2].tolist() == [3, 3]
    assert parse_trace("1 2", [X, Y, TraceChannel("P", intermittent=True)])[0, 2] == 0


def test_a_leading_star_of_an_intermittent_channel_is_its_default_or_0():
    assert parse_trace("1 2*,1 2T*,1 2*", [X, Y, B1, B2]).tolist() == [
        [1, 2, 0, 0],
        [1, 2, 1, 0],
        [1, 2, 1, 0],
    ]


SEVERAL = ["1 2,3 4", " ", "5 6,", "7 x", " 8-9 ,1e-3 .5", "1 2,'1'1,2 2", "1 2,3", "1 2 3", "+1 2"]


@pytest.mark.parametrize("texts", [SEVERAL, SEVERAL[:3], SEVERAL * 40, SEVERAL[4:6] * 3])
def test_many_traces_are_what_each_is_alone(texts):
    together = list(parse_traces(texts, XY))
    assert len(together) == len(texts)
    for text, samples in zip(texts, together, strict=True):
        try:
            expected = parse_trace(text, XY)
        except BadTrace as error:
            assert str(samples) == str(error)
        else:
            assert samples.tolist() == expected.tolist()


def test_a_wrong_count_of_values_says_how_many_there_are():
    for text, found in [("1", 1), ("1 2 3-4 .5", 5), ("1 2,3", 1)]:
        with pytest.raises(BadCount) as caught:
            parse_trace(text, XY)
        assert caught.value.found == found


def test_long_texts_are_cut_between_traces_and_not_within(monkeypatch):
    monkeypatch.setattr(values_module, "_BATCH", 8)
    texts = [f"{i} {i}" for i in range(9)]
    assert [rows.tolist() for rows in parse_traces(texts, XY)] == [[[i, i]] for i in range(9)]


def test_booleans_take_only_booleans():
    with pytest.raises(BadTrace, match="point 0: channel B1: '1' is no T or F"):
        parse_trace("1 2 1", [X, Y, B1])


@pytest.mark.parametrize(
    "text", [" " * 200_000 + "x", "1" * 200_000 + "..", "1 2," + "' " * 99_999]
)
def test_long_nonsense_is_refused_at_once(text):
    with pytest.raises(BadTrace):
        parse_trace(text, XY)


numbers = st.integers(-9, 9).map(str) | st.sampled_from([".5", "-1.25", "5.", "1e-3", "-2E1", "#A"])
values = st.tuples(st.sampled_from(["", "", "", "'", '"', "!"]), numbers).map("".join) | st.just(
    "*"
)
points = st.lists(st.tuples(values, values).map(" ".join), min_size=1, max_size=5)
plain = st.lists(st.tuples(numbers, numbers).map(" ".join), max_size=5)


@given(points, plain)
def test_plain_points_converted_at_once_are_those_read_value_by_value(head, tail):
    """A hexadecimal digit behind a point sends everything ahead of it the slow way."""
    text = ",".join([*head, *tail])
    try:
        expected = parse_trace(text + ",#0 #0", XY)[:-1]
    except BadTrace as error:
        with pytest.raises(BadTrace) as caught:
            parse_trace(text, XY)
        assert str(caught.value) == str(error)
    else:
        assert parse_trace(text, XY).tobytes() == expected.tobytes()


@pytest.mark.parametrize("point", ["1 2", "1.5 -2e-3", "1-2"])
def test_a_long_trace_takes_less_than_ten_times_its_text(point):
    text = ",".join([point] * 200_000)
    tracemalloc.start()
    samples = parse_trace(text, XY)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert (samples == parse_trace(point, XY)).all()
    assert len(samples) == 200_000
    assert peak < 10 * len(text)


@pytest.mark.parametrize(
    ("damage", "reason"), [("", "has 0 values"), ("1", "has 1 values"), ("1 x", "'x' is")]
)
def test_a_damaged_point_of_a_long_trace_is_named(damage, reason):
    text = ",".join(["1 2"] * 100_000 + [damage] + ["1 2"] * 10)
    with pytest.raises(BadTrace, match=f"point 100000.*{reason}"):
        parse_trace(text, XY)
