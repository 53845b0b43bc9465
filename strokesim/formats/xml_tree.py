"""XML as a small tree, for formats whose parts refer to one another."""

from __future__ import annotations

from dataclasses import dataclass, field

from strokesim.formats.source import Source
from strokesim.formats.xml_events import Start, xml_events


@dataclass(slots=True)
class Element:
    """An element of the tree.

    Parameters
    ----------
    name : str
        Without namespace where it has none or the root's; ``{uri}name`` otherwise.
    attributes : dict of str to str
        Names without ``xml:``, as ``id``; those of other namespaces are ``{uri}name``.
    line : int
        Where it begins.
    text : str
        What stands directly in it, around its children.
    """

    name: str
    attributes: dict[str, str]
    line: int
    text: str = ""
    children: list[Element] = field(default_factory=list)

    def named(self, name: str) -> list[Element]:
        """Return the children of that name."""
        return [child for child in self.children if child.name == name]


def parse_xml(source: Source) -> Element:
    """Return the root of a source's tree.

    Raises
    ------
    FormatError
        As `xml_events`; also if there is no root.
    """
    document = Element("", {}, 1)
    path = [document]
    for event in xml_events(source):
        if isinstance(event, Start):
            element = Element(*event)
            path[-1].children.append(element)
            path.append(element)
        else:
            path.pop().text = event.text
    if not document.children:
        raise source.error("holds no element", 1)
    return document.children[0]
