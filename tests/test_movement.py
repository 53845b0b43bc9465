"""Movement is what the kinematic theory defines, and a hand does with it what hands do."""

import math
from dataclasses import replace
from itertools import combinations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pens import EXACT, PLANS, movement_of, rng

from strokesim.features import FeatureSpec
from strokesim.synthesis import LABELS, Plan, Writer, plans_of, record, synthesise


def speed_over(movement, start, end, count=4000):
    times = np.linspace(start, end, count)
    return times, np.hypot(*movement.at(times)[:, 2:].T)


def peaks(values):
    """Places of the local maxima that rise above a twentieth of the largest."""
    inner = (values[1:-1] > values[:-2]) & (values[1:-1] >= values[2:])
    return np.flatnonzero(inner & (values[1:-1] > values.max() / 20)) + 1


# The sigma-lognormal model


def velocity_by_definition(part, time):
    t0, mu, sigma, length, start, end = part
    if time <= t0:
        return 0.0, 0.0
    z = (math.log(time - t0) - mu) / sigma
    bell = math.exp(-z * z / 2) / (sigma * (time - t0) * math.sqrt(2 * math.pi))
    angle = start + (end - start) * (1 + math.erf(z / math.sqrt(2))) / 2
    return length * bell * math.cos(angle), length * bell * math.sin(angle)


parts = st.tuples(
    st.floats(-0.5, 0.5),
    st.floats(-2.5, -0.5),
    st.floats(0.05, 0.5),
    st.floats(0, 20),
    st.floats(-4, 4),
    st.floats(-4, 4),
)


@given(st.lists(parts, min_size=1, max_size=4), st.floats(-1, 3))
def test_velocity_is_the_sum_that_the_theory_defines(parts, time):
    wanted = np.sum([velocity_by_definition(part, time) for part in parts], axis=0)
    assert movement_of(*parts).at([time])[0, 2:] == pytest.approx(wanted, rel=1e-9, abs=1e-9)


@given(parts, parts)
def test_position_is_the_integral_of_velocity(first, second):
    times = np.linspace(-0.6, 4, 6001)
    states = movement_of(first, second).at(times)
    steps = np.diff(times)[:, None] * (states[1:, 2:] + states[:-1, 2:]) / 2
    travelled = states[:, :2] - states[0, :2]
    assert np.abs(travelled[1:] - np.cumsum(steps, axis=0)).max() < 0.02 + 0.002 * (
        first[3] + second[3]
    )


@given(parts, st.sampled_from([0.0, 1e-4, 2e-4, -1e-4]))
def test_a_nearly_straight_arc_ends_where_the_straight_one_does(part, turn):
    *timing, length, start, _ = part
    bent, straight = (
        movement_of((*timing, length, start, start + by)).at([50.0])[0, :2] for by in (turn, 0)
    )
    assert bent == pytest.approx(straight, abs=1e-3 * max(length, 1))


def test_a_sub_movement_is_one_bell_that_rises_faster_than_it_falls():
    sigma, mu = 0.3, -1.5
    times, speed = speed_over(movement_of((0.1, mu, sigma, 8, 0, 2)), 0, 2)
    (top,) = peaks(speed)
    assert times[top] == pytest.approx(0.1 + math.exp(mu - sigma**2), abs=1e-3)
    half = times[speed > speed[top] / 2]
    assert times[top] - half[0] < 0.9 * (half[-1] - times[top])
    assert np.trapezoid(speed, times) == pytest.approx(8, rel=1e-3)


def test_an_arc_of_half_a_turn_ends_a_diameter_away():
    end = movement_of((0, -1.5, 0.2, math.pi, 0, math.pi)).at([60.0])[0, :2]
    assert end == pytest.approx([0, 2])


# What a hand does with it


def test_the_pen_is_slow_at_corners_and_swift_between():
    movement = EXACT.move(Plan.parse("0,100 0,0! 50,0", "L", "L/1"), rng())
    (down, up), (first, second) = movement.touches[0], movement.parts
    corner = np.exp(first[1]) + first[0], np.exp(second[1]) + second[0]
    _, at_corner = speed_over(movement, *corner)
    _, everywhere = speed_over(movement, down, up)
    assert at_corner.min() < 0.3 * everywhere.max()
    assert len(peaks(everywhere)) == 2


def test_the_pen_glides_through_a_curve_faster_than_round_a_corner():
    slowest = {}
    for join in ("", "!"):
        movement = EXACT.move(Plan.parse(f"0,0 20,20{join} 40,0", "x", "x/1"), rng())
        medians = movement.parts[:, 0] + np.exp(movement.parts[:, 1])
        _, speed = speed_over(movement, *medians)
        slowest[join] = speed.min() / speed.max()
    assert slowest[""] > 2 * slowest["!"]


def test_speed_has_about_as_many_peaks_as_the_plan_has_arcs():
    counts = []
    for plan in PLANS:
        movement = EXACT.move(plan, rng())
        _, speed = speed_over(movement, movement.touches[0, 0], movement.touches[-1, 1])
        counts.append((len(peaks(speed)), len(movement.parts)))
    found, arcs = np.sum(counts, axis=0)
    assert 0.8 * arcs < found <= arcs
    assert np.corrcoef(np.transpose(counts))[0, 1] > 0.95


def stroke_ends(plan):
    """Numbers of the targets where strokes begin and end, in order."""
    borders = np.flatnonzero(np.append(plan.starts, True))
    return np.stack([borders[:-1], borders[1:] - 1], axis=1).ravel()


@pytest.mark.parametrize("plan", PLANS, ids=lambda plan: plan.name)
def test_strokes_begin_and_end_at_their_targets(plan):
    ends = stroke_ends(plan)
    movement = EXACT.move(plan, rng())
    placed = movement.at(movement.touches.ravel())[:, :2]
    assert len(placed) == len(ends)
    assert placed == pytest.approx(0.05 * plan.targets[ends], abs=0.25)


def test_strokes_that_meet_in_the_plan_meet_on_paper():
    gaps = []
    for plan in PLANS:
        ends = stroke_ends(plan)
        movement = EXACT.move(plan, rng())
        placed = movement.at(movement.touches.ravel())[:, :2]
        for i, j in combinations(range(len(ends)), 2):
            if (plan.targets[ends[i]] == plan.targets[ends[j]]).all():
                gaps.append(np.hypot(*(placed[i] - placed[j])))
    assert len(gaps) > 15 and max(gaps) < 0.25


def test_small_letters_keep_to_the_writers_lines():
    writer = replace(EXACT, x_height=3, ascender=0.8, descender=1.1)
    tops = {"x": -3, "h": -5.4, "p": -3, "y": -3}
    bottoms = {"x": 0, "h": 0, "p": 3.3, "y": 3.3}
    for label in tops:
        y = np.concatenate([stroke["y"] for stroke in synthesise(label, writer, rng()).strokes])
        assert y.min() * writer.resolution == pytest.approx(tops[label], rel=0.06)
        assert y.max() * writer.resolution == pytest.approx(bottoms[label], rel=0.2, abs=0.3)


def test_capitals_and_digits_have_heights_of_their_own():
    writer = replace(EXACT, x_height=2, ascender=1.5, capital=0.9, digit=0.6)
    for label, height in (("T", 4.5), ("1", 3.0)):
        y = np.concatenate([stroke["y"] for stroke in synthesise(label, writer, rng()).strokes])
        assert np.ptp(y) * writer.resolution == pytest.approx(height, rel=0.06)


def test_slant_leans_stems_to_the_right():
    (plan,) = [plan for plan in plans_of("l") if plan.name == "l/1"]
    for slant in (-10, 0, 25):
        stroke = record(replace(EXACT, slant=slant).move(plan, rng()), EXACT, rng()).strokes[0]
        dx, dy = stroke.xy[-1] - stroke.xy[0]
        assert math.degrees(math.atan2(-dx, dy)) == pytest.approx(slant, abs=8)


def test_left_handers_draw_level_bars_the_other_way():
    plan = next(plan for plan in plans_of("T") if len(plan.targets) == 4)
    bars = []
    for left_handed in (False, True):
        ink = synthesise(plan, replace(EXACT, left_handed=left_handed), rng())
        stem, bar = (stroke.xy[-1] - stroke.xy[0] for stroke in ink.strokes)
        assert stem[1] > abs(stem[0])
        bars.append(np.sign(bar[0]))
    assert bars == [1, -1]


def test_a_round_hand_turns_further_than_a_flat_one():
    plan = Plan.parse("50,90 0,50 50,10", "c", "c/9")
    turning = [
        np.abs(np.diff(replace(EXACT, roundness=r).move(plan, rng()).parts[:, 4:])).sum()
        for r in (0.7, 1.1)
    ]
    assert turning[0] < 0.8 * turning[1]


def test_repetitions_of_one_writer_are_alike_and_other_writers_are_not():
    spec, own, others = FeatureSpec(), [], []
    writers = [Writer.random(rng(seed)) for seed in range(8)]
    for label in LABELS:
        first, again = (
            [spec.transform(synthesise(plans_of(label)[0], w, rng(seed))) for w in writers]
            for seed in (1, 2)
        )
        own += [np.linalg.norm(a - b) for a, b in zip(first, again, strict=True)]
        others += [np.linalg.norm(a - b) for a, b in combinations(first, 2)]
    assert np.mean(own) < 0.7 * np.mean(others)


def test_a_writer_keeps_to_the_preferred_way_as_often_as_consistency_says():
    writer = replace(EXACT, consistency=1.0)
    generator = rng()
    assert len({writer.choose("E", generator).name for _ in range(50)}) == 1
    fickle = replace(EXACT, consistency=0.0)
    assert len({fickle.choose("E", generator).name for _ in range(50)}) > 2


def test_tastes_decide_who_bars_the_seven():
    def barred(taste):
        writers = [replace(EXACT, continental=taste, habits=seed) for seed in range(60)]
        chosen = [replace(w, consistency=1.0).choose("7", rng()) for w in writers]
        return np.mean([plan.starts.sum() == 2 for plan in chosen])

    assert barred(0.0) == 0 < barred(0.3) < barred(1.0) < 1
