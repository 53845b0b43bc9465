"""Universal Ink Model: Wacom's binary format, read through Wacom's own library.

Reference: Wacom, "Universal Ink Model", versions 3.0 and 3.1, and its library
universal-ink-library, which the extra ``strokesim[uim]`` installs. The library needs protobuf
below 4, so it cannot be installed beside ONNX, which needs a newer one.

- A file is one ink. Strokes come in the order of the file.
- Where the sensor's positions are kept, they are the samples: in metres, ``y`` downwards, so
  ``mm_per_unit`` is 1000. Otherwise the control points of the drawn spline are, without the
  channels of the sensor; their unit is that of the drawing, and ``ink.notes`` says so.
- Time is in seconds, pressure runs from the least to the largest value that its channel
  states, altitude and azimuth are in radians, as recorded. A channel that is not known in
  every stroke is left out and counted.
- What the sensor recorded while hovering is hover.
"""

from __future__ import annotations

import io
import logging
from collections import Counter
from collections.abc import Iterator
from typing import Any

import numpy as np

from strokesim.errors import InkError
from strokesim.formats.format import Format
from strokesim.formats.source import Source
from strokesim.ink import Hover, Ink, Stroke

_MM_PER_METRE = 1000.0
_SENSORS = {
    "X": "x",
    "Y": "y",
    "TIMESTAMP": "t",
    "PRESSURE": "pressure",
    "ALTITUDE": "altitude",
    "AZIMUTH": "azimuth",
}
_Columns = dict[str, np.ndarray]


def _sniff(head: bytes) -> bool:
    return head[:4] == b"RIFF" and head[8:12] == b"UINK"


def _read(source: Source) -> Iterator[Ink]:
    if not _sniff(source.data[:12]):
        raise source.error("does not begin with RIFF and UINK")
    parser = _parser(source)
    try:
        model = parser.parse(io.BytesIO(source.data))
        paths, unit = _paths(model)
    except Exception as error:
        # The library raises whatever a damaged file leads it to: AttributeError, IndexError.
        reason = str(error).partition("\n")[0] or type(error).__name__
        raise source.error(f"is damaged or of an unknown version: {reason}") from error
    if not any(down for down, _ in paths):
        source.skip("has no stroke")
        return
    yield _ink(source, paths, unit)


def _parser(source: Source) -> Any:
    # The library reports on standard error that it was imported.
    for name in ("uim", "uim.model.ink"):
        logging.getLogger(name).disabled = True
    try:
        from uim.codec.parser.uim import UIMParser
    except ImportError as error:
        raise source.error(
            "is read through Wacom's library, which is not installed; "
            f"pip install 'strokesim[uim]' ({error})"
        ) from error
    return UIMParser()


def _paths(model: Any) -> tuple[list[tuple[bool, _Columns]], str]:
    """Return the columns of each path and whether the pen was down, and the unit of length."""
    drawn = {stroke.sensor_data_id: stroke for stroke in model.strokes}
    recorded = {data.id: _sensor_columns(model, data) for data in model.sensor_data.sensor_data}
    if all({"x", "y"} <= recorded.get(name, {}).keys() for name in drawn):
        paths = []
        for data in model.sensor_data.sensor_data:
            down = data.id in drawn
            if down or (data.state.name == "HOVERING" and {"x", "y"} <= recorded[data.id].keys()):
                paths.append((down, recorded[data.id]))
        return paths, "metre"
    splines = [
        {"x": np.array(stroke.splines_x, float), "y": np.array(stroke.splines_y, float)}
        for stroke in model.strokes
    ]
    return [(True, columns) for columns in splines], "drawing"


def _sensor_columns(model: Any, data: Any) -> _Columns:
    """Return what a sensor recorded, in the units of an `Ink` but for the start of time."""
    from uim.model.inkinput.inputdata import InkSensorType

    inputs = model.input_configuration
    context = inputs.get_sensor_context(
        inputs.get_input_context(data.input_context_id).sensor_context_id
    )
    columns = {}
    for sensor, name in _SENSORS.items():
        kind = InkSensorType[sensor]
        if not context.has_channel_type(kind):
            continue
        channel = context.get_channel_by_type(kind)
        column = np.array(data.get_data_by_id(channel.id).values, float)
        if name == "pressure" and channel.max > channel.min:
            column = (column - channel.min) / (channel.max - channel.min)
        columns[name] = column
    n_samples = len(columns.get("x", ()))
    return {name: column for name, column in columns.items() if len(column) == n_samples > 0}


def _ink(source: Source, paths: list[tuple[bool, _Columns]], unit: str) -> Ink:
    repairs: Counter[str] = Counter()
    known = [columns for down, columns in paths if down]
    channels = tuple(name for name in known[0] if all(name in columns for columns in known))
    for columns in known:
        repairs.update(f"{name} left out" for name in columns if name not in channels)
    start = known[0]["t"][0] if "t" in channels else 0.0
    strokes: list[Stroke] = []
    hover: list[Hover] = []
    for number, (down, columns) in enumerate(paths):
        names = channels if down else tuple(name for name in channels if name in columns)
        samples = np.stack([columns[name] for name in names], axis=1)
        if "t" in names:
            samples[:, names.index("t")] -= start
        if "pressure" in names:
            pressure = samples[:, names.index("pressure")]
            # Sums of decimals in the file leave 1e-16 above and below the range.
            repairs["pressure beyond its range"] += int(np.sum(np.abs(pressure - 0.5) > 0.5 + 1e-6))
            np.clip(pressure, 0, 1, out=pressure)
        try:
            path = Stroke(samples, names)
        except InkError as error:
            source.skip(f"path {number}: {error}")
            continue
        if down:
            strokes.append(path)
        else:
            hover.append(Hover(len(strokes), path))
    return Ink(
        tuple(strokes),
        id=source.stem,
        source=source.name,
        mm_per_unit=_MM_PER_METRE if unit == "metre" else None,
        hover=tuple(hover),
        repairs={what: count for what, count in repairs.items() if count},
        notes={} if unit == "metre" else {"samples": "control points of the drawn spline"},
    )


FORMAT = Format(
    name="uim",
    title="Universal Ink Model (extra uim)",
    suffixes=(".uim",),
    channels=(*_SENSORS.values(), "hover"),
    sniff=_sniff,
    read=_read,
    lenient="paths without a single sound sample are left out",
    unsupported="brushes, semantic triples and views, which are passed over; versions beyond 3.1; "
    "writing",
)
