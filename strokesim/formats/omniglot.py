"""Omniglot strokes: one drawing per file, START, lines of x, y and time, BREAK after a stroke.

Reference: B. M. Lake, R. Salakhutdinov, J. B. Tenenbaum, "Human-level concept learning
through probabilistic program induction", Science 350, 2015; the stroke files of its
repository. ::

    START
    65.188679,-19.405622,0
    65.188679,-21.405622,66
    BREAK

- ``y`` is negative downwards and is turned round. The unit is a pixel of the drawing's image.
- Time is in milliseconds. A few stamps step backwards; they are kept as recorded.
- What was drawn and by whom stands in the path, ``Greek/character01/0394_01.txt``: the label
  is ``Greek/character01``, the writer ``Greek/drawer01``, because the same number is another
  person in another alphabet.
- Reading both published archives gives Greek and Latin twice, with the same ids.
"""

from __future__ import annotations

import re
from array import array
from collections.abc import Iterator
from itertools import chain, pairwise
from types import MappingProxyType

import numpy as np

from strokesim.formats.bulk_numbers import BadNumber, parse_numbers, words_per_line
from strokesim.formats.format import Format
from strokesim.formats.number_rows import PIECE, line_pieces
from strokesim.formats.source import Source, lines_of
from strokesim.ink import Ink, Stroke

_PATH = re.compile(
    r"(?:.*/)?(?P<alphabet>[^/]+)/(?P<character>character\d+)/(?P<name>\d+_(?P<drawer>\d+))\.txt"
)
_BREAK = re.compile(b"BREAK")
_ROW = re.compile(rb"\s*+[^\s,]++\s*+,\s*+[^\s,]++\s*+,\s*+[^\s,]++\s*+")
_CHANNELS = ("x", "y", "t")
_NO_SAMPLES = np.empty((0, 3))
_LARGE = 1 << 18
_MS_PER_SECOND = 1000.0
_NO_ROW = "a line is not x, y and time separated by commas"


def _sniff(head: bytes) -> bool:
    return re.match(rb"START\r?\n[-\d.eE+]+,[-\d.eE+]+,[-\d.eE+]+\r?\n", head) is not None


def _read(source: Source) -> Iterator[Ink]:
    samples, ends, lost = _strokes(source)
    if not ends:
        return
    samples[:, 1] = 0.0 - samples[:, 1]
    samples[:, 2] = (samples[:, 2] - samples[0, 2]) / _MS_PER_SECOND
    samples.flags.writeable = False
    strokes = tuple(
        Stroke._trusted(samples[begin:end], _CHANNELS) for begin, end in pairwise([0, *ends])
    )
    place = _PATH.search(source.name)
    if place is None:
        label = writer = None
        id = source.stem.removesuffix(".txt")
    else:
        alphabet, character, name, drawer = place.groups()
        label, writer = f"{alphabet}/{character}", f"{alphabet}/drawer{drawer}"
        id = f"{alphabet}/{character}/{name}"
    repairs = MappingProxyType({"damaged stroke left out": lost} if lost else {})
    yield Ink._trusted(strokes, label, writer, id, source.name, repairs=repairs)


def _strokes(source: Source) -> tuple[np.ndarray, list[int], int]:
    """Return samples, the row behind each stroke's last, and how many strokes are damaged.

    The samples have the shape (n_samples, 3).
    """
    data = source.data.rstrip()
    lost = 0
    if not data.startswith(b"START"):
        source.skip("does not begin with START", 1)
    if not data.endswith(b"BREAK"):
        line = source.line_at(len(data))
        source.skip("does not end with BREAK; the file is cut off", line)
        lost += 1
    breaks = array("q", (match.start() for match in _BREAK.finditer(data)))
    # Blanks in place of marks keep every number where it stands in the file.
    text = data.replace(b"START", b"     ", 1).replace(b"BREAK", b"     ")
    # In one go where it is not large, as no drawing of the dataset is.
    if breaks and len(text) <= _LARGE:
        try:
            samples, starts = _samples(text[: breaks[-1]])
        except BadNumber:
            pass  # The stroke is found below.
        else:
            ends = (np.searchsorted(starts, breaks) // 3).tolist()
            if all(begin < end for begin, end in pairwise([0, *ends])):
                return samples, ends, lost
    tables = [_NO_SAMPLES]
    for begin, end in pairwise(chain([0], breaks)):
        try:
            stroke = text[begin:end]
            if not stroke.strip():
                raise BadNumber("a stroke without samples", end - begin)
            samples = _in_pieces(stroke)
        except BadNumber as error:
            source.skip(str(error), source.line_at(begin + error.offset))
            lost += 1
        else:
            tables.append(samples)
    ends = np.cumsum([len(samples) for samples in tables[1:]], dtype=int).tolist()
    return np.concatenate(tables), ends, lost


def _in_pieces(text: bytes) -> np.ndarray:
    """Return rows of x, y and time; raise `BadNumber`."""
    place, tables = 0, [_NO_SAMPLES]
    for _, piece in line_pieces(text):
        try:
            if len(piece.strip()) > PIECE:
                raise BadNumber(_NO_ROW, 0)  # One line, and not of three numbers.
            samples, _ = _samples(piece)
        except BadNumber as error:
            raise BadNumber(str(error), place + error.offset) from None
        tables.append(samples)
        place += len(piece)
    return np.concatenate(tables)


def _samples(text: bytes) -> tuple[np.ndarray, np.ndarray]:
    """Return rows of x, y and time, and where each number begins; raise `BadNumber`."""
    values, starts = parse_numbers(text.replace(b",", b" "))
    per_line = words_per_line(text, starts)
    if np.any((per_line != 3) & (per_line != 0)) or 3 * text.count(b",") != 2 * len(values):
        offset = 0
        for line in lines_of(text):
            if line.strip() and not _ROW.fullmatch(line):
                raise BadNumber(_NO_ROW, offset)
            offset += len(line) + 1
    return values.reshape(-1, 3), starts


FORMAT = Format(
    name="omniglot",
    title="Omniglot strokes",
    suffixes=(".txt",),
    channels=_CHANNELS,
    sniff=_sniff,
    read=_read,
    lenient="damaged strokes are left out",
    unsupported="the images",
)
