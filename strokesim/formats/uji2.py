"""UJI Pen Characters, version 2: one word, its strokes and their points per paragraph.

Reference: D. Llorens et al., "The UJIpenchars Database", LREC 2008. The files describe the
form in their own comments. ::

    // a comment
    WORD a trn_UJI_W01-02
      NUMSTROKES 1
      POINTS 2 # 614 743 572 718

- The text is UTF-8. ``y`` grows downwards. There is no time.
- ``trn_UJI_W01-02`` is the part of the experiment, the institution, its writer, and which
  repetition it is. The writer of the ink is institution and number, because both number
  theirs from 1; part and repetition are kept in ``ink.notes``.
- 100 units are a millimetre where UJI recorded, 152 where UPV did.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field

from strokesim.formats.bulk_numbers import parse_values
from strokesim.formats.format import Format
from strokesim.formats.source import Source
from strokesim.ink import Ink, Stroke

UNITS_PER_MM = {"UJI": 100, "UPV": 152}

_HEAD = rb"(?:\A|\n)[ \t]*WORD\s+\S+\s+\S+\s+NUMSTROKES\s"
_WORD = re.compile(r"WORD\s+(\S+)\s+(\S+)")
_STROKES = re.compile(r"NUMSTROKES\s+(\d{1,18})")
_POINTS = re.compile(r"POINTS\s+(\d{1,18})\s*#(.*)")
_SESSION = re.compile(
    r"(?P<part>[^_]+)_(?P<institution>[^_]+)_(?P<writer>[^_]+)-(?P<repetition>\d+)"
)


@dataclass(slots=True)
class _Word:
    """What stands between one WORD and the next."""

    label: str
    session: str
    line: int
    n_strokes: int | None = None
    strokes: list[Stroke] = field(default_factory=list)
    damage: tuple[str, int] | None = None
    """The first thing that is wrong with it, and the line."""


def _sniff(head: bytes) -> bool:
    at_all = b"NUMSTROKES" in head
    return at_all and re.search(_HEAD, head) is not None


def _read(source: Source) -> Iterator[Ink]:
    for number, word in enumerate(_words(source)):
        if word.damage is None and word.n_strokes != len(word.strokes):
            reason = (
                f"WORD {word.label} announces {word.n_strokes} strokes and has {len(word.strokes)}"
            )
            word.damage = reason, word.line
        if word.damage is not None:
            source.skip(*word.damage)
            continue
        yield _ink_of(word, f"{source.stem}#{number}", source.name)


def _words(source: Source) -> Iterator[_Word]:
    word: _Word | None = None
    for number, line in enumerate(source.text_lines(), 1):
        text = line.strip()
        if not text or text.startswith("//"):
            continue
        if match := _WORD.fullmatch(text):
            if word is not None:
                yield word
            word = _Word(match[1], match[2], number)
        elif word is None:
            source.skip(f"{text[:40]!r} stands ahead of the first WORD", number)
        elif match := _STROKES.fullmatch(text):
            word.n_strokes = int(match[1])
        else:
            try:
                word.strokes.append(_stroke_of(text))
            except ValueError as error:
                word.damage = word.damage or (str(error), number)
    if word is not None:
        yield word


def _stroke_of(text: str) -> Stroke:
    match = _POINTS.fullmatch(text)
    if match is None:
        raise ValueError(f"{text[:40]!r} is no WORD, NUMSTROKES, POINTS or comment")
    values = parse_values(match[2].encode())
    if len(values) != 2 * int(match[1]):
        raise ValueError(f"announces {match[1]} points, and {len(values)} numbers follow")
    return Stroke(values.reshape(-1, 2))


def _ink_of(word: _Word, id: str, source: str) -> Ink:
    session = _SESSION.fullmatch(word.session)
    if session is None:
        notes = {"session": word.session}
        writer = units = None
    else:
        notes = {"part": session["part"], "repetition": session["repetition"]}
        writer = f"{session['institution']}_{session['writer']}"
        units = UNITS_PER_MM.get(session["institution"])
    return Ink(
        tuple(word.strokes),
        label=word.label,
        writer=writer,
        id=id,
        source=source,
        mm_per_unit=None if units is None else 1 / units,
        notes=notes,
    )


FORMAT = Format(
    name="uji2",
    title="UJI Pen Characters, version 2",
    suffixes=(".txt",),
    channels=("x", "y"),
    sniff=_sniff,
    read=_read,
    lenient="damaged words are left out",
    unsupported="nothing that the files hold",
)
