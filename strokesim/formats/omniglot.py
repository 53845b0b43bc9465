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
from collections.abc import Iterator
from itertools import pairwise

import numpy as np

from strokesim.formats.bulk_numbers import BadNumber, parse_numbers, words_per_line
from strokesim.formats.format import Format
from strokesim.formats.source import Source
from strokesim.ink import Ink, Stroke

_PATH = re.compile(
    r"(?:.*/)?(?P<alphabet>[^/]+)/(?P<character>character\d+)/(?P<name>\d+_(?P<drawer>\d+))\.txt"
)
_MS_PER_SECOND = 1000.0


def _sniff(head: bytes) -> bool:
    return re.match(rb"START\r?\n[-\d.eE+]+,[-\d.eE+]+,[-\d.eE+]+\r?\n", head) is not None


def _read(source: Source) -> Iterator[Ink]:
    samples, ends = _samples(source)
    samples[:, 1] = 0.0 - samples[:, 1]
    samples[:, 2] = (samples[:, 2] - samples[0, 2]) / _MS_PER_SECOND
    samples.flags.writeable = False
    strokes = [Stroke(samples[begin:end], ("x", "y", "t")) for begin, end in pairwise([0, *ends])]
    place = _PATH.search(source.name)
    if place is None:
        stem = source.stem.removesuffix(".txt")
        yield Ink(tuple(strokes), id=stem, source=source.name)
    else:
        alphabet, character, name, drawer = place.groups()
        yield Ink(
            tuple(strokes),
            label=f"{alphabet}/{character}",
            writer=f"{alphabet}/drawer{drawer}",
            id=f"{alphabet}/{character}/{name}",
            source=source.name,
        )


def _samples(source: Source) -> tuple[np.ndarray, list[int]]:
    """Return all samples, shape (n_samples, 3), and the row behind each stroke's last."""
    data = source.data.rstrip()
    if not data.startswith(b"START"):
        raise source.error("does not begin with START", 1)
    if not data.endswith(b"BREAK"):
        raise source.error(
            "does not end with BREAK; the file is cut off", source.line_at(len(data))
        )
    # Blanks in place of marks and commas keep every number where it stands in the file.
    text = data.replace(b"START", b"     ", 1).replace(b"BREAK", b"     ").replace(b",", b" ")
    try:
        values, starts = parse_numbers(text)
        per_line = words_per_line(text, starts)
    except BadNumber as error:
        raise source.error(str(error), source.line_at(error.offset)) from None
    uneven = np.flatnonzero((per_line != 3) & (per_line != 0))
    if len(uneven) or 3 * data.count(b",") != 2 * len(values):
        line = int(uneven[0]) + 1 if len(uneven) else None
        raise source.error("a line is not x, y and time separated by commas", line)
    breaks = [match.start() for match in re.finditer(b"BREAK", data)]
    ends = (np.searchsorted(starts, breaks) // 3).tolist()
    for begin, end, offset in zip([0, *ends], ends, breaks, strict=False):
        if begin == end:
            raise source.error("a stroke without samples", source.line_at(offset))
    return values.reshape(-1, 3), ends


FORMAT = Format(
    name="omniglot",
    title="Omniglot strokes",
    suffixes=(".txt",),
    channels=("x", "y", "t"),
    sniff=_sniff,
    read=_read,
)
