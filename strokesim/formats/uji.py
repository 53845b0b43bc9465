"""UJI Pen Characters, version 1: UNIPEN statements with rules of their own.

Reference: D. Llorens et al., "The UJIpenchars Database", LREC 2008; UCI 160.

- The statements are those of `strokesim.formats.unipen`, with one segment per character.
- ``y`` grows downwards, and 100 units are a millimetre.
- The writer stands in the name of the file only, ``UJIpenchars-w07.txt``.
- ``.COMMENT Class [A]`` behind a segment is the class of the published experiments, where
  case does not count and a zero is an O; it is kept in ``ink.notes``.
- ``.DT 100`` is artificial, as the file itself says; there is no time.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import PurePath
from types import MappingProxyType

from strokesim.formats.format import Format
from strokesim.formats.source import Source
from strokesim.formats.unipen_inks import InkMaker
from strokesim.formats.unipen_tree import Tree
from strokesim.ink import Ink

MM_PER_UNIT = 1 / 100

_CLASS = re.compile(rb"Class \[(.)\]\s*")


def _sniff(head: bytes) -> bool:
    at_all = b".COMMENT Class" in head
    return at_all and re.search(rb"(?:\A|\n)\.COMMENT Class (?:#\d+: )?\[", head) is not None


def _read(source: Source) -> Iterator[Ink]:
    named = re.search(r"-(w\d+)$", PurePath(source.stem).stem)
    writer = named[1] if named else None
    tree = Tree(source, y_sign=1.0)
    maker = InkMaker(tree, mm_per_unit=MM_PER_UNIT)
    for number, (segment, components) in enumerate(tree.inks()):
        notes = maker.notes(segment, components)
        if match := _CLASS.fullmatch(segment.comment):
            notes["class"] = match[1].decode("latin-1")
        ink = maker.ink(
            segment,
            components,
            label=segment.label,
            writer=writer,
            id=f"{source.stem}#{number}",
            notes=MappingProxyType(notes),
        )
        if ink is not None:
            yield ink
    maker.finish()


FORMAT = Format(
    name="uji",
    title="UJI Pen Characters, version 1",
    suffixes=(".uji", ".txt"),
    channels=("x", "y"),
    sniff=_sniff,
    read=_read,
    refines="unipen",
    lenient="damaged components and segments are left out",
    unsupported="what is unsupported in unipen",
)
