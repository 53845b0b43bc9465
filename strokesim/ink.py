"""Ink: what one writer produced for one label, as immutable samples with named channels.

Units after reading: ``y`` grows downwards, ``t`` is in seconds from the first sample of the
ink, ``pressure`` runs from 0 to 1, ``altitude`` and ``azimuth`` are in radians. Altitude is 0 for
a pen that lies on the surface. Where azimuth is 0 and which way it turns is left as the file has
it: in Pointer Events and evdev it points along x and turns towards y, with WinTab (signature text,
BDALab) it points to the far side and turns clockwise; others do not say. ``x`` and
``y`` keep the unit of the file; `Ink.mm_per_unit` tells its size where the file does.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any, NamedTuple

import numpy as np

from strokesim.errors import InkError

CHANNELS = ("x", "y", "t", "pressure", "altitude", "azimuth")
"""Channels with a meaning of their own. Others are kept as recorded, under the file's name."""

# Beyond 2**53 neighbouring float64 numbers are more than one unit apart: what stands there is
# no reading of a pen, and its square would overflow float32 and its sums float64.
LARGEST = 2.0**53

_MANY = 1 << 14
"""Values from which looking twice is better than a copy of them."""

_NOTHING: Mapping[str, Any] = MappingProxyType({})
_set = object.__setattr__


def are_readings(values: np.ndarray) -> bool:
    """Tell whether all of one value or more are finite and at most `LARGEST` in size."""
    if values.size < _MANY:
        return bool(np.abs(values).max() <= LARGEST)
    return bool(values.min() >= -LARGEST and values.max() <= LARGEST)


@dataclass(frozen=True, slots=True, eq=False)
class Stroke:
    """The samples from pen-down to pen-up, in the order of time.

    Parameters
    ----------
    samples : array_like, shape (n_samples, n_channels)
        At least one row, every value finite and at most 2**53 in size. Copied, unless it is
        a read-only C-contiguous float64 array already.
    channels : tuple of str
        Names of the columns, "x" and "y" among them.

    Raises
    ------
    InkError
        If the samples are no such array; the message names row and channel.
    """

    samples: np.ndarray
    channels: tuple[str, ...] = ("x", "y")

    def __post_init__(self) -> None:
        channels = tuple(self.channels)
        samples = self.samples
        if not (
            isinstance(samples, np.ndarray)
            and samples.dtype == np.float64
            and samples.flags.c_contiguous
            and not samples.flags.writeable
        ):
            try:
                samples = np.array(samples, dtype=np.float64, order="C")
            except (TypeError, ValueError) as error:
                raise InkError(f"a stroke's samples are not a table of numbers: {error}") from None
            samples.flags.writeable = False
        if samples.ndim != 2 or samples.shape[1] != len(channels):
            raise InkError(
                f"a stroke's samples have shape {samples.shape}; "
                f"needed: (n_samples, {len(channels)}) for the channels {', '.join(channels)}"
            )
        if len(samples) == 0:
            raise InkError("a stroke without samples; leave it out")
        if "x" not in channels or "y" not in channels or len(set(channels)) != len(channels):
            raise InkError(f"channels {channels}: x and y are needed, and each name only once")
        if not are_readings(samples):
            row, column = np.argwhere(~(np.abs(samples) <= LARGEST))[0]
            raise InkError(
                f"sample {row}: {channels[column]} is {samples[row, column]:g}; "
                "a reading is finite and at most 2**53 in size"
            )
        _set(self, "samples", samples)
        _set(self, "channels", channels)

    @classmethod
    def _trusted(cls, samples: np.ndarray, channels: tuple[str, ...]) -> Stroke:
        """Return a stroke of what a reader has checked, all samples of a file at once.

        The samples are a read-only C-contiguous float64 array that ``__post_init__`` would
        have taken as it is.
        """
        stroke = object.__new__(cls)
        _set(stroke, "samples", samples)
        _set(stroke, "channels", channels)
        return stroke

    def __len__(self) -> int:
        return len(self.samples)

    def __getitem__(self, channel: str) -> np.ndarray:
        """Return one channel, shape (n_samples,), without copying.

        Raises
        ------
        KeyError
            If the channel was not recorded.
        """
        try:
            return self.samples[:, self.channels.index(channel)]
        except ValueError:
            raise KeyError(channel) from None

    @property
    def xy(self) -> np.ndarray:
        """Positions, shape (n_samples, 2)."""
        if self.channels[:2] == ("x", "y"):
            return self.samples[:, :2]
        return np.stack([self["x"], self["y"]], axis=1)

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Stroke):
            return NotImplemented
        return self.channels == other.channels and np.array_equal(self.samples, other.samples)

    def __hash__(self) -> int:
        return hash((self.channels, self.samples.shape))

    def __reduce__(self) -> tuple[type, tuple[np.ndarray, tuple[str, ...]]]:
        return Stroke, (self.samples, self.channels)


class Hover(NamedTuple):
    """Samples taken while the pen was in the air.

    ``before`` is the number of strokes that were finished when the movement began, so 0 is
    ahead of the first stroke and ``len(ink.strokes)`` behind the last.
    """

    before: int
    path: Stroke


@dataclass(frozen=True, slots=True, eq=False)
class Ink:
    """What one writer produced for one label.

    Parameters
    ----------
    strokes : iterable of Stroke
        In writing order, at least one, all with the same channels.
    label : str, optional
        What was written, where it is known.
    writer : str, optional
        Who wrote it, unique within its dataset.
    id : str, optional
        A name for this ink, for people and for links back to the file.
    source : str, optional
        The file, or the archive and its member.
    mm_per_unit : float, optional
        Millimetres per unit of x and y, where the file states it.
    hover : iterable of Hover, optional
        In-air samples, kept apart from the strokes.
    repairs : mapping of str to int, optional
        What was mended on reading, and how often.
    notes : mapping of str to str, optional
        What the file says beyond the above: quality, brush, device.

    Raises
    ------
    InkError
        If there is no stroke, strokes differ in their channels, or the scale is not a
        positive number.
    """

    strokes: tuple[Stroke, ...]
    label: str | None = None
    writer: str | None = None
    id: str | None = None
    source: str | None = None
    mm_per_unit: float | None = None
    hover: tuple[Hover, ...] = ()
    repairs: Mapping[str, int] = field(default_factory=dict)
    notes: Mapping[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        strokes = tuple(self.strokes)
        hover = tuple(part if type(part) is Hover else Hover(*part) for part in self.hover)
        if not strokes:
            raise InkError("an ink without strokes; at least one is needed")
        for number, stroke in enumerate(strokes):
            if stroke.channels != strokes[0].channels:
                raise InkError(
                    f"stroke {number} has the channels {', '.join(stroke.channels)}, "
                    f"stroke 0 {', '.join(strokes[0].channels)}; an ink has one set"
                )
        for before, _ in hover:
            if not 0 <= before <= len(strokes):
                raise InkError(f"hover before stroke {before} of {len(strokes)}")
        if self.mm_per_unit is not None and not 0 < self.mm_per_unit < float("inf"):
            raise InkError(f"mm_per_unit is {self.mm_per_unit!r}; a positive number or None")
        _set(self, "strokes", strokes)
        _set(self, "hover", hover)
        _set(self, "repairs", MappingProxyType(dict(self.repairs)))
        _set(self, "notes", MappingProxyType(dict(self.notes)))

    @classmethod
    def _trusted(
        cls,
        strokes: tuple[Stroke, ...],
        label: str | None,
        writer: str | None,
        id: str | None,
        source: str | None,
        mm_per_unit: float | None = None,
        hover: tuple[Hover, ...] = (),
        repairs: Mapping[str, int] = _NOTHING,
        notes: Mapping[str, str] = _NOTHING,
    ) -> Ink:
        """Return an ink of what a reader has checked.

        There is a stroke, all have the same channels, and the mappings are `MappingProxyType`
        of dictionaries that nobody changes.
        """
        ink = object.__new__(cls)
        _set(ink, "strokes", strokes)
        _set(ink, "label", label)
        _set(ink, "writer", writer)
        _set(ink, "id", id)
        _set(ink, "source", source)
        _set(ink, "mm_per_unit", mm_per_unit)
        _set(ink, "hover", hover)
        _set(ink, "repairs", repairs)
        _set(ink, "notes", notes)
        return ink

    @classmethod
    def from_arrays(
        cls,
        strokes: Iterable[np.ndarray],
        channels: tuple[str, ...] = ("x", "y"),
        **fields: Any,
    ) -> Ink:
        """Return an ink of arrays of shape (n_samples, n_channels), one per stroke.

        Parameters
        ----------
        strokes : iterable of array_like
            In writing order.
        channels : tuple of str
            Names of the columns, the same for every stroke.
        **fields
            The other parameters of `Ink`.

        Examples
        --------
        >>> Ink.from_arrays([[[0, 0], [3, 4]]], label="/").n_samples
        2
        """
        return cls(tuple(Stroke(samples, channels) for samples in strokes), **fields)

    @property
    def channels(self) -> tuple[str, ...]:
        """Names of the channels that every stroke has."""
        return self.strokes[0].channels

    @property
    def n_samples(self) -> int:
        """Number of samples in all strokes, hover not counted."""
        return sum(map(len, self.strokes))

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Ink):
            return NotImplemented
        return self._fields() == other._fields()

    def __hash__(self) -> int:
        return hash((self.label, self.writer, self.id, self.strokes))

    def __repr__(self) -> str:
        words = [f"{name}={getattr(self, name)!r}" for name in ("label", "writer", "id")]
        counts = f"{len(self.strokes)} strokes, {self.n_samples} samples"
        return f"Ink({', '.join(words)}: {counts} of {', '.join(self.channels)})"

    def __reduce__(self) -> tuple[type, tuple[object, ...]]:
        return Ink, self._fields()

    def _fields(self) -> tuple[object, ...]:
        return (
            self.strokes, self.label, self.writer, self.id, self.source,
            self.mm_per_unit, self.hover, dict(self.repairs), dict(self.notes),
        )  # fmt: skip
