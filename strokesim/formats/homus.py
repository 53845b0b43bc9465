"""HOMUS: handwritten music symbols, one per file, as text.

Reference: J. Calvo-Zaragoza, J. Oncina, "Recognition of Pen-Based Music Notation: the HOMUS
dataset", ICPR 2014. ::

    12-8-Time
    28,107;30,107;30,110;25,121;
    35,115;35,115;37,115;

- The first line is the label; every further one is a stroke, its points ``x,y`` ended by
  semicolons.
- ``y`` grows downwards; the unit is a pixel of the tablet it was drawn on. There is no time.
- Points repeat one another where the finger rested; they are kept.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

import numpy as np

from strokesim.formats.bulk_numbers import parse_values
from strokesim.formats.format import Format
from strokesim.formats.number_rows import check_length
from strokesim.formats.source import Source
from strokesim.ink import Ink, Stroke

MOST_STROKES = 10_000
"""Most strokes of a symbol. Published ones have a dozen; one takes some 300 bytes."""

_POINT = rb"[ \t]*-?\d+(?:\.\d*)?,-?\d+(?:\.\d*)?[ \t]*;"
_LONG = 1000
_NO_MARKS = bytes({*range(256)} - {*b",;"})
_PAIR = re.compile(rb"([^;]*);")
_TO_BLANKS = bytes.maketrans(b",;", b"  ")
_HEAD = re.compile(
    rb"(?:\xef\xbb\xbf)?[A-Za-z0-9][^\n,;<{\[]{0,79}\r?\n" + _POINT + rb"[-\d.,; \t]*(?:\r?\n|\Z)"
)


def _sniff(head: bytes) -> bool:
    return _HEAD.match(head) is not None


def _read(source: Source) -> Iterator[Ink]:
    lines = source.text_lines()
    first = next(lines)
    label = first.strip()
    if not label or ";" in label:
        raise source.error(f"begins with {first[:40]!r}; needed: the label, alone in its line", 1)
    strokes: list[Stroke] = []
    damaged = 0
    for number, line in enumerate(lines, 2):
        if not line.strip():
            continue
        if len(strokes) == MOST_STROKES:
            raise source.error(f"has more than {MOST_STROKES} strokes", number)
        try:
            strokes.append(Stroke(_points(line)))
        except ValueError as error:
            damaged += 1
            source.skip(str(error), number)
    if not strokes:
        source.skip("has no stroke", 1)
        return
    yield Ink(
        tuple(strokes),
        label=label,
        id=source.stem.removesuffix(".txt"),
        source=source.name,
        repairs={"damaged stroke left out": damaged} if damaged else {},
    )


def _points(line: str) -> np.ndarray:
    """Return the points of a stroke, shape (n_points, 2)."""
    check_length(line)
    text = line.strip().removesuffix(";").encode() + b";"
    marks = text.translate(None, _NO_MARKS)
    if marks.replace(b",;", b""):
        pairs = (match[1].decode() for match in _PAIR.finditer(text))
        odd = next(pair for pair in pairs if pair.count(",") != 1)
        raise ValueError(f"{odd[:40]!r} is no point; needed: x,y")
    values = parse_values(text.translate(_TO_BLANKS))
    if len(values) != len(marks):
        raise ValueError("a point lacks a number; needed: x,y")
    points = values.reshape(-1, 2)
    # A stroke copies what can be written to: that is worth it for short ones, whose view of
    # the numbers takes more than they do.
    points.flags.writeable = len(points) < _LONG
    return points


FORMAT = Format(
    name="homus",
    title="HOMUS music symbols",
    suffixes=(".txt",),
    channels=("x", "y"),
    sniff=_sniff,
    read=_read,
    lenient="damaged strokes are left out",
    unsupported="nothing that the files hold",
)
