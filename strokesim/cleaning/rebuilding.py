"""An ink with other samples, and what all cleaning checks."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from strokesim.errors import ArgumentError, InkError, UnknownNameError
from strokesim.ink import Hover, Ink, Stroke


def rebuilt(
    ink: Ink,
    strokes: Sequence[Sequence[Stroke]],
    counts: Counter[str],
    hover: Sequence[Hover] | None = None,
) -> Ink:
    """Return an ink with other strokes; the same one if nothing is counted.

    Parameters
    ----------
    strokes : sequence of sequence of Stroke
        What each stroke of the ink has become.
    counts : Counter
        What is added to the repairs.
    hover : sequence of Hover, optional
        What is left of the movements in the air, placed among the strokes as they were.
    """
    counts = +counts
    if not counts:
        return ink
    flat = [stroke for parts in strokes for stroke in parts]
    if not flat:
        raise InkError(f"no sample is left ({', '.join(counts)}); clean it less, or leave it out")
    finished = np.cumsum([0, *(len(parts) for parts in strokes)])
    in_air = ink.hover if hover is None else hover
    moved = [Hover(int(finished[part.before]), part.path) for part in in_air]
    flat, moved = _from_first_stamp(ink, flat, moved)
    repairs = Counter(ink.repairs) + counts
    return replace(ink, strokes=tuple(flat), hover=tuple(moved), repairs=dict(repairs))


def check_time(ink: Ink) -> None:
    """Refuse an ink without time."""
    if "t" not in ink.channels:
        raise ArgumentError(
            f"ink {ink.id or ''!r} has no time; only ink with a channel t can be cleaned by it"
        )


def check_word(kind: str, word: str, known: Sequence[str]) -> None:
    """Refuse a word that is not known."""
    if word not in known:
        raise UnknownNameError(kind, word, known)


def check_number(name: str, value: float, *, above: float) -> None:
    """Refuse what is no finite number above a limit."""
    if not above < value < math.inf:
        raise ArgumentError(f"{name} is {value!r}; needed: a number above {above}, or None")


def _from_first_stamp(
    ink: Ink, strokes: list[Stroke], hover: list[Hover]
) -> tuple[list[Stroke], list[Hover]]:
    """Let time count from the first sample, if it did, and the first sample is another now."""
    old = _first_stamp(ink.strokes, ink.hover)
    new = _first_stamp(strokes, hover)
    if old != 0 or new is None or new == 0:
        return strokes, hover

    def shifted(path: Stroke) -> Stroke:
        if "t" not in path.channels:
            return path
        samples = path.samples.copy()
        samples[:, path.channels.index("t")] -= new
        return Stroke(samples, path.channels)

    return [*map(shifted, strokes)], [Hover(before, shifted(path)) for before, path in hover]


def _first_stamp(strokes: Sequence[Stroke], hover: Sequence[Hover]) -> float | None:
    ahead = [path for before, path in hover if before == 0 and "t" in path.channels]
    paths = [*ahead, *strokes]
    return float(paths[0]["t"][0]) if "t" in paths[0].channels else None
