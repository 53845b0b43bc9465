"""XML as a small tree, for formats whose parts refer to one another."""

from __future__ import annotations

import sys
from collections.abc import Container, Mapping
from dataclasses import dataclass
from types import MappingProxyType

from strokesim.formats.source import Source
from strokesim.formats.xml_events import End, xml_events

# Shared by all elements without attributes: a file can hold millions of them.
_NO_ATTRIBUTES: Mapping[str, str] = MappingProxyType({})


@dataclass(slots=True)
class Element:
    """An element of the tree.

    Parameters
    ----------
    name : str
        Without namespace where it has none or the root's; ``{uri}name`` otherwise.
    attributes : mapping of str to str
        Names without ``xml:``, as ``id``; those of other namespaces are ``{uri}name``.
    line : int
        Where it begins.
    text : str
        What stands directly in it, around its children.
    children : list or tuple of Element
        In the order of the file.
    """

    name: str
    attributes: Mapping[str, str]
    line: int
    text: str = ""
    children: list[Element] | tuple[()] = ()

    def named(self, name: str) -> list[Element]:
        """Return the children of that name."""
        return [child for child in self.children if child.name == name]


def parse_xml(
    source: Source, names: Container[str] | None = None, whole: Container[str] = ()
) -> Element:
    """Return the root of a source's tree.

    Parameters
    ----------
    source : Source
        The file.
    names : container of str, optional
        The elements that are kept; others are left out with what is in them. None keeps all.
    whole : container of str
        The elements in which everything is kept.

    Raises
    ------
    FormatError
        As `xml_events`; also if there is no root.
    """
    root: Element | None = None
    # The open elements, None for those left out, and how many of them are kept whole.
    path: list[Element | None] = []
    n_whole = 0
    for event in xml_events(source):
        if isinstance(event, End):
            closed = path.pop()
            if closed is not None:
                closed.text = event.text
                n_whole -= closed.name in whole
            continue
        # One string for each name, however many elements have it.
        element = Element(sys.intern(event.name), event.attributes or _NO_ATTRIBUTES, event.line)
        if root is None:
            root = element
        else:
            parent = path[-1]
            if parent is None or not (names is None or n_whole or event.name in names):
                path.append(None)
                continue
            if isinstance(parent.children, list):
                parent.children.append(element)
            else:
                parent.children = [element]
        n_whole += event.name in whole
        path.append(element)
    if root is None:
        raise source.error("holds no element", 1)
    return root
