"""JSON of the Brain Diseases Analysis Laboratory: one list per channel, in two layouts.

Reference: github.com/BDALab/handwriting-sample, its description and its examples. ::

    {"meta_data": {"samples_count": 2, ...},
     "data": {"x": [52.81, 52.83], "y": [...], "time": [...], "pen_status": [1, 1],
              "azimuth": [...], "tilt": [...], "pressure": [...]}}

    {"x": [417.35, 417.35], "y": [...], "time": [...], "pressure": [...], "button": [...],
     "buttons": [0, 1], "twist": [...], "tiltX": [...], "tiltY": [...], "pointerType": "pen"}

- The first is the laboratory's ``.svc`` in another form: what the columns mean, y upwards and
  turned round, the units of time, angles and pressure, all is as in
  `strokesim.formats.signature_text`. ``pen_status`` is the button, ``tilt`` the altitude. The
  participant's id is the writer.
- The second collects the attributes of Pointer Events: ``y`` grows downwards, positions are in
  CSS pixels, time in milliseconds, pressure from 0 to 1, tilt in degrees. The pen was down
  where bit 0 of ``buttons`` is set.
- Samples with the pen up were recorded in the air.
- Samples beyond ``samples_count`` are kept and counted as a repair.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import numpy as np

from strokesim.formats.format import Format
from strokesim.formats.pen_angles import angles_of_tilt
from strokesim.formats.pen_runs import split_at_lifts
from strokesim.formats.signature_text import ink_of_rows
from strokesim.formats.source import Source
from strokesim.formats.strict_json import BadJson, column_of, parse_json
from strokesim.ink import Ink

_TABLET = ("x", "y", "time", "pen_status", "azimuth", "tilt", "pressure")
_POINTER = ("x", "y", "time", "buttons", "pressure", "tiltX", "tiltY")
_NOTES = ("task_id", "protocol_id", "device_type", "created_on")
_CONTACT = 1
_MS_PER_SECOND = 1000.0

_HEAD_OF_TABLET = re.compile(rb'\s*\{\s*"(meta_data|data)"\s*:\s*\{')
_HEAD_OF_POINTER = re.compile(rb'\s*\{\s*"(x|y|time|pressure|buttons?)"\s*:\s*\[')


def _sniff(head: bytes) -> bool:
    text = head.removeprefix(b"\xef\xbb\xbf")
    if _HEAD_OF_TABLET.match(text):
        return b'"pen_status"' in text or b'"samples_count"' in text
    return _HEAD_OF_POINTER.match(text) is not None


def _read(source: Source) -> Iterator[Ink]:
    try:
        record = parse_json(source.data)
        if not isinstance(record, dict):
            raise BadJson("is no JSON object")
        is_pointer = "data" not in record
        columns, repairs = _columns(
            source, record if is_pointer else record["data"], _POINTER if is_pointer else _TABLET
        )
        fields: dict[str, Any] = {"id": source.stem, "source": source.name}
        if is_pointer:
            ink = _ink_of_pointer(columns, repairs, record, fields)
        else:
            ink = _ink_of_tablet(source, columns, repairs, record.get("meta_data"), fields)
    except BadJson as error:
        raise source.error(str(error), error.line) from None
    except ValueError as error:
        raise source.error(str(error)) from None
    if ink is None:
        source.skip("the pen is never down")
    else:
        yield ink


def _columns(
    source: Source, record: Any, names: tuple[str, ...]
) -> tuple[dict[str, np.ndarray], dict[str, int]]:
    """Return the columns, equally long, and how many values were left out for that."""
    if not isinstance(record, dict):
        raise BadJson("data is no object of lists")
    # Each list is given up as soon as it is an array.
    columns = {name: column_of(record.pop(name, None), name) for name in names}
    lengths = {name: len(column) for name, column in columns.items()}
    shortest = min(lengths.values())
    left_out = max(lengths.values()) - shortest
    if left_out:
        shown = ", ".join(f"{name} {length}" for name, length in lengths.items())
        source.skip(f"the lists have different lengths: {shown}")
    cut = {name: column[:shortest] for name, column in columns.items()}
    return cut, {"incomplete sample left out": left_out}


def _ink_of_tablet(
    source: Source,
    columns: dict[str, np.ndarray],
    repairs: dict[str, int],
    meta: Any,
    fields: dict[str, Any],
) -> Ink | None:
    rows = np.stack([columns.pop(name) for name in _TABLET], axis=1)
    odd = np.flatnonzero((rows[:, 3] != 0) & (rows[:, 3] != 1))
    for row in odd:
        source.skip(f"sample {row}: pen_status is {rows[row, 3]:g}; 1 is down, 0 is up")
    repairs["damaged sample left out"] = len(odd)
    meta = meta if isinstance(meta, dict) else {}
    announced = meta.get("samples_count")
    if type(announced) is int:
        if len(rows) < announced:
            source.skip(f"announces {announced} samples and has {len(rows)}; is it cut off?")
        repairs["sample beyond the announced number"] = max(0, len(rows) - announced)
        repairs["announced sample that is missing"] = max(0, announced - len(rows))
    participant = meta.get("participant")
    writer = participant.get("id") if isinstance(participant, dict) else None
    if len(odd):
        rows = np.delete(rows, odd, axis=0)
    return ink_of_rows(
        rows,
        repairs,
        writer=None if writer is None else str(writer),
        notes={name: str(meta[name]) for name in _NOTES if meta.get(name) is not None},
        **fields,
    )


def _ink_of_pointer(
    columns: dict[str, np.ndarray],
    repairs: dict[str, int],
    record: dict[str, Any],
    fields: dict[str, Any],
) -> Ink | None:
    down = columns["buttons"].astype(np.int64) & _CONTACT != 0
    if not down.any():
        return None
    pressure = columns["pressure"]
    outside = int(np.sum((pressure < 0) | (pressure > 1)))
    stamps = columns["time"]
    altitude, azimuth = angles_of_tilt(columns["tiltX"], columns["tiltY"])
    samples = np.stack(
        [
            columns["x"],
            columns["y"],
            (stamps - stamps[0]) / _MS_PER_SECOND,
            np.clip(pressure, 0, 1),
            altitude,
            azimuth,
        ],
        axis=1,
    )
    channels = ("x", "y", "t", "pressure", "altitude", "azimuth")
    strokes, hover = split_at_lifts(samples, down, channels)
    repairs["pressure beyond its range"] = outside
    kind = record.get("pointerType")
    return Ink(
        strokes,
        hover=hover,
        repairs={what: count for what, count in repairs.items() if count},
        notes={} if kind is None else {"pointerType": str(kind)},
        **fields,
    )


FORMAT = Format(
    name="bdalab",
    title="BDALab handwriting sample, JSON",
    suffixes=(".json",),
    channels=("x", "y", "t", "pressure", "altitude", "azimuth", "hover"),
    sniff=_sniff,
    read=_read,
    lenient="damaged and incomplete samples are left out",
    unsupported="whatever else stands in the metadata than participant, task and date; twist",
)
