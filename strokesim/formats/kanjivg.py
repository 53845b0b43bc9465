"""KanjiVG and SVG paths: strokes as curves, in the order in which they are written.

Reference: the KanjiVG project (kanjivg.tagaini.net), its files and the description of its
format; SVG 1.1 for the paths. ::

    <svg xmlns="http://www.w3.org/2000/svg" xmlns:kvg="http://kanjivg.tagaini.net">
      <g id="kvg:StrokePaths_04e00">
        <g id="kvg:04e00" kvg:element="一">
          <path id="kvg:04e00-s1" kvg:type="㇐" d="M11,54.25c3.19,0.62,6.25,0.75,9.73,0.5"/>
        </g>
      </g>
    </svg>

- A ``path`` is a stroke, in the direction of writing; a moveto inside it begins another. Where
  there is a group ``kvg:StrokePaths``, only the paths in it are read, and of any other SVG all
  of them, as one ink. In a ``kanjivg`` document each ``kanji`` is an ink.
- Curves are flattened: the line of samples is nowhere further from the curve than 1/2000 of
  the longer side of the box around the ink's control points (`FLATNESS`). Samples lie where
  the flattening needs them, so their spacing says nothing about speed.
- ``y`` grows downwards. KanjiVG draws in a square of 109 units, whose size is not stated.
- There is no time, no pressure and no writer: these are drawn, not recorded.
- The label is ``kvg:element`` of the outermost group that has it, or else the character whose
  code the id ends with, as in ``kvg:kanji_04e00``; a variant follows it (``-Kaisho``).
- ``transform`` attributes above a path are not applied, and counted.
- KanjiVG's own files begin with a document type declaration, and no XML with one is read. A
  lenient reader blanks it out, unread, and counts that.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field, replace

from strokesim.errors import InkError
from strokesim.formats.format import Format
from strokesim.formats.source import Source
from strokesim.formats.svg_paths import (
    MOST_CURVES,
    MOST_SAMPLES,
    BadPath,
    Subpath,
    flatten,
    longer_side,
    n_flattened,
    parse_path,
)
from strokesim.formats.xml_events import Start, root_of, without_doctype, xml_events
from strokesim.ink import Ink, Stroke

FLATNESS = 1 / 2000
"""Largest distance from a curve to its samples' line, in longer sides of the ink's box."""

_ROOTS = ("svg", "kanjivg", "kanji")
_KVG = "http://kanjivg.tagaini.net"
_STROKES = "kvg:StrokePaths"
_ROOT_TAG = re.compile(rb"<(?:svg|kanjivg|kanji)(?=[\s>])")
_CODE = re.compile(r"(?:kvg:)?(?:kanji_|StrokePaths_)?([0-9a-f]{4,6})(?:-(\w+))?")


@dataclass(slots=True)
class _Drawing:
    """What is known of the ink that is being read."""

    line: int
    id: str | None = None
    label: str | None = None
    types: list[str] = field(default_factory=list)
    subpaths: list[Subpath] = field(default_factory=list)
    n_curves: int = 0
    n_transforms: int = 0


def _sniff(head: bytes) -> bool:
    root = root_of(head)
    return root == "kanjivg" or (root in _ROOTS and b"kvg:" in head.replace(b"\0", b""))


def _read(source: Source) -> Iterator[Ink]:
    plain = _without_declaration(source) if source.lenient else source
    passed_over = int(plain is not source)
    number, drawing = 0, _Drawing(1)
    path: list[Start] = []
    grouped = False
    for event in xml_events(plain, *_ROOTS):
        if isinstance(event, Start):
            path.append(event)
            if event.name == "kanji" or len(path) == 1:
                drawing = _Drawing(event.line, event.attributes.get("id"))
            elif _is_group(event):
                drawing, grouped = _Drawing(event.line, event.attributes["id"]), True
            _note_label(drawing, event)
            if event.name == "path" and (not grouped or any(map(_is_group, path))):
                _take(source, drawing, path)
            continue
        ended = path.pop()
        if drawing.subpaths and (not path or ended.name == "kanji" or _is_group(ended)):
            try:
                yield _ink(source, drawing, number, passed_over)
            except InkError as error:
                source.skip(str(error), drawing.line)
            number, drawing = number + 1, _Drawing(ended.line)


def _is_group(element: Start) -> bool:
    return element.attributes.get("id", "").startswith(_STROKES)


def _without_declaration(source: Source) -> Source:
    """Blank a document type declaration, and give a name to the prefix that KanjiVG's declares."""
    plain = without_doctype(source)
    if plain is source or b"xmlns:kvg" in plain.data:
        return plain
    namespace = f' xmlns:kvg="{_KVG}"'.encode()
    return replace(plain, data=_ROOT_TAG.sub(rb"\g<0>" + namespace, plain.data, count=1))


def _note_label(drawing: _Drawing, event: Start) -> None:
    if drawing.label is None:
        drawing.label = event.attributes.get(f"{{{_KVG}}}element") or None


def _take(source: Source, drawing: _Drawing, path: list[Start]) -> None:
    """Take in the path that has just begun."""
    event = path[-1]
    if any("transform" in above.attributes for above in path):
        drawing.n_transforms += 1
    try:
        subpaths = parse_path(event.attributes.get("d", ""))
    except BadPath as error:
        source.skip(f"path: {error}", event.line)
        return
    drawing.n_curves += sum(map(len, subpaths))
    if drawing.n_curves > MOST_CURVES:
        raise source.error(f"a drawing of more than {MOST_CURVES} lines and curves", event.line)
    drawing.subpaths += subpaths
    if kind := event.attributes.get(f"{{{_KVG}}}type"):
        drawing.types.append(kind)


def _ink(source: Source, drawing: _Drawing, number: int, passed_over: int) -> Ink:
    tolerance = FLATNESS * longer_side(drawing.subpaths)
    most = max(MOST_SAMPLES, len(source.data) // 2)
    if sum(n_flattened(subpath, tolerance) for subpath in drawing.subpaths) > most:
        raise source.error(f"curves of more than {most} samples", drawing.line)
    label, notes = drawing.label, {}
    if code := _CODE.fullmatch(drawing.id or ""):
        label = label or _character(code[1])
        notes = {"variant": code[2]} if code[2] else {}
    if drawing.types:
        notes["types"] = " ".join(drawing.types)
    repairs = {
        "transform not applied": drawing.n_transforms,
        "document type declaration left out": passed_over,
    }
    strokes = []
    # One gives way to the other, because each takes more memory than a short path.
    drawing.subpaths.reverse()
    while drawing.subpaths:
        strokes.append(Stroke(flatten(drawing.subpaths.pop(), tolerance)))
    return Ink(
        tuple(strokes),
        label=label,
        id=f"{source.stem}#{number}",
        source=source.name,
        repairs={name: count for name, count in repairs.items() if count},
        notes=notes,
    )


def _character(code: str) -> str | None:
    number = int(code, 16)
    is_character = number <= 0x10FFFF and not 0xD800 <= number <= 0xDFFF
    return chr(number) if is_character else None


FORMAT = Format(
    name="kanjivg",
    title="KanjiVG and SVG paths",
    suffixes=(".svg", ".xml"),
    channels=("x", "y"),
    sniff=_sniff,
    read=_read,
    lenient="damaged paths, what follows a break in the XML, and a document type declaration are "
    "left out",
    unsupported="transform attributes, which are counted and not applied; shapes other than path; "
    "CSS; a document type declaration, unless lenient, and then unread",
)
