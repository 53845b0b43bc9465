"""Cleaning: what is mended, what is left alone, and that all of it is counted."""

import json
import math
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from strokesim.cleaning import (
    Cleaning,
    cut_hooks,
    drop_duplicates,
    drop_wild,
    join_bounces,
    repair_time,
    settle_dots,
    smooth,
    split_gaps,
)
from strokesim.errors import ArgumentError, InkError, UnknownNameError
from strokesim.ink import Hover, Ink, Stroke

XYT = ("x", "y", "t")
EVERY_REPAIR = [
    lambda ink: drop_duplicates(ink, same="position"),
    lambda ink: drop_duplicates(ink, same="sample"),
    lambda ink: repair_time(ink, backward="drop", equal="drop"),
    lambda ink: repair_time(ink, backward="clamp", equal="clamp"),
    lambda ink: drop_wild(ink, factor=5),
    lambda ink: split_gaps(ink, seconds=1),
    lambda ink: join_bounces(ink, seconds=1),
    lambda ink: join_bounces(ink, distance=0.1),
    lambda ink: cut_hooks(ink, length=0.05),
    lambda ink: settle_dots(ink, dots="drop"),
    lambda ink: settle_dots(ink, dots="point"),
    lambda ink: smooth(ink, window=5),
    Cleaning("position", "clamp", "drop", 5, 1, 1, 0.1, 0.05, "point", 5),
]


def timed(*stamps, **fields):
    """Return an ink that moves one to the right per sample, with the stamps of each stroke."""
    rows, x = [], 0
    for stroke in stamps:
        rows.append([[x + k, 0, t] for k, t in enumerate(stroke)])
        x += len(stroke)
    return Ink.from_arrays(rows, XYT, **fields)


def line(*xs, y=0):
    return [[x, y] for x in xs]


def stamps(ink):
    return [stroke["t"].tolist() for stroke in ink.strokes]


numbers = st.integers(-3, 3).map(float)
samples = st.lists(st.tuples(numbers, numbers, numbers), min_size=1, max_size=8)


@st.composite
def inks(draw):
    """Small inks with many ties, some with movements in the air."""
    strokes = draw(st.lists(samples, min_size=1, max_size=4))
    before = st.integers(0, len(strokes))
    hover = draw(st.lists(st.tuples(before, samples), max_size=2))
    return Ink.from_arrays(
        strokes,
        XYT,
        hover=[Hover(number, Stroke(rows, XYT)) for number, rows in hover],
        repairs={"on reading": 2},
    )


@given(inks())
def test_without_arguments_nothing_changes(ink):
    for repair in (drop_duplicates, repair_time, drop_wild, split_gaps, join_bounces, cut_hooks,
                   settle_dots, smooth, Cleaning()):  # fmt: skip
        assert repair(ink) is ink


@given(inks(), st.sampled_from(EVERY_REPAIR))
def test_what_changes_is_counted_and_what_is_counted_has_changed(ink, repair):
    try:
        cleaned = repair(ink)
    except InkError as error:
        assert "no sample is left" in str(error)
        return
    assert cleaned.repairs["on reading"] == 2
    if cleaned is ink:
        return
    assert sum(cleaned.repairs.values()) > 2
    assert (cleaned.strokes, cleaned.hover) != (ink.strokes, ink.hover)


@given(inks(), st.sampled_from(EVERY_REPAIR))
def test_no_repair_puts_samples_into_another_order_or_invents_one(ink, repair):
    numbered = Ink(
        tuple(
            Stroke(np.column_stack([stroke.samples, np.arange(len(stroke)) + 100 * k]), (*XYT, "n"))
            for k, stroke in enumerate(ink.strokes)
        )
    )
    try:
        cleaned = repair(numbered)
    except InkError:
        return
    order = np.concatenate([stroke["n"] for stroke in cleaned.strokes])
    assert (np.diff(order) > 0).all()


def test_duplicates_are_dropped_by_position_or_whole():
    rows = [[0, 0, 0], [0, 0, 0], [0, 0, 1], [1, 0, 2], [0, 0, 3]]
    ink = Ink.from_arrays([rows, [[0, 0, 3]]], XYT)
    by_sample, by_position = (drop_duplicates(ink, same=same) for same in ("sample", "position"))
    assert stamps(by_sample) == [[0, 1, 2, 3], [3]]
    assert stamps(by_position) == [[0, 2, 3], [3]]
    assert by_position.repairs == {"duplicate sample dropped": 2}


def test_time_that_is_right_stays_under_every_policy():
    ink = timed([0, 1, 2], [3, 4])
    for policy in ("error", "keep", "drop", "clamp"):
        assert repair_time(ink, backward=policy, equal=policy) is ink


@pytest.mark.parametrize(
    ("backward", "equal", "expected", "repairs"),
    [
        ("keep", "keep", [[0, 5, 3, 5, 6], [4, 7]], {}),
        ("drop", "keep", [[0, 5, 5, 6], [7]], {"backward time dropped": 2}),
        ("drop", "drop", [[0, 5, 6], [7]],
         {"backward time dropped": 2, "equal time dropped": 1}),
        ("clamp", "keep", [[0, 5, 5, 5, 6], [6, 7]], {"backward time clamped": 2}),
        ("clamp", "drop", [[0, 5, 6], [7]],
         {"backward time clamped": 2, "equal time dropped": 3}),
        ("keep", "drop", [[0, 5, 3, 6], [4, 7]], {"equal time dropped": 1}),
    ],
)  # fmt: skip
def test_each_policy_does_what_its_name_says(backward, equal, expected, repairs):
    ink = repair_time(timed([0, 5, 3, 5, 6], [4, 7]), backward=backward, equal=equal)
    assert stamps(ink) == expected
    assert ink.repairs == repairs


def test_clamped_time_grows_with_every_sample_by_as_little_as_possible():
    ink = repair_time(timed([0, 5, 5, 5, 4, 6]), backward="clamp", equal="clamp")
    (times,) = stamps(ink)
    assert all(a < b for a, b in pairwise(times))
    assert times == pytest.approx([0, 5, 5, 5, 5, 6])
    assert times[2] == math.nextafter(5, 6)


@given(inks())
def test_dropped_and_clamped_time_never_steps_back(ink):
    for policy in ("drop", "clamp"):
        try:
            cleaned = repair_time(ink, backward=policy, equal=policy)
        except InkError:
            continue
        times = []
        for number in range(len(cleaned.strokes) + 1):
            times += [t for part in cleaned.hover if part.before == number for t in part.path["t"]]
            times += cleaned.strokes[number]["t"].tolist() if number < len(cleaned.strokes) else []
        assert all(a < b for a, b in pairwise(times))


def test_wrong_time_is_an_error_where_that_is_the_policy():
    ink = timed([0, 5], [3, 5])
    with pytest.raises(InkError, match="stroke 1, sample 0: t steps back, at 3 s after 5 s; drop"):
        repair_time(ink, backward="error")
    with pytest.raises(InkError, match="stroke 1, sample 1: t stands still, at 5 s after 5 s"):
        repair_time(ink, equal="error")


def test_time_counts_through_movements_in_the_air_and_strokes_can_vanish():
    air = Stroke([[0, 0, 6], [0, 0, 8]], XYT)
    untimed = Hover(2, Stroke([[0, 0]]))
    ink = timed([0, 5], [7], [9])
    ink = Ink(ink.strokes, hover=[Hover(1, air), untimed])
    cleaned = repair_time(ink, backward="drop")
    assert stamps(cleaned) == [[0, 5], [9]]
    assert cleaned.hover == (Hover(1, air), Hover(1, untimed.path))
    with pytest.raises(InkError, match=r"no sample is left \(backward time dropped\)"):
        repair_time(Ink(timed([0]).strokes, hover=[Hover(0, air)]), backward="drop")


def test_a_wild_sample_is_dropped_at_either_end_and_inside():
    steady = np.arange(10.0)
    for place in (0, 4, 9):
        xs = steady.copy()
        xs[place] = 500
        cleaned = drop_wild(Ink.from_arrays([line(*xs)]), factor=10)
        assert cleaned.strokes[0]["x"].tolist() == np.delete(steady, place).tolist()
        assert cleaned.repairs == {"wild sample dropped": 1}


@pytest.mark.parametrize(
    "rows", [line(0), line(0, 900), line(0, 0, 0), line(0, 1, 2, 500, 501, 502), line(0, 9, 0, 9)]
)
def test_fast_strokes_jumps_and_short_strokes_are_not_wild(rows):
    ink = Ink.from_arrays([rows, line(0, 1, 2, 3, 4, 5, 6, 7, 8)])
    assert drop_wild(ink, factor=10) is ink


def test_time_counts_anew_where_the_first_sample_was_dropped():
    ink = Ink.from_arrays([[[900, 0, 0], [1, 0, 2], [2, 0, 3], [3, 0, 4]]], XYT)
    assert stamps(drop_wild(ink, factor=10)) == [[0, 1, 2]]
    late = Ink.from_arrays([[[900, 0, 1], [1, 0, 2], [2, 0, 3], [3, 0, 4]]], XYT)
    assert stamps(drop_wild(late, factor=10)) == [[2, 3, 4]]


def test_strokes_are_split_where_time_passed_and_hover_keeps_its_place():
    ink = timed([0, 1, 5, 6, 1], [7])
    ink = Ink(ink.strokes, hover=[Hover(1, Stroke([[0, 0, 6.5]], XYT))])
    cleaned = split_gaps(ink, seconds=2)
    assert stamps(cleaned) == [[0, 1], [5, 6], [1], [7]]
    assert cleaned.hover[0].before == 3
    assert cleaned.repairs == {"stroke split at a time gap": 2}


def test_bounces_are_joined_by_time_by_distance_or_both():
    ink = timed([0, 0.1], [0.12], [0.13, 0.2], [5, 6])
    assert [len(s) for s in join_bounces(ink, seconds=0.05).strokes] == [5, 2]
    assert [len(s) for s in join_bounces(ink, distance=0.2).strokes] == [7]
    assert join_bounces(ink, seconds=0.05, distance=0.01) is ink
    assert join_bounces(ink, seconds=0.05).repairs == {"stroke joined to the one before": 2}
    backward = timed([0, 1], [0.99])
    assert join_bounces(backward, seconds=0.05) is backward


def test_hover_inside_a_bounce_is_dropped_and_counted():
    air = Stroke([[0, 0, 0.11], [0, 0, 0.12]], XYT)
    ink = timed([0, 0.1], [0.13], [9])
    ink = Ink(ink.strokes, hover=[Hover(1, air), Hover(2, air), Hover(3, air)])
    cleaned = join_bounces(ink, seconds=0.05)
    assert [part.before for part in cleaned.hover] == [1, 2]
    assert cleaned.repairs["sample in the air of a bounce dropped"] == 2


def test_hooks_are_cut_off_at_both_ends_and_corners_are_not():
    stroke = [[3, 3], [1.5, 1.5], *line(*range(0, 101, 5)), [99, -3]]
    cleaned = cut_hooks(Ink.from_arrays([stroke]), length=0.06)
    assert cleaned.strokes[0].xy.tolist() == line(*range(0, 101, 5))
    assert cleaned.repairs == {"hook cut off": 2}
    corner = Ink.from_arrays([[*line(*range(0, 51, 5)), [50, 20], [50, 40]]])
    assert cut_hooks(corner, length=0.06) is corner
    assert cut_hooks(Ink.from_arrays([stroke]), length=0.06, angle=math.pi).repairs == {}


@pytest.mark.parametrize("rows", [line(0), line(0, 0), line(0, 1, 0), [[0, 0], [1, 1], [0, 2]]])
def test_short_strokes_keep_their_hooks(rows):
    ink = Ink.from_arrays([rows, line(0, 100)])
    assert cut_hooks(ink, length=0.05) is ink


def test_dots_are_dropped_or_made_points():
    ink = Ink.from_arrays([line(0, 50, 100), line(20, 22, 21, y=9), line(5, y=1)])
    dropped, settled = settle_dots(ink, dots="drop"), settle_dots(ink, dots="point")
    assert len(dropped.strokes) == 1
    assert dropped.repairs == {"dot dropped": 2}
    assert [stroke.xy.tolist() for stroke in settled.strokes[1:]] == [[[21, 9]], [[5, 1]]]
    assert settled.repairs == {"dot made a point": 1}
    only = Ink.from_arrays([line(3, 3)])
    assert settle_dots(only, dots="drop") is only


def test_a_curve_of_the_filter_s_order_stays_and_noise_goes():
    t = np.linspace(-1, 1, 21)
    parabola = Ink.from_arrays([np.column_stack([t, t**2, t])], XYT)
    smoothed = smooth(parabola, window=7)
    np.testing.assert_allclose(smoothed.strokes[0].samples, parabola.strokes[0].samples, atol=1e-12)
    noise = np.random.default_rng(3).normal(0, 0.1, (21, 1)) * [0, 1, 0]
    noisy = Ink.from_arrays([parabola.strokes[0].samples + noise], XYT)
    smoothed = smooth(noisy, window=7)
    assert np.abs(smoothed.strokes[0]["y"] - t**2).mean() < 0.7 * np.abs(noise).sum() / 21
    assert smoothed.strokes[0]["t"].tolist() == t.tolist()
    assert smoothed.repairs == {"sample smoothed": 21}


def test_an_order_of_0_is_the_mean_of_the_window():
    ink = Ink.from_arrays([line(0, 3, 0, 3, 0)])
    assert smooth(ink, window=3, order=0).strokes[0]["x"][1:-1].tolist() == pytest.approx([1, 2, 1])


def test_strokes_shorter_than_the_window_are_smoothed_with_what_they_have():
    ink = Ink.from_arrays([line(0, 5, 1, 7), line(0, 9), line(4)])
    cleaned = smooth(ink, window=11, order=1)
    assert cleaned.strokes[0] != ink.strokes[0]
    assert cleaned.strokes[1:] == ink.strokes[1:]


@pytest.mark.parametrize(
    ("repair", "message"),
    [
        (lambda ink: drop_wild(ink, factor=1), "factor is 1; needed: a number above 1, or None"),
        (lambda ink: drop_wild(ink, factor=math.nan), "factor is nan"),
        (lambda ink: split_gaps(ink, seconds=-1), "seconds is -1; needed: a number above 0"),
        (lambda ink: join_bounces(ink, seconds=0), "seconds is 0"),
        (lambda ink: join_bounces(ink, distance=math.inf), "distance is inf"),
        (lambda ink: cut_hooks(ink, length=0), "length is 0"),
        (lambda ink: cut_hooks(ink, length=1, angle=4), "angle is 4; needed: radians from 0 to pi"),
        (lambda ink: settle_dots(ink, size=0), "size is 0"),
        (lambda ink: smooth(ink, window=4), "window is 4; needed: an odd number of samples"),
        (lambda ink: smooth(ink, window=5, order=5), "order is 5; needed: a whole number from 0"),
        (lambda ink: repair_time(Ink.from_arrays([[[0, 0]]], id="a"), equal="drop"),
         "ink 'a' has no time; only ink with a channel t"),
        (lambda ink: split_gaps(Ink.from_arrays([[[0, 0]]]), seconds=1), "has no time"),
        (lambda ink: join_bounces(Ink.from_arrays([[[0, 0]]]), seconds=1), "has no time"),
    ],
)  # fmt: skip
def test_what_means_nothing_is_refused(repair, message):
    with pytest.raises(ArgumentError, match=message):
        repair(timed([0, 1]))


@pytest.mark.parametrize(
    "repair",
    [
        lambda ink: drop_duplicates(ink, same="positions"),
        lambda ink: repair_time(ink, backward="dropped"),
        lambda ink: settle_dots(ink, dots="drops"),
    ],
)
def test_a_misspelt_word_is_guessed(repair):
    with pytest.raises(UnknownNameError, match=r"did you mean '(position|drop)'"):
        repair(timed([0, 1]))


@pytest.mark.parametrize("repair", EVERY_REPAIR)
@pytest.mark.parametrize(
    "rows",
    [[[0, 0, 0]], [[1, 1, 0]] * 9, [[2.0**53, -(2.0**53), 0], [-(2.0**53), 2.0**53, 1]] * 3],
)
def test_one_point_constant_and_huge_ink_is_cleaned_too(repair, rows):
    ink = Ink.from_arrays([rows], XYT)
    assert repair(ink).n_samples >= 1


def recording(data, name):
    """Return a recording of hwrt as an ink, time in seconds from its first sample."""
    strokes = json.loads((data / "hwrt" / name).read_text())
    start = strokes[0][0]["time"]
    rows = [[[p["x"], p["y"], (p["time"] - start) / 1000] for p in stroke] for stroke in strokes]
    return Ink.from_arrays(rows, XYT)


CLEANING = Cleaning(duplicates="sample", backward="clamp", equal="drop", wild=20, gap=60)


@pytest.mark.data
@pytest.mark.parametrize("name", ["97705.json", "292934.json", "293035.json", "293036.json"])
def test_sound_recordings_stay_as_they_are(data, name):
    ink = recording(data, name)
    assert CLEANING(ink) is ink


@pytest.mark.data
def test_the_recording_with_an_equal_time_loses_that_sample(data):
    sound, damaged = recording(data, "97705.json"), recording(data, "97705-dupe-time.json")
    cleaned = CLEANING(damaged)
    assert cleaned.repairs == {"equal time dropped": 1}
    kept = np.delete(sound.strokes[0].xy, 1, axis=0)
    assert cleaned.strokes[0].xy.tolist() == kept.tolist()


@pytest.mark.data
def test_the_recording_with_a_time_years_too_low_is_split_there(data):
    cleaned = CLEANING(recording(data, "97705-low-time.json"))
    assert [len(stroke) for stroke in cleaned.strokes] == [1, 63]
    assert cleaned.repairs == {"stroke split at a time gap": 1}


@pytest.mark.data
def test_the_recording_with_a_wild_point_loses_it(data):
    sound, damaged = recording(data, "97705.json"), recording(data, "97705-wild-point.json")
    cleaned = drop_wild(damaged, factor=20)
    assert cleaned.repairs == {"wild sample dropped": 1}
    assert cleaned.strokes[0].xy.tolist() == sound.strokes[0].xy.tolist()
