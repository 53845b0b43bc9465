"""Variations of an ink."""

import json
from dataclasses import fields, replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from ink_strategies import inks

from strokesim import FeatureSpec, cdist, load_dataset
from strokesim.augmentation import Augmentation
from strokesim.errors import ArgumentError
from strokesim.ink import LARGEST, Hover, Ink, Stroke

NONE = Augmentation.none()
NAMES = [field.name for field in fields(Augmentation)]
seeds = st.integers(0, 999)


def rng(seed=0):
    return np.random.default_rng(seed)


def only(**strengths):
    return replace(NONE, **strengths)


def sample_ink(**fields_):
    """Two strokes with time and pressure, (0, 0) to (10, 20) in size, 3 seconds apart."""
    return Ink.from_arrays(
        [
            [[0, 0, 1.0, 0.1], [1, 5, 1.5, 0.2], [0, 20, 2.0, 0.3]],
            [[10, 0, 5.0, 0.4], [10, 20, 5.25, 0.5]],
        ],
        ("x", "y", "t", "pressure"),
        label="ll", writer="ann", id="ll/1", source="a file", mm_per_unit=0.1,
        repairs={"duplicate": 2}, notes={"device": "pen"}, **fields_,
    )  # fmt: skip


strengths = st.builds(
    Augmentation,
    **{name: st.floats(0, 1) for name in NAMES},
)


@given(inks(), strengths, seeds)
def test_whatever_is_augmented_stays_ink_of_the_same_class(ink, augmentation, seed):
    varied = augmentation.augment(ink, rng(seed))
    for name in ("label", "writer", "id", "source", "mm_per_unit", "channels", "repairs", "notes"):
        assert getattr(varied, name) == getattr(ink, name)
    assert len(varied.strokes) == len(ink.strokes)
    assert varied.n_samples <= ink.n_samples
    for stroke in varied.strokes:
        assert Stroke(stroke.samples.copy(), stroke.channels) == stroke
        assert not stroke.samples.flags.writeable


@given(inks(), seeds)
def test_the_same_chance_gives_the_same_variation(ink, seed):
    augmentation = Augmentation()
    before = [stroke.samples.copy() for stroke in ink.strokes]
    assert augmentation.augment(ink, rng(seed)) == augmentation.augment(ink, rng(seed))
    assert all((s.samples == b).all() for s, b in zip(ink.strokes, before, strict=True))


@pytest.mark.parametrize("name", NAMES)
def test_every_strength_changes_something_and_other_chance_something_else(name):
    ink = sample_ink()
    augmentation = only(**{name: 0.5})
    varied = [augmentation.augment(ink, rng(seed)) for seed in range(20)]
    assert any(one != ink for one in varied)
    assert any(one != varied[0] for one in varied)


def test_no_strength_changes_nothing_and_keeps_hover():
    ink = sample_ink(hover=(Hover(1, Stroke([[0, 0]])),))
    assert NONE.augment(ink, rng()) is ink
    assert Augmentation().augment(ink, rng()).hover == ()


def box(ink):
    points = np.concatenate([stroke.xy for stroke in ink.strokes])
    return points.min(axis=0), points.max(axis=0)


@given(seeds)
def test_a_rotation_turns_the_ink_about_its_middle(seed):
    ink = sample_ink()
    varied = only(rotation=20).augment(ink, rng(seed))
    before, after = (
        np.concatenate([stroke.xy for stroke in one.strokes]) @ [1, 1j] - (5 + 10j)
        for one in (ink, varied)
    )
    assert after == pytest.approx(before * (after[0] / before[0]))
    assert abs(after[0]) == pytest.approx(abs(before[0]))


def test_angles_are_spread_as_asked():
    ink = Ink.from_arrays([[[-1, 0], [1, 0]]])
    chance = rng()
    ends = [only(rotation=10).augment(ink, chance).strokes[0].xy[1] for _ in range(2000)]
    angles = [np.degrees(np.arctan2(y, x)) for x, y in ends]
    assert np.mean(angles) == pytest.approx(0, abs=0.7)
    assert np.std(angles) == pytest.approx(10, rel=0.06)


def test_sides_grow_on_their_own_and_as_asked():
    ink, chance = Ink.from_arrays([[[0, 0], [10, 20]]]), rng()
    sides = [np.subtract(*box(only(scale=0.1).augment(ink, chance))[::-1]) for _ in range(2000)]
    logs = np.log(np.array(sides) / [10, 20])
    assert logs.std(axis=0) == pytest.approx([0.1, 0.1], rel=0.06)
    assert abs(np.corrcoef(logs.T)[0, 1]) < 0.06


def test_a_shear_shifts_x_by_y_alone():
    ink, chance = Ink.from_arrays([[[0, -1], [3, 0], [0, 1]]]), rng()
    shifts = []
    for _ in range(500):
        x, y = only(shear=0.2).augment(ink, chance).strokes[0].xy.T
        assert y == pytest.approx([-1, 0, 1])
        assert x[2] - 0 == pytest.approx(-x[0])
        assert x[1] == pytest.approx(3)
        shifts.append(x[2])
    assert np.std(shifts) == pytest.approx(0.2, rel=0.1)


@pytest.mark.parametrize(("name", "smooth"), [("elastic", True), ("jitter", False)])
def test_displacements_are_as_large_and_as_smooth_as_asked(name, smooth):
    line = np.stack([np.linspace(0, 100, 200), np.zeros(200)], axis=1)
    ink, chance = Ink.from_arrays([line]), rng()
    moved = np.array(
        [only(**{name: 0.02}).augment(ink, chance).strokes[0].xy - line for _ in range(600)]
    )
    along_axes = np.sqrt((moved**2).mean(axis=(0, 1)))
    each = 2 / np.sqrt(2) if smooth else 2
    assert along_axes == pytest.approx([each, each], rel=0.1)
    roughness = np.sqrt((np.diff(moved, axis=1) ** 2).mean() / (moved**2).mean())
    assert roughness < 0.1 if smooth else roughness > 1.3


def test_strengths_are_shares_of_the_size():
    small = sample_ink()
    large = Ink.from_arrays([s.samples * [1000, 1000, 1, 1] for s in small.strokes], small.channels)
    augmentation = only(elastic=0.1, jitter=0.1, shear=0.1, rotation=9, scale=0.1)
    one, other = (augmentation.augment(ink, rng(3)) for ink in (small, large))
    for a, b in zip(one.strokes, other.strokes, strict=True):
        assert b.xy == pytest.approx(1000 * a.xy)


def test_dropped_samples_are_never_the_ends_of_a_stroke():
    line = np.arange(202.0)[:, np.newaxis] * [1, 0]
    ink, chance = Ink.from_arrays([line, line[:1], line[:2]]), rng()
    lengths = []
    for _ in range(50):
        first, dot, pair = only(dropped=0.3).augment(ink, chance).strokes
        assert (first.xy[0] == line[0]).all()
        assert (first.xy[-1] == line[-1]).all()
        assert (len(dot), len(pair)) == (1, 2)
        assert set(first["x"]) <= set(line[:, 0])
        lengths.append(len(first) - 2)
    assert np.mean(lengths) == pytest.approx(140, abs=4)
    assert [len(s) for s in only(dropped=1).augment(ink, chance).strokes] == [2, 1, 2]


def test_order_and_direction_change_as_often_as_asked():
    ink = Ink.from_arrays([[[n, 0], [n, 1]] for n in (0, 1, 2)])
    chance = rng()
    orders = [
        tuple(s["x"][0] for s in only(reordered=0.6).augment(ink, chance).strokes)
        for _ in range(1200)
    ]
    assert len(set(orders)) == 6
    # A sixth of all orders is the one there was.
    assert np.mean([order == (0, 1, 2) for order in orders]) == pytest.approx(0.5, abs=0.05)
    ends = [s["y"][0] for _ in range(400) for s in only(reversed=0.2).augment(ink, chance).strokes]
    assert np.mean(ends) == pytest.approx(0.2, abs=0.04)


def test_a_stroke_from_its_other_end_takes_the_same_steps_backwards():
    varied = only(reversed=1).augment(sample_ink(), rng())
    first, second = varied.strokes
    assert first.xy.tolist() == [[0, 20], [1, 5], [0, 0]]
    assert first["t"] == pytest.approx([1.0, 1.5, 2.0])
    assert first["pressure"].tolist() == [0.3, 0.2, 0.1]
    assert second["t"] == pytest.approx([5.0, 5.25])
    uneven = Ink.from_arrays([[[0, 0, 0], [1, 0, 1], [2, 0, 4]]], ("x", "y", "t"))
    assert only(reversed=1).augment(uneven, rng()).strokes[0]["t"].tolist() == [0, 3, 4]


def test_pauses_stay_where_they_are_when_strokes_change_places():
    ink = sample_ink()
    chance = rng()
    varied = next(
        one for one in iter(lambda: only(reordered=1).augment(ink, chance), None) if one != ink
    )
    assert [s["t"].tolist() for s in varied.strokes] == [[1.0, 1.25], [4.25, 4.75, 5.25]]
    assert varied.strokes[0].xy.tolist() == [[10, 0], [10, 20]]


@given(seeds)
def test_tempo_changes_time_alone_and_keeps_its_order(seed):
    times = np.arange(60) / 50
    ink = Ink.from_arrays([np.stack([times, times**2, times], axis=1)], ("x", "y", "t"))
    varied = only(tempo=0.5).augment(ink, rng(seed)).strokes[0]
    assert (varied.xy == ink.strokes[0].xy).all()
    assert varied["t"][0] == 0
    paces = np.diff(varied["t"]) * 50
    assert (paces > 0).all()
    assert np.abs(np.diff(np.log(paces))).max() < 0.5


def test_paces_are_as_uneven_as_asked():
    times = np.arange(60) / 50
    ink = Ink.from_arrays([np.stack([times, times, times], axis=1)], ("x", "y", "t"))
    chance = rng()
    logs = [
        np.log(np.diff(only(tempo=0.3).augment(ink, chance).strokes[0]["t"]) * 50)
        for _ in range(800)
    ]
    assert np.sqrt(np.mean(np.square(logs))) == pytest.approx(0.3, rel=0.1)


def test_time_is_not_touched_where_neither_pace_nor_order_changes():
    ink = sample_ink()
    varied = only(rotation=5, jitter=0.1).augment(ink, rng())
    assert [s["t"].tolist() for s in varied.strokes] == [s["t"].tolist() for s in ink.strokes]


def test_ink_of_no_size_stays_where_it_is():
    dot = Ink.from_arrays([[[3, 4]], [[3, 4], [3, 4]]])
    varied = Augmentation().augment(dot, rng())
    assert all((stroke.xy == [3, 4]).all() for stroke in varied.strokes)


def test_ink_at_the_edge_of_what_a_reading_may_be_stays_within_it():
    ink = Ink.from_arrays([[[-LARGEST, -LARGEST, 0], [LARGEST, LARGEST, LARGEST]]], ("x", "y", "t"))
    for seed in range(20):
        augmentation = Augmentation(**dict.fromkeys(NAMES, 1.0)).scaled(10)
        varied = augmentation.augment(ink, rng(seed))
        assert all(np.abs(s.samples).max() <= LARGEST for s in varied.strokes)


def test_tiny_ink_can_be_augmented():
    ink = Ink.from_arrays([[[0, 0], [5e-324, 0]]])
    assert np.isfinite(Augmentation().augment(ink, rng()).strokes[0].samples).all()


def test_columns_may_stand_in_any_order():
    ink = sample_ink()
    order = ("pressure", "y", "t", "x")
    shuffled = Ink.from_arrays(
        [np.stack([stroke[name] for name in order], axis=1) for stroke in ink.strokes], order
    )
    one, other = (Augmentation().augment(each, rng(5)) for each in (ink, shuffled))
    for a, b in zip(one.strokes, other.strokes, strict=True):
        for name in order:
            assert (a[name] == b[name]).all()


def test_strengths_survive_json():
    augmentation = Augmentation(rotation=3, reversed=1)
    assert Augmentation.from_dict(json.loads(json.dumps(augmentation.to_dict()))) == augmentation


def test_scaled_strengths_grow_together_and_not_beyond_what_they_may_be():
    assert Augmentation().scaled(0) == NONE
    assert Augmentation(rotation=8).scaled(0.5).rotation == 4
    assert Augmentation(reordered=0.6, rotation=300).scaled(2).reordered == 1
    assert Augmentation(rotation=300).scaled(2).rotation == 360


@pytest.mark.data
def test_variations_stay_nearest_to_the_character_they_were_made_of(data):
    own = [ink for ink in load_dataset("omniglot", "small1", folder=data)
           if ink.writer == "Korean/drawer07"]  # fmt: skip
    spec = FeatureSpec(features={"x": 1, "y": 1, "cos2": 0.25, "sin2": 0.25}, steps=64)

    def strayed(augmentation):
        chance = rng(1)
        varied = [augmentation.augment(ink, chance) for ink in own for _ in range(5)]
        distances = cdist(spec.transform_all(varied), spec.transform_all(own), distance="cloud")
        return np.mean(distances.argmin(axis=1) != np.repeat(np.arange(len(own)), 5))

    assert strayed(Augmentation()) < 0.1
    assert strayed(Augmentation().scaled(3)) > 0.3


def test_what_is_no_strength_is_refused():
    with pytest.raises(ArgumentError, match="rotation=-1; needed: a number from 0 to 360"):
        Augmentation(rotation=-1)
    with pytest.raises(ArgumentError, match=r"reversed=1\.5; needed: a number from 0 to 1"):
        Augmentation(reversed=1.5)
    with pytest.raises(ArgumentError, match=r"movement=1000*[.]{3}; needed: a number from 0 to 10"):
        Augmentation(movement=10**400)
    with pytest.raises(ArgumentError, match="jitter=nan; needed: a number from 0 to 10"):
        Augmentation(jitter=np.nan)
    with pytest.raises(ArgumentError, match="elastic='much'"):
        Augmentation(elastic="much")
    with pytest.raises(ArgumentError, match="amount=-1; needed"):
        Augmentation().scaled(-1)
    with pytest.raises(ArgumentError, match="amount=nan; needed"):
        Augmentation().scaled(np.nan)
    with pytest.raises(ArgumentError, match=r"a stored augmentation is a dict of dropped, elastic"):
        Augmentation.from_dict({"rotation": 3})
    with pytest.raises(ArgumentError, match="got None"):
        Augmentation.from_dict(None)


def test_what_is_no_ink_or_no_chance_is_refused():
    with pytest.raises(ArgumentError, match="a list cannot be augmented; needed: an Ink"):
        Augmentation().augment([[0, 0]], rng())
    with pytest.raises(ArgumentError, match="rng is 7"):
        Augmentation().augment(sample_ink(), 7)
