"""Augmentation: what varies one ink as another hand, or another moment, would have.

The label stays true: nothing here is strong enough to make another character of it, and the
order and direction of strokes are not part of what was written.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from itertools import accumulate
from typing import Any

import numpy as np

from strokesim.amounts import check_number, shown
from strokesim.augmentation.rewriting import displacements
from strokesim.chance import check_generator
from strokesim.errors import ArgumentError
from strokesim.ink import LARGEST, Ink, Stroke

_WAVES = 4
"""In each displacement field. More make it look no different, and cost time."""

# The greatest strengths: probabilities, degrees, and for all others what no ink survives.
_MOST = {"rotation": 360.0, "dropped": 1.0, "reordered": 1.0, "reversed": 1.0}
_MOST_OTHERS = 10.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Augmentation:
    """How strongly an ink is varied, and in what.

    A strength of 0 leaves that part out. All lengths are shares of the ink's size, the longer
    side of its box, so that strengths mean the same for every device. In order: the movement is
    carried out again, samples are dropped, strokes are written in another order and from their
    other ends, then the whole is mapped, warped, roughened, and done at another pace.

    Parameters
    ----------
    rotation : float
        Standard deviation of the angle by which the ink is turned, in degrees.
    scale : float
        Standard deviation of the logarithm by which each side grows, x and y on their own.
    shear : float
        Standard deviation of the shift in x per length in y.
    elastic : float
        Size of a smooth displacement field: root mean square of its displacement, which changes
        over distances from half the ink's size upwards.
    jitter : float
        Standard deviation of a displacement that each sample has on its own.
    dropped : float
        Probability with which a sample is left out; the ends of strokes never are.
    reordered : float
        Probability that the strokes come in another order, any with equal chance.
    reversed : float
        Probability, for each stroke, that it is written from its other end.
    tempo : float
        How unevenly time is stretched: root mean square of the logarithm of the pace, which
        changes smoothly over the ink. Only where time was recorded.
    movement : float
        How much the lengths, directions and times of the sub-movements change that the kinematic
        model sees in the ink; 1 is about as much as a writer's own repetitions differ, see
        `strokesim.synthesis.Movement.varied`. Samples keep their times, and none moves by more
        than half the ink's size. It takes several times as long as everything else, so it is 0
        unless asked for.

    Raises
    ------
    ArgumentError
        If a strength is no number from 0 to 10, a rotation to 360, a probability to 1.

    Examples
    --------
    >>> ink = Ink.from_arrays([[[0, 0], [1, 1]]])
    >>> Augmentation.none().augment(ink, np.random.default_rng(1)) == ink
    True
    """

    rotation: float = 8.0
    scale: float = 0.12
    shear: float = 0.12
    elastic: float = 0.025
    jitter: float = 0.004
    dropped: float = 0.1
    reordered: float = 0.3
    reversed: float = 0.15
    tempo: float = 0.25
    movement: float = 0.0

    def __post_init__(self) -> None:
        for field in fields(self):
            value, most = getattr(self, field.name), _MOST.get(field.name, _MOST_OTHERS)
            try:
                number = float(value)
            except (TypeError, ValueError, OverflowError):
                number = math.nan
            if not 0 <= number <= most:
                raise ArgumentError(
                    f"{field.name}={shown(value)}; needed: a number from 0 to {most:g}"
                )
            object.__setattr__(self, field.name, number)

    @classmethod
    def none(cls) -> Augmentation:
        """Return one that changes nothing, to begin with: ``replace(none, rotation=5)``."""
        return cls(**dict.fromkeys((field.name for field in fields(cls)), 0.0))

    def scaled(self, amount: float) -> Augmentation:
        """Return one of ``amount`` times the strengths, as a schedule asks for.

        None grows beyond the greatest that it may be.

        Raises
        ------
        ArgumentError
            If the amount is negative or not finite.
        """
        if not 0 <= check_number("amount", amount, "0 or a positive number") < math.inf:
            raise ArgumentError(f"amount={amount}; needed: 0 or a positive number")
        return Augmentation(
            **{
                name: min(amount * value, _MOST.get(name, _MOST_OTHERS))
                for name, value in asdict(self).items()
            }
        )

    def to_dict(self) -> dict[str, float]:
        """Return the strengths as JSON can hold them."""
        return asdict(self)

    @classmethod
    def from_dict(cls, stored: Mapping[str, Any]) -> Augmentation:
        """Return the augmentation that `to_dict` wrote.

        Raises
        ------
        ArgumentError
            If strengths are unknown, missing or out of range.
        """
        names = {field.name for field in fields(cls)}
        if not isinstance(stored, Mapping) or set(stored) != names:
            raise ArgumentError(
                f"a stored augmentation is a dict of {', '.join(sorted(names))}; got {stored!r}"
            )
        return cls(**stored)

    def augment(self, ink: Ink, rng: np.random.Generator) -> Ink:
        """Return a variation of an ink.

        Parameters
        ----------
        ink : Ink
            Not changed.
        rng : numpy.random.Generator
            Decides everything: the same state gives the same variation.

        Returns
        -------
        Ink
            With the same label, writer, id, source, scale and channels. Pressure and tilt stay
            with their samples. Hover is kept where nothing is changed at all and left out
            otherwise: it belongs to one order and one pace. An ink of no size stays where it is.

        Raises
        ------
        ArgumentError
            If ``ink`` is no Ink, or ``rng`` no Generator.
        """
        check_generator(rng)
        if not isinstance(ink, Ink):
            raise ArgumentError(f"a {type(ink).__name__} cannot be augmented; needed: an Ink")
        if self == _NOTHING:
            return ink
        strokes = [stroke.samples for stroke in ink.strokes]
        channels = ink.channels
        clock = channels.index("t") if "t" in channels else None
        begun, pauses = (0.0, []) if clock is None else _pauses(strokes, clock)
        if self.movement:
            strokes = self._carried_out(strokes, channels, rng)
        if self.dropped:
            strokes = _thinned(strokes, self.dropped, rng)
        order = self._order(len(strokes), rng)
        if order is not None:
            strokes = [_reversed(strokes[i], clock) if end else strokes[i] for i, end in order]
        lengths = [len(stroke) for stroke in strokes]
        samples = np.concatenate(strokes)
        if self.rotation or self.scale or self.shear or self.elastic or self.jitter:
            plane = [channels.index("x"), channels.index("y")]
            samples[:, plane] = self._placed(samples[:, plane].T.copy(), rng).T
        if clock is not None and (order is not None or self.tempo):
            steps = _steps(samples[:, clock], lengths, pauses)
            if self.tempo:
                steps *= np.exp(self.tempo * _swing(len(steps), rng))
            samples[:, clock] = begun + np.cumsum(steps)
        np.clip(samples, -LARGEST, LARGEST, out=samples)
        samples.flags.writeable = False
        return Ink(
            tuple(
                Stroke(samples[end - length : end], channels)
                for length, end in zip(lengths, accumulate(lengths), strict=True)
            ),
            ink.label, ink.writer, ink.id, ink.source, ink.mm_per_unit, (),
            ink.repairs, ink.notes,
        )  # fmt: skip

    def _carried_out(
        self, strokes: list[np.ndarray], channels: tuple[str, ...], rng: np.random.Generator
    ) -> list[np.ndarray]:
        """Return the strokes as another movement of the same plan leaves them."""
        plane = [channels.index("x"), channels.index("y")]
        moved = displacements([stroke[:, plane] for stroke in strokes], rng, self.movement)
        carried, begin = [], 0
        for stroke in strokes:
            stroke = stroke.copy()
            stroke[:, plane] += moved[begin : begin + len(stroke)]
            begin += len(stroke)
            carried.append(stroke)
        return carried

    def _order(self, n_strokes: int, rng: np.random.Generator) -> list[tuple[int, bool]] | None:
        """Return which strokes follow each other and which begin at their end; None as before."""
        order, ends = range(n_strokes), [False] * n_strokes
        if self.reordered and n_strokes > 1 and rng.random() < self.reordered:
            order = rng.permutation(n_strokes).tolist()
        if self.reversed:
            ends = (rng.random(n_strokes) < self.reversed).tolist()
        changed = any(ends) or list(order) != list(range(n_strokes))
        return list(zip(order, ends, strict=True)) if changed else None

    def _placed(self, points: np.ndarray, rng: np.random.Generator) -> np.ndarray:
        """Return where points of shape (2, n) come to lie; numpy is fast along rows only."""
        low, high = points.min(axis=1, keepdims=True), points.max(axis=1, keepdims=True)
        size = float((high - low).max())
        if size == 0:
            return points
        centre = (low + high) / 2
        unit = (points - centre) / size  # within half a unit of 0
        angle, grow_x, grow_y, shear = rng.standard_normal(4).tolist()
        angle *= math.radians(self.rotation)
        cos, sin = math.cos(angle), math.sin(angle)
        grow_x, grow_y = math.exp(self.scale * grow_x), math.exp(self.scale * grow_y)
        shear *= self.shear
        # First sheared, then grown, then turned.
        matrix = np.array([
            [grow_x * cos, shear * grow_x * cos - grow_y * sin],
            [grow_x * sin, shear * grow_x * sin + grow_y * cos],
        ])  # fmt: skip
        placed = matrix @ unit
        if self.elastic:
            placed += self.elastic * _field(unit, rng)
        if self.jitter:
            placed += self.jitter * rng.standard_normal(placed.shape)
        return centre + size * placed


_NOTHING = Augmentation.none()


def _field(points: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Return smooth displacements, shape (2, n), root mean square 1, of points (2, n).

    A sum of plane waves, of half an ink to two inks in length.
    """
    way, number, phase = 2 * np.pi * rng.random((3, _WAVES, 1))
    number = np.pi + 1.5 * number
    phases = (number * np.concatenate([np.cos(way), np.sin(way)], axis=1)) @ points  # (n_waves, n)
    towards = rng.standard_normal((2, _WAVES)) / math.sqrt(_WAVES)
    return towards @ np.sin(phases + phase)


def _thinned(strokes: list[np.ndarray], share: float, rng: np.random.Generator) -> list[np.ndarray]:
    """Return the strokes without some of their inner samples."""
    lengths = [len(stroke) for stroke in strokes]
    kept = rng.random(sum(lengths)) >= share
    thinned, begin = [], 0
    for stroke, length in zip(strokes, lengths, strict=True):
        own = kept[begin : begin + length]
        own[0] = own[-1] = True
        thinned.append(stroke[own])
        begin += length
    return thinned


def _reversed(stroke: np.ndarray, clock: int | None) -> np.ndarray:
    """Return the stroke from its other end; its times run from minus its last one on."""
    stroke = stroke[::-1].copy()
    if clock is not None:
        stroke[:, clock] *= -1
    return stroke


def _pauses(strokes: list[np.ndarray], clock: int) -> tuple[float, list[float]]:
    """Return when the ink begins, and the time from each stroke to the next, in seconds."""
    starts = [float(stroke[0, clock]) for stroke in strokes]
    ends = [float(stroke[-1, clock]) for stroke in strokes]
    return starts[0], [start - end for start, end in zip(starts[1:], ends[:-1], strict=True)]


def _steps(times: np.ndarray, lengths: list[int], pauses: list[float]) -> np.ndarray:
    """Return the time that passes before each sample, 0 before the first.

    The n-th pause stays the n-th, whatever strokes it parts.
    """
    steps = np.zeros(len(times))
    np.subtract(times[1:], times[:-1], out=steps[1:])
    steps[list(accumulate(lengths[:-1]))] = pauses
    return steps


def _swing(n_samples: int, rng: np.random.Generator) -> np.ndarray:
    """Return a smooth course, root mean square 1: waves of up to two periods over the ink."""
    number, phase = 2 * np.pi * rng.random((2, _WAVES, 1))
    angles = 2 / n_samples * number * np.arange(n_samples)  # (n_waves, n)
    size = rng.standard_normal(_WAVES) * math.sqrt(2 / _WAVES)
    return size @ np.sin(angles + phase)
