"""XML from strangers: a small tree with line numbers, within limits.

Any document type declaration is refused, and with it every entity of one's own and every
reference to another file.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any
from xml.etree.ElementTree import ParseError

from strokesim.formats.source import Source

DEEPEST = 256
"""How deeply elements may be nested. Real ink stays below 20."""

_XML = "{http://www.w3.org/XML/1998/namespace}"


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
        If it is not well-formed, has a document type declaration, or is nested too deeply.
    """
    from defusedxml.common import DefusedXmlException
    from defusedxml.ElementTree import XMLParser

    builder = _Builder()
    parser = XMLParser(target=builder, forbid_dtd=True)
    builder.expat = parser.parser
    try:
        parser.feed(source.data)
        parser.close()
    except ParseError as error:
        line, column = error.position
        reason = str(error).partition(":")[0]
        raise source.error(f"is no XML at column {column + 1}: {reason}", line) from None
    except DefusedXmlException:
        line = parser.parser.CurrentLineNumber
        raise source.error("has a document type declaration; ink needs none", line) from None
    except (_TooDeep, ValueError, LookupError) as error:
        # Of a value: an encoding that expat does not know.
        raise source.error(str(error), parser.parser.CurrentLineNumber) from None
    assert builder.root is not None
    return builder.root


class _TooDeep(Exception):
    """Elements are nested beyond `DEEPEST`."""


class _Builder:
    """Takes what the parser meets, and hangs it into the tree."""

    def __init__(self) -> None:
        self.expat: Any = None
        self.root: Element | None = None
        self.open: list[Element] = []
        self.texts: list[list[str]] = []
        self.namespace = ""

    def start(self, tag: str, attributes: dict[str, str]) -> None:
        if len(self.open) == DEEPEST:
            raise _TooDeep(f"is nested more than {DEEPEST} elements deep")
        if self.root is None:
            self.namespace = tag[: tag.rfind("}") + 1]
        element = Element(
            tag.removeprefix(self.namespace),
            {name.removeprefix(_XML): value for name, value in attributes.items()},
            self.expat.CurrentLineNumber,
        )
        if self.root is None:
            self.root = element
        else:
            self.open[-1].children.append(element)
        self.open.append(element)
        self.texts.append([])

    def data(self, text: str) -> None:
        self.texts[-1].append(text)

    def end(self, tag: str) -> None:
        self.open.pop().text = "".join(self.texts.pop())
