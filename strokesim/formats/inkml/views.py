"""Which points of which traces a group or a ``traceView`` of an InkML document shows.

Reference: InkML, W3C Recommendation 20 September 2011, section on ``traceView``. ``from`` and
``to`` count from 1 and include both ends, level by level: "2:3" is the third point of the
second trace of a group. Of a view they count what that view shows.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np

from strokesim.formats.inkml.channels import BadFormat
from strokesim.formats.inkml.traces import Trace
from strokesim.formats.xml_events import DEEPEST
from strokesim.formats.xml_tree import Element

_SHOWN = ("trace", "traceGroup", "traceView")


@dataclass(frozen=True, slots=True)
class Part:
    """Points ``first`` to ``end`` of a trace, counted from 0, the end not included."""

    trace: Trace
    first: int
    end: int

    @property
    def samples(self) -> np.ndarray:
        """The samples of these points, shape (n_samples, n_channels)."""
        if self.end - self.first == self.trace.n_points:
            return self.trace.samples
        before = self.trace.samples_before
        return self.trace.samples[before(self.first) : before(self.end)]


Tree: TypeAlias = "Part | list[Tree]"


class Views:
    """Finds what is shown.

    Parameters
    ----------
    by_id : mapping of str to Element
        Traces, groups and views that have an id.
    trace_of : callable
        Returns what was read of a ``trace`` element; None if it was left out.
    most : int
        How many elements may be looked at in all. Views of views can double what they show
        with every step.
    """

    def __init__(
        self,
        by_id: Mapping[str, Element],
        trace_of: Callable[[Element], Trace | None],
        most: int,
    ) -> None:
        self._by_id, self._trace_of, self._left = by_id, trace_of, most

    def parts(self, element: Element) -> list[Part]:
        """Return the parts of traces that an element shows, in its order.

        Raises
        ------
        BadFormat
            If a reference leads nowhere or in a circle, or a range is none.
        """
        return list(_flat(self._tree(element, 0)))

    def _tree(self, element: Element, depth: int) -> Tree:
        self._left -= 1
        if depth > DEEPEST or self._left < 0:
            raise BadFormat("traceViews lead in a circle, or show too much", element.line)
        if element.name == "trace":
            trace = self._trace_of(element)
            return [] if trace is None else Part(trace, 0, trace.n_points)
        shown: Tree = [
            self._tree(child, depth + 1) for child in element.children if child.name in _SHOWN
        ]
        reference = element.attributes.get("traceDataRef")
        if element.name == "traceView" and reference is not None:
            shown = self._tree(self._referred(reference, element), depth + 1)
        first, last = (_range(element, name) for name in ("from", "to"))
        return _cut(shown, first, last, element) if first or last else shown

    def _referred(self, reference: str, view: Element) -> Element:
        file, _, name = reference.rpartition("#")
        if file or name not in self._by_id:
            raise BadFormat(f"a traceView of {reference!r}, which is not there", view.line)
        return self._by_id[name]


def _range(view: Element, name: str) -> list[int]:
    text = view.attributes.get(name, "")
    words = text.split(":") if text else []
    numbers = [
        int(word) for word in words if word.isascii() and word.isdecimal() and len(word) < 16
    ]
    if len(numbers) < len(words) or 0 in numbers:
        raise BadFormat(
            f"a traceView {name}={text[:40]!r}; needed: numbers from 1, as in 2:3", view.line
        )
    return numbers


def _cut(tree: Tree, first: list[int], last: list[int], view: Element) -> Tree:
    """Return what stands in a tree from one place to another."""
    size = tree.end - tree.first if isinstance(tree, Part) else len(tree)
    begin, end = first[0] if first else 1, last[0] if last else size
    if not begin <= end <= size:
        raise BadFormat(f"a traceView from {begin} to {end} of {size}", view.line)
    if isinstance(tree, Part):
        return Part(tree.trace, tree.first + begin - 1, tree.first + end)
    shown = tree[begin - 1 : end]
    if last[1:]:
        shown[-1] = _cut(shown[-1], first[1:] if begin == end else [], last[1:], view)
    if first[1:] and (begin != end or not last[1:]):
        shown[0] = _cut(shown[0], first[1:], [], view)
    return shown


def _flat(tree: Tree) -> Iterator[Part]:
    if isinstance(tree, Part):
        yield tree
    else:
        for branch in tree:
            yield from _flat(branch)
