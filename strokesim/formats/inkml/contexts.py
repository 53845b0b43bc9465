"""The contexts of an InkML document: what holds for a trace, wherever it was declared.

Reference: InkML, W3C Recommendation 20 September 2011, sections on contexts, ink sources,
brushes and time stamps.
"""

from __future__ import annotations

import datetime
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from strokesim.formats.inkml.channels import (
    DEFAULT,
    BadFormat,
    TraceFormat,
    number_of,
    trace_format,
)
from strokesim.formats.inkml.transforms import NotApplied, Transform, canvas_transform
from strokesim.formats.xml_tree import Element

Parts = Mapping[str, Element]
"""What makes a context, by the names of the elements in it."""

# What a context consists of, and the attribute that names a part which stands elsewhere.
_REFERENCES = {
    "canvas": "canvasRef",
    "canvasTransform": "canvasTransformRef",
    "traceFormat": "traceFormatRef",
    "inkSource": "inkSourceRef",
    "brush": "brushRef",
    "timestamp": "timestampRef",
}
# Each ink of a document gets what is said of its device and brushes: a long text would be
# there many times.
_LONGEST_NOTE = 1000
# Followed anew for every brush and time stamp of a document.
_LONGEST_CHAIN = 64
_ABOUT_SOURCE = ("manufacturer", "model", "serialNo", "specificationRef", "description")


@dataclass(frozen=True, slots=True)
class Context:
    """What holds for a trace.

    Parameters
    ----------
    format : TraceFormat
        Its channels.
    transform : Transform, optional
        The way to its canvas.
    brush : str, optional
        Properties of its brush.
    stamp : float, optional
        When its clock began, in seconds since 1970.
    absolute : bool
        Whether T counts from that stamp by itself, and not from the beginning of the trace.
    notes : mapping of str to str
        What is said of the device and the time, and what was not applied.
    """

    format: TraceFormat
    transform: Transform | None = None
    brush: str | None = None
    stamp: float | None = None
    absolute: bool = False
    notes: Mapping[str, str] = field(default_factory=dict)


class Contexts:
    """The declarations of a document, and the contexts that they lead to.

    Parameters
    ----------
    root : Element
        The ``ink`` element.
    """

    def __init__(self, root: Element) -> None:
        self._by_id: dict[str, Element] = {}
        self._first: dict[str, Element] = {}
        self._parts: dict[int, Parts] = {}
        self._contexts: dict[tuple[int, ...], Context] = {}
        self._brushes: dict[int, str] = {}
        self._latest: tuple[Parts, Context] | None = None
        for element in _declarations(root):
            self._first.setdefault(element.name, element)
            if "id" in element.attributes:
                self._by_id.setdefault(element.attributes["id"], element)

    def named(self, reference: str, line: int) -> Parts:
        """Return the parts of the context that a ``contextRef`` names.

        Raises
        ------
        BadFormat
            If it leads nowhere.
        """
        return {} if reference == "#DefaultContext" else self.parts(self._referred(reference, line))

    def parts(self, element: Element, before: Parts | None = None) -> Parts:
        """Return the parts of a context, with those that it takes over from others.

        Parameters
        ----------
        element : Element
            The ``context``, or one of its parts alone.
        before : mapping, optional
            The parts that hold where it stands, outside ``definitions``.
        """
        if before is None and id(element) in self._parts:
            return self._parts[id(element)]
        if before and "contextRef" not in element.attributes:
            return {**before, **self._own_parts(element)}
        chain: dict[int, Element] = {}
        known: Parts | None = None
        while known is None and id(element) not in chain:
            chain[id(element)] = element
            reference = element.attributes.get("contextRef", "#DefaultContext")
            if reference == "#DefaultContext":
                break
            element = self._referred(reference, element.line)
            known = self._parts.get(id(element))
        parts = known or {}
        for key, element in reversed(chain.items()):
            parts = {**parts, **self._own_parts(element)}
            self._parts[key] = parts
        return parts

    def context(self, parts: Parts) -> Context:
        """Return what the parts of a context mean.

        Raises
        ------
        BadFormat
            If a reference leads nowhere, or a declaration means nothing.
        """
        if self._latest is not None and self._latest[0] is parts:
            return self._latest[1]
        key = tuple(id(parts.get(name)) for name in _REFERENCES)
        if key not in self._contexts:
            self._contexts[key] = self._context_of(parts)
        self._latest = parts, self._contexts[key]
        return self._contexts[key]

    def brush(self, reference: str, line: int) -> str:
        """Return the properties of the brush that a ``brushRef`` names."""
        brush = self._referred(reference, line)
        if id(brush) not in self._brushes:
            self._brushes[id(brush)] = self._brush_text(brush)
        return self._brushes[id(brush)]

    def _referred(self, reference: str, line: int) -> Element:
        file, mark, name = reference.partition("#")
        if file or not mark:
            raise BadFormat(f"a reference to another document, {reference!r}", line)
        if name not in self._by_id:
            raise BadFormat(f"no context, or part of one, has the id {name!r}", line)
        return self._by_id[name]

    def _own_parts(self, element: Element) -> dict[str, Element]:
        """Return the parts that a context holds or names itself."""
        if element.name != "context":
            own = {element.name: element}
        else:
            own = {}
            for name, attribute in _REFERENCES.items():
                if attribute in element.attributes:
                    own[name] = self._referred(element.attributes[attribute], element.line)
                for child in element.named(name):
                    own[name] = child
        if "inkSource" in own and "traceFormat" not in own:
            for declared in own["inkSource"].named("traceFormat"):
                own["traceFormat"] = declared
        return own

    def _context_of(self, parts: Parts) -> Context:
        declared, source = parts.get("traceFormat"), parts.get("inkSource")
        if declared is None and "traceFormat" in self._first:
            # Many files declare one format and refer to it nowhere.
            declared = self._first["traceFormat"]
            source = source or self._first.get("inkSource")
        format = DEFAULT if declared is None else trace_format(declared, source)
        notes = {name: text[:_LONGEST_NOTE] for name, text in _about_source(source)}
        missing = [f"mapping of channel {name}" for name in format.unmapped]
        transform = None
        if "canvasTransform" in parts:
            try:
                canvas = self._canvas_format(parts.get("canvas"))
                transform = canvas_transform(parts["canvasTransform"], canvas, self._referred)
            except NotApplied as error:
                missing.append(f"canvasTransform: {error}")
        if missing:
            notes["not applied"] = "; ".join(missing)[:_LONGEST_NOTE]
        stamp = parts.get("timestamp")
        if stamp is not None:
            notes |= _about_time(stamp)
        if format.respect_to is not None:
            stamp = self._referred(format.respect_to, declared.line if declared else 1)
        return Context(
            format,
            transform,
            self._brush_text(parts["brush"]) if "brush" in parts else None,
            None if stamp is None else self._seconds(stamp),
            format.respect_to is not None,
            notes,
        )

    def _canvas_format(self, canvas: Element | None) -> TraceFormat | None:
        if canvas is None:
            return None
        declared = next(iter(canvas.named("traceFormat")), None)
        if declared is None and "traceFormatRef" in canvas.attributes:
            declared = self._referred(canvas.attributes["traceFormatRef"], canvas.line)
        return None if declared is None else trace_format(declared, None)

    def _chain(self, element: Element, attribute: str) -> Iterator[Element]:
        """Yield an element, the one that it refers to, and so on; a circle ends."""
        seen: set[int] = set()
        while id(element) not in seen:
            if len(seen) == _LONGEST_CHAIN:
                raise BadFormat(
                    f"more than {_LONGEST_CHAIN} references, {element.name} to {element.name}",
                    element.line,
                )
            yield element
            seen.add(id(element))
            if attribute in element.attributes:
                element = self._referred(element.attributes[attribute], element.line)

    def _brush_text(self, brush: Element) -> str:
        properties: dict[str, str] = {}
        for element in self._chain(brush, "brushRef"):
            properties = _properties(element, "brushProperty") | properties
        return ", ".join(properties.values())[:_LONGEST_NOTE]

    def _seconds(self, stamp: Element) -> float | None:
        """Return the time that a ``timestamp`` stands for, in seconds since 1970."""
        later = 0.0
        for element in self._chain(stamp, "timestampRef"):
            attributes = element.attributes
            later += number_of(attributes.get("timeOffset", "0"), element)
            if "time" in attributes:
                return (number_of(attributes["time"], element) + later) / 1000
            if "timeString" in attributes:
                try:
                    time = datetime.datetime.fromisoformat(attributes["timeString"].strip())
                except ValueError:
                    return None
                if time.tzinfo is None:
                    time = time.replace(tzinfo=datetime.UTC)
                return time.timestamp() + later / 1000
        return None


def _properties(element: Element, kind: str) -> dict[str, str]:
    """Return what the properties of a device or a brush say, by their names."""
    properties: dict[str, str] = {}
    for child in element.named(kind):
        name, value, units = (child.attributes.get(key, "") for key in ("name", "value", "units"))
        properties[name] = f"{name}={value}{units and ' '}{units}"
    return properties


def _declarations(element: Element) -> Iterator[Element]:
    for child in element.children:
        if child.name in _REFERENCES or child.name in ("context", "mapping"):
            yield child
        if child.name in ("definitions", "context", "inkSource"):
            yield from _declarations(child)


def _about_source(source: Element | None) -> Iterator[tuple[str, str]]:
    if source is None:
        return
    for name in _ABOUT_SOURCE:
        if name in source.attributes:
            yield name, source.attributes[name]
    for rate in source.named("sampleRate"):
        even = "" if rate.attributes.get("uniform", "true") in ("true", "1") else ", not uniform"
        yield "sampleRate", rate.attributes.get("value", "") + even
    for latency in source.named("latency"):
        yield "latency", latency.attributes.get("value", "")
    for area in source.named("activeArea"):
        words = (area.attributes.get(key, "") for key in ("size", "width", "height", "units"))
        yield "activeArea", " ".join(filter(None, words))
    properties = _properties(source, "sourceProperty")
    if properties:
        yield "source", ", ".join(properties.values())


def _about_time(stamp: Element) -> dict[str, str]:
    for name in ("timeString", "time"):
        if name in stamp.attributes:
            return {"timestamp": stamp.attributes[name][:_LONGEST_NOTE]}
    return {}
