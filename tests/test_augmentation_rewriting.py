"""Recorded ink carried out again by the kinematic model."""

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from ink_strategies import inks

from strokesim import load_dataset
from strokesim.augmentation import Augmentation
from strokesim.augmentation.rewriting import displacements, movement_of
from strokesim.ink import Ink
from strokesim.synthesis import Writer, synthesise
from strokesim.synthesis.movement import Movement

AGAIN = Augmentation(**dict.fromkeys(Augmentation().to_dict(), 0.0) | {"movement": 1.0})


def rng(seed=0):
    return np.random.default_rng(seed)


def size_of(points):
    return np.ptp(points, axis=0).max()


def off(ink):
    """Return how far the model alone is from an ink, root mean square, in sizes of the ink."""
    strokes = [stroke.xy for stroke in ink.strokes]
    points = np.concatenate(strokes)
    low, size = points.min(axis=0), size_of(points)
    movement, times = movement_of([(stroke - low) / size for stroke in strokes])
    gaps = movement.at(times)[:, :2] - (points - low) / size
    return np.sqrt(np.square(gaps).sum(axis=1).mean())


@given(inks(), st.integers(0, 999))
def test_unchanged_parameters_leave_the_ink_as_it_is(ink, seed):
    moved = displacements([stroke.xy for stroke in ink.strokes], rng(seed), 0.0)
    assert moved.shape == (ink.n_samples, 2)
    assert (moved == 0).all()


def test_the_model_alone_passes_through_corners_and_along_arcs():
    line = np.linspace(0, 1, 40)[:, np.newaxis]
    corner = np.concatenate([line * [10, 0], [10, 0] + line[1:] * [0, 10]])
    angles = np.linspace(0, 1.9 * np.pi, 80)
    ring = np.stack([np.cos(angles), np.sin(angles)], axis=1)
    assert off(Ink.from_arrays([corner])) < 0.03
    assert off(Ink.from_arrays([ring])) < 0.03
    assert off(Ink.from_arrays([corner, ring + 20, [[5, 5]]])) < 0.02


def test_the_model_alone_is_near_what_the_synthetic_pen_writes():
    chance = rng()
    writer = Writer.random(chance, "w")
    found = [off(synthesise(label, writer, chance)) for label in "abcdefghkmrsz02358"]
    assert np.mean(found) < 0.05


@pytest.mark.data
def test_the_model_alone_is_near_recorded_ink(data, monkeypatch):
    monkeypatch.setenv("STROKESIM_DATA", str(data))
    for name, most in (("omniglot", 0.03), ("pendigits", 0.06)):
        part = {"omniglot": "small1", "pendigits": "train"}[name]
        found = [off(ink) for ink in list(load_dataset(name, part))[:2000:25]]
        assert np.mean(found) < most


def test_strokes_are_carried_out_by_one_movement_and_times_stay():
    rows = [[0, 0, 1.0], [4, 0, 1.5], [8, 1, 2.0], [9, 9, 2.5]]
    ink = Ink.from_arrays([rows, [[0, 9, 4.0], [9, 5, 5.0]]], ("x", "y", "t"), label="z")
    varied = AGAIN.augment(ink, rng())
    assert varied != ink
    assert [s["t"].tolist() for s in varied.strokes] == [s["t"].tolist() for s in ink.strokes]
    assert varied.strokes[0].xy[0] == pytest.approx([0, 0], abs=0.3)
    assert AGAIN.augment(ink, rng()) == varied
    # The second stroke begins where the way through the air has come to.
    apart = [v.xy - s.xy for v, s in zip(varied.strokes, ink.strokes, strict=True)]
    assert np.abs(apart[1][0] - apart[0][-1]).max() < 2


def test_a_larger_amount_moves_ink_farther_and_its_unit_does_not_matter():
    ink = synthesise("k", Writer(), rng())
    strokes = [stroke.xy for stroke in ink.strokes]
    one, ten = (np.abs(displacements(strokes, rng(1), a)).mean() for a in (0.2, 2.0))
    assert 4 * one < ten < 25 * one
    metres = displacements([stroke / 1000 for stroke in strokes], rng(1), 1.0)
    assert metres * 1000 == pytest.approx(displacements(strokes, rng(1), 1.0), abs=1e-9)


def test_long_ink_is_carried_out_in_parts_that_hang_together():
    chance = rng()
    scribble = np.cumsum(chance.normal(size=(6500, 2)), axis=0)
    cuts = [0, 1, 999, 1000, 1001, 2500, 6499, 6500]
    strokes = [scribble[begin:end] for begin, end in pairwise(cuts)]
    moved = displacements(strokes, rng(), 1.0)
    assert moved.shape == scribble.shape
    # Across the border of two parts samples are no farther apart than elsewhere.
    steps = np.hypot(*np.diff(moved, axis=0).T)
    assert steps[999::1000].max() < 2 * np.delete(steps, np.s_[999::1000]).max()
    assert (steps > 0).mean() > 0.9


def test_cost_grows_with_the_number_of_samples_and_of_strokes(monkeypatch):
    asked = []
    whole = Movement.at

    def counted(self, times):
        asked.append(len(times) * len(self.parts))
        return whole(self, times)

    monkeypatch.setattr(Movement, "at", counted)
    scribble = rng().normal(size=(8000, 2))
    for strokes in ([scribble], list(scribble[:, np.newaxis])):
        costs = []
        for n in (2000, 8000):
            asked.clear()
            displacements(strokes[:n] if len(strokes) > 1 else [scribble[:n]], rng(), 1.0)
            costs.append(sum(asked))
        assert costs[1] < 6 * costs[0]


@given(inks(), st.integers(0, 999), st.sampled_from([1.0, 10.0]))
def test_no_sample_moves_by_more_than_half_the_ink(ink, seed, amount):
    strokes = [stroke.xy for stroke in ink.strokes]
    moved = displacements(strokes, rng(seed), amount)
    assert np.hypot(*moved.T).max() <= 0.5000001 * size_of(np.concatenate(strokes))


def test_dots_move_by_the_ways_between_them():
    dots = [np.array([[0.0, 0]]), np.array([[5.0, 5]]), np.array([[0.0, 9], [0, 9]])]
    moved = displacements(dots, rng(), 1.0)
    assert np.abs(moved[0]).max() < 0.01 * 9
    assert np.abs(moved[1]).max() > 0
    assert (moved[2] == moved[3]).all()
