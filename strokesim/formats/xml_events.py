"""XML from strangers: what stands in it, one after the other, within limits.

Every reader of XML goes through `xml_events`. Any document type declaration is refused, and
with it every entity of one's own and every reference to another file. Nothing is kept but what
the reader keeps, so that memory does not grow with the file.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from itertools import islice
from typing import Any, NamedTuple
from xml.etree.ElementTree import ParseError

from strokesim.formats.source import Source

DEEPEST = 256
"""How deeply elements may be nested. Real ink stays below 20."""
LONGEST_NAMESPACE = 1000
"""Most bytes of a namespace. It stands in the name of every element and attribute that has it."""
LONGEST_TAG = 1 << 20
"""Most bytes of a tag with its attributes, a comment or an instruction."""
MOST_ATTRIBUTES = 1000
"""Most attributes of a tag of more than 64 KiB: each takes some 300 bytes."""
MOST_ELEMENTS = 20_000_000
"""Most elements of a document: as many samples are a day of writing."""

_CHUNK = 1 << 16
_FEW, _MOST_SHARED = 2, 1000
_BOM = b"\xef\xbb\xbf"
_UTF16 = {b"\xff\xfe": "utf-16", b"\xfe\xff": "utf-16", b"<\0": "utf-16-le", b"\0<": "utf-16-be"}
"""How documents in it begin, with a byte order mark or without."""
_ENCODING = re.compile(rb"""(?:\xef\xbb\xbf)?<\?xml\s[^>]*?\sencoding\s*=\s*["']([^"'>]*)""")
_LONGEST_ENCODING = 40
_ASCII = bytes(range(128))
_AS_TEXT = _ASCII.decode()
# Declarations of short namespaces match too, so that a text is looked through once.
_NAMESPACE = re.compile(
    rb"""xmlns[^\s=<>"']*+(\s*+=\s*+(?:"[^"<]{%d}|'[^'<]{%d}))?"""
    % (LONGEST_NAMESPACE + 1, LONGEST_NAMESPACE + 1)
)
_XML = "{http://www.w3.org/XML/1998/namespace}"
_PROLOG = re.compile(rb"\s+|<\?.*?\?>|<!--.*?-->", re.DOTALL)
_ATTRIBUTE = re.compile(rb"""=\s*["']""")
_TAG = re.compile(rb"<(?:[\w.-]+:)?([\w.-]+)(?=[\s/>])")
# What may hide the end of a declaration, or be it.
_IN_DOCTYPE = re.compile(rb"""["'\[\]>]|<!--|<\?""")
_TO_BLANKS = bytes(10 if code == 10 else 32 for code in range(256))
_CLOSED_BY = {b'"': b'"', b"'": b"'", b"<!--": b"-->", b"<?": b"?>"}


class Start(NamedTuple):
    """An element begins.

    Its name is without namespace where it has none or the root's, ``{uri}name`` otherwise;
    names of attributes are without ``xml:``, as ``id``. Nobody changes the attributes: other
    elements may share them.
    """

    name: str
    attributes: dict[str, str]
    line: int


class End(NamedTuple):
    """An element ends; ``text`` is what stands directly in it, around its children."""

    name: str
    text: str


def xml_events(source: Source, *roots: str) -> Iterator[Start | End]:
    """Yield the beginnings and ends of a source's elements, in the order of the file.

    Parameters
    ----------
    source : Source
        What to read.
    *roots : str
        Names of which the root must have one; none lets it have any.

    Where a lenient source is cut off or not well-formed, what follows is left out, and every
    open element ends there, without text: a number in it could be cut in two.

    Raises
    ------
    FormatError
        If it is not well-formed and not read leniently; in any case if its root is another, it
        has a document type declaration, it is in an encoding that is not built upon ASCII, or
        it goes beyond `DEEPEST`, `LONGEST_NAMESPACE`, `LONGEST_TAG`, `MOST_ATTRIBUTES` or
        `MOST_ELEMENTS`.
    """
    from defusedxml.common import DefusedXmlException
    from defusedxml.ElementTree import XMLParser

    builder = _Builder(roots)
    data, encoding = _readable(source)
    parser = XMLParser(target=builder, encoding=encoding, forbid_dtd=True)
    expat = builder.expat = parser.parser
    try:
        _check_namespaces(data)
        for begin in range(0, len(data), _CHUNK):
            chunk = data[begin : begin + _CHUNK]
            parser.feed(chunk)
            _check_unfinished(data, max(expat.CurrentByteIndex, 0), begin + len(chunk))
            yield from builder.taken()
        parser.close()
        yield from builder.taken()
    except ParseError as error:
        line, column = error.position
        reason = str(error).partition(":")[0]
        yield from builder.taken()
        source.skip(f"is no XML at column {column + 1}: {reason}", line)
        yield from (End(name, "") for name in reversed(builder.open))
    except DefusedXmlException:
        reason = "has a document type declaration; ink needs none"
        raise source.error(reason, expat.CurrentLineNumber) from None
    except (_Refused, ValueError, LookupError) as error:
        # Of a value: an encoding that expat does not know.
        raise source.error(str(error), expat.CurrentLineNumber) from None


def _readable(source: Source) -> tuple[bytes, str | None]:
    """Return a document in an encoding built upon ASCII, and which, if it names another.

    Of others nobody could tell how large a tag is before it is parsed.
    """
    data = source.data
    for begin, encoding in _UTF16.items():
        if data.startswith(begin):
            odd = len(data) % 2
            text = data[: len(data) - odd].decode(encoding, "surrogatepass")
            # Half a character is none: the parser is to stumble over it.
            return text.encode("utf-8", "surrogatepass") + b"\xff" * odd, "utf-8"
    if declared := _ENCODING.match(data):
        name = declared[1][:_LONGEST_ENCODING].decode("ascii", "replace")
        try:
            is_ascii = len(declared[1]) < _LONGEST_ENCODING and _ASCII.decode(name) == _AS_TEXT
        except (LookupError, ValueError):
            is_ascii = False
        if not is_ascii:
            raise source.error(f"unknown encoding {name!r}", 1)
    return data, None


def _check_namespaces(data: bytes) -> None:
    """Refuse long namespaces before the parser puts them ahead of every name."""
    for match in _NAMESPACE.finditer(data):
        if match[1]:
            raise _Refused(f"has a namespace of more than {LONGEST_NAMESPACE} bytes")


def _check_unfinished(data: bytes, begin: int, end: int) -> None:
    """Refuse what is too large of a tag, comment or instruction before its end is fed."""
    if end - begin > LONGEST_TAG:
        raise _Refused(f"has a tag of more than {LONGEST_TAG >> 20} MiB")
    if end - begin < _CHUNK or data.startswith((b"<!", b"<?"), begin):
        return
    attributes = _ATTRIBUTE.finditer(data, begin, end)
    if next(islice(attributes, MOST_ATTRIBUTES, None), None) is not None:
        raise _Refused(f"has a tag of more than {MOST_ATTRIBUTES} attributes")


def root_of(head: bytes) -> str:
    """Return the name of the root, without its prefix, of the first bytes of a file; or ""."""
    # In UTF-16 every other byte of a tag is 0.
    head = head.removeprefix(b"\xff\xfe").removeprefix(b"\xfe\xff")
    head = head.replace(b"\0", b"")
    _, end = _doctype(head)
    tag = _TAG.match(head, _prolog_end(head, end))
    return tag[1].decode("ascii", "replace") if tag else ""


def without_doctype(source: Source) -> Source:
    """Return a source with blanks in place of its document type declaration.

    The declaration is not read: what it declares is not known afterwards. Lines keep their
    numbers.
    """
    begin, end = _doctype(source.data)
    if begin == end:
        return source
    blanks = source.data[begin:end].translate(_TO_BLANKS)
    return replace(source, data=source.data[:begin] + blanks + source.data[end:])


def _prolog_end(data: bytes, position: int) -> int:
    """Return where white space, instructions and comments end."""
    while match := _PROLOG.match(data, position):
        position = match.end()
    return position


def _doctype(data: bytes) -> tuple[int, int]:
    """Return where a document type declaration begins and ends; an empty span if there is none."""
    begin = _prolog_end(data, len(_BOM) if data.startswith(_BOM) else 0)
    position, bracketed = begin + len(b"<!DOCTYPE"), False
    if data[begin:position] != b"<!DOCTYPE":
        return begin, begin
    while match := _IN_DOCTYPE.search(data, position):
        position = match.end()
        if match[0] in _CLOSED_BY:
            closing = _CLOSED_BY[match[0]]
            position = data.find(closing, position) + len(closing)
            if position < len(closing):
                break
        elif match[0] != b">":
            bracketed = match[0] == b"["
        elif not bracketed:
            return begin, position
    return begin, begin


class _Refused(Exception):
    """A document that is larger in some way than ink can be, or another than was expected."""


class _Builder:
    """Takes what the parser meets."""

    def __init__(self, roots: tuple[str, ...]) -> None:
        self.roots = roots
        self.expat: Any = None
        self.events: list[Start | End] = []
        self.open: list[str] = []
        self.texts: list[list[str]] = []
        self.namespace: str | None = None
        self.count = 0
        self.shared: dict[tuple[tuple[str, str], ...], dict[str, str]] = {}

    def taken(self) -> list[Start | End]:
        """Hand over what was met since the last time."""
        events, self.events = self.events, []
        return events

    def start(self, tag: str, attributes: dict[str, str]) -> None:
        self.count += 1
        if len(self.open) == DEEPEST:
            raise _Refused(f"is nested more than {DEEPEST} elements deep")
        if self.count > MOST_ELEMENTS:
            raise _Refused(f"has more than {MOST_ELEMENTS} elements")
        if self.namespace is None:
            self.namespace = tag[: tag.rfind("}") + 1]
            self.check_root(tag.removeprefix(self.namespace))
        name = tag.removeprefix(self.namespace)
        self.events.append(Start(name, self.plain(attributes), self.expat.CurrentLineNumber))
        self.open.append(name)
        self.texts.append([])

    def plain(self, attributes: dict[str, str]) -> dict[str, str]:
        """Return attributes without ``xml:``; where many elements have the same, one mapping."""
        same = (*attributes.items(),) if len(attributes) <= _FEW else ()
        plain = self.shared.get(same)
        if plain is None:
            plain = {name.removeprefix(_XML): value for name, value in attributes.items()}
            if same and len(self.shared) < _MOST_SHARED:
                self.shared[same] = plain
        return plain

    def check_root(self, name: str) -> None:
        if self.roots and name not in self.roots:
            needed = " or ".join(f"<{root}>" for root in self.roots)
            raise _Refused(f"begins with <{name[:40]}>; needed: {needed}")

    def data(self, text: str) -> None:
        self.texts[-1].append(text)

    def end(self, tag: str) -> None:
        self.events.append(End(self.open.pop(), "".join(self.texts.pop())))
