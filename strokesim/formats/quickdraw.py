"""Quick, Draw!: drawings as JSON, one per line or all in an array.

Reference: the description in github.com/googlecreativelab/quickdraw-dataset.

- A drawing is an object with ``word``, ``countrycode``, ``timestamp``, ``recognized``,
  ``key_id`` and ``drawing``, a list of strokes. A stroke is a list of the x, a list of the y
  and, in the raw files, a list of the times in milliseconds; the simplified ones have none.
  A stroke ends where the pen, finger or mouse button was lifted.
- ``drawing`` may also be text that holds that list, as exports of databases have it.
- ``y`` grows downwards, in pixels of the player's screen. Simplified drawings are moved to 0,
  scaled to 255, resampled to steps of a pixel and thinned by Ramer, Douglas and Peucker with a
  tolerance of 2.
- Times may stand still or step back. They are kept as recorded.
- ``key_id`` has 64 bits, more than a float64 holds, and is kept as text, every digit of it. One
  that was written with a fraction or an exponent has lost digits already where it is above
  2**53; it is left out then, and counted.
- Nobody says who drew, so there is no writer.
- An array is read drawing by drawing, so that memory holds one of them, and those ahead of a
  break are saved where reading is lenient.
"""

from __future__ import annotations

import io
import json
import re
from collections.abc import Iterator
from typing import Any

import numpy as np

from strokesim.errors import InkError
from strokesim.formats.format import Format
from strokesim.formats.source import Source
from strokesim.formats.strict_json import BadJson, column_of, parse_json
from strokesim.ink import Ink, Stroke

MS_PER_SECOND = 1000.0
_CHANNELS = ("x", "y", "t")
_NOTES = ("countrycode", "timestamp", "recognized")
_ALL_DIGITS = 2**53

_HEAD = re.compile(rb"(?:\xef\xbb\xbf)?\s*(?:\[\s*)?\{")
_DRAWING = re.compile(rb'"drawing"\s*:\s*"?\s*\[')
_BLANK = re.compile(r"[ \t\r\n]*")


def _sniff(head: bytes) -> bool:
    return (
        _HEAD.match(head) is not None
        and re.search(rb'"word"\s*:', head) is not None
        and _DRAWING.search(head) is not None
    )


def _read(source: Source) -> Iterator[Ink]:
    data = source.data.removeprefix(b"\xef\xbb\xbf")
    is_array = data[:4096].lstrip().startswith(b"[")
    for line, drawing in _of_array(source) if is_array else _of_lines(source, data):
        try:
            yield _ink(source, drawing)
        except InkError as error:
            source.skip(str(error), line)


def _of_lines(source: Source, data: bytes) -> Iterator[tuple[int, Any]]:
    """Yield what each line says that is not blank, and its number."""
    for line, text in enumerate(io.BytesIO(data), 1):
        if text.strip():
            try:
                yield line, parse_json(text)
            except BadJson as error:
                source.skip(str(error), line)


def _of_array(source: Source) -> Iterator[tuple[int, Any]]:
    """Yield the items of an array one by one, and the lines in which they begin."""
    text = source.text()
    # Like `parse_json`, but of a document that goes on behind its end.
    decoder = json.JSONDecoder(parse_constant=_no_number)
    position = _behind_blanks(text, text.index("[") + 1)
    line, counted = 1, 0
    is_last = text.startswith("]", position)
    while not is_last:
        line, counted = line + text.count("\n", counted, position), position
        try:
            item, end = decoder.raw_decode(text, position)
            position = _behind_blanks(text, end)
            is_last = text.startswith("]", position)
            if not is_last and not text.startswith(",", position):
                raise json.JSONDecodeError("',' or ']' expected", text, position)
        except json.JSONDecodeError as error:
            source.skip(f"is not JSON at column {error.colno}: {error.msg}", error.lineno)
            return
        except RecursionError:
            source.skip("is nested too deeply", line)
            return
        except ValueError as error:
            source.skip(f"is not JSON: {error}", line)
            return
        yield line, item
        if not is_last:
            position = _behind_blanks(text, position + 1)
    if text[position + 1 :].strip():
        source.skip("text behind the array", line + text.count("\n", counted, position))


def _behind_blanks(text: str, position: int) -> int:
    match = _BLANK.match(text, position)
    return match.end() if match else position


def _no_number(name: str) -> None:
    raise ValueError(f"{name} is no number")


def _ink(source: Source, drawing: Any) -> Ink:
    strokes = [_samples(stroke, number) for number, stroke in enumerate(_strokes(drawing))]
    start = strokes[0][0, 2] if strokes and strokes[0].shape[1] == 3 else 0.0
    for samples in strokes:
        samples[:, 2:] = (samples[:, 2:] - start) / MS_PER_SECOND
        # A stroke copies what can be written to.
        samples.flags.writeable = False
    word, key = drawing.get("word"), drawing.get("key_id")
    repairs = {}
    if isinstance(key, float):
        lost = not key.is_integer() or abs(key) > _ALL_DIGITS
        key = None if lost else int(key)
        repairs = {"key_id without all its digits left out": 1} if lost else {}
    return Ink(
        tuple(Stroke(samples, _CHANNELS[: samples.shape[1]]) for samples in strokes),
        label=None if word is None else str(word),
        id=None if key is None else str(key),
        source=source.name,
        repairs=repairs,
        notes={name: str(drawing[name]) for name in _NOTES if drawing.get(name) is not None},
    )


def _strokes(drawing: Any) -> list[Any]:
    """Return the strokes of a drawing as JSON has them."""
    strokes = drawing.get("drawing") if isinstance(drawing, dict) else None
    if isinstance(strokes, str):
        try:
            strokes = parse_json(strokes.encode())
        except (BadJson, UnicodeEncodeError) as error:
            raise InkError(f'the text of "drawing" {error}') from None
    if not isinstance(strokes, list):
        raise InkError('an object with a list "drawing" is needed')
    return strokes


def _samples(stroke: Any, number: int) -> np.ndarray:
    """Return a stroke as an array of shape (n_samples, 2 or 3)."""
    if not isinstance(stroke, list) or len(stroke) not in (2, 3):
        raise InkError(
            f"stroke {number} is not lists; needed: one of x, one of y and, if timed, one of t"
        )
    try:
        columns = [column_of(values, name) for values, name in zip(stroke, _CHANNELS, strict=False)]
    except ValueError as error:
        raise InkError(f"stroke {number}: {error}") from None
    if len({*map(len, columns)}) != 1 or len(columns[0]) == 0:
        lengths = " and ".join(str(len(column)) for column in columns)
        raise InkError(f"stroke {number} has lists of {lengths} numbers; needed: as many in each")
    return np.stack(columns, axis=1)


FORMAT = Format(
    name="quickdraw",
    title="Quick, Draw! (simplified and raw)",
    suffixes=(".ndjson", ".json"),
    channels=_CHANNELS,
    sniff=_sniff,
    read=_read,
    lenient="damaged drawings, and what follows a break in an array, are left out",
    unsupported="the binary form (.bin) and the images (.npy)",
)
