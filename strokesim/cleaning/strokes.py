"""Cleaning of strokes: gaps, bounces, hooks, dots."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Sequence

import numpy as np

from strokesim.cleaning.rebuilding import check_number, check_time, check_word, rebuilt
from strokesim.errors import ArgumentError
from strokesim.ink import Ink, Stroke

DOT_POLICIES = ("keep", "drop", "point")
"""What may be done about a dot."""


def split_gaps(ink: Ink, *, seconds: float | None = None) -> Ink:
    """Split strokes where time passed without a sample.

    Parameters
    ----------
    ink : Ink
        To be cleaned.
    seconds : float, optional
        Two consecutive samples that are further apart, forwards or backwards, belong to two
        strokes. None splits nothing.

    Raises
    ------
    ArgumentError
        If the ink has no time.
    """
    if seconds is None:
        return ink
    check_number("seconds", seconds, above=0)
    check_time(ink)
    strokes, counts = [], Counter[str]()
    for stroke in ink.strokes:
        begins = np.flatnonzero(np.abs(np.diff(stroke["t"])) > seconds) + 1
        parts = np.split(stroke.samples, begins)
        strokes.append([Stroke(part, stroke.channels) for part in parts])
        counts["stroke split at a time gap"] += len(begins)
    return rebuilt(ink, strokes, counts)


def join_bounces(ink: Ink, *, seconds: float | None = None, distance: float | None = None) -> Ink:
    """Join consecutive strokes that a bounce of the pen split.

    Parameters
    ----------
    ink : Ink
        To be cleaned.
    seconds : float, optional
        Longest time from the end of one to the beginning of the next, which must not be
        negative.
    distance : float, optional
        Longest way between the two, as a share of the ink. Both conditions must hold if both
        are given; None and None join nothing.

    Raises
    ------
    ArgumentError
        If ``seconds`` is given and the ink has no time.
    """
    if seconds is None and distance is None:
        return ink
    if seconds is not None:
        check_number("seconds", seconds, above=0)
        check_time(ink)
    if distance is not None:
        check_number("distance", distance, above=0)
    longest = math.inf if distance is None else distance * _longer_side(ink)
    strokes: list[list[Stroke]] = []
    parts: list[Stroke] = []
    joined = set()
    for number, stroke in enumerate(ink.strokes):
        if parts:
            last, first = parts[-1], stroke
            near = math.dist(last.xy[-1], first.xy[0]) <= longest
            soon = seconds is None or 0 <= first["t"][0] - last["t"][-1] <= seconds
            if near and soon:
                parts.append(stroke)
                joined.add(number)
                strokes.append([])
                continue
            strokes[-len(parts)] = [_concatenated(parts)]
        parts = [stroke]
        strokes.append([])
    strokes[-len(parts)] = [_concatenated(parts)]
    hover = [part for part in ink.hover if part.before not in joined]
    lost = [len(part.path) for part in ink.hover if part.before in joined]
    counts = Counter({"stroke joined to the one before": len(joined)})
    counts["sample in the air of a bounce dropped"] += sum(lost)
    return rebuilt(ink, strokes, counts, hover)


def cut_hooks(ink: Ink, *, length: float | None = None, angle: float = math.pi / 2) -> Ink:
    """Cut off the small hooks that a pen draws as it touches down and as it is lifted.

    Of the samples that are at most ``length`` along the stroke from its beginning, the one is
    looked for at which the direction from the beginning to it differs most from the direction
    of the following piece of the same length. If that is more than ``angle``, what lies ahead
    of it is a hook. The same is done from the end. A stroke shorter than four such lengths
    keeps its hooks: they might be what was written.

    Parameters
    ----------
    ink : Ink
        To be cleaned.
    length : float, optional
        Longest hook, as a share of the ink. None cuts nothing.
    angle : float
        Smallest turn, in radians from 0 to pi.

    References
    ----------
    W. Guerfali, R. Plamondon, "Normalizing and restoring on-line handwriting", Pattern
    Recognition 26, 1993, section on the elimination of hooks.
    """
    if length is None:
        return ink
    check_number("length", length, above=0)
    if not 0 <= angle <= math.pi:
        raise ArgumentError(f"angle is {angle!r}; needed: radians from 0 to pi")
    limit = length * _longer_side(ink)
    strokes, counts = [], Counter[str]()
    for stroke in ink.strokes:
        begin = _hook(stroke.xy, limit, angle)
        end = len(stroke) - _hook(stroke.xy[::-1], limit, angle)
        counts["hook cut off"] += (begin > 0) + (end < len(stroke))
        strokes.append([Stroke(stroke.samples[begin:end], stroke.channels)])
    return rebuilt(ink, strokes, counts)


def settle_dots(ink: Ink, *, dots: str = "keep", size: float = 0.04) -> Ink:
    """Deal with strokes that hardly move: the dots of letters, or touches by mistake.

    Parameters
    ----------
    ink : Ink
        To be cleaned.
    dots : {"keep", "drop", "point"}
        Leave them as they are, leave them out, or make each one sample: its first one, put
        where its samples are on average. An ink of nothing but dots stays as it is.
    size : float
        Longer side of the box around a dot, at most, as a share of the ink.
    """
    check_word("dot policy", dots, DOT_POLICIES)
    check_number("size", size, above=0)
    side = size * _longer_side(ink)
    is_dot = [bool(np.ptp(stroke.xy, axis=0).max() <= side) for stroke in ink.strokes]
    if dots == "keep" or all(is_dot):
        return ink
    strokes, counts = [], Counter[str]()
    for stroke, small in zip(ink.strokes, is_dot, strict=True):
        if not small or (dots == "point" and len(stroke) == 1):
            strokes.append([stroke])
        elif dots == "drop":
            strokes.append([])
            counts["dot dropped"] += 1
        else:
            sample = stroke.samples[:1].copy()
            sample[0, [stroke.channels.index("x"), stroke.channels.index("y")]] = stroke.xy.mean(0)
            strokes.append([Stroke(sample, stroke.channels)])
            counts["dot made a point"] += 1
    return rebuilt(ink, strokes, counts)


def _hook(xy: np.ndarray, limit: float, angle: float) -> int:
    """Return how many samples of a hook stand at the beginning; 0 if there is none."""
    way = np.concatenate([[0.0], np.cumsum(np.hypot(*np.diff(xy, axis=0).T))])
    if way[-1] < 4 * limit or limit == 0:
        return 0
    candidates = np.flatnonzero((way > 0) & (way <= limit))
    if len(candidates) == 0:
        return 0
    onward = np.searchsorted(way, way[candidates] + limit)
    hooked, after = xy[candidates] - xy[0], xy[onward] - xy[candidates]
    cross = hooked[:, 0] * after[:, 1] - hooked[:, 1] * after[:, 0]
    turns = np.abs(np.arctan2(cross, (hooked * after).sum(axis=1)))
    sharpest = int(turns.argmax())
    return int(candidates[sharpest]) if turns[sharpest] > angle else 0


def _concatenated(strokes: Sequence[Stroke]) -> Stroke:
    if len(strokes) == 1:
        return strokes[0]
    return Stroke(np.concatenate([stroke.samples for stroke in strokes]), strokes[0].channels)


def _longer_side(ink: Ink) -> float:
    corners = [corner for stroke in ink.strokes for corner in (stroke.xy.min(0), stroke.xy.max(0))]
    return float(np.ptp(corners, axis=0).max())
