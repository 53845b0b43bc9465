"""JSON from strangers: what is no JSON, and numbers that are none, refused with a reason."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from typing import Any, NoReturn

import numpy as np

from strokesim.formats.source import Source
from strokesim.ink import LARGEST, are_readings

LARGEST_DOCUMENT = 64 << 20
"""Most bytes of one JSON document. Parsed, it may take twenty times as much memory."""
MANY = 50_000
"""How many lists and objects, or strings, a document may have that are very short.

A list takes 64 bytes of memory, if only two of the document, and a string 50 and more; samples
of ink have more digits, and the names in them are kept once.
"""
_COUNTED = (("lists and objects", (b"[", b"{"), 1, 8), ("strings", (b'"',), 2, 7))
"""What is counted, by which marks, how many marks it has, and bytes that are enough for each."""


class BadJson(ValueError):
    """What is wrong with a document; ``line`` tells where, if that is known."""

    def __init__(self, reason: str, line: int | None = None) -> None:
        super().__init__(reason)
        self.line = line


def parse_json(text: bytes, of_object: Callable[[dict[str, Any]], Any] | None = None) -> Any:
    """Return what a JSON document in UTF-8 says.

    Parameters
    ----------
    text : bytes
        The document.
    of_object : callable, optional
        Is given each object as soon as it is read, and returns what takes its place. Objects
        of a few numbers take twelve times as much memory as their text.

    Raises
    ------
    BadJson
        If it is no JSON, is nested too deeply, is larger than `LARGEST_DOCUMENT`, has too
        many too short lists (`MANY`), or holds NaN or an infinity, which JSON does not
        have.
    """
    if len(text) > LARGEST_DOCUMENT:
        raise BadJson(f"is larger than the {LARGEST_DOCUMENT >> 20} MiB that one document may be")
    for name, marks, per_item, shortest in _COUNTED if len(text) > MANY else ():
        count = sum(map(text.count, marks)) // per_item
        if count > MANY and len(text) < shortest * count:
            raise BadJson(f"has {count} {name} of less than {shortest} bytes on average")
    decoder = _DECODER
    if of_object is not None:
        decoder = json.JSONDecoder(object_hook=of_object, parse_constant=_refuse_constant)
    try:
        return decoder.decode(text.removeprefix(b"\xef\xbb\xbf").decode("utf-8", "surrogatepass"))
    except RecursionError:
        raise BadJson("is nested too deeply") from None
    except json.JSONDecodeError as error:
        raise BadJson(f"is not JSON at character {error.pos + 1}: {error.msg}", error.lineno) from (
            None
        )
    except ValueError as error:
        raise BadJson(f"is not JSON: {error}") from None


def _refuse_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is no number")


# One for all lines, because it takes longer to make than a line takes to read.
_DECODER = json.JSONDecoder(parse_constant=_refuse_constant)


def json_lines(source: Source) -> Iterator[tuple[int, dict[str, Any]]]:
    """Yield the object of each line that is not blank, and the number of the line.

    Raises
    ------
    FormatError
        If a line is no object, unless the source is read leniently.
    """
    for number, line in enumerate(source.lines(), 1):
        if not line.strip():
            continue
        try:
            record = parse_json(line)
            if not isinstance(record, dict):
                raise BadJson("is no JSON object; one is needed per line")
        except BadJson as error:
            source.skip(str(error), number)
        else:
            yield number, record


def number_of(value: Any, name: str) -> float:
    """Return a number of a document.

    Raises
    ------
    ValueError
        If it is none, or one above 2**53, which no pen has recorded.
    """
    if type(value) not in (int, float):
        raise ValueError(f"{name} is {_shown(value)}; needed: a number")
    if not abs(value) <= LARGEST:
        raise ValueError(f"{name} is more than a pen can record")
    return float(value)


def column_of(values: Any, name: str) -> np.ndarray:
    """Return a list of numbers as an array, shape (n,).

    Raises
    ------
    ValueError
        If it is no list, or something in it is no number that a pen can record.
    """
    if not isinstance(values, list):
        raise ValueError(f"{name} is {_shown(values)}; needed: a list of numbers")
    if not {*map(type, values)} <= {int, float}:
        odd = next(value for value in values if type(value) not in (int, float))
        raise ValueError(f"{name} holds {_shown(odd)}; needed: numbers")
    try:
        column = np.array(values, np.float64)
    except OverflowError:
        raise ValueError(f"{name} holds more than a pen can record") from None
    if len(column) and not are_readings(column):
        raise ValueError(f"{name} holds more than a pen can record")
    return column


def _shown(value: Any) -> str:
    kind = {dict: "an object", list: "a list", type(None): "missing"}.get(type(value))
    return kind or repr(value)[:40]
