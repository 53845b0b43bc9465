"""A writer as a set of parameters: hand, habits, pen."""

from __future__ import annotations

import functools
import math
import zlib
from dataclasses import dataclass

import numpy as np

from strokesim.chance import check_generator
from strokesim.errors import ArgumentError
from strokesim.synthesis.movement import Movement
from strokesim.synthesis.plans import HEADED, Plan, plans_of

RANGES = (
    ("x_height ascender descender capital digit width", 0.05, 100),
    ("slant slope", -60, 60),
    ("roundness", 0, 2),
    ("flow cursive continental consistency force", 0, 1),
    ("own_shape scatter tremor", 0, 10),
    ("tremor_rate", 0, 100),
    ("skew", 0.02, 1),
    ("seconds rise", 0.001, 10),
    ("rate", 1, 10_000),
    ("resolution", 1e-6, 10),
    ("levels", 1, 2**24),
    ("habits", 0, 2**63 - 1),
)
"""Parameters of a writer, least and greatest value: what a hand may do, widely drawn."""

DISTORTION = 1.2
"""Standard deviation of stretch and shear between a writer's repetitions, over ``scatter``."""

HURRY = 0.08
"""Standard deviation of the log of all durations between a writer's repetitions."""

TIMING = np.array([0.12, 0.15, 0.06, 0.07])
"""Standard deviations between sub-movements: log of duration, of sigma and of the gap to the
one before; turning in radians."""

SHARED, SWAY = 0.85, 30.0
"""Share of a target's error that its neighbours share, and the distance, in hundredths of the
capital height, over which they do."""

MISSED_START = 0.5
"""By how much of ``scatter`` a whole stroke is astray."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Writer:
    """Everything that makes one person's writing.

    The defaults are an average hand; `Writer.random` draws one.

    Parameters
    ----------
    name : str, optional
        Becomes `Ink.writer`.
    habits : int
        Seed of the writer's own shapes: which way of writing a character is preferred, and how
        its targets differ from the plan, always in the same manner.
    x_height : float
        Height of small letters without ascender, mm.
    ascender, descender : float
        Heights of the two outer zones over the x-height: the ascender line lies at
        ``(1 + ascender) * x_height``, the descender line at ``-descender * x_height``.
    capital, digit : float
        Heights of capitals and of digits over that of the ascender line.
    width : float
        Stretch of all widths.
    slant, slope : float
        Of stems from the vertical, to the right, and of the line of writing, upwards; degrees.
    roundness : float
        Curves turn by this share of the plan's angle: below 1 flat, above 1 full.
    flow : float
        0 pauses at every target, 1 rounds corners off.
    seconds : float
        Standard deviation of the speed bell of a 3 mm stroke; a sixth of its duration.
    skew : float
        Sigma of the bells: 0.1 almost symmetric, 0.4 a quick start and a long end.
    own_shape, scatter : float
        Standard deviation of targets from the plan, the writer's own and that of each
        repetition, over the x-height.
    tremor, tremor_rate : float
        Amplitude in mm and frequency in Hz of the physiological tremor.
    cursive, continental : float
        Tastes, 0 to 1: for joined forms with loops and tails, for barred 7 and Z.
    consistency : float
        Probability that the preferred way of writing is used.
    left_handed : bool
        Draws level bars from right to left.
    force, rise : float
        Usual pressure, 0 to 1, and the time in which it builds up, s.
    rate : float
        Samples per second.
    resolution : float
        Size of the device's unit, mm: coordinates are whole multiples.
    levels : int
        Pressure levels of the device above 0.

    Raises
    ------
    ArgumentError
        If a parameter is outside `RANGES`.
    """

    name: str | None = None
    habits: int = 0
    x_height: float = 2.6
    ascender: float = 1.0
    descender: float = 0.9
    capital: float = 0.97
    digit: float = 0.9
    width: float = 1.0
    slant: float = 5.0
    slope: float = 0.0
    roundness: float = 1.0
    flow: float = 0.5
    seconds: float = 0.046
    skew: float = 0.22
    own_shape: float = 0.07
    scatter: float = 0.03
    tremor: float = 0.01
    tremor_rate: float = 9.0
    cursive: float = 0.3
    continental: float = 0.3
    consistency: float = 0.95
    left_handed: bool = False
    force: float = 0.5
    rise: float = 0.03
    rate: float = 100.0
    resolution: float = 0.01
    levels: int = 1000

    def __post_init__(self) -> None:
        for names, low, high in RANGES:
            for name in names.split():
                value = getattr(self, name)
                if not low <= value <= high:
                    raise ArgumentError(f"{name}={value!r}; a writer's is {low:g} to {high:g}")

    @classmethod
    def random(cls, rng: np.random.Generator, name: str | None = None) -> Writer:
        """Draw a writer.

        Parameters
        ----------
        rng : numpy.random.Generator
            Decides everything.
        name : str, optional
            Becomes `Ink.writer`.
        """
        check_generator(rng)
        return cls(
            name=name,
            habits=int(rng.integers(2**63)),
            x_height=2.5 * float(np.exp(0.18 * rng.standard_normal())),
            ascender=float(rng.uniform(0.75, 1.35)),
            descender=float(rng.uniform(0.7, 1.2)),
            capital=float(rng.uniform(0.85, 1.08)),
            digit=float(rng.uniform(0.75, 1.0)),
            width=float(np.exp(0.15 * rng.standard_normal())),
            slant=float(np.clip(rng.normal(6, 9), -14, 32)),
            slope=float(rng.normal(0, 1.5)),
            roundness=float(rng.uniform(0.78, 1.12)),
            flow=float(rng.uniform(0.1, 0.95)),
            seconds=0.046 * float(np.exp(0.2 * rng.standard_normal())),
            skew=float(rng.uniform(0.13, 0.32)),
            own_shape=float(rng.uniform(0.05, 0.11)),
            scatter=float(rng.uniform(0.015, 0.045)),
            tremor=float(rng.gamma(2.0, 0.006)),
            tremor_rate=float(rng.uniform(7, 12)),
            cursive=float(rng.beta(0.7, 1.2)),
            continental=float(rng.beta(0.5, 0.7)),
            consistency=float(rng.uniform(0.85, 1.0)),
            left_handed=bool(rng.random() < 0.1),
            force=float(rng.uniform(0.35, 0.75)),
            rise=float(rng.uniform(0.015, 0.05)),
            rate=float(rng.choice([60, 75, 100, 120, 133, 200])),
            resolution=float(rng.choice([0.01, 0.02, 0.05])),
            levels=int(rng.choice([255, 1023, 2047, 8191])),
        )

    def choose(self, label: str, rng: np.random.Generator) -> Plan:
        """Return the way in which this writer writes a label this time.

        Raises
        ------
        UnknownNameError
            If there is no plan for the label.
        """
        preferred, plans, shares = _preferences(self, label)
        if rng.random() < self.consistency:
            return preferred
        return plans[int(np.searchsorted(shares, rng.random()))]

    def move(self, plan: Plan, rng: np.random.Generator) -> Movement:
        """Carry out a plan.

        Parameters
        ----------
        plan : Plan
            From `choose`, `plans_of` or `invented_plan`.
        rng : numpy.random.Generator
            Decides how this repetition differs from the last.
        """
        from strokesim.synthesis.kernels import chain

        check_generator(rng)
        targets, headings = _own_targets(self, plan)
        n_targets, n_parts = len(targets), len(targets) - 1
        error = rng.standard_normal((n_targets, 4)) * self.scatter * self.x_height
        # Where a stroke starts is missed by a little, and the whole stroke with it.
        stroke = np.maximum.accumulate(np.where(plan.starts, np.arange(n_targets), 0))
        targets = targets + _sway(plan) @ error[:, :2] + MISSED_START * error[stroke, 2:]
        stretch, shear = DISTORTION * self.scatter * rng.standard_normal(2)
        targets = targets @ np.array([[1 + stretch, 0.0], [shear, 1 - stretch]])
        change = rng.standard_normal((n_parts, 4)) * TIMING
        change[:, :3] = np.exp(change[:, :3])
        manner = (
            self.seconds * math.exp(HURRY * rng.standard_normal()),
            self.roundness,
            1.45 - 0.35 * self.flow,
            2.3 - 0.6 * self.flow,
            2.6 - 0.4 * self.flow,
            self.skew,
        )
        parts = np.empty((n_parts, 6))
        chain(targets, plan.joins, headings, plan.starts, manner, change, parts)
        return Movement(targets[0].copy(), parts, ~plan.starts[1:])


@functools.lru_cache(maxsize=1 << 16)
def _preferences(writer: Writer, label: str) -> tuple[Plan, tuple[Plan, ...], np.ndarray]:
    """Return the preferred plan, all plans, and their cumulated shares."""
    plans = plans_of(label)
    likings = {"": 1.0, "cursive": 3 * writer.cursive, "continental": 3 * writer.continental}
    shares = np.cumsum([plan.weight * likings[plan.taste] for plan in plans])
    shares /= shares[-1]
    own = np.random.default_rng([writer.habits, zlib.crc32(label.encode())])
    return plans[int(np.searchsorted(shares, own.random()))], plans, shares


@functools.lru_cache(maxsize=1 << 16)
def _own_targets(writer: Writer, plan: Plan) -> tuple[np.ndarray, np.ndarray]:
    """Return targets in mm, y up, and headings, as this writer always means to place them."""
    own = np.random.default_rng([writer.habits, zlib.crc32(plan.name.encode()), 1])
    ahead = np.stack([np.cos(plan.headings), np.sin(plan.headings)], axis=1)
    placed = _placed(writer, plan, plan.targets)
    gap = _placed(writer, plan, plan.targets + 0.01 * ahead) - placed
    headings = np.where(plan.joins == HEADED, np.arctan2(gap[:, 1], gap[:, 0]), 0.0)
    if writer.left_handed:
        _turn_bars(plan, placed)
    own_shape = writer.own_shape * writer.x_height * own.standard_normal(placed.shape)
    return placed + _sway(plan) @ own_shape, headings


@functools.lru_cache(maxsize=1 << 12)
def _sway(plan: Plan) -> np.ndarray:
    """Return what turns independent errors of the targets into errors that neighbours share.

    A retraced stem stays a stem because targets near each other are displaced alike: with a
    covariance of ``SHARED exp(-d^2 / (2 SWAY^2))`` at distance d, and 1 in all.
    """
    gaps = plan.targets[:, np.newaxis] - plan.targets  # (n_targets, n_targets, 2)
    near = np.exp(-np.square(gaps).sum(axis=2) / (2 * SWAY**2))
    factor: np.ndarray = np.linalg.cholesky(SHARED * near + (1 - SHARED) * np.eye(len(near)))
    return factor


def _turn_bars(plan: Plan, placed: np.ndarray) -> None:
    """Turn level strokes of two targets around, in place."""
    ends = np.append(np.flatnonzero(plan.starts), len(placed))
    for start in ends[:-1][np.diff(ends) == 2]:
        across, along = np.abs(plan.targets[start + 1] - plan.targets[start])
        if across > 3 * along:
            placed[[start, start + 1]] = placed[[start + 1, start]]


def _placed(writer: Writer, plan: Plan, targets: np.ndarray) -> np.ndarray:
    """Return plan coordinates in the writer's proportions, in mm, shape (n, 2)."""
    top = writer.x_height * (1 + writer.ascender)
    if plan.zones:
        unit = 2 * writer.x_height / 100
        lines = (-100, -50, 0, 50, 100, 150)
        low, high = writer.descender * writer.x_height, writer.ascender * writer.x_height
        heights = (-2 * low, -low, 0.0, writer.x_height, top, top + high)
        y = np.interp(targets[:, 1], lines, heights)
    else:
        unit = top * (writer.digit if plan.label.isdigit() else writer.capital) / 100
        y = unit * targets[:, 1]
    x = writer.width * unit * targets[:, 0]
    slant, slope = np.tan(np.deg2rad(writer.slant)), np.tan(np.deg2rad(writer.slope))
    x = x + slant * y
    return np.stack([x, y + slope * x], axis=1)
