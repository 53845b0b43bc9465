"""What the values of an InkML trace mean: its context, channels and units.

Reference: InkML, W3C Recommendation 20 September 2011, sections on trace formats and contexts.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from strokesim.formats.inkml.values import TraceChannel
from strokesim.formats.xml_tree import Element

_MM = {"m": 1000.0, "cm": 10.0, "mm": 1.0, "in": 25.4, "pt": 25.4 / 72, "himetric": 0.01}
_NAMES = {"X": "x", "Y": "y", "T": "t", "F": "pressure", "OE": "altitude", "OA": "azimuth"}
# How many of a unit make one of ours, and the unit where the file states none.
_PER_UNIT = {
    "T": ({"s": 1.0, "ms": 1000.0}, "ms"),
    "OE": ({"rad": 1.0, "deg": 180 / math.pi}, "deg"),
    "OA": ({"rad": 1.0, "deg": 180 / math.pi}, "deg"),
}


class BadFormat(ValueError):
    """A format that means nothing, or a reference to none; ``line`` tells where."""

    def __init__(self, reason: str, line: int) -> None:
        super().__init__(reason)
        self.line = line


@dataclass(frozen=True, slots=True)
class Channel:
    """A channel of a trace, and what it is in an `Ink`: ``(value - zero) / span``.

    ``mm`` is millimetres per unit, of X and Y where the file states it.
    """

    values: TraceChannel
    name: str
    zero: float = 0.0
    span: float = 1.0
    mm: float | None = None


class Clock(NamedTuple):
    """A time stamp of a file, and how many of its units are a second."""

    stamp: float
    per_second: float


@dataclass(frozen=True, slots=True)
class TraceFormat:
    """The channels of a trace, the intermittent ones last."""

    channels: tuple[Channel, ...]

    @property
    def names(self) -> tuple[str, ...]:
        """The channels by the names they have in an `Ink`."""
        return tuple(channel.name for channel in self.channels)

    @property
    def mm_per_unit(self) -> float | None:
        """Millimetres per unit, where it is stated and the same for X and Y."""
        sizes = {channel.mm for channel in self.channels if channel.name in ("x", "y")}
        return sizes.pop() if len(sizes) == 1 else None

    def clock(self, values: np.ndarray) -> Clock | None:
        """Return the stamp of the first sample; None where no time was recorded."""
        if "t" not in self.names or len(values) == 0:
            return None
        column = self.names.index("t")
        return Clock(float(values[0, column]), self.channels[column].span)

    def samples(self, values: np.ndarray, clock: Clock | None) -> np.ndarray:
        """Return samples in the units of an `Ink`.

        Parameters
        ----------
        values : ndarray, shape (n_samples, n_channels)
            As `parse_trace` returns them.
        clock : Clock, optional
            When the ink began.
        """
        samples = values.copy()
        for column, channel in enumerate(self.channels):
            zero = channel.zero
            if channel.name == "t" and clock is not None:
                # Taken off before the division, which keeps the milliseconds of a clock
                # that counts from 1970.
                zero = clock.stamp * (channel.span / clock.per_second)
            if (zero, channel.span) != (0.0, 1.0):
                samples[:, column] = (samples[:, column] - zero) / channel.span + 0.0
        return samples


DEFAULT = TraceFormat((Channel(TraceChannel("X"), "x"), Channel(TraceChannel("Y"), "y")))
"""What a trace has where no format is declared."""


class Contexts:
    """The contexts of a document, and the trace formats that they lead to.

    Parameters
    ----------
    root : Element
        The ``ink`` element.
    """

    def __init__(self, root: Element) -> None:
        self._by_id: dict[str, Element] = {}
        self._first: dict[str, Element] = {}
        self._formats: dict[tuple[int, int], TraceFormat] = {}
        for element in _declarations(root):
            self._first.setdefault(element.name, element)
            if "id" in element.attributes:
                self._by_id.setdefault(element.attributes["id"], element)

    def format(self, reference: str | None, current: Element | None, line: int) -> TraceFormat:
        """Return the format of a trace.

        Parameters
        ----------
        reference : str, optional
            The ``contextRef`` of the trace, or of a group around it.
        current : Element, optional
            The context or format that stands last ahead of it, outside ``definitions``.
        line : int
            Where the trace stands.

        Raises
        ------
        BadFormat
            If a reference leads nowhere, or a declaration means nothing.
        """
        if reference == "#DefaultContext":
            return DEFAULT
        context = current if reference is None else self._referred(reference, line)
        declared = context and self._find(context, "traceFormat")
        source = context and self._find(context, "inkSource")
        if declared is None:
            # Many files declare one format and refer to it nowhere.
            declared, source = self._first.get("traceFormat"), self._first.get("inkSource")
        if declared is None:
            return DEFAULT
        key = id(declared), id(source)
        if key not in self._formats:
            self._formats[key] = _trace_format(declared, source)
        return self._formats[key]

    def _referred(self, reference: str, line: int) -> Element:
        file, mark, name = reference.partition("#")
        if file or not mark:
            raise BadFormat(f"a reference to another document, {reference!r}", line)
        if name not in self._by_id:
            raise BadFormat(f"no context, inkSource or traceFormat has the id {name!r}", line)
        return self._by_id[name]

    def _find(self, context: Element, name: str) -> Element | None:
        """Return the nearest declaration that a context holds or refers to."""
        pending, seen = [context], set()
        for element in pending:
            if element.name == name:
                return element
            if id(element) in seen:
                continue
            seen.add(id(element))
            pending += element.named("traceFormat") + element.named("inkSource")
            for attribute in ("traceFormatRef", "inkSourceRef", "contextRef"):
                if attribute in element.attributes:
                    pending.append(self._referred(element.attributes[attribute], element.line))
        return None


def _declarations(element: Element) -> Iterator[Element]:
    for child in element.children:
        if child.name in ("context", "inkSource", "traceFormat"):
            yield child
        if child.name in ("definitions", "context", "inkSource"):
            yield from _declarations(child)


def _trace_format(declared: Element, source: Element | None) -> TraceFormat:
    resolutions: dict[str | None, Element] = {}
    for properties in [] if source is None else source.named("channelProperties"):
        for element in properties.named("channelProperty"):
            if element.attributes.get("name") == "resolution":
                resolutions[element.attributes.get("channel")] = element
    regular = declared.named("channel")
    intermittent = [
        channel
        for group in declared.named("intermittentChannels")
        for channel in group.named("channel")
    ]
    channels = [
        _channel(element, resolutions.get(element.attributes.get("name")), number >= len(regular))
        for number, element in enumerate([*regular, *intermittent])
    ]
    names = [channel.name for channel in channels]
    if not {"x", "y"} <= {*names[: len(regular)]} or len({*names}) != len(names):
        given = " ".join(channel.values.name for channel in channels)
        raise BadFormat(
            f"traceFormat has the channels {given!r}; needed: X, Y, none twice", declared.line
        )
    return TraceFormat(tuple(channels))


def _channel(element: Element, resolution: Element | None, intermittent: bool) -> Channel:
    attributes = element.attributes
    name, kind = attributes.get("name", ""), attributes.get("type", "decimal")
    if kind not in ("integer", "decimal", "double", "boolean") or not name:
        raise BadFormat(
            f"channel {name!r} of type {kind!r}; needed: a name and a number or boolean",
            element.line,
        )
    default = attributes.get("default")
    values = TraceChannel(
        name,
        boolean=kind == "boolean",
        intermittent=intermittent,
        default=_default(default, element) if default is not None else None,
    )
    units = attributes.get("units", "")
    if name in ("X", "Y"):
        size = _size(resolution) or (_MM.get(units) if kind != "integer" else None)
        span = -1.0 if attributes.get("orientation") == "-ve" else 1.0
        return Channel(values, _NAMES[name], span=span, mm=size)
    if name in _PER_UNIT:
        per_unit, usual = _PER_UNIT[name]
        if (units or usual) in per_unit:
            return Channel(values, _NAMES[name], span=per_unit[units or usual])
    if name == "F" and "max" in attributes:
        low, high = (_bound(attributes.get(key, "0"), element) for key in ("min", "max"))
        if low < high:
            return Channel(values, _NAMES[name], zero=low, span=high - low)
    return Channel(values, name)


def _size(resolution: Element | None) -> float | None:
    """Return the millimetres per unit that a resolution states."""
    if resolution is None:
        return None
    length = _MM.get(resolution.attributes.get("units", "").removeprefix("1/"))
    per_length = _bound(resolution.attributes.get("value", "0"), resolution)
    # 0 stands where the device does not know.
    return length / per_length if length is not None and per_length > 0 else None


def _default(text: str, element: Element) -> float:
    return {"T": 1.0, "F": 0.0}[text] if text in ("T", "F") else _bound(text, element)


def _bound(text: str, element: Element) -> float:
    """Return an attribute as a number that is finite."""
    try:
        value = float(text)
    except ValueError:
        value = math.nan
    if not math.isfinite(value):
        raise BadFormat(f"{text!r} in {element.name} is not a number", element.line)
    return value
