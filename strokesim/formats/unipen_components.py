"""UNIPEN components: samples behind the pen statements, and what a delineation names of them."""

from __future__ import annotations

import re
from array import array
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import NamedTuple

import numpy as np

from strokesim.formats.bulk_numbers import BadNumber, parse_numbers, parse_values, uneven_line
from strokesim.formats.number_rows import line_pieces
from strokesim.formats.source import Source
from strokesim.ink import Stroke

DUMMY = "dummy component left out"
DAMAGED = "damaged component left out"
UNTIMED = "time of a component's first sample alone left out"

_LARGE = 1 << 17
"""Bytes of a component that is converted piece by piece."""

_NAMES = {"X": "x", "Y": "y", "T": "t"}
_PART = re.compile(r"(\d+)(?::(\d+))?(?:-(\d+)(?::(\d+))?)?")


@dataclass(frozen=True, slots=True)
class Declared:
    """What was declared where a statement stands, and holds until it is declared anew."""

    writer: str | None = None
    mm_per_unit: float | None = None
    facts: Mapping[str, str] = field(default_factory=dict)
    """Declarations that are kept as notes."""


@dataclass(slots=True)
class Block:
    """Components that stand one after the other in one file and set, with the same channels."""

    source: Source
    channels: tuple[str, ...] | None
    """As ``.COORD`` names them; None where none stands ahead, empty where it is damaged."""
    target: list[Component]
    """Where they are to be added when they are converted."""
    places: array[int] = field(default_factory=lambda: array("q"))
    """Of each: where in the file its samples begin and end, and 1 if the pen was down or 0."""
    declared: list[Declared] = field(default_factory=list)

    def texts(self) -> list[bytes]:
        """Return the samples of each, as they stand in the file."""
        spans = zip(self.places[::3], self.places[1::3], strict=True)
        return [self.source.data[begin:end] for begin, end in spans]

    def one(self, number: int) -> Block:
        """Return a block of one of the components."""
        places, declared = (
            self.places[3 * number : 3 * number + 3],
            self.declared[number : number + 1],
        )
        return Block(self.source, self.channels, [], places, declared)


class Component(NamedTuple):
    """The samples that follow one pen statement."""

    down: bool
    path: Stroke | None
    """None where there is no ink in it; it counts all the same."""
    lost: str | None
    """What was mended, or why there is no path."""
    declared: Declared


def convert(block: Block, y_sign: float, *, first_time_only: bool) -> np.ndarray:
    """Convert all samples of a block at once, cut them up again, and add them to their target.

    Parameters
    ----------
    block : Block
        With at least one component, its channels known.
    y_sign : float
        -1 where y grows upwards in the file.
    first_time_only : bool
        Whether a component's first sample alone may have a time, as LipiTk writes it.

    Returns
    -------
    ndarray of float64
        The steps of T from sample to sample; empty where T is not recorded.

    Raises
    ------
    FormatError
        If a component is damaged, unless the source is read leniently.
    """
    channels = block.channels
    if not channels:
        downs = zip(block.places[2::3], block.declared, strict=True)
        block.target += [Component(down == 1, None, DAMAGED, said) for down, said in downs]
        return np.empty(0)
    odd: dict[int, Component] = {}
    found = None
    try:
        found = _values(block, channels)
    except _Damage as damage:
        if not block.source.lenient and not first_time_only:
            raise block.source.error(str(damage), block.source.line_at(damage.place)) from None
    # Not where the error, and with it what was converted, is still held.
    if found is None:
        values, rows, odd = _sound_values(block, channels, y_sign, first_time_only=first_time_only)
    else:
        values, rows = found
    components = _components(block, channels, values, rows, y_sign)
    if first_time_only and "T" in channels:
        components = list(map(_without_times, components))
    for number, component in odd.items():
        components[number] = component
    block.target += components
    if "T" not in channels or len(values) == 0:
        return np.empty(0)
    ends = np.cumsum(rows[rows > 0])
    return np.delete(np.diff(values[:, channels.index("T")]), ends[:-1] - 1)


class _Damage(ValueError):
    """What is wrong in a component, and where in the file."""

    def __init__(self, reason: str, place: int) -> None:
        super().__init__(reason)
        self.place = place


def _values(block: Block, channels: tuple[str, ...]) -> tuple[np.ndarray, np.ndarray]:
    """Return the samples of a block, and how many of them each component has.

    Raises
    ------
    _Damage
        If something in it is no sample.
    """
    texts = block.texts()
    text = b"\n".join(texts)
    ends = np.cumsum([len(body) + 1 for body in texts])
    try:
        if len(texts) == 1 and len(text) > _LARGE:
            values = np.concatenate(list(_values_in_pieces(text, channels)))
            rows = np.array([len(values)])
        else:
            values, starts = _numbers(text, channels)
            rows = np.searchsorted(starts, ends)
    except BadNumber as error:
        number = int(np.searchsorted(ends, error.offset, side="right"))
        begin = int(ends[number]) - len(texts[number]) - 1
        raise _Damage(str(error), block.places[3 * number] + error.offset - begin) from None
    rows = rows // len(channels)
    rows[1:] -= rows[:-1].copy()
    if not rows.all():
        raise _Damage("nothing that is a number", block.places[3 * int(np.argmin(rows))])
    return values.reshape(-1, len(channels)), rows


def _sound_values(
    block: Block, channels: tuple[str, ...], y_sign: float, *, first_time_only: bool
) -> tuple[np.ndarray, np.ndarray, dict[int, Component]]:
    """Return what `_values` does of the sound components, and those with other samples or none."""
    tables = [np.empty((0, len(channels)))]
    rows = np.zeros(len(block.declared), np.int64)
    odd: dict[int, Component] = {}
    for number in range(len(rows)):
        one = block.one(number)
        try:
            table, _ = _values(one, channels)
        except _Damage as damage:
            untimed = _untimed(one, channels) if first_time_only else None
            if untimed is None:
                block.source.skip(str(damage), block.source.line_at(damage.place))
                odd[number] = Component(one.places[2] == 1, None, DAMAGED, one.declared[0])
            else:
                counts = np.array([len(untimed)])
                (component,) = _components(one, channels[:-1], untimed, counts, y_sign)
                odd[number] = component._replace(lost=UNTIMED)
        else:
            tables.append(table)
            rows[number] = len(table)
    return np.concatenate(tables), rows, odd


def _untimed(one: Block, channels: tuple[str, ...]) -> np.ndarray | None:
    """Return the samples of a component whose first alone has a time; None if it is no such."""
    lines = one.texts()[0].split(b"\n", 1)
    first = lines[0].split()
    if channels[-1] != "T" or len(first) != len(channels):
        return None
    try:
        values, _ = _numbers(b"\n".join([b" ".join(first[:-1]), *lines[1:]]), channels[:-1])
    except BadNumber:
        return None
    return values.reshape(-1, len(channels) - 1)


def _components(
    block: Block, channels: tuple[str, ...], values: np.ndarray, rows: np.ndarray, y_sign: float
) -> list[Component]:
    """Return the components of a block, which have so many of the samples, one after the other."""
    column = channels.index("Y")
    # Plus 0, because a negative zero is no place of its own.
    values[:, column] = y_sign * values[:, column] + 0.0
    values.flags.writeable = False
    names = tuple(_NAMES.get(name, name) for name in channels)
    ends = np.cumsum(rows)
    begins = (ends - rows).tolist()
    cuts = zip(block.places[2::3], begins, ends.tolist(), block.declared, strict=True)
    trusted = Stroke._trusted
    components = [
        Component(down == 1, trusted(values[begin:end], names), None, declared)
        for down, begin, end, declared in cuts
    ]
    for number in np.flatnonzero(rows == 1).tolist():
        down, path, _, declared = components[number]
        if path is not None and not path["x"].any() and not path["y"].any():
            components[number] = Component(down, None, DUMMY, declared)
    return components


def _numbers(text: bytes, channels: tuple[str, ...]) -> tuple[np.ndarray, np.ndarray]:
    """Return numbers and where they begin; raise `BadNumber` if a line is no whole samples."""
    values, starts = parse_numbers(text)
    uneven = uneven_line(text, starts, len(channels))
    if uneven is not None:
        raise _uneven(*uneven, channels)
    return values, starts


def _uneven(count: int, offset: int, channels: tuple[str, ...]) -> BadNumber:
    needed = " ".join(channels)
    return BadNumber(f"a line has {count} numbers; needed: one for each of {needed}", offset)


def _values_in_pieces(text: bytes, channels: tuple[str, ...]) -> Iterator[np.ndarray]:
    """Yield the numbers of a few lines after the other; raise `BadNumber` as `_numbers` does."""
    place = 0
    for _, piece in line_pieces(text):
        try:
            if len(piece) <= _LARGE:
                yield _numbers(piece, channels)[0]
            else:
                # One line. Without where its numbers begin it takes half the memory.
                values = parse_values(piece)
                if len(values) % len(channels):
                    raise _uneven(len(values), len(piece) - len(piece.lstrip()), channels)
                yield values
        except BadNumber as error:
            raise BadNumber(str(error), place + error.offset) from None
        place += len(piece)


def _without_times(component: Component) -> Component:
    """Leave out times that are 0 behind the first sample."""
    path = component.path
    if path is None or len(path) < 2 or path["t"][1:].any():
        return component
    return component._replace(path=timeless(path), lost=UNTIMED)


def timeless(path: Stroke) -> Stroke:
    """Return the samples without their times."""
    if "t" not in path.channels:
        return path
    column = path.channels.index("t")
    names = path.channels[:column] + path.channels[column + 1 :]
    return Stroke(np.delete(path.samples, column, axis=1), names)


def delineated(parts: str, components: list[Component]) -> Iterator[Component]:
    """Yield what a delineation names; ValueError says what of it is not there."""
    left = 2 * len(components)
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
            named[-1] = _cut(named[-1], 0, int(end) + 1)
        if match[2] is not None:
            named[0] = _cut(named[0], int(match[2]), None)
        left -= len(named)
        if left < 0:
            raise ValueError(f"{len(components)} components are named more than twice each")
        yield from named


def _cut(component: Component, begin: int, end: int | None) -> Component:
    path = component.path
    if path is None:
        return component
    samples = path.samples[begin:end]
    if len(samples) == 0 or (end is not None and end > len(path)):
        raise ValueError(f"a component of {len(path)} samples has no such part")
    return component._replace(path=Stroke._trusted(samples, path.channels))
