"""Captures of Linux input events (evdev): one event per line, as JSON.

References: the Linux kernel's documentation, "Input event codes" and "Linux Input Subsystem
userspace API"; ``struct input_event`` and ``struct input_absinfo`` in linux/input.h. ::

    {"abs":{"ABS_X":{"minimum":0,"maximum":21600,"resolution":100},"ABS_PRESSURE":{...}}}
    {"sec":12,"usec":400,"type":"EV_ABS","code":"ABS_X","value":5300}
    {"time":12.0004,"type":0,"code":0,"value":0}

- Types and codes are given by number or by the name in linux/input-event-codes.h, time as
  ``sec`` and ``usec`` or as seconds. The line with ``abs``, what the kernel says of each axis
  (EVIOCGABS), may be missing.
- An axis is reported when it changes and holds until then. ``SYN_REPORT`` ends a frame, and a
  frame in which an axis or the touch changed is a sample.
- ``BTN_TOUCH`` says whether the pen is down; pressure does not. What comes while the pen is in
  range and not down is hover. Samples of ``BTN_TOOL_RUBBER`` are left out and counted.
- ``SYN_DROPPED``: the kernel's buffer ran over. What follows up to the next ``SYN_REPORT`` is
  void, and behind it nothing is known of the pen until it is reported again: the stroke ends,
  and samples are left out and counted until position and touch are known.
- ``y`` grows downwards. A resolution of X and Y is units per millimetre. Pressure is scaled by
  the axis's range; without it, it is kept as recorded under ``ABS_PRESSURE``. Tilt is in
  degrees, or in units per radian where the axis has a resolution.
- A file is one ink of one device.
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

_SYN, _KEY, _ABS = 0, 1, 3
_TYPES = {"EV_SYN": _SYN, "EV_KEY": _KEY, "EV_ABS": _ABS}
_SYN_REPORT, _SYN_DROPPED = 0, 3
_BTN_TOOL_PEN, _BTN_TOOL_RUBBER, _BTN_TOUCH = 0x140, 0x141, 0x14A
_AXES = {"ABS_X": 0, "ABS_Y": 1, "ABS_PRESSURE": 24, "ABS_TILT_X": 26, "ABS_TILT_Y": 27}
_CODES = {
    _SYN: {"SYN_REPORT": _SYN_REPORT, "SYN_DROPPED": _SYN_DROPPED},
    _KEY: {
        "BTN_TOOL_PEN": _BTN_TOOL_PEN,
        "BTN_TOOL_RUBBER": _BTN_TOOL_RUBBER,
        "BTN_TOUCH": _BTN_TOUCH,
    },
    _ABS: _AXES,
}
_X, _Y, _PRESSURE, _TILT_X, _TILT_Y = _AXES.values()
_US_PER_SECOND = 1e6
_HEAD = re.compile(
    rb'(?:\xef\xbb\xbf)?\s*\{(?:[^\n]*"abs"\s*:\s*\{[^\n]*"ABS_|'
    rb'(?=[^\n]*"type"\s*:)(?=[^\n]*"code"\s*:)(?=[^\n]*"value"\s*:))'
)


def _sniff(head: bytes) -> bool:
    return _HEAD.match(head) is not None


def _read(source: Source) -> Iterator[Ink]:
    reader = _Reader()
    for line, event in json_lines(source):
        try:
            if "abs" in event:
                reader.describe(event["abs"])
            else:
                reader.take(event)
        except ValueError as error:
            source.skip(str(error), line)
    damaged = Counter({"damaged event left out": source.tally[0]})
    yield from reader.runs.ink(
        source, reader.repairs + damaged, device="pen", mm_per_unit=reader.mm_per_unit
    )


class _Reader:
    """Keeps the state of the device, as the kernel does, and takes a sample per frame."""

    def __init__(self) -> None:
        self.runs = PenRuns(("x", "y", "t", "ABS_PRESSURE", "altitude", "azimuth"))
        self.repairs: Counter[str] = Counter()
        self._absinfo: dict[int, dict[str, float]] = {}
        self._axes: dict[int, float] = {}
        self._touch: bool | None = False
        self._in_range = True
        self._erasing = False
        self._changed = self._dropping = False

    @property
    def mm_per_unit(self) -> float | None:
        """Millimetres per unit, where the axes state it and agree."""
        sizes = {self._absinfo.get(axis, {}).get("resolution", 0.0) for axis in (_X, _Y)}
        resolution = sizes.pop()
        return 1 / resolution if not sizes and resolution > 0 else None

    def describe(self, axes: Any) -> None:
        """Take in what the kernel says of each axis."""
        if self._axes:
            raise ValueError("abs stands behind the first event; needed: ahead of it")
        if not isinstance(axes, dict):
            raise ValueError("abs is no object of axes")
        for name, info in axes.items():
            if not isinstance(info, dict):
                raise ValueError(f"{name} is no object with minimum and maximum")
            code = _AXES.get(name, -1)
            self._absinfo[code] = {
                key: number_of(info[key], f"{key} of {name}")
                for key in ("minimum", "maximum", "resolution")
                if info.get(key) is not None
            }
        span = self._absinfo.get(_PRESSURE, {})
        if span.get("maximum", 0.0) > span.get("minimum", 0.0):
            self.runs.channels = ("x", "y", "t", "pressure", "altitude", "azimuth")

    def take(self, event: dict[str, Any]) -> None:
        """Take in an event; ValueError says what is wrong with it."""
        kind = _coded(event.get("type"), _TYPES, "type")
        code = _coded(event.get("code"), _CODES.get(kind, {}), "code")
        value = number_of(event.get("value"), "value")
        if kind == _SYN and code == _SYN_DROPPED:
            self._drop()
        elif kind == _SYN and code == _SYN_REPORT:
            if self._changed and not self._dropping:
                self._sample(_time(event))
            self._changed = self._dropping = False
        elif not self._dropping:
            self._set(kind, code, value)

    def _drop(self) -> None:
        self.repairs["SYN_DROPPED"] += 1
        self.runs.cut()
        self._axes.clear()
        self._touch = None
        self._dropping = True

    def _set(self, kind: int, code: int, value: float) -> None:
        if kind == _ABS and code in _AXES.values():
            self._axes[code] = value
            self._changed = True
        elif kind == _KEY and code == _BTN_TOUCH:
            self._touch = value != 0
            self._changed = True
        elif kind == _KEY and code in (_BTN_TOOL_PEN, _BTN_TOOL_RUBBER):
            # A pen that comes into range, or has left it, does not touch; the kernel reports
            # the touch later in the frame if it does.
            self._in_range = value != 0
            self._erasing = code == _BTN_TOOL_RUBBER and value != 0
            self._touch = False
            self.runs.cut()

    def _sample(self, time: float) -> None:
        if not self._in_range:
            return
        if self._touch is None or not {_X, _Y} <= self._axes.keys():
            self.repairs["sample without position or touch left out"] += 1
        elif self._erasing:
            self.repairs["eraser sample left out"] += 1
        else:
            sample = (self._axes[_X], self._axes[_Y], time, self._pressure(), *self._angles())
            self.runs.add(sample, down=self._touch)

    def _pressure(self) -> float:
        value = self._axes.get(_PRESSURE, math.nan)
        if self.runs.channels[3] != "pressure":
            return value
        info = self._absinfo[_PRESSURE]
        least = info.get("minimum", 0.0)
        pressure = (value - least) / (info["maximum"] - least)
        if pressure < 0 or pressure > 1:
            self.repairs["pressure beyond its range"] += 1
        return min(max(pressure, 0.0), 1.0) if pressure == pressure else math.nan

    def _angles(self) -> tuple[float, float]:
        tilt = []
        for axis in (_TILT_X, _TILT_Y):
            resolution = self._absinfo.get(axis, {}).get("resolution", 0.0)
            per_degree = resolution * math.pi / 180 if resolution > 0 else 1.0
            degrees = self._axes.get(axis, math.nan) / per_degree
            tilt.append(np.array(np.clip(degrees, -90.0, 90.0)))
        altitude, azimuth = angles_of_tilt(*tilt)
        return float(altitude), float(azimuth)


def _coded(value: Any, names: dict[str, int], what: str) -> int:
    """Return a number, given as such or by name; -1 for names of no concern."""
    if isinstance(value, str):
        return names.get(value, -1)
    if type(value) is int:
        return value
    raise ValueError(f"{what} is {value!r:.40}; needed: a number or a name")


def _time(event: dict[str, Any]) -> float:
    if event.get("time") is not None:
        return number_of(event["time"], "time")
    seconds = number_of(event.get("sec"), "sec")
    return seconds + number_of(event.get("usec", 0), "usec") / _US_PER_SECOND


FORMAT = Format(
    name="evdev",
    title="Linux evdev, JSON lines",
    suffixes=(".ndjson",),
    channels=("x", "y", "t", "pressure", "altitude", "azimuth", "hover"),
    sniff=_sniff,
    read=_read,
    lenient="damaged events are left out, and samples of unknown position or touch",
    unsupported="several touches at once (ABS_MT_...), as of touch screens: only the single touch "
    "that the kernel reports beside them; binary captures",
)
