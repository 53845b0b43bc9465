"""Classes that nobody wrote."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from ink_strategies import inks

from strokesim.augmentation import (
    TURNS,
    invented_classes,
    repetitions,
    turned,
    turned_classes,
)
from strokesim.errors import ArgumentError, UnknownNameError
from strokesim.ink import Hover, Ink, Stroke
from strokesim.synthesis import Writer, plans_of


def rng(seed=0):
    return np.random.default_rng(seed)


# An L as seen on paper, y downwards, 2 wide and 2 high about (1, 1).
L = Ink.from_arrays([[[0, 0], [0, 2], [2, 2]]], label="roman/L", writer="ann", id="1")


@pytest.mark.parametrize(
    ("turn", "expected"),
    [
        ("turned 90", [[2, 0], [0, 0], [0, 2]]),
        ("turned 180", [[2, 2], [2, 0], [0, 0]]),
        ("turned 270", [[0, 2], [2, 2], [2, 0]]),
        ("mirrored", [[2, 0], [2, 2], [0, 2]]),
        ("mirrored, turned 90", [[2, 2], [0, 2], [0, 0]]),
        ("mirrored, turned 180", [[0, 2], [0, 0], [2, 0]]),
        ("mirrored, turned 270", [[0, 0], [2, 0], [2, 2]]),
    ],
)
def test_an_l_comes_to_lie_as_its_turn_says(turn, expected):
    ink = turned(L, turn)
    assert ink.strokes[0].xy.tolist() == expected
    assert (ink.label, ink.writer, ink.id) == (f"{turn}/roman/L", "ann", f"{turn}/1")


def test_every_turn_is_tried_above_and_makes_another_l():
    shapes = {turned(L, turn).strokes[0].xy.tobytes() for turn in TURNS}
    assert len(shapes) == len(TURNS) == 7


@given(inks(), st.sampled_from(sorted(TURNS)))
def test_a_turned_ink_is_ink_of_another_class(ink, turn):
    new = turned(ink, turn)
    assert new.label == (None if ink.label is None else f"{turn}/{ink.label}")
    assert (new.writer, new.channels, len(new.hover)) == (ink.writer, ink.channels, len(ink.hover))
    for stroke, before in zip(new.strokes, ink.strokes, strict=True):
        for name in ink.channels:
            if name not in ("x", "y"):
                assert (stroke[name] == before[name]).all()


def test_hover_turns_with_the_ink():
    ink = Ink.from_arrays([[[0, 0], [0, 2], [2, 2]]], hover=[Hover(1, Stroke([[0, 0], [2, 2]]))])
    (part,) = turned(ink, "turned 90").hover
    assert part.path.xy.tolist() == [[2, 0], [0, 2]]


def test_turned_classes_come_behind_their_originals():
    some = list(turned_classes([L, L], ["mirrored", "turned 180"]))
    assert some[0] is some[3] is L
    assert [ink.label for ink in some[:3]] == [
        "roman/L", "mirrored/roman/L", "turned 180/roman/L",
    ]  # fmt: skip
    assert len({ink.label for ink in turned_classes([L])}) == 8
    assert list(turned_classes([])) == []


def test_unknown_turns_are_refused_before_the_first_ink():
    with pytest.raises(UnknownNameError, match="unknown turn 'mirored'; did you mean 'mirrored'"):
        turned(L, "mirored")
    with pytest.raises(UnknownNameError, match="unknown turn 'turned'"):
        turned_classes([L], ["turned"])
    with pytest.raises(ArgumentError, match="the turn 'mirrored' comes twice"):
        turned_classes([L], ["mirrored", "mirrored"])
    with pytest.raises(ArgumentError, match="a str cannot be turned; needed: an Ink"):
        turned("L", "mirrored")


def test_invented_classes_are_written_by_every_writer():
    written = list(invented_classes(5, 3, rng(), samples=2))
    assert len(written) == 30
    labels, writers = {ink.label for ink in written}, {ink.writer for ink in written}
    assert len(labels) == 5
    assert all(label.startswith("invented/glyph-") for label in labels)
    assert writers == {f"invented/writer-000{n}" for n in (1, 2, 3)}
    assert len({(ink.label, ink.writer, ink.id) for ink in written}) == 30
    assert written == list(invented_classes(5, 3, rng(), samples=2))


def test_no_two_invented_classes_are_made_of_the_same_lines(monkeypatch):
    plans = iter([plans_of("l")[0], plans_of("l")[0], plans_of("o")[0]])
    monkeypatch.setattr("strokesim.augmentation.classes.invented_plan", lambda rng: next(plans))
    labels = {ink.label for ink in invented_classes(2, 1, rng())}
    assert labels == {f"invented/{plans_of('l')[0].name}", f"invented/{plans_of('o')[0].name}"}


def test_repetitions_are_one_movement_carried_out_again():
    writer = Writer.random(rng(3), "ann")
    some = list(repetitions("k", writer, rng(), samples=4))
    assert {(ink.label, ink.writer) for ink in some} == {("k", "ann")}
    assert len({ink.strokes[0].samples.tobytes() for ink in some}) == 4
    assert some == list(repetitions("k", writer, rng(), samples=4))

    def spread(amount):
        inks = repetitions(plans_of("l")[0], writer, rng(), samples=30, amount=amount)
        return np.std([ink.strokes[-1].xy[-1] for ink in inks], axis=0).sum()

    assert spread(0) < 0.2 * spread(1) < 0.2 * spread(3)


def test_what_cannot_be_invented_is_refused():
    with pytest.raises(ArgumentError, match="n_classes=0; at least 1"):
        invented_classes(0, 1, rng())
    with pytest.raises(ArgumentError, match="n_writers=0; at least 1"):
        invented_classes(1, 0, rng())
    with pytest.raises(ArgumentError, match="samples=0; at least 1"):
        invented_classes(1, 1, rng(), samples=0)
    with pytest.raises(ArgumentError, match="rng is 7"):
        invented_classes(1, 1, 7)
    writer = Writer()
    with pytest.raises(UnknownNameError, match="unknown label"):
        repetitions("ä", writer, rng(), samples=1)
    with pytest.raises(ArgumentError, match="samples=0; at least 1"):
        repetitions("k", writer, rng(), samples=0)
    with pytest.raises(ArgumentError, match="amount=nan; needed: 0 or a positive number"):
        repetitions("k", writer, rng(), samples=1, amount=np.nan)
    with pytest.raises(ArgumentError, match="rng is None"):
        repetitions("k", writer, None, samples=1)
