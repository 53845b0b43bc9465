"""Tegaki: handwritten characters as XML, one per file or collected in sets.

Reference: the document types that the Tegaki project declares in its module ``character``, and
its training data. ::

    <character>
      <utf8>一</utf8> <width>1000</width> <height>1000</height>
      <strokes>
        <stroke> <point x="196" y="500" timestamp="0" pressure="0.5"/> </stroke>
      </strokes>
    </character>

- A ``character-collection`` has ``set`` elements with a name, and characters in them.
- A ``stroke`` ends where the pen was lifted. Nothing is recorded in the air.
- ``x`` and ``y`` are pixels of a canvas of 1000 by 1000, unless ``width`` and ``height`` say
  otherwise; ``y`` grows downwards.
- ``timestamp`` is in milliseconds from the first point of the character.
- ``pressure``, ``xtilt`` and ``ytilt`` are what the toolkit GTK gives: pressure from 0 to 1,
  and tilt as recorded, from -1 to 1, under its own name. A pressure beyond its range is cut to
  it and counted.
- A channel that only some points have is left out of the character and counted.
- ``utf8`` is the label. Nobody says who wrote.
- Compressed by gzip or bzip2 it is read as what it holds.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

import numpy as np

from strokesim.errors import InkError
from strokesim.formats.format import Format
from strokesim.formats.source import Source
from strokesim.formats.xml_events import Start, root_of, xml_events
from strokesim.formats.xml_points import Points, seconds_from_first, strokes_of
from strokesim.ink import Ink

_MS_PER_SECOND = 1000.0
_ROOTS = ("character", "character-collection")
_MARKS = (b"<utf8", b"<strokes", b"<set", b"<width")


@dataclass(slots=True)
class _Character:
    """What is known of the character that is being read."""

    points: Points
    line: int
    label: str | None = None
    notes: dict[str, str] = field(default_factory=dict)


def _sniff(head: bytes) -> bool:
    return root_of(head) in _ROOTS and any(mark in head.replace(b"\0", b"") for mark in _MARKS)


def _read(source: Source) -> Iterator[Ink]:
    number, character = 0, None
    group: str | None = None
    for event in xml_events(source, *_ROOTS):
        if isinstance(event, Start):
            if event.name == "character":
                points = Points(source, ("x", "y"), ("timestamp", "pressure", "xtilt", "ytilt"))
                character = _Character(points, event.line)
            elif event.name == "set":
                group = event.attributes.get("name")
            elif event.name == "point" and character is not None:
                character.points.add(event.attributes, event.line)
        elif character is None:
            continue
        elif event.name == "stroke":
            character.points.end_stroke()
        elif event.name == "utf8":
            character.label = event.text or None
        elif event.name in ("width", "height"):
            character.notes[event.name] = event.text.strip()
        elif event.name == "character":
            if group is not None:
                character.notes["set"] = group
            try:
                yield _ink(source, character, number)
            except InkError as error:
                source.skip(str(error), character.line)
            number, character = number + 1, None


def _ink(source: Source, character: _Character, number: int) -> Ink:
    points = character.points
    columns, begins = points.columns()
    channels = {"x": columns["x"], "y": columns["y"]}
    if "timestamp" in columns:
        channels["t"] = seconds_from_first(columns["timestamp"], _MS_PER_SECOND)
    if "pressure" in columns:
        channels["pressure"] = np.clip(columns["pressure"], 0, 1)
        beyond = int(np.sum(channels["pressure"] != columns["pressure"]))
        if beyond:
            points.repairs["pressure beyond its range"] += beyond
    channels |= {name: columns[name] for name in ("xtilt", "ytilt") if name in columns}
    return Ink(
        strokes_of(channels, begins),
        label=character.label,
        id=f"{source.stem}#{number}",
        source=source.name,
        repairs=points.repairs,
        notes=character.notes,
    )


FORMAT = Format(
    name="tegaki",
    title="Tegaki characters",
    suffixes=(".xml",),
    channels=("x", "y", "t", "pressure", "xtilt", "ytilt"),
    sniff=_sniff,
    read=_read,
    lenient="damaged points and characters, and what follows a break in the XML, are left out",
    unsupported="Tegaki's models; xtilt and ytilt are not turned into altitude and azimuth",
)
