"""UNIPEN components: samples behind the pen statements, and what a delineation names of them."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import NamedTuple

import numpy as np

from strokesim.formats.bulk_numbers import BadNumber, parse_numbers, uneven_line
from strokesim.formats.number_rows import line_pieces
from strokesim.formats.unipen_statements import Statements
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
    """Components that stand one after the other in one file, with the same channels."""

    statements: Statements
    channels: tuple[str, ...] | None
    """As ``.COORD`` names them; None where none stands ahead, empty where it is damaged."""
    down: list[bool] = field(default_factory=list)
    texts: list[bytes] = field(default_factory=list)
    numbers: list[int] = field(default_factory=list)
    """Of the statements."""
    declared: list[Declared] = field(default_factory=list)
    targets: list[list[Component]] = field(default_factory=list)
    """Where each is to be added when it is converted."""


class Component(NamedTuple):
    """The samples that follow one pen statement."""

    down: bool
    path: Stroke | None
    """None where there is no ink in it; it counts all the same."""
    lost: str | None
    """What was mended, or why there is no path."""
    declared: Declared


def convert(block: Block, y_sign: float, *, first_time_only: bool) -> np.ndarray:
    """Convert all samples of a block at once, cut them up again, and add them to their targets.

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
    try:
        components, steps = _converted(block, y_sign)
        if first_time_only and "T" in (block.channels or ()):
            components = [_without_times(component) for component in components]
        for target, component in zip(block.targets, components, strict=True):
            target.append(component)
        # The text of a large file is not needed any more.
        block.texts.clear()
        return steps
    except _Damage as damage:
        if len(block.texts) == 1:
            return _convert_one(block, y_sign, damage, first_time_only=first_time_only)
        if not block.statements.source.lenient and not first_time_only:
            raise damage.error(block) from None
    all_steps = []
    parts = zip(block.down, block.texts, block.numbers, block.declared, block.targets, strict=True)
    for down, text, number, declared, target in parts:
        # A block for each, so that only what is damaged is lost.
        one = Block(
            block.statements, block.channels, [down], [text], [number], [declared], [target]
        )
        all_steps.append(convert(one, y_sign, first_time_only=first_time_only))
    return np.concatenate(all_steps)


class _Damage(ValueError):
    """What is wrong in a component, and how far behind the beginning of its samples."""

    def __init__(self, reason: str, number: int, inside: int) -> None:
        super().__init__(reason)
        self.number, self.inside = number, inside

    def place(self, block: Block) -> int:
        """Return the line."""
        text = block.texts[self.number]
        return block.statements.line(block.numbers[self.number], self.inside, text)

    def error(self, block: Block) -> Exception:
        return block.statements.source.error(str(self), self.place(block))


def _convert_one(
    block: Block, y_sign: float, damage: _Damage, *, first_time_only: bool
) -> np.ndarray:
    """Convert a component that has no time behind its first sample, or give it up."""
    channels = block.channels
    assert channels is not None
    lines = block.texts[0].split(b"\n", 1)
    first = lines[0].split()
    if first_time_only and channels[-1:] == ("T",) and len(first) == len(channels):
        text = b" ".join(first[:-1]) + b"\n" + (lines[1] if len(lines) == 2 else b"")
        untimed = Block(
            block.statements, channels[:-1], block.down, [text], block.numbers, block.declared
        )
        try:
            components, _ = _converted(untimed, y_sign)
        except _Damage:
            pass
        else:
            block.targets[0].append(components[0]._replace(lost=UNTIMED))
            return np.empty(0)
    if channels:
        block.statements.source.skip(str(damage), damage.place(block))
    block.targets[0].append(Component(block.down[0], None, DAMAGED, block.declared[0]))
    return np.empty(0)


def _converted(block: Block, y_sign: float) -> tuple[list[Component], np.ndarray]:
    """Return the components of a block, and the steps of T; raise `_Damage`."""
    channels = block.channels
    if not channels:
        raise _Damage("samples whose channels are not known", 0, 0)
    text = b"\n".join(block.texts)
    ends = np.cumsum([len(body) + 1 for body in block.texts])
    try:
        if len(block.texts) == 1 and len(text) > _LARGE:
            pieces = [values for values, _ in _numbers_in_pieces(text, channels)]
            values, rows = np.concatenate(pieces), np.array([sum(map(len, pieces))])
        else:
            values, starts = _numbers(text, channels)
            rows = np.searchsorted(starts, ends)
    except BadNumber as error:
        number = int(np.searchsorted(ends, error.offset, side="right"))
        begin = int(ends[number]) - len(block.texts[number]) - 1
        raise _Damage(str(error), number, error.offset - begin) from None
    values = values.reshape(-1, len(channels))
    column = channels.index("Y")
    # Plus 0, because a negative zero is no place of its own.
    values[:, column] = y_sign * values[:, column] + 0.0
    values.flags.writeable = False
    rows = rows // len(channels)
    begins = np.concatenate([[0], rows[:-1]])
    if np.any(begins == rows):
        raise _Damage("nothing that is a number", int(np.argmax(begins == rows)), 0)
    names = tuple(_NAMES.get(name, name) for name in channels)
    cuts = zip(block.down, begins.tolist(), rows.tolist(), block.declared, strict=True)
    trusted = Stroke._trusted
    components = [
        Component(down, trusted(values[begin:end], names), None, declared)
        for down, begin, end, declared in cuts
    ]
    for number in np.flatnonzero(rows - begins == 1).tolist():
        down, path, _, declared = components[number]
        if path is not None and not path["x"].any() and not path["y"].any():
            components[number] = Component(down, None, DUMMY, declared)
    steps = np.empty(0)
    if "T" in channels:
        steps = np.delete(np.diff(values[:, channels.index("T")]), rows[:-1] - 1)
    return components, steps


def _numbers(text: bytes, channels: tuple[str, ...]) -> tuple[np.ndarray, np.ndarray]:
    """Return numbers and where they begin; raise `BadNumber` if a line is no whole samples."""
    values, starts = parse_numbers(text)
    uneven = uneven_line(text, starts, len(channels))
    if uneven is not None:
        raise BadNumber(
            f"a line has {uneven[0]} numbers; needed: one for each of " + " ".join(channels),
            uneven[1],
        )
    return values, starts


def _numbers_in_pieces(
    text: bytes, channels: tuple[str, ...]
) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """Yield what `_numbers` returns of a few lines after the other."""
    place = 0
    for _, piece in line_pieces(text):
        try:
            yield _numbers(piece, channels)
        except BadNumber as error:
            raise BadNumber(str(error), place + error.offset) from None
        place += len(piece)


def _without_times(component: Component) -> Component:
    """Leave out times that are 0 behind the first sample."""
    path = component.path
    if path is None or len(path) == 1 or path["t"][1:].any():
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
