"""Recorded ink carried out again: the kinematic model laid through it, and changed.

Ink is cut where it bends most, which is where a hand is slowest, and each part taken as one
sub-movement of the sigma-lognormal model along an arc; the pen's ways through the air are
sub-movements, too. The model follows the ink roughly. What is added to the ink is the difference
between the model with other parameters and the model as it was laid, so that the ink keeps all
that the model has no word for, and does not change where no parameter does.

References
----------
Cutting at curvature: Lacquaniti, Terzuolo, Viviani, The law relating the kinematic and figural
aspects of drawing movements, Acta Psychologica 54, 1983: speed falls as curvature grows. Changed
parameters as augmentation: Plamondon, O'Reilly, Galbally, Almaksour, Anquetil, Recent developments
in the study of rapid human movements with the kinematic theory, Pattern Recognition Letters 35,
2014, section 4.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import pairwise

import numpy as np
from scipy.special import ndtri

from strokesim.synthesis.movement import REACH, Movement

_SPACING = 0.03
"""Between the points at which directions are taken, in sizes of the ink."""

_BEND, _TURN = 0.5, np.pi
"""Angles: of a bend that is a cut, and of what one sub-movement turns at most."""

_SIGMA = 0.25
"""Width of a sub-movement in log time, as people's are."""

_AT_ONCE = 1000
"""Samples that one movement is laid through: its cost grows with their square."""

_FARTHEST = 0.5
"""How far a sample is moved at most, in sizes of the ink."""


def displacements(
    strokes: Sequence[np.ndarray], rng: np.random.Generator, amount: float
) -> np.ndarray:
    """Return where another movement of the same plan takes each sample.

    Of more than 1,000 samples, one movement after the other is laid through as many. Where a
    sample would come to lie farther off than half the longer side of the ink, all of them are
    moved less in proportion.

    Parameters
    ----------
    strokes : sequence of ndarray, each (n_samples, 2)
        x and y, in any one unit.
    rng : numpy.random.Generator
        Decides the movement.
    amount : float
        See `Movement.varied`.

    Returns
    -------
    ndarray, shape (n_samples of all, 2)
        To be added to x and y.
    """
    points = np.concatenate(strokes)
    size = float(np.ptp(points, axis=0).max())
    if size == 0:
        return np.zeros_like(points)
    corner = points.min(axis=0)
    found = [np.zeros((0, 2))]
    for part in _in_parts((points - corner) / size, [len(stroke) for stroke in strokes]):
        moved = _moved(part, rng, amount)
        if len(found) > 1:
            # The first sample is the last of the part before, and lies where that left it.
            moved = moved[1:] + (found[-1][-1] - moved[0])
        found.append(moved)
    moved = np.concatenate(found)
    farthest = float(np.hypot(*moved.T).max())
    return size * (moved if farthest <= _FARTHEST else _FARTHEST / farthest * moved)


def _moved(strokes: list[np.ndarray], rng: np.random.Generator, amount: float) -> np.ndarray:
    if not np.ptp(np.concatenate(strokes), axis=0).any():
        return np.zeros((sum(map(len, strokes)), 2))
    movement, times = movement_of(strokes)
    again = movement.varied(rng, amount)
    moved: np.ndarray = again.at(times)[:, :2] - movement.at(times)[:, :2]
    return moved


def _in_parts(points: np.ndarray, lengths: Sequence[int]) -> Iterator[list[np.ndarray]]:
    """Yield strokes of so many samples in parts; each begins with the last sample before it."""
    borders = np.cumsum(lengths)
    for begin in range(0, len(points), _AT_ONCE):
        start, end = max(0, begin - 1), begin + _AT_ONCE
        inside = borders[np.searchsorted(borders, start, "right") : np.searchsorted(borders, end)]
        yield np.split(points[start:end], inside[inside < len(points)] - start)


def movement_of(strokes: Sequence[np.ndarray]) -> tuple[Movement, np.ndarray]:
    """Lay a movement through strokes.

    Parameters
    ----------
    strokes : sequence of ndarray, each (n_samples, 2)
        Not all of it in one place; the longer side of the ink is 1.

    Returns
    -------
    movement : Movement
        In that unit, with the axes of the strokes.
    times : ndarray, shape (n_samples of all,)
        When it is at each sample, in s.
    """
    parts: list[tuple[float, ...]] = []
    pen: list[bool] = []
    times: list[np.ndarray] = []
    clock = 0.0

    def add(gap: np.ndarray, turn: float, down: bool) -> tuple[float, float]:
        """Add an arc across a gap, and return its onset and the log of its scale."""
        nonlocal clock
        # The arc is longer than its chord by half the turn over the sine of that.
        length = float(np.hypot(*gap) / np.sinc(turn / (2 * np.pi)))
        start = float(np.arctan2(gap[1], gap[0])) - turn / 2
        # Longer ways take longer, but not in proportion.
        lasting = 0.1 + 0.2 * length**0.5
        mu = np.log(lasting / (2 * np.sinh(REACH * _SIGMA)))
        onset = clock - np.exp(mu - REACH * _SIGMA)
        parts.append((onset, mu, _SIGMA, length, start, start + turn))
        pen.append(down)
        clock += lasting
        return onset, mu

    last: np.ndarray | None = None
    for stroke in strokes:
        gap = np.zeros(2) if last is None else stroke[0] - last
        if gap.any():
            add(gap, 0.0, False)
        last = stroke[-1]
        along = np.append(0, np.cumsum(np.hypot(*np.diff(stroke, axis=0).T)))  # (n_samples,)
        if not along[-1]:
            times.append(np.full(len(stroke), clock))
            continue
        own = np.empty(len(stroke))
        cuts, gaps, turns = _parts_of(stroke, along)
        for begin, end, gap, turn in zip(cuts[:-1], cuts[1:], gaps, turns, strict=True):
            onset, mu = add(gap, turn, True)
            inside = (along >= begin) & (along <= end)
            done = np.clip((along[inside] - begin) / (end - begin), 0.01, 0.99)
            own[inside] = onset + np.exp(mu + _SIGMA * ndtri(done))
        times.append(own)
    # A movement needs ink; of dots, only the ways between them are known.
    down = np.array(pen) if any(pen) else np.ones(len(pen), bool)
    return Movement(strokes[0][0], np.array(parts), down), np.concatenate(times)


def _parts_of(stroke: np.ndarray, along: np.ndarray) -> tuple[np.ndarray, np.ndarray, list[float]]:
    """Return where along a stroke its parts meet, its ends too, their chords and turns."""
    n_steps = int(np.ceil(min(along[-1] / _SPACING, 4 * len(stroke))))
    places = np.linspace(0, along[-1], n_steps + 1)
    even = np.stack([np.interp(places, along, axis) for axis in stroke.T], axis=1)
    steps = np.diff(even, axis=0)  # (n_steps, 2)
    ways = np.unwrap(np.arctan2(steps[:, 1], steps[:, 0]))  # (n_steps,)
    # How much it turns about each point between two steps, from two steps before to two behind;
    # of a corner, which all of these see, the place is where it turns at once.
    ahead = ways[np.minimum(np.arange(1, n_steps) + 1, n_steps - 1)]
    bends = np.abs(ahead - ways[np.maximum(np.arange(1, n_steps) - 2, 0)])  # (n_steps - 1,)
    sharpness = bends + np.abs(np.diff(ways))
    cuts, turned = [0], 0.0
    for point in range(1, n_steps):
        turned += ways[point] - ways[point - 1]
        around = sharpness[max(0, point - 3) : point + 2].max()
        sharpest = bends[point - 1] >= _BEND and sharpness[point - 1] == around
        sharpest &= point - cuts[-1] > 2
        if sharpest or abs(turned) > _TURN:
            cuts.append(point)
            turned = 0.0
    cuts.append(n_steps)
    turns = []
    for begin, end in pairwise(cuts):
        # A step beside a cut may lie across it, and says little about this part.
        first, last = (begin + 1, end - 2) if end - begin > 4 else (begin, end - 1)
        turn = (ways[last] - ways[first]) * (end - begin) / max(1, last - first)
        turns.append(float(np.clip(turn, -1.2 * _TURN, 1.2 * _TURN)))
    return places[cuts], np.diff(even[cuts], axis=0), turns
