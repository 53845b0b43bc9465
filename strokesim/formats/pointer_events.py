"""Captures of a browser's Pointer Events: one event per line, as JSON.

Reference: Pointer Events, Level 3, W3C. ::

    {"type":"pointermove","pointerId":1,"pointerType":"pen","buttons":1,"timeStamp":3982.1,
     "clientX":417.4,"clientY":685.8,"pressure":0.4,"tiltX":44,"tiltY":20,
     "coalescedEvents":[{"timeStamp":3978.0,"clientX":417.1,...},...]}

- The keys are the attributes of ``PointerEvent``, those that a capture kept. ``type``,
  ``timeStamp`` and a position are needed: ``pageX`` and ``pageY``, or ``client``, ``x`` and
  ``y``, ``offset``, ``screen``, the first that the first event has.
- ``y`` grows downwards; the unit is a CSS pixel. Time is in milliseconds. Pressure runs from 0
  to 1. Tilt is in degrees, ``altitudeAngle`` and ``azimuthAngle`` are in radians; where both
  are given, the angles hold.
- ``coalescedEvents`` are the samples that the browser gathered into one event, oldest first.
  They stand for it: the event itself repeats the last of them. What one of them does not say
  is as in the event. ``predictedEvents`` never happened and are passed over.
- ``pointerrawupdate`` brings the samples of ``pointermove`` sooner; in a capture that has it,
  ``pointermove`` is passed over. Of other types only ``pointerdown`` and ``pointerup`` bring
  samples; ``pointercancel`` ends a stroke.
- The pen is down where bit 0 of ``buttons`` is set. Where ``buttons`` was not kept, it is down
  from ``pointerdown`` to ``pointerup``. Pressure does not tell. Samples in the air are hover,
  and so is the one with which the pen was lifted. Samples of an eraser (bit 5) are left out
  and counted.
- A file is one ink; strokes of different pointers stand in the order in which they began.
"""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Iterator
from typing import Any

import numpy as np

from strokesim.formats.format import Format
from strokesim.formats.pen_angles import angles_of_tilt
from strokesim.formats.pen_runs import PenRuns
from strokesim.formats.source import Source
from strokesim.formats.strict_json import json_lines, number_of
from strokesim.ink import Ink

_CHANNELS = ("x", "y", "t", "pressure", "altitude", "azimuth")
_POSITIONS = (
    ("pageX", "pageY"),
    ("clientX", "clientY"),
    ("x", "y"),
    ("offsetX", "offsetY"),
    ("screenX", "screenY"),
)
_CONTACT, _ERASER = 1, 32
_MS_PER_SECOND = 1000.0
_HEAD = re.compile(rb'(?:\xef\xbb\xbf)?\s*\{[^\n]*"type"\s*:\s*"(?:pointer|gotpointer|lostpointer)')


def _sniff(head: bytes) -> bool:
    return _HEAD.match(head) is not None


def _read(source: Source) -> Iterator[Ink]:
    reader = _Reader(raw=b'"pointerrawupdate"' in source.data)
    for line, event in json_lines(source):
        try:
            reader.take(event)
        except ValueError as error:
            source.skip(str(error), line)
    damaged = Counter({"damaged event left out": source.tally[0]})
    notes = {"pointerType": ", ".join(sorted(reader.kinds))} if reader.kinds else {}
    yield from reader.runs.ink(source, reader.repairs + damaged, device="pointer", notes=notes)


class _Reader:
    """Takes in one event after the other.

    Parameters
    ----------
    raw : bool
        Whether ``pointerrawupdate`` brings the samples that ``pointermove`` would repeat.
    """

    def __init__(self, *, raw: bool) -> None:
        self.runs = PenRuns(_CHANNELS)
        self.repairs: Counter[str] = Counter()
        self.kinds: set[str] = set()
        self._moving = "pointerrawupdate" if raw else "pointermove"
        self._down: dict[str, bool] = {}
        self._position: tuple[str, str] | None = None

    def take(self, event: dict[str, Any]) -> None:
        """Take in an event of any type; ValueError says what is wrong with it."""
        kind, pen = event.get("type"), str(event.get("pointerId"))
        if not isinstance(kind, str):
            raise ValueError("has no type; needed: pointerdown, pointermove, pointerup")
        if kind == "pointercancel":
            self._down[pen] = False
            self.runs.cut(pen)
        elif kind in ("pointerdown", "pointerup", self._moving):
            samples = self._samples(event)
            if kind == "pointerdown":
                self.runs.cut(pen)
            if kind != self._moving:
                self._down[pen] = kind == "pointerdown"
            for sample, buttons in samples:
                self._add(sample, buttons, pen)
            if isinstance(event.get("pointerType"), str):
                self.kinds.add(event["pointerType"])

    def _samples(self, event: dict[str, Any]) -> list[tuple[list[float], int | None]]:
        """Return the samples of an event and their buttons, before any of them counts."""
        coalesced = event.get("coalescedEvents") or [event]
        if not isinstance(coalesced, list) or not all(isinstance(e, dict) for e in coalesced):
            raise ValueError("coalescedEvents is no list of events")
        merged = [event | single for single in coalesced]
        return [(self._sample(single), _buttons(single)) for single in merged]

    def _sample(self, event: dict[str, Any]) -> list[float]:
        """Return the values of the channels; NaN where they were not kept."""
        if self._position is None:
            self._position = next((p for p in _POSITIONS if {*p} <= event.keys()), _POSITIONS[0])
        x, y = (number_of(event.get(name), name) for name in self._position)
        time = number_of(event.get("timeStamp"), "timeStamp") / _MS_PER_SECOND
        pressure = math.nan
        if event.get("pressure") is not None:
            pressure = number_of(event["pressure"], "pressure")
            if not 0 <= pressure <= 1:
                raise ValueError(f"pressure is {pressure:g}; it runs from 0 to 1")
        return [x, y, time, pressure, *_angles(event)]

    def _add(self, sample: list[float], buttons: int | None, pen: str) -> None:
        if buttons is not None and buttons & _ERASER:
            self.repairs["eraser sample left out"] += 1
            self.runs.cut(pen)
        else:
            down = self._down.get(pen, False) if buttons is None else bool(buttons & _CONTACT)
            self.runs.add(sample, down=down, pen=pen)


def _buttons(event: dict[str, Any]) -> int | None:
    if event.get("buttons") is None:
        return None
    return int(number_of(event["buttons"], "buttons"))


def _angles(event: dict[str, Any]) -> tuple[float, float]:
    """Return altitude and azimuth; NaN where neither angles nor tilt were kept."""
    if event.get("altitudeAngle") is not None and event.get("azimuthAngle") is not None:
        altitude, azimuth = (number_of(event[k], k) for k in ("altitudeAngle", "azimuthAngle"))
        return altitude, azimuth
    if event.get("tiltX") is not None and event.get("tiltY") is not None:
        tilt = [np.array(number_of(event[name], name)) for name in ("tiltX", "tiltY")]
        if max(map(abs, tilt)) > 90:
            raise ValueError("a tilt is beyond 90 degrees")
        angles = angles_of_tilt(*tilt)
        return float(angles[0]), float(angles[1])
    return math.nan, math.nan


FORMAT = Format(
    name="pointer_events",
    title="W3C Pointer Events, JSON lines",
    suffixes=(".ndjson",),
    channels=(*_CHANNELS, "hover"),
    sniff=_sniff,
    read=_read,
    lenient="damaged events are left out",
    unsupported="twist, tangentialPressure, width and height; predicted events; binary or nested "
    "captures",
)
