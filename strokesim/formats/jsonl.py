"""JSON lines of our own: one ink per line, with everything that an `Ink` has.

A line is an object. ``strokesim_ink`` comes first and is the version, 1. ``channels`` names
the channels, and each stroke is a list with one list of numbers per channel::

    {"strokesim_ink":1,"label":"/","channels":["x","y"],"strokes":[[[0,3],[0,4]]]}

``label``, ``writer``, ``id``, ``source``, ``mm_per_unit``, ``hover``, ``repairs`` and
``notes`` are left out where there is nothing in them. Numbers are written so that they come
back to the last bit, and other characters than ASCII as escapes, so that no program on the
way can damage them.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Iterator
from typing import Any, BinaryIO

import numpy as np

from strokesim.errors import InkError
from strokesim.formats.format import Format
from strokesim.formats.source import Source
from strokesim.formats.strict_json import parse_json
from strokesim.ink import CHANNELS, Hover, Ink, Stroke

VERSION = 1
"""What ``strokesim_ink`` says in files written now."""

_TEXTS = ("label", "writer", "id", "source")
_KEYS = {
    "strokesim_ink", *_TEXTS, "mm_per_unit", "channels", "strokes", "hover", "repairs", "notes",
}  # fmt: skip


def _sniff(head: bytes) -> bool:
    return re.match(rb'(?:\xef\xbb\xbf)?\s*\{\s*"strokesim_ink"\s*:', head) is not None


def _read(source: Source) -> Iterator[Ink]:
    for number, line in enumerate(source.lines(), 1):
        if not line.strip():
            continue
        try:
            ink = _ink_of(parse_json(line))
        except (InkError, ValueError) as error:
            source.skip(str(error), number)
        else:
            yield ink


def _ink_of(record: Any) -> Ink:
    """Check a decoded line and make it an ink; ValueError says what is wrong."""
    if not isinstance(record, dict):
        raise ValueError("is no JSON object; an ink is one object per line")
    if record.get("strokesim_ink") != VERSION:
        raise ValueError(
            f"strokesim_ink is {record.get('strokesim_ink')!r}; this version reads {VERSION}"
        )
    if unknown := record.keys() - _KEYS:
        raise ValueError(f"unknown key {min(unknown)!r}; known: {', '.join(sorted(_KEYS))}")
    channels = _channels(record.get("channels"))
    strokes = _list(record.get("strokes"), "strokes")
    return Ink(
        tuple(_stroke(columns, channels, f"stroke {i}") for i, columns in enumerate(strokes)),
        mm_per_unit=_scale(record.get("mm_per_unit")),
        hover=tuple(map(_hover, _list(record.get("hover", []), "hover"))),
        repairs=_mapping(record.get("repairs", {}), "repairs", _is_count),
        notes=_mapping(record.get("notes", {}), "notes", _is_text),
        **{key: _text(record.get(key), key) for key in _TEXTS},
    )


def _stroke(columns: Any, channels: tuple[str, ...], name: str) -> Stroke:
    columns = [_list(column, f"each channel of {name}") for column in _list(columns, name)]
    if len(columns) != len(channels) or len({*map(len, columns)}) != 1:
        lengths = ", ".join(str(len(column)) for column in columns)
        raise ValueError(
            f"{name} has lists of the lengths {lengths}; needed: {len(channels)} of equal length"
        )
    for column, channel in zip(columns, channels, strict=True):
        if not {*map(type, column)} <= {int, float}:
            raise ValueError(f"{name}, channel {channel}: something in the list is not a number")
    try:
        samples = np.array(columns, np.float64).T
    except OverflowError:
        raise ValueError(f"{name}: a number is beyond 2**53; no pen recorded it") from None
    return Stroke(samples, channels)


def _hover(record: Any) -> Hover:
    if not isinstance(record, dict) or record.keys() != {"before", "channels", "samples"}:
        raise ValueError("a part of hover has not the keys before, channels, samples")
    if not _is_count(record["before"]):
        raise ValueError(f"hover: before is {record['before']!r}; needed: a number of strokes")
    path = _stroke(record["samples"], _channels(record["channels"]), "hover")
    return Hover(record["before"], path)


def _channels(names: Any) -> tuple[str, ...]:
    if not isinstance(names, list) or not all(map(_is_text, names)):
        raise ValueError(f"channels is {names!r}; needed: a list of names")
    return tuple(names)


def _list(value: Any, name: str) -> list[Any]:
    if not isinstance(value, list):
        raise ValueError(f"{name} is {_kind(value)}; needed: a list")
    return value


def _text(value: Any, name: str) -> str | None:
    if not (value is None or _is_text(value)):
        raise ValueError(f"{name} is {_kind(value)}; needed: a text")
    return value


def _scale(value: Any) -> float | None:
    if not (value is None or type(value) in (int, float)):
        raise ValueError(f"mm_per_unit is {_kind(value)}; needed: a number")
    return None if value is None else float(value)


def _mapping(value: Any, name: str, fits: Callable[[Any], bool]) -> dict[str, Any]:
    if not isinstance(value, dict) or not all(map(fits, value.values())):
        needed = "counts" if fits is _is_count else "texts"
        raise ValueError(f"{name} is no object of {needed} by name")
    return value


def _is_text(value: Any) -> bool:
    return isinstance(value, str)


def _is_count(value: Any) -> bool:
    return type(value) is int and value >= 0


def _kind(value: Any) -> str:
    return {dict: "an object", list: "a list", str: "a text", type(None): "missing"}.get(
        type(value), repr(value)
    )


def _write(inks: Iterable[Ink], file: BinaryIO) -> None:
    for ink in inks:
        record: dict[str, object] = {"strokesim_ink": VERSION}
        record |= {key: getattr(ink, key) for key in _TEXTS if getattr(ink, key) is not None}
        if ink.mm_per_unit is not None:
            record["mm_per_unit"] = ink.mm_per_unit
        record["channels"] = ink.channels
        record["strokes"] = [_columns(stroke) for stroke in ink.strokes]
        if ink.hover:
            record["hover"] = [
                {"before": before, "channels": path.channels, "samples": _columns(path)}
                for before, path in ink.hover
            ]
        record |= {key: dict(value) for key in ("repairs", "notes") if (value := getattr(ink, key))}
        file.write(json.dumps(record, separators=(",", ":")).encode("ascii") + b"\n")


def _columns(stroke: Stroke) -> list[list[float]]:
    """Return one list per channel, of short integers where a whole channel is integral."""
    columns = []
    for column in stroke.samples.T:
        whole = column.astype(np.int64)
        # The bits are compared, because -0.0 equals 0.
        integral = np.array_equal(
            whole.astype(np.float64).view(np.int64), column.copy().view(np.int64)
        )
        columns.append(whole.tolist() if integral else column.tolist())
    return columns


FORMAT = Format(
    name="jsonl",
    title="strokesim JSON lines",
    suffixes=(".jsonl", ".ndjson"),
    channels=(*CHANNELS, "others by name", "hover"),
    sniff=_sniff,
    read=_read,
    write=_write,
    lenient="damaged lines are left out",
    unsupported="versions later than 1",
)
