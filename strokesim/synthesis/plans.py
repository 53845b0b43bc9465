"""Plans: the targets that a pen visits to write a character, in which order, and how."""

from __future__ import annotations

import functools
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

import numpy as np

from strokesim.errors import ArgumentError, UnknownNameError
from strokesim.synthesis.allographs import ALLOGRAPHS
from strokesim.synthesis.chance import check_generator

GLIDE, CORNER, ARRIVE, LEAVE, HEADED = range(5)
JOINS = {"!": CORNER, "<": ARRIVE, ">": LEAVE}


@dataclass(frozen=True, slots=True, eq=False)
class Plan:
    """One way of writing one character.

    Parameters
    ----------
    label : str
        What it writes.
    name : str
        Label and number of the way, "E/2"; unique.
    targets : ndarray of float64, shape (n_targets, 2)
        x and y in hundredths of the capital height, y up from the baseline; where ``zones``,
        50 is the x-height, 100 the ascender line and -50 the descender line.
    joins : ndarray of int8, shape (n_targets,)
        How the pen passes each target: `GLIDE`, `CORNER`, `ARRIVE`, `LEAVE`, `HEADED`; the
        module `allographs` says what they are. A stroke's ends are corners unless headed.
    headings : ndarray of float64, shape (n_targets,)
        Direction of passage in radians where the join is `HEADED`, else 0.
    starts : ndarray of bool, shape (n_targets,)
        Where a stroke begins. The pen flies to these.
    zones : bool
        Whether the heights are those of small letters.
    weight : float
        How common it is beside the other ways.
    taste : str
        "cursive", "continental" or "": the habit that makes it likelier.

    Raises
    ------
    ArgumentError
        If the arrays differ in length, a stroke has fewer than two targets, or one begins or
        ends with another join.
    """

    label: str
    name: str
    targets: np.ndarray
    joins: np.ndarray
    headings: np.ndarray
    starts: np.ndarray
    zones: bool = False
    weight: float = 1.0
    taste: str = ""

    def __post_init__(self) -> None:
        n_targets = len(self.targets)
        ends = np.flatnonzero(np.append(self.starts, True))
        if ends[0] != 0 or len(ends) < 2 or np.diff(ends).min() < 2:
            raise ArgumentError(f"plan {self.name}: every stroke needs at least two targets")
        if self.targets.shape != (n_targets, 2) or not np.isfinite(self.targets).all():
            raise ArgumentError(
                f"plan {self.name}: targets of shape {self.targets.shape}; "
                "needed: (n_targets, 2), finite"
            )
        for name in ("joins", "headings", "starts"):
            if len(getattr(self, name)) != n_targets:
                raise ArgumentError(
                    f"plan {self.name}: {len(getattr(self, name))} {name} for {n_targets} targets"
                )
        if not np.isin(self.joins[[*ends[:-1], *(ends[1:] - 1)]], (CORNER, HEADED)).all():
            raise ArgumentError(
                f"plan {self.name}: a stroke begins and ends at a corner or with a heading"
            )
        for array in (self.targets, self.joins, self.headings, self.starts):
            array.flags.writeable = False

    def __repr__(self) -> str:
        return f"Plan({self.name!r}: {self.starts.sum()} strokes, {len(self.targets)} targets)"

    @classmethod
    def parse(
        cls, text: str, label: str, name: str, *, weight: float = 1.0, taste: str = ""
    ) -> Plan:
        """Return the plan that a line of the table describes.

        Parameters
        ----------
        text : str
            Strokes between bars, in the notation of the module `allographs`.
        label, name, weight, taste
            See `Plan`.

        Raises
        ------
        ArgumentError
            If a target cannot be read, or the plan is none: see `Plan`.

        Examples
        --------
        >>> Plan.parse("0,100 0,0! 50,0", "L", "L/1").targets[1].tolist()
        [0.0, 0.0]
        """
        targets, joins, headings, starts = [], [], [], []
        for stroke in text.split("|"):
            words = stroke.split()
            for number, word in enumerate(words):
                place, _, heading = word.partition("@")
                join = HEADED if heading else JOINS.get(place[-1], GLIDE)
                if number in (0, len(words) - 1) and not heading:
                    join = CORNER
                try:
                    x, y = map(float, place.rstrip("!<>").split(","))
                    headings.append(np.deg2rad(float(heading or 0)))
                except ValueError:
                    raise ArgumentError(
                        f"plan {name}: target {word!r} is not x,y with !, <, > or @degrees behind"
                    ) from None
                targets.append((x, y))
                joins.append(join)
                starts.append(number == 0)
        return cls(
            label, name, np.array(targets), np.array(joins, np.int8), np.array(headings),
            np.array(starts), label.islower(), weight, taste,
        )  # fmt: skip


@functools.cache
def plans() -> Mapping[str, tuple[Plan, ...]]:
    """Return the ways of writing each of the 62 labels, the table `ALLOGRAPHS` read."""
    table: dict[str, list[Plan]] = {}
    for line in ALLOGRAPHS.strip().splitlines():
        head, _, strokes = line.partition(":")
        label, weight, *taste = head.split()
        ways = table.setdefault(label, [])
        ways.append(
            Plan.parse(
                strokes,
                label,
                f"{label}/{len(ways) + 1}",
                weight=float(weight),
                taste="".join(taste),
            )
        )
    return MappingProxyType({label: tuple(ways) for label, ways in table.items()})


LABELS = tuple("0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz")
"""What can be written: digits, capitals, small letters."""


def plans_of(label: str) -> tuple[Plan, ...]:
    """Return the ways of writing a label, at least two.

    Raises
    ------
    UnknownNameError
        If there is no plan for the label.
    """
    try:
        return plans()[label]
    except (KeyError, TypeError):
        raise UnknownNameError("label", label, LABELS) from None


def invented_plan(rng: np.random.Generator) -> Plan:
    """Return a plan of one to three strokes that no alphabet has.

    Parameters
    ----------
    rng : numpy.random.Generator
        Decides everything, the name of the glyph too.

    Raises
    ------
    ArgumentError
        If ``rng`` is no Generator.

    Notes
    -----
    Targets are drawn from the crossings of a loose grid, as in most alphabets, so that lines
    meet and end at like heights; a join is a corner as often as a curve.
    """
    check_generator(rng)
    targets, joins, starts = [], [], []
    for _ in range(rng.choice([1, 2, 3], p=[0.45, 0.4, 0.15])):
        place = np.array([rng.integers(3), rng.integers(4)])
        length = 2 + rng.binomial(4, 0.35)
        for number in range(length):
            targets.append(place * (26.0, 100 / 3))
            inner = 0 < number < length - 1
            joins.append(CORNER if not inner or rng.random() < 0.4 else GLIDE)
            starts.append(number == 0)
            old = place
            while (place == old).all():
                place = np.array([rng.integers(3), rng.integers(4)])
    name = f"glyph-{rng.integers(2**32):08x}"
    return Plan(
        name, name, np.array(targets), np.array(joins, np.int8), np.zeros(len(targets)),
        np.array(starts),
    )  # fmt: skip
