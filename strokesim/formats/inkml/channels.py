"""The channels of an InkML trace, and what they are in an `Ink`.

Reference: InkML, W3C Recommendation 20 September 2011, section on trace formats.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass, field

import numpy as np

from strokesim.formats.inkml.values import TraceChannel
from strokesim.formats.xml_tree import Element

# "px" and "dev" are missing on purpose: their size is that of the device.
_MM = {
    "m": 1000.0,
    "cm": 10.0,
    "mm": 1.0,
    "in": 25.4,
    "pt": 25.4 / 72,
    "pc": 25.4 / 6,
    "himetric": 0.01,
}
_NAMES = {"X": "x", "Y": "y", "T": "t", "F": "pressure", "OE": "altitude", "OA": "azimuth"}
# How many of a unit make one of ours, and the unit where the file states none.
_PER_UNIT = {
    "T": ({"s": 1.0, "ms": 1000.0}, "ms"),
    "OE": ({"rad": 1.0, "deg": 180 / math.pi}, "deg"),
    "OA": ({"rad": 1.0, "deg": 180 / math.pi}, "deg"),
}
# A range as wide as all integers is what programs write who do not know the range.
_UNKNOWN_RANGE = 2.0**31


class BadFormat(ValueError):
    """A declaration that means nothing, or a reference to none; ``line`` tells where."""

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


MOST_VALUES = 100
"""Most values of a point whose channels are not declared. Each takes some 200 bytes."""


@dataclass(frozen=True, slots=True)
class TraceFormat:
    """The channels of a trace, the intermittent ones last.

    Parameters
    ----------
    channels : tuple of Channel
        X and Y are among the regular ones.
    declared : bool
        Whether the file says so; what follows X and Y is not known otherwise.
    respect_to : str, optional
        The id of the time stamp from which T counts, where the file names it.
    unmapped : tuple of str
        Names of channels with a mapping that is not applied.
    names : tuple of str
        The channels by the names they have in an `Ink`.
    """

    channels: tuple[Channel, ...]
    declared: bool = True
    respect_to: str | None = None
    unmapped: tuple[str, ...] = ()
    names: tuple[str, ...] = field(init=False, compare=False)

    def __post_init__(self) -> None:
        names = tuple(channel.name for channel in self.channels)
        object.__setattr__(self, "names", names)

    @property
    def mm_per_unit(self) -> float | None:
        """Millimetres per unit, where it is stated and the same for X and Y."""
        sizes = {channel.mm for channel in self.channels if channel.name in ("x", "y")}
        return sizes.pop() if len(sizes) == 1 else None

    def of_width(self, width: int) -> TraceFormat | None:
        """Return the format of points that have another number of values; None if there is none.

        The last of the declared channels are then not there, or what is there in addition to
        X and Y was not declared.
        """
        regular = [channel for channel in self.channels if not channel.values.intermittent]
        if {"x", "y"} <= {channel.name for channel in regular[:width]} and width < len(regular):
            return TraceFormat(tuple(regular[:width]), respect_to=self.respect_to)
        if len(self.channels) < width <= MOST_VALUES and not self.declared:
            names = (f"value {number}" for number in range(len(self.channels) + 1, width + 1))
            more = tuple(Channel(TraceChannel(name), name) for name in names)
            return TraceFormat(self.channels + more, declared=False)
        return None

    def samples(self, values: np.ndarray) -> np.ndarray:
        """Return samples in the units of an `Ink`, except that time is as it stands there.

        Parameters
        ----------
        values : ndarray, shape (n_samples, n_channels)
            As `parse_trace` returns them. Not changed.
        """
        samples = values
        for column, channel in enumerate(self.channels):
            if (channel.zero, channel.span) != (0.0, 1.0) and channel.name != "t":
                samples = values.copy() if samples is values else samples
                samples[:, column] = (values[:, column] - channel.zero) / channel.span + 0.0
        return samples


DEFAULT = TraceFormat((Channel(TraceChannel("X"), "x"), Channel(TraceChannel("Y"), "y")), False)
"""What a trace has where no format is declared."""


def trace_format(declared: Element, source: Element | None) -> TraceFormat:
    """Return what a ``traceFormat`` declares.

    Parameters
    ----------
    declared : Element
        The ``traceFormat``.
    source : Element, optional
        The ``inkSource`` whose properties its channels have.

    Raises
    ------
    BadFormat
        If a channel means nothing, X or Y are missing, or two have one name.
    """
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
    references = [_respect_to(element) for element in regular + intermittent]
    return TraceFormat(
        tuple(channels),
        respect_to=next(filter(None, references), None),
        unmapped=tuple(_unmapped(regular + intermittent)),
    )


def number_of(text: str, element: Element) -> float:
    """Return a text of an element as a number that is finite.

    Raises
    ------
    BadFormat
        If it is none.
    """
    try:
        value = float(text)
    except ValueError:
        value = math.nan
    if not math.isfinite(value):
        raise BadFormat(f"{text!r} in {element.name} is not a number", element.line)
    return value


def _channel(element: Element, resolution: Element | None, intermittent: bool) -> Channel:
    attributes = element.attributes
    name, kind = attributes.get("name", ""), attributes.get("type", "decimal")
    if kind not in ("integer", "decimal", "double", "boolean") or not name:
        raise BadFormat(
            f"channel {name!r} of type {kind!r}; needed: a name and a number or boolean",
            element.line,
        )
    values = TraceChannel(
        name, boolean=kind == "boolean", intermittent=intermittent, default=_default(element)
    )
    units = attributes.get("units", "")
    if name in ("X", "Y"):
        size = _size(resolution) or (_MM.get(units) if kind != "integer" else None)
        span = -1.0 if attributes.get("orientation") == "-ve" else 1.0
        return Channel(values, _NAMES[name], span=span, mm=size)
    if name in _PER_UNIT:
        per_unit, usual = _PER_UNIT[name]
        if (units or usual) in per_unit:
            finer = _finer(resolution, per_unit)
            return Channel(values, _NAMES[name], span=finer or per_unit[units or usual])
    if name == "F" and "max" in attributes:
        low, high = (number_of(attributes.get(side, "0"), element) for side in ("min", "max"))
        if 0 < high - low < _UNKNOWN_RANGE:
            return Channel(values, _NAMES[name], zero=low, span=high - low)
    return Channel(values, name)


def _default(element: Element) -> float | None:
    text = element.attributes.get("default")
    if text is None:
        return None
    named = {"T": 1.0, "true": 1.0, "F": 0.0, "false": 0.0}
    return named[text] if text in named else number_of(text, element)


def _size(resolution: Element | None) -> float | None:
    """Return the millimetres per unit that a resolution states."""
    steps, unit = _steps(resolution)
    size = _MM[unit] / steps if steps and unit in _MM else math.inf
    return size if 0 < size < math.inf else None


def _finer(resolution: Element | None, per_unit: dict[str, float]) -> float | None:
    """Return how many steps of a channel make one of our units, where a resolution says it."""
    steps, unit = _steps(resolution)
    finer = steps * per_unit.get(unit, 0.0)
    return finer if 0 < finer < math.inf else None


def _steps(resolution: Element | None) -> tuple[float, str]:
    """Return how many steps make a unit, and the unit; 0 where it is not known, as in files."""
    if resolution is None:
        return 0.0, ""
    steps = number_of(resolution.attributes.get("value", "0"), resolution)
    return max(steps, 0.0), resolution.attributes.get("units", "").removeprefix("1/")


def _respect_to(element: Element) -> str | None:
    return element.attributes.get("respectTo") if element.attributes.get("name") == "T" else None


def _unmapped(elements: Iterable[Element]) -> Iterable[str]:
    for element in elements:
        for mapping in element.named("mapping"):
            if mapping.attributes.get("type") != "identity":
                yield element.attributes.get("name", "")
