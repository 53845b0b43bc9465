"""Writing UNIPEN: one segment per ink, and what UNIPEN has no place for under keywords of ours.

The definition lets a file declare keywords (``.KEYWORD``) and coordinates (``.RESERVE``), so
everything of an `Ink` except ``source`` is kept; readers that do not know ours pass over them.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import BinaryIO

import numpy as np

from strokesim.errors import ArgumentError
from strokesim.formats.bulk_numbers import number_text
from strokesim.formats.parts import parts_in_order
from strokesim.formats.unipen_statements import OURS
from strokesim.ink import LARGEST, Ink, Stroke

NO_HIERARCHY = "INK"
"""The level of segments whose ink has none of its own."""

_COORDINATES = {"x": "X", "y": "Y", "t": "T"}
_MS_PER_SECOND = 1000.0
_QUALITIES = ("OK", "GOOD", "BAD")
_WORD = re.compile(r'[^\s.":,][^\s":,]*')
# White space other than a blank, a tab and a line feed is a blank to a reader.
_IMPOSSIBLE = re.compile("[\0\r\f\v\ud800-\udfff]")
_SPECIAL = re.compile(r'["\\\n\t]')
_ESCAPES = {"\n": "\\n", "\t": "\\t"}


def write_unipen(inks: Iterable[Ink], file: BinaryIO) -> None:
    """Write inks as one UNIPEN file.

    Every number comes back to the last bit, but a ``y`` of -0 as 0, and a time, which UNIPEN
    counts in milliseconds, within one unit in the last place: exactly where it is a whole
    number of milliseconds.

    Raises
    ------
    ArgumentError
        If an ink holds what UNIPEN cannot hold; the message says what.
    """
    _put(file, ".VERSION 1.0")
    for keyword, meaning in OURS.items():
        _put(file, f".KEYWORD .{keyword} {meaning}")
    state = _State()
    n_components = 0
    for number, ink in enumerate(inks):
        parts = list(parts_in_order(ink))
        ends = f"{n_components}-{n_components + len(parts) - 1}" if parts[1:] else f"{n_components}"
        n_components += len(parts)
        try:
            _put_ink(file, ink, parts, ends, state)
        except ValueError as error:
            name = ink.id if ink.id is not None else f"number {number}"
            raise ArgumentError(
                f"ink {name}: {error}; write another format, such as jsonl"
            ) from None


class _State:
    """What was declared last, and holds until it is declared anew."""

    writer: str | None = None
    mm_per_unit: float | None = None
    channels: tuple[str, ...] = ()

    def __init__(self) -> None:
        self.reserved: set[str] = set()


def _put_ink(
    file: BinaryIO, ink: Ink, parts: list[tuple[bool, Stroke]], ends: str, state: _State
) -> None:
    notes = dict(ink.notes)
    hierarchy = NO_HIERARCHY
    if _WORD.fullmatch(notes.get("hierarchy", "")):
        hierarchy = notes.pop("hierarchy")
    quality = notes.pop("quality") if notes.get("quality") in _QUALITIES else "?"
    if ink.writer != state.writer:
        # An empty name takes the last one back.
        _put(file, f".WRITER_ID {'' if ink.writer is None else _line(ink.writer)}")
        state.writer = ink.writer
    label = "" if ink.label is None else f" {_label(ink.label)}"
    _put(file, f".SEGMENT {hierarchy} {ends} {quality}{label}")
    if ink.id is not None:
        _put(file, f".INK_ID {_label(ink.id)}")
    if ink.mm_per_unit is not None:
        _put(file, f".INK_SCALE {ink.mm_per_unit!r}")
    for name, text in notes.items():
        _put(file, f".INK_NOTE {_label(name)} {_label(text)}")
    for name, count in ink.repairs.items():
        _put(file, f".INK_REPAIR {_label(name)} {count}")
    down = False
    for down, path in parts:
        _put_channels(file, path.channels, state)
        _put(file, ".PEN_DOWN" if down else ".PEN_UP")
        _put(file, _samples(path))
    if down:
        _put(file, ".PEN_UP")


def _put_channels(file: BinaryIO, channels: tuple[str, ...], state: _State) -> None:
    if channels == state.channels:
        return
    for name in channels:
        if name in _COORDINATES.values() or not _WORD.fullmatch(name):
            raise ValueError(f"a channel is called {name!r}, which UNIPEN cannot tell")
        if name not in _COORDINATES and name not in state.reserved:
            state.reserved.add(name)
            _put(file, f".RESERVE {name} coordinate of strokesim")
    _put(file, ".COORD " + " ".join(_COORDINATES.get(name, name) for name in channels))
    state.channels = channels


def _samples(path: Stroke) -> str:
    samples = path.samples.copy()
    column = path.channels.index("y")
    samples[:, column] = 0.0 - samples[:, column]
    if len(path) == 1 and not path["x"].any() and not path["y"].any():
        raise ValueError("a stroke of the one sample 0 0 is UNIPEN's sign for no ink")
    if "t" in path.channels:
        column = path.channels.index("t")
        samples[:, column] = _milliseconds(path["t"])
    return "\n".join(" ".join(map(_number, sample)) for sample in samples.tolist())


def _milliseconds(seconds: np.ndarray) -> np.ndarray:
    """Return what becomes these seconds when it is divided by 1000, where there is such."""
    found = seconds * _MS_PER_SECOND
    if np.abs(found).max() > LARGEST:
        raise ValueError(f"a time of {np.abs(seconds).max():g} s is beyond UNIPEN's milliseconds")
    for toward in (np.inf, -np.inf):
        near = np.nextafter(seconds * _MS_PER_SECOND, toward)
        found = np.where(near / _MS_PER_SECOND == seconds, near, found)
    exact = seconds * _MS_PER_SECOND
    return np.where(exact / _MS_PER_SECOND == seconds, exact, found)


def _number(value: float) -> str:
    """Return the shortest text that comes back; UNIPEN's numbers have no exponent."""
    text = number_text(value)
    return np.format_float_positional(value, trim="-") if "e" in text else text


def _label(text: str) -> str:
    if match := _IMPOSSIBLE.search(text):
        raise ValueError(f"{text!r} holds U+{ord(match[0]):04X}, which UNIPEN cannot tell")
    escaped = _SPECIAL.sub(lambda found: _ESCAPES.get(found[0], "\\" + found[0]), text)
    return f'"{escaped}"'


def _line(text: str) -> str:
    """Return a writer, who stands on a line without quotes."""
    if not text or text != text.strip() or "\n" in text or _IMPOSSIBLE.search(text):
        raise ValueError(f"the writer is {text!r}, which UNIPEN cannot tell")
    return text


def _put(file: BinaryIO, line: str) -> None:
    file.write(line.encode() + b"\n")
