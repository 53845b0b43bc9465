"""From a group of InkML traces to one `Ink`: one set of channels, one unit, one clock."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np

from strokesim.formats.inkml.annotations import annotate
from strokesim.formats.inkml.document import Drawn, Group
from strokesim.formats.inkml.traces import Trace
from strokesim.formats.inkml.views import Part
from strokesim.ink import Hover, Ink, Stroke


@dataclass(frozen=True, slots=True)
class _Clock:
    """When an ink began, by the clock of its first trace.

    ``stamp`` is when that clock began, None where the traces have no stamps to compare.
    """

    first: float
    per_second: float
    stamp: float | None
    later: float

    def seconds_ahead(self, trace: Trace) -> float:
        """Return how much later than this clock that of another trace began."""
        stamp, gap = trace.context.stamp, _later(trace) - self.later
        return gap if self.stamp is None or stamp is None else stamp - self.stamp + gap


def ink_of(group: Group, id: str, source: str) -> Ink:
    """Return the ink that a group of traces is.

    Parameters
    ----------
    group : Group
        Its traces and what is said of them.
    id : str
        Its name, unless an annotation gives it one.
    source : str
        The file.

    Raises
    ------
    InkError
        If there is no stroke among the traces, or an annotation means nothing.
    """
    repairs = Counter(group.repairs)
    drawn = [each for each in group.drawn if any(len(part.samples) for part in each.parts)]
    repairs["empty trace left out"] += len(group.drawn) - len(drawn)
    clock = _clock(drawn)
    factors, mm_per_unit = _scale(drawn, repairs)
    channels = _common_channels(drawn, repairs)
    strokes: list[Stroke] = []
    hover: list[Hover] = []
    for each, factor in zip(drawn, factors, strict=True):
        names = each.trace.format.names
        samples = _joined([_samples(part, clock) for part in each.parts])
        if factor != 1.0:
            samples = np.array(samples)
            samples[:, [names.index("x"), names.index("y")]] *= factor
        kept = channels if each.down else _known(each)
        if kept != names:
            samples = samples[:, [names.index(name) for name in kept]]
        if "pressure" in kept:
            samples = _within_range(samples, kept.index("pressure"), repairs)
        # A stroke copies what can still be written to.
        samples.flags.writeable = False
        stroke = Stroke(samples, kept)
        if each.down:
            strokes.append(stroke)
        else:
            hover.append(Hover(len(strokes), stroke))
    fields: dict[str, Any] = {"id": id, "mm_per_unit": mm_per_unit}
    notes = _notes(drawn)
    segments = _segments(group, [each for each in drawn if each.down])
    if segments:
        notes["segments"] = json.dumps(segments, ensure_ascii=False)
    mended = {name: count for name, count in repairs.items() if count}
    annotate(group.annotations, fields, notes, mended)
    return Ink(
        tuple(strokes),
        source=source,
        hover=tuple(hover),
        repairs=mended,
        notes=notes,
        **fields,
    )


def _joined(tables: list[np.ndarray]) -> np.ndarray:
    # A view of its own, so that closing it to writing leaves the trace as it is.
    return tables[0][:] if len(tables) == 1 else np.concatenate(tables)


def _samples(part: Part, clock: _Clock | None) -> np.ndarray:
    """Return the samples of a part of a trace in the units of an `Ink`."""
    trace, values = part.trace, part.samples
    names = trace.format.names
    samples = trace.format.samples(values)
    if trace.context.transform is not None:
        columns = [names.index("x"), names.index("y")]
        samples = np.array(samples)
        x, y = (values[:, column] for column in columns)
        samples[:, columns] = np.stack(trace.context.transform.positions(x, y), axis=1)
    if clock is not None and "t" in names:
        column = names.index("t")
        per_second = trace.format.channels[column].span
        # Taken off before the division, which keeps the milliseconds of a clock that counts
        # from 1970.
        first = clock.first * (per_second / clock.per_second)
        gap = clock.seconds_ahead(trace)
        if (first, per_second, gap) != (0.0, 1.0, 0.0):
            samples = np.array(samples)
            samples[:, column] = (values[:, column] - first) / per_second + gap
    return samples


def _clock(drawn: list[Drawn]) -> _Clock | None:
    """Return when the first sample was taken; None where no time was recorded."""
    traces = [part.trace for each in drawn for part in each.parts if "t" in part.trace.format.names]
    if not traces:
        return None
    first = next(each for each in drawn if "t" in each.trace.format.names)
    table = next(part.samples for part in first.parts if len(part.samples))
    column = first.trace.format.names.index("t")
    # Stamps tell how far apart the clocks of several contexts are, if each has one.
    stamped = all(trace.context.stamp is not None for trace in traces)
    return _Clock(
        float(table[0, column]),
        first.trace.format.channels[column].span,
        first.trace.context.stamp if stamped else None,
        _later(first.trace),
    )


def _later(trace: Trace) -> float:
    return 0.0 if trace.context.absolute else trace.later


def _scale(drawn: list[Drawn], repairs: Counter[str]) -> tuple[list[float], float | None]:
    """Return what brings each to the unit of the first, and the size of that unit."""
    sizes = [_size(each.trace) for each in drawn]
    if len({*sizes}) == 1:
        return [1.0] * len(drawn), sizes[0]
    known = [size for size in sizes if size is not None]
    if len(known) < len(sizes) or not sizes:
        repairs["trace in units of another or unknown size"] += len(sizes)
        return [1.0] * len(drawn), None
    return [size / known[0] for size in known], known[0]


def _size(trace: Trace) -> float | None:
    transform = trace.context.transform
    return (transform.canvas if transform else trace.format).mm_per_unit


def _known(drawn: Drawn) -> tuple[str, ...]:
    """Return the channels that are known in every sample."""
    names = drawn.trace.format.names
    if all(part.trace.complete for part in drawn.parts):
        return names
    unknown = np.any([np.isnan(part.samples).any(axis=0) for part in drawn.parts], axis=0)
    return tuple(name for name, lost in zip(names, unknown, strict=True) if not lost)


def _common_channels(drawn: list[Drawn], repairs: Counter[str]) -> tuple[str, ...]:
    """Return the channels that are known in every sample of every stroke."""
    down = [each for each in drawn if each.down]
    known = [_known(each) for each in down]
    common = set.intersection(*map(set, {*known})) if known else set()
    for each in down:
        for column, name in enumerate(each.trace.format.names):
            if name not in common:
                values = (part.samples[:, column] for part in each.parts)
                repairs[f"{name} left out"] += sum(int(np.sum(~np.isnan(v))) for v in values)
    return tuple(name for name in known[0] if name in common) if known else ()


def _within_range(samples: np.ndarray, column: int, repairs: Counter[str]) -> np.ndarray:
    pressure = samples[:, column]
    beyond = int(np.count_nonzero((pressure < 0) | (pressure > 1)))
    if beyond:
        repairs["pressure beyond its range"] += beyond
        samples = np.array(samples)
        np.clip(samples[:, column], 0, 1, out=samples[:, column])
    return samples


def _notes(drawn: list[Drawn]) -> dict[str, str]:
    """Return what the contexts of an ink say of it."""
    said: dict[str, dict[str, None]] = {}
    for context in {id(each.trace.context): each.trace.context for each in drawn}.values():
        for name, text in context.notes.items():
            said.setdefault(name, {})[text] = None
    notes = {name: "; ".join(texts) for name, texts in said.items()}
    brushes = [each.trace.brush or "" for each in drawn if each.down]
    if any(brushes):
        notes["brush"] = brushes[0] if len({*brushes}) == 1 else _by_stroke(brushes)
    return notes


def _by_stroke(texts: Iterable[str]) -> str:
    """Return texts in one line, each with the numbers of the strokes that have it."""
    runs: dict[str, list[list[int]]] = {}
    for number, text in enumerate(texts):
        mine = runs.setdefault(text, [])
        if mine and mine[-1][1] == number - 1:
            mine[-1][1] = number
        else:
            mine.append([number, number])
    return "; ".join(
        f"{','.join(str(a) if a == b else f'{a}-{b}' for a, b in mine)}: {text}"
        for text, mine in runs.items()
    )


def _segments(group: Group, down: list[Drawn]) -> list[dict[str, Any]]:
    """Return the labelled parts of an ink: strokes by number, or with samples from and to."""
    if not group.segments:
        return []
    places: dict[int, tuple[int, int, Part, int]] = {}
    for number, each in enumerate(down):
        size, begin = sum(len(part.samples) for part in each.parts), 0
        for part in each.parts:
            places[id(part.trace)] = (number, begin, part, size)
            begin += len(part.samples)
    segments = []
    for label, parts in group.segments:
        strokes: list[int | list[int]] = []
        for part in parts:
            if id(part.trace) in places:
                number, begin, whole, size = places[id(part.trace)]
                before = part.trace.samples_before
                ends = [max(place, whole.first) for place in (part.first, part.end)]
                ends = [min(place, whole.end) for place in ends]
                first, end = (begin + before(place) - before(whole.first) for place in ends)
                if first < end:
                    strokes.append(number if end - first == size else [number, first, end])
        if strokes:
            segments.append({"label": label, "strokes": strokes})
    return segments
