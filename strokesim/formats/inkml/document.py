"""From the elements of an InkML document to groups of traces, each of which is one ink.

Reference: InkML, W3C Recommendation 20 September 2011.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from strokesim.formats.inkml.annotations import label_of
from strokesim.formats.inkml.channels import BadFormat, number_of
from strokesim.formats.inkml.contexts import Contexts, Parts
from strokesim.formats.inkml.traces import Trace, read_traces
from strokesim.formats.inkml.views import Part, Views
from strokesim.formats.source import Source
from strokesim.formats.xml_tree import Element

# More than real files show of their traces, and few enough to be gone through in an instant.
_FREE_VIEWS = 100_000
_VIEWS_PER_ELEMENT = 10


@dataclass(slots=True, eq=False)
class Drawn:
    """A stroke, or a movement in the air: a trace, or several that continue one another."""

    parts: list[Part]
    down: bool

    @property
    def trace(self) -> Trace:
        """The trace with which it begins."""
        return self.parts[0].trace


@dataclass(slots=True, eq=False)
class Group:
    """What becomes one ink."""

    line: int
    drawn: list[Drawn] = field(default_factory=list)
    annotations: list[Element] = field(default_factory=list)
    segments: list[tuple[str | None, list[Part]]] = field(default_factory=list)
    repairs: Counter[str] = field(default_factory=Counter)

    def count(self, trace: Trace) -> None:
        """Add what was mended on reading a trace."""
        for name, number in trace.repairs:
            self.repairs[name] += number

    @property
    def is_empty(self) -> bool:
        """Whether none of its traces has a sample."""
        return not any(len(part.samples) for each in self.drawn for part in each.parts)


@dataclass(frozen=True, slots=True)
class _Surroundings:
    """What groups say for the traces in them."""

    context: str | None = None
    brush: str | None = None

    def within(self, element: Element) -> _Surroundings:
        attributes = element.attributes
        if "contextRef" not in attributes and "brushRef" not in attributes:
            return self
        return _Surroundings(
            attributes.get("contextRef", self.context), attributes.get("brushRef", self.brush)
        )


def groups_of(source: Source, root: Element) -> list[Group]:
    """Return what stands alone in a document, and then each group of traces.

    Damaged traces, and references that lead nowhere, are reported to the source.
    """
    return _Reader(source, root).groups()


class _Reader:
    """Goes through a document, and keeps in mind what holds at each place."""

    def __init__(self, source: Source, root: Element) -> None:
        self.source, self.root = source, root
        self.contexts = Contexts(root)
        self.current: Parts = {}
        self.by_id: dict[str, Element] = {}
        self.traces: dict[int, Trace] = {}
        self.drawn: dict[int, Drawn] = {}
        self.owners: dict[int, Group] = {}
        self.count = 0

    def groups(self) -> list[Group]:
        """Read everything, first the traces and then the views of them."""
        alone = Group(self.root.line)
        inked: list[tuple[Element, Group]] = []
        views: list[Element] = []
        for element in self.root.children:
            if element.name == "context" or element.name == "traceFormat":
                self._change_context(element)
            elif element.name in ("annotation", "annotationXML"):
                alone.annotations.append(element)
            elif element.name == "definitions":
                self._find(element, _Surroundings())
            elif element.name == "trace":
                self._find_one(element, _Surroundings())
                inked.append((element, alone))
            elif element.name in ("traceGroup", "traceView"):
                self._find_one(element, _Surroundings())
                if any(_traces(element)):
                    inked.append((element, Group(element.line)))
                else:
                    views.append(element)
        read_traces(self.traces.values())
        groups = [alone]
        for element, group in inked:
            if group is not alone:
                groups.append(group)
                group.annotations += _said(element)
            for trace in _traces(element):
                self._draw(trace, group)
        self._look(inked, views, groups)
        return groups

    def _change_context(self, element: Element) -> None:
        try:
            self.current = self.contexts.parts(element, self.current)
        except BadFormat as error:
            self.source.skip(str(error), error.line)

    def _find(self, parent: Element, around: _Surroundings) -> None:
        """Take note of the traces, groups and views in an element."""
        for element in parent.children:
            if element.name in ("trace", "traceGroup", "traceView"):
                self._find_one(element, around)

    def _find_one(self, element: Element, around: _Surroundings) -> None:
        self.count += 1
        if "id" in element.attributes:
            self.by_id.setdefault(element.attributes["id"], element)
        around = around.within(element)
        if element.name != "trace":
            self._find(element, around)
            return
        if not element.text.strip() and "continuation" not in element.attributes:
            # Not worth the memory: a file can hold millions of them.
            return
        try:
            parts = self.current
            if around.context is not None:
                parts = self.contexts.named(around.context, element.line)
            context = self.contexts.context(parts)
            brush = context.brush
            if around.brush is not None:
                brush = self.contexts.brush(around.brush, element.line)
            later = number_of(element.attributes.get("timeOffset", "0"), element) / 1000
        except BadFormat as error:
            self.source.skip(str(error), error.line)
        else:
            trace = Trace(element, context, brush, context.format, later)
            self.traces[id(element)] = trace

    def _draw(self, element: Element, group: Group) -> None:
        """Add a trace to a group, or to the trace that it continues."""
        trace = self.traces.get(id(element))
        if trace is None:
            group.repairs["empty trace left out"] += not element.text.strip()
            return
        if trace.error is not None:
            self.source.skip(str(trace.error), element.line)
            del self.traces[id(element)]
            return
        group.count(trace)
        self.owners[id(element)] = group
        attributes = element.attributes
        drawn = Drawn([Part(trace, 0, trace.n_points)], attributes.get("type") != "penUp")
        if attributes.get("continuation") in ("middle", "end"):
            prior = self._prior(trace)
            if prior is not None:
                prior.parts += drawn.parts
                self.drawn[id(element)] = prior
                return
        self.drawn[id(element)] = drawn
        group.drawn.append(drawn)

    def _prior(self, trace: Trace) -> Drawn | None:
        """Return what a trace continues."""
        reference = trace.element.attributes.get("priorRef", "").removeprefix("#")
        prior = self.drawn.get(id(self.by_id.get(reference)))
        if prior is None or (prior.trace.format, prior.trace.context.transform) != (
            trace.format,
            trace.context.transform,
        ):
            self.source.skip(
                f"continues a trace that is not there, {reference!r}", trace.element.line
            )
            return None
        return prior

    def _look(
        self, inked: list[tuple[Element, Group]], views: list[Element], groups: list[Group]
    ) -> None:
        """Follow the views: they tell what parts of the ink are, or show what is only defined."""
        most = _FREE_VIEWS + _VIEWS_PER_ELEMENT * self.count
        seen = Views(self.by_id, lambda element: self.traces.get(id(element)), most)
        for element in views:
            try:
                parts = seen.parts(element)
            except BadFormat as error:
                self.source.skip(str(error), error.line)
                continue
            hidden = [part for part in parts if id(part.trace.element) not in self.owners]
            if hidden:
                groups.append(self._shown(element, hidden))
            self._add_segments(seen, list(_labelled(element)) or [element])
        for element, _ in inked:
            self._add_segments(seen, _labelled(element))

    def _shown(self, element: Element, parts: list[Part]) -> Group:
        """Return the ink that a view makes of traces which stand among the definitions."""
        group = Group(element.line, annotations=_said(element))
        for part in parts:
            trace = part.trace
            if trace.error is not None:
                self.source.skip(str(trace.error), trace.element.line)
                continue
            self.owners[id(trace.element)] = group
            group.count(trace)
            drawn = Drawn([part], trace.element.attributes.get("type") != "penUp")
            self.drawn[id(trace.element)] = drawn
            group.drawn.append(drawn)
        return group

    def _add_segments(self, seen: Views, elements: Iterable[Element]) -> None:
        """Note what labelled parts of an ink are."""
        for element in elements:
            try:
                parts = seen.parts(element)
            except BadFormat as error:
                self.source.skip(str(error), error.line)
                continue
            by_owner: dict[int, list[Part]] = {}
            for part in parts:
                by_owner.setdefault(id(self.owners.get(id(part.trace.element))), []).append(part)
            for mine in by_owner.values():
                group = self.owners.get(id(mine[0].trace.element))
                if group is not None:
                    group.segments.append((label_of(element), mine))


def _traces(element: Element) -> Iterator[Element]:
    if element.name == "trace":
        yield element
    elif element.name == "traceGroup":
        for child in element.children:
            yield from _traces(child)


def _labelled(element: Element) -> Iterator[Element]:
    """Yield the groups and views inside an element that have labels of their own."""
    for child in element.children:
        if child.name in ("traceGroup", "traceView"):
            if label_of(child) is not None:
                yield child
            yield from _labelled(child)


def _said(element: Element) -> list[Element]:
    return [child for child in element.children if child.name in ("annotation", "annotationXML")]
