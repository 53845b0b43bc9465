"""Quick, Draw!: drawings as JSON, one per line or all in an array.

Reference: the description in github.com/googlecreativelab/quickdraw-dataset.

- A drawing is an object with ``word``, ``countrycode``, ``timestamp``, ``recognized``,
  ``key_id`` and ``drawing``, a list of strokes. A stroke is a list of the x, a list of the y
  and, in the raw files, a list of the times in milliseconds; the simplified ones have none.
- ``y`` grows downwards. Simplified drawings are scaled to 0 to 255, resampled and thinned.
- ``key_id`` has 64 bits, more than a float64 holds, and is kept as text.
- Nobody says who drew, so there is no writer.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any, NoReturn

import numpy as np

from strokesim.errors import InkError
from strokesim.formats.format import Format
from strokesim.formats.source import Source
from strokesim.ink import Ink, Stroke

MS_PER_SECOND = 1000.0
_CHANNELS = ("x", "y", "t")
_NOTES = ("countrycode", "timestamp", "recognized")


def _sniff(head: bytes) -> bool:
    return (
        re.match(rb"(?:\xef\xbb\xbf)?\s*(?:\[\s*)?\{", head) is not None
        and re.search(rb'"word"\s*:', head) is not None
        and re.search(rb'"drawing"\s*:\s*\[', head) is not None
    )


def _read(source: Source) -> Iterator[Ink]:
    data = source.data.removeprefix(b"\xef\xbb\xbf")
    if data.lstrip().startswith(b"["):
        drawings = _parsed(source, data, None)
        for number, drawing in enumerate(drawings or []):
            yield from _inks(source, drawing, f"drawing {number}: ", None)
        return
    for line, text in enumerate(data.split(b"\n"), 1):
        if text.strip():
            yield from _inks(source, _parsed(source, text, line), "", line)


def _parsed(source: Source, text: bytes, line: int | None) -> Any:
    """Return what JSON says, or None where it was left out."""
    try:
        return json.loads(text, parse_constant=_refuse_constant)
    except RecursionError:
        source.skip("is nested too deeply", line)
    except json.JSONDecodeError as error:
        source.skip(f"is not JSON: {error.msg} at character {error.pos + 1}", line or error.lineno)
    except ValueError as error:
        source.skip(f"is not JSON: {error}", line)
    return None


def _refuse_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is no number")


def _inks(source: Source, drawing: Any, prefix: str, line: int | None) -> Iterator[Ink]:
    """Yield the ink of a drawing, if it is one."""
    if drawing is None:
        return
    try:
        yield _ink(source, drawing)
    except InkError as error:
        source.skip(f"{prefix}{error}", line)


def _ink(source: Source, drawing: Any) -> Ink:
    if not isinstance(drawing, dict) or not isinstance(drawing.get("drawing"), list):
        raise InkError('an object with a list "drawing" is needed')
    strokes = [_samples(stroke, number) for number, stroke in enumerate(drawing["drawing"])]
    start = strokes[0][0, 2] if strokes and strokes[0].shape[1] == 3 else 0.0
    for samples in strokes:
        samples[:, 2:] = (samples[:, 2:] - start) / MS_PER_SECOND
    word, key = drawing.get("word"), drawing.get("key_id")
    return Ink(
        tuple(Stroke(samples, _CHANNELS[: samples.shape[1]]) for samples in strokes),
        label=None if word is None else str(word),
        id=None if key is None else str(key),
        source=source.name,
        notes={name: str(drawing[name]) for name in _NOTES if drawing.get(name) is not None},
    )


def _samples(stroke: Any, number: int) -> np.ndarray:
    """Return a stroke as an array of shape (n_samples, 2 or 3)."""
    try:
        columns = np.array(stroke, dtype=np.float64)
    except (TypeError, ValueError, OverflowError) as error:
        raise InkError(f"stroke {number} is not lists of numbers: {error}") from None
    if columns.ndim != 2 or len(columns) not in (2, 3) or columns.shape[1] == 0:
        raise InkError(
            f"stroke {number} has shape {columns.shape}; needed: a list of x, one of y and, "
            "if it has time, one of t, equally long"
        )
    return columns.T.copy()


FORMAT = Format(
    name="quickdraw",
    title="Quick, Draw! (simplified and raw)",
    suffixes=(".ndjson", ".json"),
    channels=_CHANNELS,
    sniff=_sniff,
    read=_read,
    lenient="drawings that are damaged are left out",
)
