"""DigiLeTs: digits and letters, a line of samples and a line that names the symbol, in turn.

Reference: F. Fabi, S. Otte, F. Scholz, J. Wührer, M. Karlbauer, M. V. Butz, "Extending the
Omniglot Challenge: Imitating Handwriting Styles on a New Sequential Dataset", 2022; the
description and the files of github.com/CognitiveModeling/DigiLeTs. ::

    0.394271 0.629167 0.164139 1 0.000000 0.383333 0.633333 0.179764 0 0.020412 ...
    0.0 0.0 ... 1.0 ... 0.0

- Five numbers per sample: x, y, pressure, whether the pen was put down, and seconds since the
  first sample. Put down means that moment only: 1 marks the first sample of a stroke, and the
  others of the stroke have 0.
- ``y`` grows upwards and is turned round. The unit is a square of 20 mm (2000 units of a
  tablet that has 100 of them per mm); samples beyond its edges are below 0 or above 1.
- Pressure runs from 0 to 1. It is 0 in many first samples of a stroke, where it was lost in
  recording; that is kept. Samples with pressure 0 that are not the first of a stroke are the
  pen's button pressed in the air: they are hover.
- The second line has 62 numbers, all of them 0 but one: the digits, a to z, A to Z.
- The writer stands in the name of the file, ``005-f-19-right_2019-06-19-12-21-40``.
"""

from __future__ import annotations

import re
import string
from collections.abc import Iterator
from itertools import chain, pairwise
from pathlib import PurePath

import numpy as np

from strokesim.errors import InkError
from strokesim.formats.bulk_numbers import BadNumber, parse_values
from strokesim.formats.format import Format
from strokesim.formats.number_rows import check_length
from strokesim.formats.source import Source, lines_of
from strokesim.ink import Hover, Ink, Stroke

SYMBOLS = string.digits + string.ascii_lowercase + string.ascii_uppercase
MM_PER_UNIT = 20.0

_CHANNELS = ("x", "y", "t", "pressure")
_WIDTH = 5
_NUMBER = rb"-?\d+(?:\.\d*)?(?:[eE][-+]?\d+)?"
_SAMPLE = (_NUMBER + rb" +") * 3 + rb"%b(?:\.0*)? +" + _NUMBER + rb"\s+"
# The first sample of a file is the first of a stroke, and another one stands in its line.
_HEAD = re.compile(_SAMPLE % b"1" + _SAMPLE % b"[01]")
_WRITER = re.compile(r"(\d+)-[a-z]-\d+-[a-z]+_")


def _sniff(head: bytes) -> bool:
    return _HEAD.match(head) is not None


def _read(source: Source) -> Iterator[Ink]:
    lines = lines_of(source.data.rstrip())
    named = _WRITER.match(PurePath(source.name).name)
    for number, line in enumerate(lines):
        symbol = next(lines, b"")
        try:
            rows = _rows(line)
        except ValueError as error:
            source.skip(str(error), 2 * number + 1)
            continue
        try:
            label = _label(symbol)
        except ValueError as error:
            source.skip(str(error), 2 * number + 2)
            continue
        try:
            yield _ink(rows, label, named[1] if named else None, number, source)
        except InkError as error:
            source.skip(str(error), 2 * number + 1)


def _rows(line: bytes) -> np.ndarray:
    """Return the samples of a line, shape (n_samples, 5)."""
    check_length(line)
    values = parse_values(line)
    if len(values) == 0 or len(values) % _WIDTH:
        raise ValueError(f"has {len(values)} numbers; needed: five per sample")
    rows = values.reshape(-1, _WIDTH)
    odd = np.flatnonzero((rows[:, 3] != 0) & (rows[:, 3] != 1))
    if len(odd):
        raise ValueError(f"sample {odd[0]}: put down is {rows[odd[0], 3]:g}; needed: 0 or 1")
    return rows


def _label(line: bytes) -> str:
    try:
        check_length(line)
        values = parse_values(line)
    except BadNumber as error:
        raise ValueError(f"names no symbol: {error}") from None
    if len(values) != len(SYMBOLS) or np.count_nonzero(values) != 1 or values.max() != 1:
        raise ValueError(f"names no symbol; needed: {len(SYMBOLS)} numbers, 0 but for one 1")
    return SYMBOLS[int(values.argmax())]


def _ink(rows: np.ndarray, label: str, writer: str | None, number: int, source: Source) -> Ink:
    samples = np.empty((len(rows), 4))
    samples[:, 0] = rows[:, 0]
    samples[:, 1] = 0.0 - rows[:, 1]
    samples[:, 2] = rows[:, 4] - rows[0, 4]
    np.clip(rows[:, 2], 0, 1, out=samples[:, 3])
    samples.flags.writeable = False
    put_down = rows[:, 3] == 1
    in_air = (rows[:, 2] == 0) & ~put_down
    strokes: list[Stroke] = []
    hover: list[Hover] = []
    changes = np.flatnonzero(put_down[1:] | (in_air[1:] != in_air[:-1])) + 1
    ends = chain(map(int, changes), [len(rows)])
    for begin, end in pairwise(chain([0], ends)):
        path = Stroke(samples[begin:end], _CHANNELS)
        if in_air[begin]:
            hover.append(Hover(len(strokes), path))
        else:
            strokes.append(path)
    outside = int(np.sum((rows[:, 2] < 0) | (rows[:, 2] > 1)))
    return Ink(
        tuple(strokes),
        label=label,
        writer=writer,
        id=f"{source.stem}#{number}",
        source=source.name,
        mm_per_unit=MM_PER_UNIT,
        hover=tuple(hover),
        repairs={"pressure beyond its range": outside} if outside else {},
    )


FORMAT = Format(
    name="digilets",
    title="DigiLeTs",
    suffixes=(".txt",),
    channels=(*_CHANNELS, "hover"),
    sniff=_sniff,
    read=_read,
    lenient="damaged characters are left out",
    unsupported="age, sex and hand of the writer, which the file's name tells",
)
