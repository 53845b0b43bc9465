"""InkML: XML with traces of samples.

Reference: Ink Markup Language (InkML), W3C Recommendation 20 September 2011.

- What stands directly in the document is one ink; every group of traces directly in it is one
  more, with the groups inside it. Elements may be in the namespace of InkML, with any prefix,
  or in none.
- ``y`` grows downwards, unless the channel's orientation is ``-ve``. ``T`` is in milliseconds
  unless its units say seconds. ``F`` is the pressure where the channel states its ``max``;
  otherwise it is kept as recorded. ``OE`` and ``OA`` are altitude and azimuth. The scale is
  that of the resolution, or of units of length.
- A trace of type ``penUp`` was recorded in the air. ``continuation`` goes on with the trace
  that ``priorRef`` names.
- A sample without a position is left out, and so is a channel that is not known everywhere in
  an ink; both are counted.
- Annotations give label (``truth``, ``label``), ``writer`` and ``id``; others are kept in
  ``ink.notes``.
- Not applied: ``canvasTransform`` and ``mapping``, ``traceView``, ``timeOffset``.

`strokesim.formats.inkml.values` has the grammar of the samples, and
`strokesim.formats.inkml.channels` what they mean.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from strokesim.errors import InkError
from strokesim.formats.format import Format
from strokesim.formats.inkml.channels import BadFormat, Contexts, TraceFormat
from strokesim.formats.inkml.values import BadTrace, parse_trace
from strokesim.formats.inkml.writing import OURS, write_inkml
from strokesim.formats.source import Source
from strokesim.formats.xml_tree import Element, parse_xml
from strokesim.ink import CHANNELS, Hover, Ink, Stroke

_ROOT = re.compile(rb"<(?:[\w.-]+:)?ink[\s/>]")
_FIELDS = {"label": "label", "truth": "label", "writer": "writer", "id": "id", "ui": "id"}


@dataclass(slots=True)
class _Trace:
    """A trace, or several that continue one another."""

    format: TraceFormat
    pieces: list[np.ndarray]
    down: bool


@dataclass(slots=True)
class _Group:
    """What becomes one ink."""

    line: int
    traces: list[_Trace] = field(default_factory=list)
    annotations: list[Element] = field(default_factory=list)
    repairs: Counter[str] = field(default_factory=Counter)


def _sniff(head: bytes) -> bool:
    # In UTF-16 every other byte of these characters is 0.
    return _ROOT.search(head.replace(b"\0", b"")) is not None


def _read(source: Source) -> Iterator[Ink]:
    root = parse_xml(source)
    if root.name.rpartition("}")[2] != "ink":
        raise source.error(f"the root is <{root.name}>; that of InkML is <ink>", root.line)
    alone, *groups = _Reader(source, root).groups()
    written = [group for group in (alone, *groups) if group.traces]
    for number, group in enumerate(written):
        if len(written) == 1 and group is not alone:
            group.annotations = alone.annotations + group.annotations
        try:
            ink = _ink_of(group, f"{source.stem}#{number}", source.name)
        except InkError as error:
            source.skip(str(error), group.line)
        else:
            yield ink


class _Reader:
    """Goes through a document, and keeps in mind what holds at each place."""

    def __init__(self, source: Source, root: Element) -> None:
        self.source, self.root = source, root
        self.contexts = Contexts(root)
        self.current: Element | None = None
        self.by_id: dict[str, _Trace] = {}

    def groups(self) -> list[_Group]:
        """Return the traces that stand alone, and then those of each group."""
        alone = _Group(self.root.line)
        groups = [alone]
        for element in self.root.children:
            if element.name in ("context", "traceFormat"):
                self.current = element
            elif element.name == "traceGroup":
                groups.append(_Group(element.line))
                self._take(element, groups[-1], None)
            elif element.name in ("trace", "annotation"):
                self._take_one(element, alone, None)
        return groups

    def _take(self, parent: Element, group: _Group, reference: str | None) -> None:
        """Take in what stands in a group, and in the groups inside it."""
        reference = parent.attributes.get("contextRef", reference)
        for element in parent.children:
            if element.name == "traceGroup":
                self._take(element, group, reference)
            else:
                self._take_one(element, group, reference)

    def _take_one(self, element: Element, group: _Group, reference: str | None) -> None:
        if element.name == "annotation":
            group.annotations.append(element)
        elif element.name == "trace":
            try:
                self._take_trace(element, group, reference)
            except BadFormat as error:
                self.source.skip(str(error), error.line)
            except BadTrace as error:
                self.source.skip(str(error), element.line)

    def _take_trace(self, element: Element, group: _Group, reference: str | None) -> None:
        attributes = element.attributes
        reference = attributes.get("contextRef", reference)
        format = self.contexts.format(reference, self.current, element.line)
        values = parse_trace(element.text, [channel.values for channel in format.channels])
        known = ~np.isnan(values[:, [format.names.index("x"), format.names.index("y")]]).any(axis=1)
        group.repairs["sample without position left out"] += int((~known).sum())
        values = values[known]
        if len(values) == 0:
            group.repairs["empty trace left out"] += 1
            return
        trace = _Trace(format, [values], attributes.get("type") != "penUp")
        if attributes.get("continuation") in ("middle", "end"):
            prior = self.by_id.get(attributes.get("priorRef", "").removeprefix("#"))
            if prior is None or prior.format is not format:
                raise BadTrace("continues a trace that is not there")
            prior.pieces.append(values)
            trace = prior
        else:
            group.traces.append(trace)
        if "id" in attributes:
            self.by_id[attributes["id"]] = trace


def _ink_of(group: _Group, id: str, source: str) -> Ink:
    repairs = Counter(group.repairs)
    tables = [np.concatenate(trace.pieces) for trace in group.traces]
    clocks = (trace.format.clock(table) for trace, table in zip(group.traces, tables, strict=True))
    clock = next((clock for clock in clocks if clock is not None), None)
    sizes = {trace.format.mm_per_unit for trace in group.traces}
    if len(sizes) > 1:
        raise InkError("the traces of one ink have different units of length")
    channels = _common_channels(group.traces, tables, repairs)
    strokes: list[Stroke] = []
    hover: list[Hover] = []
    for trace, values in zip(group.traces, tables, strict=True):
        names = trace.format.names
        samples = trace.format.samples(values, clock)
        kept = channels if trace.down else _known(names, values)
        samples = samples[:, [names.index(name) for name in kept]]
        if "pressure" in kept:
            pressure = samples[:, kept.index("pressure")]
            repairs["pressure beyond its range"] += int(np.sum((pressure < 0) | (pressure > 1)))
            np.clip(pressure, 0, 1, out=pressure)
        stroke = Stroke(samples, kept)
        if trace.down:
            strokes.append(stroke)
        else:
            hover.append(Hover(len(strokes), stroke))
    fields: dict[str, Any] = {"id": id, "mm_per_unit": sizes.pop()}
    notes: dict[str, str] = {}
    mended = {name: count for name, count in repairs.items() if count}
    for annotation in group.annotations:
        _annotate(annotation, fields, notes, mended)
    return Ink(
        tuple(strokes),
        source=source,
        hover=tuple(hover),
        repairs=mended,
        notes=notes,
        **fields,
    )


def _known(names: tuple[str, ...], values: np.ndarray) -> tuple[str, ...]:
    """Return the channels that are known in every sample."""
    unknown = np.isnan(values).any(axis=0)
    return tuple(name for name, lost in zip(names, unknown, strict=True) if not lost)


def _common_channels(
    traces: list[_Trace], tables: list[np.ndarray], repairs: Counter[str]
) -> tuple[str, ...]:
    """Return the channels that are known in every sample of every stroke."""
    down = [(trace, table) for trace, table in zip(traces, tables, strict=True) if trace.down]
    known = [_known(trace.format.names, table) for trace, table in down]
    common = set.intersection(*map(set, known)) if known else set()
    for trace, table in down:
        for name, column in zip(trace.format.names, table.T, strict=True):
            if name not in common:
                repairs[f"{name} left out"] += int(np.sum(~np.isnan(column)))
    return tuple(name for name in known[0] if name in common) if known else ()


def _annotate(
    annotation: Element, fields: dict[str, Any], notes: dict[str, str], repairs: dict[str, int]
) -> None:
    """Take in one annotation, ours or another program's."""
    kind, text = annotation.attributes.get("type", "annotation"), annotation.text
    name = annotation.attributes.get(f"{{{OURS}}}name")
    if name is not None and kind == "repair" and text.isdecimal():
        repairs[name] = repairs.get(name, 0) + int(text)
    elif name is not None:
        notes[name] = text
    elif kind == "mm_per_unit":
        try:
            fields[kind] = float(text)
        except ValueError:
            raise InkError(f"mm_per_unit is {text!r}; needed: a number") from None
    elif kind.lower() in _FIELDS:
        fields[_FIELDS[kind.lower()]] = text
    else:
        notes[kind] = text


FORMAT = Format(
    name="inkml",
    title="InkML",
    suffixes=(".inkml", ".ink"),
    channels=(*CHANNELS, "others by name", "hover"),
    sniff=_sniff,
    read=_read,
    write=write_inkml,
    lenient="damaged traces are left out",
)
