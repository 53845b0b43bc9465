"""Plans: the targets that a pen visits to write a character, in which order, and how."""

from __future__ import annotations

import functools
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

import numpy as np

from strokesim.chance import check_generator
from strokesim.errors import ArgumentError, UnknownNameError
from strokesim.synthesis.allographs import ALLOGRAPHS

GLIDE, CORNER, ARRIVE, LEAVE, HEADED = range(5)
JOINS = {"!": CORNER, "<": ARRIVE, ">": LEAVE}
COLUMNS = {"targets": np.float64, "joins": np.int8, "headings": np.float64, "starts": np.bool_}


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
        for name, kind in COLUMNS.items():
            column: np.ndarray = np.array(getattr(self, name), kind, order="C")
            column.flags.writeable = False
            object.__setattr__(self, name, column)
        n_targets = len(self.targets)
        ends = np.flatnonzero(np.append(self.starts, True))
        if ends[0] != 0 or len(ends) < 2 or np.diff(ends).min() < 2:
            raise ArgumentError(f"plan {self.name}: every stroke needs at least two targets")
        if self.targets.shape != (n_targets, 2) or not np.isfinite(self.targets).all():
            raise ArgumentError(
                f"plan {self.name}: targets of shape {self.targets.shape}; "
                "needed: (n_targets, 2), finite"
            )
        for name in COLUMNS:
            if len(getattr(self, name)) != n_targets:
                raise ArgumentError(
                    f"plan {self.name}: {len(getattr(self, name))} {name} for {n_targets} targets"
                )
        if not np.isin(self.joins[[*ends[:-1], *(ends[1:] - 1)]], (CORNER, HEADED)).all():
            raise ArgumentError(
                f"plan {self.name}: a stroke begins and ends at a corner or with a heading"
            )

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
    Targets are crossings of a grid of 3 by 4, as in most alphabets, so that lines meet and end
    at like heights. The pen glides where it turns by less than 130 degrees, but not always.
    """
    check_generator(rng)
    targets, joins, starts = [], [], []
    n_strokes = int(rng.choice([1, 2, 3], p=[0.4, 0.4, 0.2]))
    for _ in range(n_strokes):
        length = 2 + int(rng.binomial(4, 0.6 / n_strokes + 0.1))
        stroke = np.empty((length, 2))
        for number in range(length):
            stroke[number] = _crossing(rng)
            while number > 0 and (stroke[number] == stroke[number - 1]).all():
                stroke[number] = _crossing(rng)
        ways = np.arctan2(*np.diff(stroke, axis=0).T[::-1])
        turns = np.abs((np.diff(ways) + np.pi) % (2 * np.pi) - np.pi)
        glides = (turns < np.deg2rad(130)) & (rng.random(length - 2) < 0.85)
        targets.append(stroke)
        joins.append(np.array([CORNER, *np.where(glides, GLIDE, CORNER), CORNER], np.int8))
        starts.append(np.arange(length) == 0)
    name = f"glyph-{rng.integers(2**32):08x}"
    flat = np.concatenate(targets)
    return Plan(
        name, name, flat, np.concatenate(joins), np.zeros(len(flat)), np.concatenate(starts)
    )


def _crossing(rng: np.random.Generator) -> np.ndarray:
    return np.array([rng.integers(3) * 32.0, rng.integers(4) * 100 / 3])
