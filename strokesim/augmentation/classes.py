"""New classes: characters turned and mirrored, and glyphs that no alphabet has.

Few classes, and not few samples, are what holds back learning to tell apart characters that
were never seen. New classes belong into training data only: a turned character in one part
makes its original known in another.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace
from types import MappingProxyType

import numpy as np

from strokesim.amounts import check_count, check_number
from strokesim.chance import check_generator
from strokesim.errors import ArgumentError, UnknownNameError
from strokesim.ink import LARGEST, Hover, Ink, Stroke
from strokesim.synthesis import Plan, Writer, invented_plan, record, synthesise_corpus

TURNS = MappingProxyType(
    {
        "turned 90": (0, -1, 1, 0),
        "turned 180": (-1, 0, 0, -1),
        "turned 270": (0, 1, -1, 0),
        "mirrored": (-1, 0, 0, 1),
        "mirrored, turned 90": (0, -1, -1, 0),
        "mirrored, turned 180": (1, 0, 0, -1),
        "mirrored, turned 270": (0, 1, 1, 0),
    }
)
"""The seven ways in which a square comes to lie on itself, beside as it is. The numbers a, b, c,
d make (a x + b y, c x + d y) of (x, y); y grows downwards and turns are clockwise."""


def turned(ink: Ink, turn: str) -> Ink:
    """Return an ink turned or mirrored, as an ink of another class.

    Parameters
    ----------
    ink : Ink
        Not changed.
    turn : str
        A name in `TURNS`.

    Returns
    -------
    Ink
        About the same centre, hover with it. Its label, and its id where it has one, begin with
        the turn: "turned 90/Greek/alpha", so that a turned alphabet is an alphabet of its own,
        and no o is held to be another character than a turned o. Ink without a label has none
        afterwards either. Tilt and pressure stay as recorded.

    Raises
    ------
    UnknownNameError
        If there is no such turn.
    ArgumentError
        If ``ink`` is no Ink.
    """
    try:
        a, b, c, d = TURNS[turn]
    except (KeyError, TypeError):
        raise UnknownNameError("turn", turn, TURNS) from None
    if not isinstance(ink, Ink):
        raise ArgumentError(f"a {type(ink).__name__} cannot be turned; needed: an Ink")
    points = np.concatenate([stroke.xy for stroke in ink.strokes])
    centre = (points.min(axis=0) + points.max(axis=0)) / 2
    matrix = np.array([[a, c], [b, d]], float)  # of row vectors

    def moved(stroke: Stroke) -> Stroke:
        samples = stroke.samples.copy()
        plane = [stroke.channels.index("x"), stroke.channels.index("y")]
        points = (samples[:, plane] - centre) @ matrix + centre
        samples[:, plane] = np.clip(points, -LARGEST, LARGEST)
        samples.flags.writeable = False
        return Stroke(samples, stroke.channels)

    return replace(
        ink,
        strokes=tuple(map(moved, ink.strokes)),
        hover=tuple(Hover(before, moved(path)) for before, path in ink.hover),
        label=None if ink.label is None else f"{turn}/{ink.label}",
        id=None if ink.id is None else f"{turn}/{ink.id}",
    )


def turned_classes(inks: Iterable[Ink], turns: Iterable[str] = tuple(TURNS)) -> Iterator[Ink]:
    """Yield every ink, and after it each of its turned selves as an ink of another class.

    Parameters
    ----------
    inks : iterable of Ink
        For training only: a turned class must not meet its original in another part.
    turns : iterable of str
        Names in `TURNS`; by default all seven, which makes eight classes of one.

    Raises
    ------
    UnknownNameError
        If there is no such turn.
    ArgumentError
        If a turn comes twice, something is no Ink, or one was given where many are needed.
    """
    for given, what in ((inks, "inks"), (turns, "turns")):
        if isinstance(given, (Ink, str, np.ndarray)) or not isinstance(given, Iterable):
            raise ArgumentError(f"a {type(given).__name__} where {what} are needed, as a list")
    names = list(turns)
    for name in names:
        if not isinstance(name, str) or name not in TURNS:
            raise UnknownNameError("turn", name, TURNS)
        if names.count(name) > 1:
            raise ArgumentError(f"the turn {name!r} comes twice; its class would too")
    return _with_turned(inks, names)


def _with_turned(inks: Iterable[Ink], turns: list[str]) -> Iterator[Ink]:
    for ink in inks:
        yield ink
        for turn in turns:
            yield turned(ink, turn)


def invented_classes(
    n_classes: int, n_writers: int, rng: np.random.Generator, *, samples: int = 1
) -> Iterator[Ink]:
    """Yield ink of glyphs that no alphabet has, by synthetic writers.

    Parameters
    ----------
    n_classes : int
        How many glyphs, at least 1. No two are made of the same lines.
    n_writers : int
        How many writers, at least 1. Each writes every glyph.
    rng : numpy.random.Generator
        Decides everything.
    samples : int
        How often each writer writes each glyph, at least 1.

    Yields
    ------
    Ink
        Writer by writer, n_classes * n_writers * samples in all. Labels are such as
        "invented/glyph-0123abcd", writers "invented/writer-0001".

    Raises
    ------
    ArgumentError
        If a number is below 1, or ``rng`` is no Generator.
    """
    check_generator(rng)
    for name, value in (("n_classes", n_classes), ("n_writers", n_writers), ("samples", samples)):
        check_count(name, value)
    plans: dict[frozenset[object], Plan] = {}
    while len(plans) < n_classes:
        plan = invented_plan(rng)
        name = f"invented/{plan.name}"
        plans.setdefault(_lines(plan), replace(plan, label=name, name=name))
    writers = [
        Writer.random(rng, f"invented/writer-{number:04}") for number in range(1, n_writers + 1)
    ]
    return synthesise_corpus(plans.values(), writers, rng, samples=samples)


def _lines(plan: Plan) -> frozenset[object]:
    """Return the lines between a plan's targets, whatever their place, size and direction."""
    low = plan.targets.min(axis=0)
    size = (plan.targets.max(axis=0) - low).max()
    places = [tuple(place) for place in np.round((plan.targets - low) / size, 3).tolist()]
    return frozenset(
        frozenset(places[end - 1 : end + 1])
        for end in range(1, len(places))
        if not plan.starts[end]
    )


def repetitions(
    label: str | Plan,
    writer: Writer,
    rng: np.random.Generator,
    *,
    samples: int,
    amount: float = 1.0,
) -> Iterator[Ink]:
    """Yield one movement of the pen carried out again and again, as `Movement.varied` does.

    Parameters
    ----------
    label : str or Plan
        What is written, as for `synthesise`.
    writer : Writer
        Whose movement and device these are.
    rng : numpy.random.Generator
        Decides everything.
    samples : int
        How many inks, at least 1.
    amount : float
        0 changes nothing but tremor and pressure; 1 about as much as a writer's own
        repetitions differ.

    Raises
    ------
    UnknownNameError
        If there is no plan for the label.
    ArgumentError
        If ``samples`` is below 1, ``amount`` negative or not finite, ``rng`` no Generator, or
        ``label`` or ``writer`` is none.
    """
    check_generator(rng)
    check_count("samples", samples)
    if not 0 <= check_number("amount", amount, "0 or a positive number") < np.inf:
        raise ArgumentError(f"amount={amount}; needed: 0 or a positive number")
    if not isinstance(writer, Writer):
        raise ArgumentError(f"a {type(writer).__name__} is no Writer, as Writer.random(rng)")
    if not isinstance(label, (str, Plan)):
        raise ArgumentError(f"label={label!r}; needed: a label or a Plan")
    plan = label if isinstance(label, Plan) else writer.choose(label, rng)
    movement = writer.move(plan, rng)
    return (
        record(movement.varied(rng, amount), writer, rng, label=plan.label) for _ in range(samples)
    )
