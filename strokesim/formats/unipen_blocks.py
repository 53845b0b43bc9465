"""UNIPEN samples: the text behind pen statements to strokes, many components at once."""

from __future__ import annotations

from array import array
from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from strokesim.formats.bulk_numbers import (
    BadNumber,
    parse_numbers,
    parse_values,
    uneven_line,
    word_starts,
)
from strokesim.formats.number_rows import line_pieces
from strokesim.formats.source import Source
from strokesim.formats.unipen_components import DAMAGED, DUMMY, UNTIMED, Components, timeless
from strokesim.ink import Stroke

_LARGE = 1 << 17
"""Bytes of a component that is converted piece by piece."""
_OVERHEAD = 16
"""Bytes that a component is counted for beyond its text."""
_SHORT = 1000
"""Bytes of a component whose lines are looked at one by one."""

_NAMES = {"X": "x", "Y": "y", "T": "t"}
_EMPTY = np.empty(0)


@dataclass(slots=True)
class Block:
    """Components of one file with the same channels, to be converted together."""

    source: Source
    channels: tuple[str, ...] | None
    """As ``.COORD`` names them; None where none stands ahead, empty where it is damaged."""
    size: int = 0
    """Bytes of their texts, and of what it takes to convert each."""
    spans: array[int] = field(default_factory=lambda: array("q"))
    """Where each text begins and ends in the file."""
    targets: list[Components] = field(default_factory=list)
    """The set of each."""
    numbers: array[int] = field(default_factory=lambda: array("q"))
    """Which of its set each is."""

    def add(self, begin: int, end: int, target: Components) -> None:
        """Take in the text of the latest component of a set."""
        self.size += end - begin + _OVERHEAD
        self.spans.extend((begin, end))
        self.targets.append(target)
        self.numbers.append(len(target) - 1)

    def texts(self) -> list[bytes]:
        """Return what follows each pen statement."""
        return [
            self.source.data[begin:end]
            for begin, end in zip(self.spans[::2], self.spans[1::2], strict=True)
        ]

    def lose(self, which: int, lost: str) -> None:
        """Say why a component has no path."""
        target, number = self.targets[which], self.numbers[which]
        target.paths[number], target.lost[number] = None, lost

    def line(self, which: int, inside: int) -> int:
        """Return the line so many bytes behind the beginning of a text."""
        return self.source.line_at(self.spans[2 * which] + inside)


class _DamageError(Exception):
    """The first damage among components: of which, and what."""

    def __init__(self, which: int, damage: _Damage) -> None:
        super().__init__(which, damage)
        self.which, self.damage = which, damage


_Damage = tuple[str, int]
"""What is wrong in a component, and how far behind the beginning of its samples."""

_NO_NUMBERS: _Damage = ("nothing that is a number", 0)


def convert(block: Block, y_sign: float, *, first_time_only: bool) -> np.ndarray:
    """Convert all samples of a block at once, and cut them up into the paths of its components.

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
        # Its .COORD was refused already.
        for which in range(len(block.targets)):
            block.lose(which, DAMAGED)
        return _EMPTY
    texts = block.texts()
    damages: dict[int, _Damage] = {}
    sound: Sequence[int] = range(len(texts))
    try:
        values, rows = _together(texts, channels)
    except _DamageError as error:
        reason, inside = error.damage
        if not block.source.lenient and not first_time_only:
            line = block.line(error.which, inside)
            raise block.source.error(reason, line) from None
        # What is wrong with a single one is known.
        known = error.damage if len(texts) == 1 else None
        values, rows, damages = _one_by_one(texts, channels, known)
        sound = [which for which in sound if which not in damages]
    steps = _cut_up(block, sound, values, rows, channels, y_sign)
    if first_time_only and "T" in channels:
        for which in sound:
            _leave_out_times(block, which)
        if damages and channels[-1] == "T":
            _convert_untimed(block, texts, damages, y_sign)
    for which, (reason, inside) in damages.items():
        block.source.skip(reason, block.line(which, inside))
        block.lose(which, DAMAGED)
    return steps


def _cut_up(
    block: Block,
    which: Sequence[int],
    values: np.ndarray,
    rows: np.ndarray,
    channels: tuple[str, ...],
    y_sign: float,
    lost: str | None = None,
) -> np.ndarray:
    """Fill some components with as many rows each of the values; return the steps of T."""
    if not which:
        return _EMPTY
    column = channels.index("Y")
    # Plus 0, because a negative zero is no place of its own.
    values[:, column] = y_sign * values[:, column] + 0.0
    values.flags.writeable = False
    ends = np.cumsum(rows)
    begins = ends - rows
    names = tuple(_NAMES.get(name, name) for name in channels)
    trusted = Stroke._trusted
    targets = [block.targets[number] for number in which]
    numbers = [block.numbers[number] for number in which]
    cuts = zip(targets, numbers, begins.tolist(), ends.tolist(), strict=True)
    for target, number, begin, end in cuts:
        target.paths[number] = trusted(values[begin:end], names)
    if lost is not None:
        for target, number in zip(targets, numbers, strict=True):
            target.lost[number] = lost
    singles = np.flatnonzero(rows == 1)
    places = values[begins[singles]][:, [channels.index("X"), column]]
    for single in singles[~places.any(axis=1)].tolist():
        block.lose(which[single], lost or DUMMY)
    if "T" not in channels:
        return _EMPTY
    return np.delete(np.diff(values[:, channels.index("T")]), ends[:-1] - 1)


def _leave_out_times(block: Block, which: int) -> None:
    """Leave out times that are 0 behind the first sample."""
    target, number = block.targets[which], block.numbers[which]
    path = target.paths[number]
    if path is not None and len(path) > 1 and not path["t"][1:].any():
        target.paths[number], target.lost[number] = timeless(path), UNTIMED


def _convert_untimed(
    block: Block, texts: list[bytes], damages: dict[int, _Damage], y_sign: float
) -> None:
    """Convert components that have a time at their first sample only, and were damaged by that."""
    channels = block.channels
    assert channels is not None
    untimed: dict[int, bytes] = {}
    for which in damages:
        line, _, others = texts[which].partition(b"\n")
        words = line.split()
        if len(words) == len(channels):
            untimed[which] = b" ".join(words[:-1]) + b"\n" + others
    values, rows, still = _one_by_one([*untimed.values()], channels[:-1])
    mended = [which for number, which in enumerate(untimed) if number not in still]
    _cut_up(block, mended, values, rows, channels[:-1], y_sign, UNTIMED)
    for which in mended:
        del damages[which]


def _together(texts: list[bytes], channels: tuple[str, ...]) -> tuple[np.ndarray, np.ndarray]:
    """Return all samples, and how many rows each component has; raise `_DamageError`."""
    text = b"\n".join(texts)
    ends = np.cumsum([len(body) + 1 for body in texts])
    try:
        if len(texts) == 1 and len(text) > _LARGE:
            values = _numbers_of_large(text, channels)
            n_numbers = np.array([len(values)])
        else:
            values, starts = _numbers(text, channels)
            n_numbers = np.diff(np.searchsorted(starts, ends), prepend=0)
    except BadNumber as error:
        which = int(np.searchsorted(ends, error.offset, side="right"))
        begin = int(ends[which]) - len(texts[which]) - 1
        raise _DamageError(which, (str(error), error.offset - begin)) from None
    if not n_numbers.all():
        raise _DamageError(int(np.argmin(n_numbers)), _NO_NUMBERS)
    return values.reshape(-1, len(channels)), n_numbers // len(channels)


def _one_by_one(
    texts: list[bytes], channels: tuple[str, ...], known: _Damage | None = None
) -> tuple[np.ndarray, np.ndarray, dict[int, _Damage]]:
    """Return what `_together` does of the components that are sound, and what is wrong in others.

    ``known`` is what is wrong in the only one, if there is one and that is known.
    """
    found: list[np.ndarray] = []
    damages: dict[int, _Damage] = {} if known is None else {0: known}
    for which, text in enumerate(texts if known is None else ()):
        try:
            values = parse_values(text)
            if len(values):
                _check_lines(text, channels)
                found.append(values)
            else:
                damages[which] = _NO_NUMBERS
        except BadNumber as error:
            damages[which] = str(error), error.offset
    samples = np.concatenate(found) if found else _EMPTY
    rows = np.array([len(values) for values in found], np.int64) // len(channels)
    return samples.reshape(-1, len(channels)), rows, damages


def _numbers(text: bytes, channels: tuple[str, ...]) -> tuple[np.ndarray, np.ndarray]:
    """Return numbers and where they begin; raise `BadNumber` if a line is no whole samples."""
    values, starts = parse_numbers(text)
    uneven = uneven_line(text, starts, len(channels))
    if uneven is not None:
        raise _uneven(*uneven, channels)
    return values, starts


def _check_lines(text: bytes, channels: tuple[str, ...]) -> None:
    """Raise what `_numbers` raises, of numbers."""
    if len(text) > _SHORT:
        uneven = uneven_line(text, word_starts(text), len(channels))
        if uneven is not None:
            raise _uneven(*uneven, channels)
        return
    begin = 0
    for line in text.split(b"\n"):
        n_words = len(line.split())
        if n_words % len(channels):
            raise _uneven(n_words, begin + len(line) - len(line.lstrip()), channels)
        begin += len(line) + 1


def _uneven(n_words: int, offset: int, channels: tuple[str, ...]) -> BadNumber:
    needed = f"needed: one for each of {' '.join(channels)}"
    return BadNumber(f"a line has {n_words} numbers; {needed}", offset)


def _numbers_of_large(text: bytes, channels: tuple[str, ...]) -> np.ndarray:
    """Return the numbers of `_numbers`, a few lines after the other."""
    values = array("d")
    place = 0
    for _, piece in line_pieces(text):
        try:
            if len(piece) > _LARGE:
                # A line by itself: where its words begin would take as much as their numbers.
                numbers = parse_values(piece)
                if len(numbers) % len(channels):
                    raise _uneven(len(numbers), len(piece) - len(piece.lstrip()), channels)
            else:
                numbers, _ = _numbers(piece, channels)
        except BadNumber as error:
            raise BadNumber(str(error), place + error.offset) from None
        values.frombytes(numbers.data.cast("B"))
        place += len(piece)
    return np.frombuffer(values)
