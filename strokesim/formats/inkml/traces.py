"""The traces of an InkML document: their samples, and the strokes that they make up."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

import numpy as np

from strokesim.formats.inkml.channels import TraceFormat
from strokesim.formats.inkml.contexts import Context
from strokesim.formats.inkml.values import BadCount, BadTrace, parse_traces
from strokesim.formats.xml_tree import Element

_NONE = np.empty((0, 0))


@dataclass(slots=True, eq=False)
class Trace:
    """A ``trace`` element.

    Parameters
    ----------
    element : Element
        Where it stands; the text is dropped when it is read.
    context : Context
        What holds for it.
    brush : str, optional
        Properties of its brush.
    format : TraceFormat
        The channels that it has; other than those of the context where these are not there.
    samples : ndarray, shape (n_samples, n_channels)
        As in the file, without those that have no position.
    known : ndarray of bool, shape (n_points,), optional
        Which points have a position; None if all have.
    later : float
        When it began, in seconds from the time stamp of its context.
    complete : bool
        Whether every value of the samples is known.
    error : BadTrace, optional
        Why it cannot be read.
    repairs : tuple of (str, int)
        What was mended on reading it, and how often.
    """

    element: Element
    context: Context
    brush: str | None
    format: TraceFormat
    later: float = 0.0
    samples: np.ndarray = field(default_factory=lambda: _NONE)
    known: np.ndarray | None = None
    complete: bool = True
    error: BadTrace | None = None
    repairs: tuple[tuple[str, int], ...] = ()

    @property
    def n_points(self) -> int:
        """How many points stand in the file, those without a position as well."""
        return len(self.samples) if self.known is None else len(self.known)

    def samples_before(self, point: int) -> int:
        """Return how many samples come from the points ahead of one."""
        return point if self.known is None else int(self.known[:point].sum())


def read_traces(traces: Iterable[Trace]) -> None:
    """Fill in the samples, or the error, of each trace."""
    for format, alike in _by_format(traces):
        odd: list[Trace] = []
        for trace, samples in zip(alike, _samples(alike, format), strict=True):
            if isinstance(samples, BadCount):
                odd.append(trace)
                trace.error = samples
            else:
                _take(trace, samples)
        # Tried with the number of values that there are. What is not the same in every point
        # of a trace stays an error.
        for width, again in _by_width(odd):
            other = format.of_width(width)
            if other is not None:
                for trace, samples in zip(again, _samples(again, other), strict=True):
                    if not isinstance(samples, BadTrace):
                        _take_odd(trace, samples, other)
    for trace in traces:
        trace.element.text = ""


def _by_format(traces: Iterable[Trace]) -> Iterator[tuple[TraceFormat, list[Trace]]]:
    alike: dict[int, list[Trace]] = {}
    for trace in traces:
        alike.setdefault(id(trace.format), []).append(trace)
    for group in alike.values():
        yield group[0].format, group


def _by_width(traces: Iterable[Trace]) -> Iterator[tuple[int, list[Trace]]]:
    """Group traces by how many values their points have."""
    alike: dict[int, list[Trace]] = {}
    for trace in traces:
        assert isinstance(trace.error, BadCount)
        alike.setdefault(trace.error.found, []).append(trace)
    yield from alike.items()


def _samples(traces: list[Trace], format: TraceFormat) -> Iterator[np.ndarray | BadTrace]:
    texts = [trace.element.text for trace in traces]
    return parse_traces(texts, [channel.values for channel in format.channels])


def _take(trace: Trace, samples: np.ndarray | BadTrace) -> None:
    if isinstance(samples, BadTrace):
        trace.error = samples
        return
    trace.samples = samples
    if "?" in trace.element.text:
        names = trace.format.names
        known = ~np.isnan(samples[:, [names.index("x"), names.index("y")]]).any(axis=1)
        if not known.all():
            trace.known, trace.samples = known, samples[known]
            trace.repairs += (("sample without position left out", int((~known).sum())),)
        trace.complete = not np.isnan(trace.samples).any()


def _take_odd(trace: Trace, samples: np.ndarray, found: TraceFormat) -> None:
    """Take samples that have other channels than declared."""
    declared, trace.error = trace.format, None
    missing = declared.names[len(found.names) :]
    for name in missing:
        trace.repairs += ((f"trace without {name}, which is declared", 1),)
    if missing:
        trace.format = found
    else:
        extra = len(found.names) - len(declared.names)
        trace.repairs += (("value that is not declared left out", extra * len(samples)),)
        samples = np.ascontiguousarray(samples[:, : len(declared.names)])
    _take(trace, samples)
