"""The synthetic pen: movements, characters, writers that differ, and what a device keeps."""

import math
import runpy
import subprocess
import sys
from collections import Counter
from dataclasses import replace
from itertools import combinations, pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from conftest import ROOT
from strokesim.corpus import Corpus
from strokesim.errors import ArgumentError, UnknownNameError
from strokesim.features import FeatureSpec
from strokesim.formats import read_inks
from strokesim.search import Index
from strokesim.synthesis import (
    LABELS,
    Movement,
    Plan,
    Writer,
    invented_plan,
    plans_of,
    record,
    synthesise,
    synthesise_corpus,
)

EXACT = Writer(
    x_height=2.5, ascender=1, descender=1, capital=1, digit=1, slant=0,
    own_shape=0, scatter=0, tremor=0, continental=0, cursive=0,
)  # fmt: skip
"""A hand that does what the plan says, 0.05 mm for a hundredth, but for its timing."""

PLANS = [plan for label in LABELS for plan in plans_of(label)]


def rng(seed=1):
    return np.random.default_rng(seed)


def movement_of(*parts, pen=None):
    pen = np.ones(len(parts), bool) if pen is None else np.array(pen)
    return Movement(np.zeros(2), np.array(parts, float), pen)


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


# What the device keeps


@pytest.mark.parametrize("plan", PLANS, ids=lambda plan: plan.name)
def test_every_way_of_writing_gives_ink_as_a_device_does(plan):
    writer = replace(Writer.random(rng(3), "ann"), rate=75.0, resolution=0.02, levels=255)
    ink = synthesise(plan, writer, rng(), id="one")
    assert (ink.label, ink.writer, ink.id) == (plan.label, "ann", "one")
    assert ink.channels == ("x", "y", "t", "pressure") and ink.mm_per_unit == 0.02
    assert len(ink.strokes) == plan.starts.sum()
    samples = np.concatenate([stroke.samples for stroke in ink.strokes])
    x, y, t, pressure = samples.T
    assert (x == np.round(x)).all() and (y == np.round(y)).all()
    assert t[0] == 0 and (np.diff(t) > 0).all()
    assert np.abs(t * 75 - np.round(t * 75)).max() < 1e-3
    assert ((pressure > 0) & (pressure <= 1)).all()
    assert np.abs(pressure * 255 - np.round(pressure * 255)).max() < 1e-9
    assert np.hypot(*np.diff(samples[:, :2], axis=0).T).max() * 0.02 < 30
    assert 0.05 < t[-1] < 4


def test_the_pen_is_lifted_between_strokes_for_some_time():
    ink = synthesise(plans_of("E")[0], EXACT, rng())
    assert all(b["t"][0] - a["t"][-1] > 0.05 for a, b in pairwise(ink.strokes))


def test_pressure_builds_up_and_ebbs_away():
    (stroke,) = synthesise("C", replace(EXACT, force=0.6), rng()).strokes
    pressure = stroke["pressure"]
    middle = np.median(pressure)
    assert max(pressure[0], pressure[-1]) < 0.6 * middle
    assert middle == pytest.approx(0.6, abs=0.12)


@pytest.mark.parametrize("rate", [1, 7, 60, 1000])
def test_a_slow_device_still_keeps_every_stroke_and_its_order(rate):
    ink = synthesise(plans_of("E")[0], replace(EXACT, rate=rate), rng())
    t = np.concatenate([stroke["t"] for stroke in ink.strokes])
    assert len(ink.strokes) == 4 and (np.diff(t) > 0).all()


def test_tremor_is_as_large_as_the_writer_says():
    plan = plans_of("L")[0]
    movement = EXACT.move(plan, rng())
    still, shaking = (
        np.concatenate([s.xy for s in record(movement, replace(EXACT, tremor=a), rng()).strokes])
        for a in (0.0, 0.2)
    )
    assert np.abs(shaking - still).max() * EXACT.resolution == pytest.approx(0.2, abs=0.03)


# Corpora


def test_there_are_sixty_two_labels_each_with_ways_of_its_own():
    assert len(LABELS) == len(set(LABELS)) == 62
    names = [plan.name for plan in PLANS]
    assert len(set(names)) == len(names) > 160
    for label in LABELS:
        ways = plans_of(label)
        assert len(ways) >= 2 and {plan.label for plan in ways} == {label}
        assert any(plan.taste == "" for plan in ways), "nobody's taste may leave no way"
        assert {plan.taste for plan in ways} <= {"", "cursive", "continental"}


def test_a_corpus_has_every_label_of_every_writer_under_a_name_of_its_own():
    inks = list(synthesise_corpus("aB7", 3, rng(), samples=2))
    assert [ink.label for ink in inks] == list("aaBB77") * 3
    assert [ink.writer for ink in inks[::6]] == ["writer-0001", "writer-0002", "writer-0003"]
    assert len({ink.id for ink in inks}) == 18 and inks[1].id == "writer-0001/a/2"


def test_the_generator_decides_everything():
    first, again, other = (list(synthesise_corpus("gQ", 3, rng(seed))) for seed in (1, 1, 2))
    assert first == again
    assert all(a != b for a, b in zip(first, other, strict=True))


def test_a_writers_ink_does_not_depend_on_how_many_write():
    few, many = (list(synthesise_corpus("ab", n, rng())) for n in (1, 5))
    assert many[:2] == few


def test_the_number_of_writers_may_come_from_numpy():
    assert len(list(synthesise_corpus("x", np.int64(2), rng()))) == 2


def test_writers_may_be_given():
    writers = [Writer(name="ann"), Writer(habits=3)]
    inks = list(synthesise_corpus("x", writers, rng()))
    assert [(ink.writer, ink.id) for ink in inks] == [
        ("ann", "ann/x/1"),
        ("writer-0002", "writer-0002/x/1"),
    ]


def test_a_glyph_that_no_alphabet_has_can_be_written_by_many():
    generator = rng()
    glyphs = [invented_plan(generator) for _ in range(60)]
    inks = list(synthesise_corpus(glyphs, 2, generator))
    assert len({ink.label for ink in inks}) == 60
    assert {len(ink.strokes) for ink in inks} == {1, 2, 3}
    for ink in inks:
        assert np.ptp(np.concatenate([s.xy for s in ink.strokes]), axis=0).max() > 0


def test_a_varied_movement_is_near_and_not_the_same():
    movement = EXACT.move(plans_of("R")[0], rng())
    begin, end = movement.touches[0, 0], movement.touches[-1, 1]
    times = np.linspace(begin, end, 50)
    gaps = [
        np.hypot(*(movement.varied(rng(), amount).at(times) - movement.at(times))[:, :2].T).max()
        for amount in (0.0, 0.5, 1.0)
    ]
    assert gaps[0] == 0 < gaps[1] < gaps[2] < 2.5


# The demo corpus


def stored_demo_corpus():
    return list(read_inks(ROOT / "datasets" / "demo.jsonl.gz"))


def test_the_stored_demo_corpus_is_what_its_script_writes():
    script = runpy.run_path(str(ROOT / "benchmarks" / "make_demo_corpus.py"))
    written = list(script["demo_corpus"]())
    assert written == stored_demo_corpus()


def test_the_demo_corpus_has_every_label_of_twenty_writers_and_of_four_more():
    inks = stored_demo_corpus()
    assert {ink.writer for ink in inks} == {f"demo-{number:02}" for number in range(1, 25)}
    assert Counter(ink.label for ink in inks) == dict.fromkeys(LABELS, 24)
    assert len({ink.id for ink in inks}) == len(inks) == 62 * 24
    assert (ROOT / "datasets" / "demo.jsonl.gz").stat().st_size < 700_000


def nearest_labels(inks):
    """The label of each ink's nearest neighbour under DTW by another writer."""
    corpus = Corpus.from_inks(inks, FeatureSpec())
    found = Index(corpus, "dtw").search(corpus, k=12)
    return [
        next(match.label for match in matches if match.writer != ink.writer)
        for ink, matches in zip(inks, found, strict=True)
    ]


@pytest.mark.slow
def test_nearest_neighbours_of_other_writers_err_on_the_demo_corpus_but_not_often():
    inks = stored_demo_corpus()
    pairs = [(ink.label, near) for ink, near in zip(inks, nearest_labels(inks), strict=True)]
    assert 0.01 < np.mean([label != near for label, near in pairs]) < 0.2
    # Size is normalised away, so that c and C, o and 0 are told apart by nothing but chance.
    folded = [[name.lower().replace("0", "o") for name in pair] for pair in pairs]
    assert 0.01 < np.mean([label != near for label, near in folded]) < 0.1


# What it refuses


def test_importing_the_package_loads_no_numba():
    program = "import strokesim.synthesis, sys; print('numba' in sys.modules)"
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == "False"


@pytest.mark.parametrize("label", ["ä", "", "AB", None, 7])
def test_a_label_without_plan_is_named(label):
    with pytest.raises(UnknownNameError, match=f"unknown label {label!r}"):
        synthesise(label, Writer(), rng())
    with pytest.raises(UnknownNameError, match="unknown label"):
        synthesise_corpus([label], 1, rng())


@pytest.mark.parametrize("given", [None, 7, np.random, "seed"])
def test_anything_but_a_generator_is_refused(given):
    plan = plans_of("L")[0]
    movement = EXACT.move(plan, rng())
    for call in (
        lambda: Writer.random(given),
        lambda: EXACT.move(plan, given),
        lambda: movement.varied(given),
        lambda: record(movement, EXACT, given),
        lambda: synthesise("L", EXACT, given),
        lambda: synthesise_corpus("L", 1, given),
        lambda: invented_plan(given),
    ):
        with pytest.raises(ArgumentError, match=r"needed: a numpy\.random\.Generator"):
            call()


def test_a_corpus_of_nothing_is_refused_at_once():
    with pytest.raises(ArgumentError, match="no labels to write"):
        synthesise_corpus([], 1, rng())
    with pytest.raises(ArgumentError, match="writers=0; at least 1 is needed"):
        synthesise_corpus("a", 0, rng())
    with pytest.raises(ArgumentError, match="writer 'ann'; needed: Writers"):
        synthesise_corpus("a", ["ann"], rng())
    with pytest.raises(ArgumentError, match=r"writers=\[\]; at least 1 is needed"):
        synthesise_corpus("a", [], rng())
    with pytest.raises(ArgumentError, match="samples=0; at least 1 is needed"):
        synthesise_corpus("a", 1, rng(), samples=0)


@pytest.mark.parametrize(
    ("name", "value"),
    [("x_height", 0), ("rate", np.nan), ("consistency", 1.5), ("slant", 89), ("levels", 0),
     ("seconds", -1), ("scatter", np.inf), ("habits", -1)],
)  # fmt: skip
def test_a_writer_that_cannot_be_is_refused(name, value):
    with pytest.raises(ArgumentError, match=f"{name}={value!r}; a writer's is"):
        Writer(**{name: value})


@pytest.mark.parametrize(
    ("text", "message"),
    [("0,0 1", "target '1' is not x,y"), ("0,0 1,a", "target '1,a' is not x,y"),
     ("0,0 1,2@up 3,3", "target '1,2@up'"), ("0,0", "needs at least two targets"),
     ("", "needs at least two targets"), ("0,0 1,1 | 2,2", "needs at least two targets"),
     ("0,0 nan,1", r"needed: \(n_targets, 2\), finite")],
)  # fmt: skip
def test_a_plan_that_cannot_be_read_is_refused(text, message):
    with pytest.raises(ArgumentError, match=f"plan x/1: .*{message}"):
        Plan.parse(text, "x", "x/1")


def test_a_plan_of_arrays_that_disagree_is_refused():
    fine = plans_of("L")[0]
    with pytest.raises(ArgumentError, match="2 joins for 3 targets"):
        replace(fine, joins=fine.joins[:2])
    with pytest.raises(ArgumentError, match="begins and ends at a corner or with a heading"):
        replace(fine, joins=np.zeros(3, np.int8))


def test_a_plan_may_be_given_as_lists_and_stays_as_it_was_given():
    targets = [[0, 0], [0, 50]]
    plan = Plan("|", "|/1", targets, [1, 1], [0, 0], [True, False])
    targets[1][1] = 9
    assert plan.targets.tolist() == [[0, 0], [0, 50]]
    assert synthesise(plan, EXACT, rng()).label == "|"


def test_a_plan_of_one_place_leaves_a_dot():
    ink = synthesise(Plan.parse("5,5 5,5 5,5", ".", "./1"), EXACT, rng())
    assert np.ptp(ink.strokes[0].xy, axis=0).max() <= 1


def test_a_movement_that_is_none_is_refused():
    part = (0, -1.5, 0.2, 1, 0, 0)
    with pytest.raises(ArgumentError, match=r"\(1, 5\).*needed: \(2,\), \(n_parts, 6\)"):
        Movement(np.zeros(2), np.zeros((1, 5)), np.ones(1, bool))
    with pytest.raises(ArgumentError, match="sigma is above 0"):
        movement_of((0, -1.5, 0, 1, 0, 0))
    with pytest.raises(ArgumentError, match="finite numbers"):
        movement_of((0, -1.5, 0.2, np.nan, 0, 0))
    with pytest.raises(ArgumentError, match="pen in the air only"):
        movement_of(part, pen=[False])
    with pytest.raises(ArgumentError, match=r"times of shape \(1,\); needed"):
        movement_of(part).at([np.nan])
    with pytest.raises(ArgumentError, match="amount=-1; needed"):
        movement_of(part).varied(rng(), -1)
