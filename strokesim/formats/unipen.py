r"""UNIPEN 1.0: text with keywords that begin with a dot in the first column.

Reference: I. Guyon, L. Schomaker, R. Plamondon, M. Liberman, S. Janet, "UNIPEN project of
on-line data exchange and recognizer benchmarks", ICPR 1994, and the format's definition. ::

    .COORD X Y T
    .SEGMENT WORD 0-2 OK "two"
    .PEN_DOWN
    267 333 0
    ...
    .PEN_UP

- ``.PEN_DOWN`` and ``.PEN_UP`` begin a component, whose samples follow, one per line, with
  the channels that ``.COORD`` names in their order, X and Y where it does not stand. What
  follows a ``.PEN_UP`` was recorded in the air. One ``.PEN_DOWN`` may follow another.
- ``.SEGMENT hierarchy delineation quality "label"`` names components by their number, where
  only components with samples are counted, over everything included, from 0 and from 0 again
  behind ``.START_SET``: ``12``, ``3-7``, ``3,5``, ``2:10-4:0`` (component:sample), ends
  inclusive. Each segment is an ink, at every level of the hierarchy; `unipen_format` chooses a
  level, and ``ink.notes`` keeps it. A file without segments is one ink. A segment with
  nothing but movement in the air is no ink, and is listed as left out.
- A component of the one sample ``0 0`` is a dummy: it counts, and is no ink.
- ``y`` grows upwards and is turned round. ``P``, ``Z``, ``BUTTON``, ``RHO``, ``THETA`` and
  ``PHI`` have no stated range and are kept as recorded.
- ``T`` is in milliseconds. Some sets have microseconds: what the steps suggest is noted, and
  `unipen_format` converts when told. ``.POINTS_PER_SECOND`` is noted and not trusted, ``.DT``
  is passed over: it is artificial where we met it.
- In labels ``\"`` ``\\`` ``\n`` ``\t`` are escapes, any other escaped character is itself, and
  white space is a blank. Text is UTF-8, or Latin-1 where it is not, statement by statement.
- ``.WRITER_ID`` names the writer. In pendigits he stands in a comment: where a ``.COMMENT``
  that directly follows its ``.SEGMENT`` is three integers and the first is the label, the
  second is the writer, who is then named after the file, because two files number theirs
  alike.
- ``.INCLUDE`` is found beside the file that includes, beside the first file, or in a folder
  ``include`` up to six folders above it, and nowhere outside of these. One that is missing is
  an error, or a repair where reading is lenient; a missing ``.doc``, which by custom has no
  ink, is a note.
- LipiTk and programs after it write ``.SEGMENT CHARACTER`` without delineation: it has the
  components up to the next. They count ``y`` downwards, as screens do, and may give a time
  to the first sample of a component only, which is no time for the others and left out.

Not supported: word lists and alphabets, what recognisers answered (``.REC_...``,
``.TRAINING_SET`` and the like), ``.START_BOX``, and includes within archives.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import partial
from os import PathLike
from pathlib import Path

from strokesim.errors import UnknownNameError
from strokesim.formats.format import Format
from strokesim.formats.source import Source
from strokesim.formats.unipen_inks import PER_SECOND, InkMaker
from strokesim.formats.unipen_tree import Tree
from strokesim.formats.unipen_writing import write_unipen
from strokesim.ink import Ink

_PENDIGITS_COMMENT = re.compile(r"(\d+)\s+(\d+)\s+(\d+)\s*")
_KEYWORD = re.compile(
    rb"(?:\A(?:\xef\xbb\xbf)?|[\r\n])\.(?:VERSION|DATA_SOURCE|COMMENT|COORD|HIERARCHY|INCLUDE"
    rb"|LEXICON|PEN_DOWN|PEN_UP|SEGMENT|START_BOX|START_SET|WRITER_ID)\b"
)


def unipen_format(
    *,
    level: str | None = None,
    time_unit: str | None = None,
    root: str | PathLike[str] | None = None,
) -> Format:
    """Return UNIPEN as it is to be read, for the ``format=`` of `strokesim.read_inks`.

    Parameters
    ----------
    level : str, optional
        The level of the hierarchy, such as "WORD", whose segments become inks; None takes
        all levels.
    time_unit : str, optional
        Unit of T: "s", "ms" or "us". None is milliseconds, as the definition says, and a note
        where the steps suggest another.
    root : path-like, optional
        The folder that the names of included files begin at. None looks for it.

    Raises
    ------
    UnknownNameError
        If there is no such unit.
    """
    if time_unit is not None and time_unit not in PER_SECOND:
        raise UnknownNameError("time unit", time_unit, PER_SECOND)
    folder = None if root is None else Path(root)
    return Format(
        name="unipen",
        title="UNIPEN 1.0",
        suffixes=(".unipen", ".upn", ".unp"),
        channels=("x", "y", "t", "others by name", "hover"),
        sniff=sniff,
        read=partial(_read, level=level, time_unit=time_unit, root=folder),
        write=write_unipen,
        lenient="damaged components and segments are left out, and so are missing includes",
        unsupported="word lists and alphabets, what recognisers answered (.REC_..., "
        ".TRAINING_SET and the like), .START_BOX; includes inside archives",
    )


def sniff(head: bytes) -> bool:
    """Tell whether a keyword of UNIPEN stands at the beginning of a line."""
    # Looking for a dot first is a hundred times as fast on what is no UNIPEN.
    at_all = head.startswith((b".", b"\xef\xbb\xbf.")) or b"\n." in head or b"\r." in head
    return at_all and _KEYWORD.search(head) is not None


def _read(
    source: Source, *, level: str | None, time_unit: str | None, root: Path | None
) -> Iterator[Ink]:
    tree = Tree(source, root=root)
    maker = InkMaker(tree, time_unit)
    stem = source.stem
    for number, (segment, components) in enumerate(tree.inks(level)):
        writer = segment.declared.writer
        if segment.comment:
            numbers = _PENDIGITS_COMMENT.fullmatch(segment.comment.decode("latin-1"))
            if numbers is not None and numbers[1] == segment.label:
                writer = f"{stem}/{numbers[2]}"
        ink = maker.ink(
            segment, components, label=segment.label, writer=writer, id=f"{stem}#{number}"
        )
        if ink is not None:
            yield ink
    maker.finish(level)


FORMAT = unipen_format()
