"""The synthetic pen: what a device keeps of it, corpora, and what it refuses."""

import subprocess
import sys
from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest
from pens import EXACT, PLANS, movement_of, rng

from strokesim.errors import ArgumentError, UnknownNameError
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
