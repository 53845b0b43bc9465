"""Sensor CSV of Wacom's universal-ink-library: one row per sample, its stroke's number first.

Reference: github.com/Wacom-Developer/universal-ink-library, ``serialize_sensor_data_csv``. ::

    idx,SPLINE_X,SPLINE_Y,SENSOR_TIMESTAMP,SENSOR_PRESSURE,SENSOR_ALTITUDE,SENSOR_AZIMUTH
    0,277.10,183.11,1722443386312.649,0.07,0.6,0.72

- ``idx`` numbers the strokes; where it changes, another begins. Nothing in the air is written.
- ``y`` grows downwards. The unit is that of the drawing; its size is not stated.
- Pressure runs from 0 to 1, altitude and azimuth are in radians, as recorded.
- Time stamps are in seconds since 1970, but the library adds to each the milliseconds of the
  stroke's first: where the first is ``s`` seconds, it writes ``1001 s``. Stamps that would lie
  beyond the year 5000 are taken apart again, to a quarter of a millisecond, which is what the
  sum has kept, and counted as a repair.
- The library writes 0 where nothing was recorded: a channel that is 0 everywhere is left out.
  Further columns are kept under the names that they have.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import pairwise

import numpy as np

from strokesim.formats.format import Format
from strokesim.formats.number_rows import parse_rows
from strokesim.formats.source import Source
from strokesim.ink import Ink, Stroke

LONGEST_HEADER = 10_000
"""Most bytes of the first line. Wacom's library writes a hundred."""

_NAMES = {
    "SPLINE_X": "x",
    "SPLINE_Y": "y",
    "SENSOR_TIMESTAMP": "t",
    "SENSOR_PRESSURE": "pressure",
    "SENSOR_ALTITUDE": "altitude",
    "SENSOR_AZIMUTH": "azimuth",
}
_SEPARATORS = ",;\t"
_LATEST_S = 95_617_584_000.0  # the year 5000, in seconds since 1970
_MS_AND_S = 1001.0
_HEAD = re.compile(rb"(?:\xef\xbb\xbf)?idx[,;\t][A-Z_,;\t]*\bSPLINE_X\b")


def _sniff(head: bytes) -> bool:
    line = head.split(b"\n", 1)[0]
    return _HEAD.match(line) is not None and b"SPLINE_Y" in line


def _read(source: Source) -> Iterator[Ink]:
    first, _, rest = source.data.removeprefix(b"\xef\xbb\xbf").partition(b"\n")
    header = first[:LONGEST_HEADER].decode("utf-8", "replace").strip()
    separator = max(_SEPARATORS, key=header.count)
    names = header.split(separator)
    if len(first) > LONGEST_HEADER:
        raise source.error(f"has a header of more than {LONGEST_HEADER} bytes", 1)
    if names[0] != "idx" or not {"SPLINE_X", "SPLINE_Y"} <= {*names} or len({*names}) < len(names):
        raise source.error(
            f"begins with {header[:60]!r}; needed: idx, SPLINE_X, SPLINE_Y, each name once", 1
        )
    rows, damaged = parse_rows(source, rest, 2, (len(names),), separator.encode())
    if len(rows) == 0:
        source.skip("has no samples", 1)
        return
    repairs = {"damaged row left out": damaged}
    ends = np.flatnonzero(rows[1:, 0] != rows[:-1, 0]) + 1
    places = [*pairwise([0, *ends.tolist(), len(rows)])]
    recorded = [
        column
        for column, name in enumerate(names)
        if column and (name in ("SPLINE_X", "SPLINE_Y") or rows[:, column].any())
    ]
    channels = [_NAMES.get(names[column], names[column]) for column in recorded]
    samples = rows[:, recorded]
    if "t" in channels:
        stamps = samples[:, channels.index("t")]
        repairs["time stamp of two units taken apart"] = _take_apart(stamps, places)
        stamps -= stamps[0]
    if "pressure" in channels:
        pressure = samples[:, channels.index("pressure")]
        repairs["pressure beyond its range"] = int(np.sum((pressure < 0) | (pressure > 1)))
        np.clip(pressure, 0, 1, out=pressure)
    samples.flags.writeable = False
    names_of_all = tuple(channels)
    yield Ink(
        tuple(Stroke(samples[begin:end], names_of_all) for begin, end in places),
        id=source.stem,
        source=source.name,
        repairs={what: count for what, count in repairs.items() if count},
    )


def _take_apart(stamps: np.ndarray, places: list[tuple[int, int]]) -> int:
    """Turn sums of milliseconds and seconds into seconds, and return how many there were."""
    count = 0
    for begin, end in places:
        stroke = stamps[begin:end]
        if stroke[0] > _LATEST_S:
            stroke += stroke[0] / _MS_AND_S - stroke[0]
            count += len(stroke)
    return count


FORMAT = Format(
    name="wacom_csv",
    title="Wacom sensor CSV",
    suffixes=(".csv",),
    channels=(*_NAMES.values(), "others by name"),
    sniff=_sniff,
    read=_read,
    lenient="damaged rows are left out",
    unsupported="which of several pens a stroke is of; units other than those of the library",
)
