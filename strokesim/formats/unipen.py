"""UNIPEN 1.0: text with keywords that begin with a dot in the first column.

Reference: I. Guyon, L. Schomaker, R. Plamondon, M. Liberman, S. Janet, "UNIPEN project of
on-line data exchange and recognizer benchmarks", ICPR 1994, and the format's definition.

- ``.PEN_DOWN`` and ``.PEN_UP`` begin a component, whose samples follow, one per line, with
  the channels that ``.COORD`` names; X and Y where it does not stand. What follows a
  ``.PEN_UP`` was recorded in the air.
- ``.SEGMENT hierarchy delineation quality "label"`` names components by their number, where
  only components with samples are counted, from 0: ``12``, ``3-7``, ``3,5``, ``2:10-4:0``
  (component:sample). Each segment is an ink. A segment without delineation has the
  components up to the next; a file without segments is one ink.
- ``y`` grows upwards and is turned round. ``T`` is in milliseconds. ``P`` has no stated
  range and is kept as recorded. ``.DT`` is passed over: it is artificial where we met it.
- ``.WRITER_ID`` names the writer. In pendigits he stands in a comment: where a ``.COMMENT``
  that directly follows its ``.SEGMENT`` is three integers and the first is the label, the
  second is the writer, who is then named after the file, because two files number theirs
  alike.
- ``.INCLUDE`` of a file that is not there is an error only where the segments name
  components that are missing too; otherwise it is noted in ``ink.notes``.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import Any

from strokesim.formats.format import Format
from strokesim.formats.source import Source
from strokesim.formats.unipen_tree import Component, Segment, Tree
from strokesim.ink import Hover, Ink, Stroke

_NAMES = {"X": "x", "Y": "y", "T": "t"}
MS_PER_SECOND = 1000.0
_PENDIGITS_COMMENT = re.compile(r"(\d+)\s+(\d+)\s+(\d+)")
_KEYWORD = re.compile(
    rb"(?:\A(?:\xef\xbb\xbf)?|[\r\n])\.(?:VERSION|DATA_SOURCE|COMMENT|COORD|HIERARCHY|INCLUDE"
    rb"|LEXICON|PEN_DOWN|PEN_UP|SEGMENT|START_BOX|START_SET|WRITER_ID)\b"
)


def sniff(head: bytes) -> bool:
    """Tell whether a keyword of UNIPEN stands at the beginning of a line."""
    return _KEYWORD.search(head) is not None


def _read(source: Source) -> Iterator[Ink]:
    tree = Tree(source)
    for number, (segment, components) in enumerate(tree.inks()):
        writer = segment.writer
        numbers = _PENDIGITS_COMMENT.fullmatch(segment.comment or "")
        if numbers is not None and numbers[1] == segment.label:
            writer = f"{source.stem}/{numbers[2]}"
        ink = ink_of(
            components,
            label=segment.label,
            writer=writer,
            id=f"{source.stem}#{number}",
            source=source.name,
            mm_per_unit=tree.mm_per_unit,
            notes=notes_of(tree, segment),
        )
        if ink is None:
            segment.source.skip("a .SEGMENT names no ink, only movement in the air", segment.line)
        else:
            yield ink


def notes_of(tree: Tree, segment: Segment) -> dict[str, str]:
    """Return what the statements say that has no field of its own in `Ink`."""
    notes = {}
    if segment.hierarchy:
        notes["hierarchy"] = segment.hierarchy
    if segment.quality != "?":
        notes["quality"] = segment.quality
    if tree.missing:
        notes["missing include"] = tree.missing
    return notes


def ink_of(components: Sequence[Component], **fields: Any) -> Ink | None:
    """Return the components as an ink, or None if the pen was never down.

    Parameters
    ----------
    components : sequence of Component
        With the same channels.
    **fields
        The parameters of `Ink` that are no samples.
    """
    strokes: list[Stroke] = []
    hover: list[Hover] = []
    dummies = 0
    start: float | None = None
    for component in components:
        channels = tuple(_NAMES.get(name, name) for name in component.channels)
        samples = component.samples
        if len(samples) == 1 and not samples.any():
            dummies += 1
            continue
        if "t" in channels:
            column = channels.index("t")
            samples = samples.copy()
            start = samples[0, column] if start is None else start
            samples[:, column] = (samples[:, column] - start) / MS_PER_SECOND
        stroke = Stroke(samples, channels)
        if component.down:
            strokes.append(stroke)
        else:
            hover.append(Hover(len(strokes), stroke))
    if not strokes:
        return None
    repairs = {"dummy component left out": dummies} if dummies else {}
    return Ink(tuple(strokes), hover=tuple(hover), repairs=repairs, **fields)


FORMAT = Format(
    name="unipen",
    title="UNIPEN 1.0",
    suffixes=(".unipen", ".upn"),
    channels=("x", "y", "t", "others by name", "hover"),
    sniff=sniff,
    read=_read,
    lenient="segments that name missing components are left out",
)
