"""hwrt (write-math.com): a JSON list of strokes, each a list of points with x, y and time.

Reference: M. Thoma, "On-line Recognition of Handwritten Mathematical Symbols", 2015, and the
recordings of github.com/MartinThoma/hwrt. ::

    [[{"x": 271, "y": 262, "time": 1411811187486}, {"x": 271, "y": 263, "time": ...}], ...]

- ``y`` grows downwards, as on the canvas of a web page. The unit is a pixel.
- Time is in milliseconds since 1970. Stamps that stand still, step back or are years too low
  occur, and so do points far off. They are kept: `strokesim.formats` repairs nothing that can
  be read, so ``t`` can be negative.
- Every list is a stroke. Nothing is recorded in the air. Nobody says who drew what.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import numpy as np

from strokesim.errors import InkError
from strokesim.formats.format import Format
from strokesim.formats.source import Source
from strokesim.formats.strict_json import BadJson, number_of, parse_json
from strokesim.ink import LARGEST, Ink, Stroke

_KEYS = ("x", "y", "time")
_CHANNELS = ("x", "y", "t")
_MS_PER_SECOND = 1000.0
_HEAD = re.compile(rb'(?:\xef\xbb\xbf)?\s*\[\s*\[\s*\{\s*"(?:x|y|time)"\s*:\s*-?[\d.]')


def _sniff(head: bytes) -> bool:
    return _HEAD.match(head) is not None and b'"time"' in head


def _read(source: Source) -> Iterator[Ink]:
    try:
        record = parse_json(source.data, _point)
    except BadJson as error:
        raise source.error(str(error), error.line) from None
    if not isinstance(record, list):
        raise source.error("is no list of strokes")
    strokes, damaged = [], 0
    for number, points in enumerate(record):
        try:
            strokes.append(_samples(points))
        except ValueError as error:
            damaged += 1
            source.skip(f"stroke {number}: {error}")
    if not strokes:
        source.skip("has no stroke")
        return
    start = strokes[0][0, 2]
    for samples in strokes:
        samples[:, 2] = (samples[:, 2] - start) / _MS_PER_SECOND
    yield Ink(
        tuple(Stroke(samples, _CHANNELS) for samples in strokes),
        id=source.stem,
        source=source.name,
        repairs={"damaged stroke left out": damaged} if damaged else {},
    )


def _point(fields: dict[str, Any]) -> tuple[float, ...] | bytes:
    """Return x, y and time of an object; or as bytes, which JSON has not, what is wrong with it."""
    point: tuple[Any, ...] = tuple(map(fields.get, _KEYS))
    if {*map(type, point)} <= {int, float} and max(map(abs, point)) <= LARGEST:
        return point
    try:
        for value, key in zip(point, _KEYS, strict=True):
            # What was an object inside an object is one again.
            number_of({} if type(value) in (tuple, bytes) else value, key)
    except ValueError as error:
        return str(error).encode()
    raise AssertionError("all three are numbers")


def _samples(points: Any) -> np.ndarray:
    """Return a stroke as an array of shape (n_samples, 3)."""
    if not isinstance(points, list) or not points:
        raise InkError("needed: a list of at least one point")
    for number, point in enumerate(points):
        if isinstance(point, bytes):
            raise InkError(f"point {number}: {point.decode()}")
        if not isinstance(point, tuple):
            raise InkError(f"point {number} is no object with x, y and time")
    return np.array(points, np.float64)


FORMAT = Format(
    name="hwrt",
    title="hwrt (write-math), JSON",
    suffixes=(".json",),
    channels=_CHANNELS,
    sniff=_sniff,
    read=_read,
    lenient="damaged strokes are left out",
    unsupported="nothing that the files hold; labels are not in them",
)
