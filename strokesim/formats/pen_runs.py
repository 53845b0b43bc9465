"""Samples in the order of time, with the pen down or up, to strokes and in-air movements."""

from __future__ import annotations

from array import array
from collections import Counter
from collections.abc import Hashable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any

import numpy as np

from strokesim.formats.source import Source
from strokesim.ink import Hover, Ink, Stroke


def split_at_lifts(
    samples: np.ndarray, down: np.ndarray, channels: tuple[str, ...]
) -> tuple[tuple[Stroke, ...], tuple[Hover, ...]]:
    """Return the strokes, and what was recorded before, between and behind them.

    Parameters
    ----------
    samples : ndarray of float64, shape (n_samples, n_channels)
        In the order of time. Not to be written to any more: the strokes are parts of it.
    down : ndarray of bool, shape (n_samples,)
        Where the pen touched the surface.
    channels : tuple of str
        Names of the columns.

    Raises
    ------
    InkError
        If a value is no reading of a pen.
    """
    strokes: list[Stroke] = []
    hover: list[Hover] = []
    samples.flags.writeable = False
    changes = np.flatnonzero(down[1:] != down[:-1]) + 1
    for begin, end in pairwise([0, *changes.tolist(), len(samples)]):
        if begin == end:
            continue
        path = Stroke(samples[begin:end], channels)
        if down[begin]:
            strokes.append(path)
        else:
            hover.append(Hover(len(strokes), path))
    return tuple(strokes), tuple(hover)


@dataclass(slots=True)
class _Run:
    """Samples of one pen from a change to the next, row after row."""

    down: bool
    values: array[float] = field(default_factory=lambda: array("d"))


class PenRuns:
    """Strokes and in-air movements of one or more pens, collected sample by sample.

    Parameters
    ----------
    channels : tuple of str
        Names of the values of a sample.
    """

    def __init__(self, channels: tuple[str, ...]) -> None:
        self.channels = channels
        self.left_out: dict[str, int] = {}
        """Values that were recorded in some samples only, by channel, after `paths`."""
        self._runs: list[_Run] = []
        self._open: dict[Hashable, _Run] = {}

    def add(self, sample: Sequence[float], *, down: bool, pen: Hashable = None) -> None:
        """Take in one sample; NaN is what was not recorded."""
        run = self._open.get(pen)
        if run is None or run.down != down:
            run = self._open[pen] = _Run(down)
            self._runs.append(run)
        run.values.extend(sample)

    def cut(self, pen: Hashable = None) -> None:
        """Begin a new stroke or movement with the next sample of a pen."""
        self._open.pop(pen, None)

    def ink(
        self, source: Source, repairs: Counter[str], *, device: str, **fields: Any
    ) -> Iterator[Ink]:
        """Yield the one ink of a capture; none, and that is noted, where no stroke was made.

        Parameters
        ----------
        source : Source
            The capture.
        repairs : Counter
            What was mended so far; channels left out are added.
        device : str
            What a message calls the thing that was never down.
        **fields
            Of the `Ink`.

        Raises
        ------
        FormatError
            If there is no stroke, unless the source is read leniently.
        """
        strokes, hover = self.paths()
        if not strokes:
            source.skip(f"the {device} is never down")
            return
        left_out = Counter({f"{name} left out": n for name, n in self.left_out.items()})
        yield Ink(
            strokes,
            id=source.stem,
            source=source.name,
            hover=hover,
            repairs=repairs + left_out,
            **fields,
        )

    def paths(self) -> tuple[tuple[Stroke, ...], tuple[Hover, ...]]:
        """Return the strokes and movements, in the order in which they began.

        ``t`` begins with 0 at the first sample. A channel that is not known in every sample
        of every stroke is left out of all, and counted in `left_out`; a movement has those of
        the others that are known in all of its own samples.

        Raises
        ------
        InkError
            If a value is no reading of a pen.
        """
        tables = [
            (run.down, np.frombuffer(run.values).reshape(-1, len(self.channels)))
            for run in self._runs
        ]
        known = np.ones(len(self.channels), bool)
        for down, table in tables:
            if down:
                known &= ~np.isnan(table).any(axis=0)
        self.left_out = {
            name: count
            for k, name in enumerate(self.channels)
            if not known[k] and (count := sum(int(np.sum(~np.isnan(t[:, k]))) for _, t in tables))
        }
        strokes: list[Stroke] = []
        hover: list[Hover] = []
        start = tables[0][1][0, self.channels.index("t")] if tables else 0.0
        for down, table in tables:
            kept = known if down else known & ~np.isnan(table).any(axis=0)
            names = tuple(name for k, name in enumerate(self.channels) if kept[k])
            samples = table[:, kept]
            samples[:, names.index("t")] -= start
            path = Stroke(samples, names)
            if down:
                strokes.append(path)
            else:
                hover.append(Hover(len(strokes), path))
        return tuple(strokes), tuple(hover)
