"""CASIA online handwriting, isolated characters: binary records of one writer.

Reference: C.-L. Liu, F. Yin, D.-H. Wang, Q.-F. Wang, "CASIA Online and Offline Chinese
Handwriting Databases", ICDAR 2011, and table 2 of the page of its online database.

- A record is its size in bytes (16 bits), a tag (32 bits), the number of strokes (16 bits), and
  pairs of signed 16-bit x and y, all of them with the low byte first. A pair (-1, 0) ends a
  stroke, (-1, -1) the character. Both can only be told from samples by this: -1 is a
  coordinate too, so a record is checked against its number of strokes.
- The tag is the character in GBK, or ASCII. Published files differ in the order of its bytes:
  啊, b0 a1 in GBK, stands as ``a1 b0 00 00``, as ``b0 a1 00 00`` or as ``00 00 b0 a1``. Where
  both of the first two mean a character, the order is that in which more tags of the file are
  Chinese characters of GB 2312, and the first if neither is; ``ink.notes`` has a tag that
  means none.
- ``y`` grows downwards. The unit is a dot of the Anoto paper, and is not stated. There is no
  time, and nothing was recorded in the air.
- Every file is one writer, who is named after it.
"""

from __future__ import annotations

import struct
from collections.abc import Iterable, Iterator
from itertools import pairwise
from pathlib import PurePath
from typing import NamedTuple

import numpy as np

from strokesim.errors import InkError
from strokesim.formats.format import Format
from strokesim.formats.source import Source
from strokesim.ink import Ink, Stroke

_HEADER = struct.Struct("<H4sH")
_PAIR_BYTES = 4
_SMALLEST = _HEADER.size + 3 * _PAIR_BYTES  # one sample and both marks
# Rows of GB 2312 in which Chinese characters stand, by their first byte.
_CHINESE = range(0xB0, 0xF8)


class _Record(NamedTuple):
    """A character as it stands in the file; ``pairs`` has shape (n_pairs, 2)."""

    number: int
    offset: int
    tag: bytes
    n_strokes: int
    pairs: np.ndarray

    @property
    def place(self) -> str:
        return f"character {self.number}, byte {self.offset}"


def _sniff(head: bytes) -> bool:
    if len(head) < _SMALLEST:
        return False
    size, tag, n_strokes = _HEADER.unpack_from(head)
    if size < _SMALLEST or size % _PAIR_BYTES or n_strokes == 0:
        return False
    if not (tag[2:] == b"\0\0" or tag[:2] == b"\0\0") or tag == bytes(4):
        return False
    whole = min(size, len(head) // _PAIR_BYTES * _PAIR_BYTES)
    pairs = np.frombuffer(head[_HEADER.size : whole], "<i2").reshape(-1, 2)
    if len(head) < size:
        return not _is_end(pairs).any() and np.sum(_is_lift(pairs)) <= n_strokes
    return bool(_is_end(pairs)[-1]) and np.sum(_is_lift(pairs)) == n_strokes


def _read(source: Source) -> Iterator[Ink]:
    swapped = _order_of_tags(record.tag for record in _records(source, quiet=True))
    writer = PurePath(source.name).stem
    for record in _records(source):
        try:
            strokes = _strokes(record)
        except InkError as error:
            source.skip(f"{record.place}: {error}")
            continue
        label = _label(record.tag, swapped=swapped)
        yield Ink(
            strokes,
            label=label,
            writer=writer,
            id=f"{source.stem}#{record.number}",
            source=source.name,
            notes={"tag": record.tag.hex()} if label is None else {},
        )


def _records(source: Source, *, quiet: bool = False) -> Iterator[_Record]:
    """Yield the records up to the first that is none; ``quiet`` leaves its error to others."""
    data, offset, number = source.data, 0, 0
    while offset < len(data):
        rest = len(data) - offset
        size = int.from_bytes(data[offset : offset + 2], "little")
        if size < _SMALLEST or size % _PAIR_BYTES or size > rest:
            if not quiet:
                source.skip(
                    f"character {number}, byte {offset}: announces {size} bytes, and {rest} are "
                    f"left; needed: a multiple of {_PAIR_BYTES} from {_SMALLEST} on"
                )
            return
        _, tag, n_strokes = _HEADER.unpack_from(data, offset)
        pairs = np.frombuffer(data, "<i2", (size - _HEADER.size) // 2, offset + _HEADER.size)
        yield _Record(number, offset, tag, n_strokes, pairs.reshape(-1, 2))
        offset += size
        number += 1


def _strokes(record: _Record) -> tuple[Stroke, ...]:
    pairs = record.pairs
    ends = np.flatnonzero(_is_end(pairs))
    if len(ends) == 0 or ends[-1] != len(pairs) - 1:
        raise InkError("does not end with (-1, -1)")
    if len(ends) > 1:
        raise InkError(f"ends with (-1, -1) {len(ends)} times")
    lifts = np.flatnonzero(_is_lift(pairs))
    if len(lifts) != record.n_strokes:
        raise InkError(f"announces {record.n_strokes} strokes and has {len(lifts)}")
    if len(lifts) == 0 or lifts[-1] != len(pairs) - 2:
        raise InkError("has samples behind its last stroke")
    # Each mark is a row, so a stroke begins behind the one before.
    return tuple(Stroke(pairs[a + 1 : b]) for a, b in pairwise([-1, *lifts.tolist()]))


def _is_lift(pairs: np.ndarray) -> np.ndarray:
    return (pairs[:, 0] == -1) & (pairs[:, 1] == 0)


def _is_end(pairs: np.ndarray) -> np.ndarray:
    return (pairs[:, 0] == -1) & (pairs[:, 1] == -1)


def _order_of_tags(tags: Iterable[bytes]) -> bool:
    """Tell whether the low byte of the character stands first."""
    low_first = high_first = 0
    for first, second, *rest in tags:
        if rest == [0, 0]:
            low_first += second in _CHINESE and first > 0xA0
            high_first += first in _CHINESE and second > 0xA0
    return low_first >= high_first


def _label(tag: bytes, *, swapped: bool) -> str | None:
    """Return the character of a tag, or None if it means none."""
    if tag[2:] != b"\0\0":
        code = tag[2:] if tag[:2] == b"\0\0" else b""
    elif tag[1] == 0:
        code = tag[:1]
    else:
        code = tag[1::-1] if swapped else tag[:2]
    try:
        label = code.lstrip(b"\0").decode("gbk")
    except UnicodeDecodeError:
        return None
    return label if len(label) == 1 and label.isprintable() else None


FORMAT = Format(
    name="pot",
    title="CASIA online characters",
    suffixes=(".pot",),
    channels=("x", "y"),
    sniff=_sniff,
    read=_read,
    lenient="damaged characters are left out, and what follows a wrong size",
    unsupported=".ptts and .wptt, the pages and texts of the same databases; .dgr",
)
