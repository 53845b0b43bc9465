"""UNIPEN components: what the pen statements say, and what a delineation names of them."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np

from strokesim.ink import Stroke

DUMMY = "dummy component left out"
DAMAGED = "damaged component left out"
UNTIMED = "time of a component's first sample alone left out"

_PART = re.compile(r"(\d+)(?::(\d+))?(?:-(\d+)(?::(\d+))?)?")


@dataclass(frozen=True, slots=True)
class Declared:
    """What was declared where a statement stands, and holds until it is declared anew."""

    writer: str | None = None
    mm_per_unit: float | None = None
    facts: Mapping[str, str] = field(default_factory=dict)
    """Declarations that are kept as notes."""


@dataclass(slots=True)
class Components:
    """Components one after the other.

    In columns, because most have a few samples, and a record takes more memory than they do.
    """

    down: bytearray = field(default_factory=bytearray)
    """1 where the pen was down, 0 where it was in the air."""
    paths: list[Stroke | None] = field(default_factory=list)
    """Their samples; None where there is no ink in it; it counts all the same."""
    lost: list[str | None] = field(default_factory=list)
    """What was mended, or why there is no path."""
    declared: list[Declared] = field(default_factory=list)

    def __len__(self) -> int:
        return len(self.down)

    def __getitem__(self, which: slice) -> Components:
        return Components(
            self.down[which], self.paths[which], self.lost[which], self.declared[which]
        )

    def append(self, declared: Declared, *, down: bool) -> None:
        """Count a component whose samples are not known yet."""
        self.down.append(down)
        self.paths.append(None)
        self.lost.append(None)
        self.declared.append(declared)

    def extend(self, others: Components) -> None:
        """Add others behind the last."""
        self.down += others.down
        self.paths += others.paths
        self.lost += others.lost
        self.declared += others.declared


def timeless(path: Stroke) -> Stroke:
    """Return the samples without their times."""
    if "t" not in path.channels:
        return path
    column = path.channels.index("t")
    names = path.channels[:column] + path.channels[column + 1 :]
    return Stroke(np.delete(path.samples, column, axis=1), names)


def delineated(parts: str, components: Components) -> Components:
    """Return what a delineation names; ValueError says what of it is not there."""
    found: Components | None = None
    for part in parts.split(","):
        match = _PART.fullmatch(part)
        if match is None:
            raise ValueError(f"{part!r} is no delineation; such are 3, 3-7, 3,5 and 2:10-4:0")
        first, last = int(match[1]), int(match[3] or match[1])
        if not first <= last < len(components):
            raise ValueError(f"component {part} of {len(components)} (from 0) is not there")
        named = components[first : last + 1]
        # The end first: where both are in one component, the beginning does not shift it.
        if (end := match[4] if match[3] else match[2]) is not None:
            named.paths[-1] = _cut(named.paths[-1], 0, int(end) + 1)
        if match[2] is not None:
            named.paths[0] = _cut(named.paths[0], int(match[2]), None)
        if found is None:
            found = named
        elif len(found) + len(named) <= 2 * len(components):
            found.extend(named)
        else:
            raise ValueError(f"{len(components)} components are named more than twice each")
    assert found is not None
    return found


def _cut(path: Stroke | None, begin: int, end: int | None) -> Stroke | None:
    if path is None:
        return None
    samples = path.samples[begin:end]
    if len(samples) == 0 or (end is not None and end > len(path)):
        raise ValueError(f"a component of {len(path)} samples has no such part")
    return Stroke._trusted(samples, path.channels)
