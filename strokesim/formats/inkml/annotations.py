"""What an InkML document says of its ink in words: labels, writers, notes.

Reference: InkML, W3C Recommendation 20 September 2011, section on annotations.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterable
from typing import Any
from xml.sax.saxutils import escape, quoteattr

from strokesim.errors import InkError
from strokesim.formats.xml_tree import Element

OURS = "urn:strokesim"
"""The namespace of what InkML has no place for: the names of notes and repairs."""

MOST_SHARED = 20
"""How many annotations of a document are handed on to each of several inks."""
LONGEST_SHARED = 1000
"""How many characters each of them may have."""

_FIELDS = {"label": "label", "truth": "label", "writer": "writer", "id": "id", "ui": "id"}


def label_of(element: Element) -> str | None:
    """Return the label that an element's own annotations give it."""
    for annotation in element.named("annotation"):
        if _FIELDS.get(annotation.attributes.get("type", "").lower()) == "label":
            return annotation.text
    return None


def annotate(
    annotations: Iterable[Element],
    fields: dict[str, Any],
    notes: dict[str, str],
    repairs: dict[str, int],
) -> None:
    """Take in annotations, ours and other programs', the later ones over the earlier.

    Raises
    ------
    InkError
        If the scale that one gives is no number.
    """
    for annotation in annotations:
        kind, text = annotation.attributes.get("type", "annotation"), annotation.text
        name = annotation.attributes.get(f"{{{OURS}}}name")
        if annotation.name == "annotationXML":
            _note_xml(annotation, notes)
        elif name is not None and kind == "repair" and text.isdecimal():
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


def shared(annotations: Iterable[Element]) -> list[Element]:
    """Return those annotations of a document that hold for each of several inks.

    These are the first `MOST_SHARED`, without its label and its id. What is more would be there
    many times.
    """
    named = ("label", "id")
    said = (
        annotation
        for annotation in annotations
        if _FIELDS.get(annotation.attributes.get("type", "").lower()) not in named
        and len(annotation.text) < LONGEST_SHARED
        and annotation.name == "annotation"
    )
    return list(itertools.islice(said, MOST_SHARED))


def _note_xml(annotation: Element, notes: dict[str, str]) -> None:
    """Keep an annotation's XML, or the address at which it lies."""
    kind = annotation.attributes.get("type")
    name = "annotationXML" if kind is None else f"annotationXML {kind}"
    inside = "".join(_xml(child, "") for child in annotation.children)
    notes[name] = inside or annotation.text.strip() or annotation.attributes.get("href", "")


def _xml(element: Element, around: str) -> str:
    """Return an element as text; ``around`` is the namespace of what it stands in."""
    namespace, _, name = element.name.rpartition("}")
    namespace = namespace.removeprefix("{")
    declared = "" if namespace == around else f" xmlns={quoteattr(namespace)}"
    attributes = "".join(
        f" {name.rpartition('}')[2]}={quoteattr(value)}"
        for name, value in element.attributes.items()
    )
    text = element.text.strip() if element.children else element.text
    inside = escape(text) + "".join(_xml(child, namespace) for child in element.children)
    start = f"<{name}{declared}{attributes}"
    return f"{start}>{inside}</{name}>" if inside else f"{start}/>"
