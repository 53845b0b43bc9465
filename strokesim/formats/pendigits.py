"""Pendigits of the UCI repository: 8 points per digit as integers, and the digit.

Reference: F. Alimoglu, E. Alpaydin, "Methods of Combining Multiple Classifiers Based on
Different Representations for Pen-based Handwriting Recognition", TAINN 1996; UCI 81. ::

     47,100, 27, 81, 57, 37, 26,  0,  0, 23, 56, 53,100, 90, 40, 98, 8

- x and y of 8 points at equal distances along the ink, from 0 to 100, the longer side of a
  digit stretched to all of it; the class is last. The strokes are joined, so an ink has one.
- ``y`` grows upwards and is turned round: 0 becomes 100 at the bottom.
- There is no time. The writers are not told; they stand in the original recordings, which
  `strokesim.formats.unipen` reads.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

import numpy as np

from strokesim.formats.format import Format
from strokesim.formats.source import Source
from strokesim.ink import Ink, Stroke

N_POINTS = 8
TOP = 100.0

_LINE = rb"(?:[ \t]*\d{1,3}[ \t]*,){16}[ \t]*\d[ \t]*"
_HEAD = re.compile(rb"(?:\xef\xbb\xbf)?" + _LINE + rb"(?:\r?\n|\Z)")
_SOUND = re.compile(_LINE + rb"\r?")


def _sniff(head: bytes) -> bool:
    return _HEAD.match(head) is not None


def _read(source: Source) -> Iterator[Ink]:
    for line, row in _rows(source):
        points = row[:-1].reshape(N_POINTS, 2).copy()
        points[:, 1] = TOP - points[:, 1]
        yield Ink(
            (Stroke(points),),
            label=f"{row[-1]:.0f}",
            id=f"{source.stem}#{line - 1}",
            source=source.name,
        )


def _rows(source: Source) -> Iterator[tuple[int, np.ndarray]]:
    """Yield the number of each line that is not blank, and its 17 numbers."""
    for line, text in enumerate(source.lines(), 1):
        if not text.strip():
            continue
        if _SOUND.fullmatch(text) is None:
            source.skip("is not 16 numbers and a digit separated by commas", line)
            continue
        row = np.array(text.split(b","), np.float64)
        if row.max() > TOP:
            source.skip(f"{row.max():.0f} is beyond the {TOP:.0f} of a point", line)
        else:
            yield line, row


FORMAT = Format(
    name="pendigits",
    title="Pendigits (UCI), 8 points",
    suffixes=(".tra", ".tes", ".csv"),
    channels=("x", "y"),
    sniff=_sniff,
    read=_read,
    lenient="damaged lines are left out",
    unsupported="the static and 4- to 16-point forms of the dataset",
)
