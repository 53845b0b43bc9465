"""UNIPEN as text: statements, their keywords, and the forms of what follows them.

A keyword is a dot in the first column and a word in capitals. What it says goes on, over any
number of lines, to the next one.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator
from dataclasses import replace

from strokesim.formats.source import Source

NOTED = frozenset(
    {
        "AGE",
        "COUNTRY",
        "DATA_ID",
        "DATA_SOURCE",
        "DATE",
        "HAND",
        "H_LINE",
        "PAD",
        "POINTS_PER_GRAM",
        "POINTS_PER_SECOND",
        "SEX",
        "SKILL",
        "STYLE",
        "V_LINE",
        "WRITER_INFO",
        "X_DIM",
        "Y_DIM",
        "Z_POINTS_PER_INCH",
        "Z_POINTS_PER_MM",
    }
)
"""Declarations that `Ink` has no field for; they are kept in its notes as they stand."""

UNDERSTOOD = frozenset(
    {
        "COMMENT",
        "COORD",
        "INCLUDE",
        "KEYWORD",
        "PEN_DOWN",
        "PEN_UP",
        "SEGMENT",
        "START_SET",
        "WRITER_ID",
        "X_POINTS_PER_INCH",
        "X_POINTS_PER_MM",
        "Y_POINTS_PER_INCH",
        "Y_POINTS_PER_MM",
    }
)
"""Statements that become ink, or say how to read it."""

PASSED_OVER = frozenset(
    {
        "ADAPT_SET",
        "ALPHABET",
        "ALPHABET_FREQ",
        "DATA_CONTACT",
        "DATA_INFO",
        "DT",
        "HIERARCHY",
        "IMPLEMENT",
        "LEXICON",
        "LEXICON_CONTACT",
        "LEXICON_FREQ",
        "LEXICON_ID",
        "LEXICON_INFO",
        "LEXICON_SET",
        "LEXICON_SOURCE",
        "REC_CONTACT",
        "REC_ID",
        "REC_INFO",
        "REC_LABELS",
        "REC_SCORES",
        "REC_SOURCE",
        "REC_TIME",
        "RESERVE",
        "SETUP",
        "START_BOX",
        "TEST_SET",
        "TRAINING_SET",
        "VERSION",
    }
)
"""The definition's other statements: documentation, word lists and what recognisers did."""

OURS = {
    "INK_ID": "[L] name of the ink",
    "INK_SCALE": "[N] millimetres per unit of X and Y",
    "INK_NOTE": "[L] [L] name and text of a note on the ink",
    "INK_REPAIR": "[L] [N] what was mended, and how often",
}
"""What `strokesim.formats.unipen_writing` adds, by .KEYWORD, about the segment ahead."""

KNOWN = NOTED | UNDERSTOOD | PASSED_OVER | OURS.keys()

_USUAL = re.compile(rb'([!-~]+)\s+(\d+)\s+([?A-Z]+)\s+"([^"\\\s\x80-\xff]*)"\s*')
_NO_BLANKS = dict.fromkeys(code for code in range(0x3001) if chr(code).isspace())
_QUALITY = re.compile(r"\?+|[A-Z]+")
_PARTS = re.compile(r"\d[\d:,-]*")
_BOM = b"\xef\xbb\xbf"
_PIECE = 1 << 16
# A dot with a digit behind it is a number at the beginning of a line.
_DOT = re.compile(rb"\n\.(?![0-9])")
# A label that is not closed goes on to the end, so that a text is looked through once.
_LABEL = re.compile(r'"((?:[^"\\]|\\.)*+)("|\Z)', re.DOTALL)
_ESCAPED = re.compile(r"\\(.)|[ \t\r\n\f\v]", re.DOTALL)
_BLANKS = str.maketrans("\t\r\n\f\v", "     ")
_ESCAPES = {"n": "\n", "t": "\t"}


class Statements:
    """The statements of one file, in its order.

    Parameters
    ----------
    source : Source
        The file.

    Raises
    ------
    FormatError
        If it holds a NUL byte, or text ahead of the first keyword (which a lenient reader
        passes over).
    """

    def __init__(self, source: Source) -> None:
        if b"\0" in source.data:
            line = source.line_at(source.data.index(b"\0"))
            raise source.error("holds a NUL byte; UNIPEN is text", line)
        if b"\n" not in source.data:
            source = replace(source, data=source.data.replace(b"\r", b"\n"))
        self.source = source
        data = source.data
        mark = len(_BOM) if data.startswith(_BOM) else 0
        ahead, self._begin = b"", mark + 1
        if not _DOT.match(b"\n" + data[mark : mark + 2]):
            first = _DOT.search(data, mark)
            ahead = data[mark : first.start() if first else None]
            self._begin = first.end() if first else len(data) + 1
        if ahead.strip():
            offset = mark + len(ahead) - len(ahead.lstrip())
            source.skip("text ahead of the first keyword", source.line_at(offset))

    def pieces(self) -> Iterator[tuple[int, list[bytes]]]:
        """Yield some statements without their dots, and where in the file the first begins.

        Each begins two bytes behind the end of the one ahead.
        """
        data, begin = self.source.data, self._begin
        # As one list short statements take ten times their size.
        while begin <= len(data):
            beyond = _DOT.search(data, begin + _PIECE)
            end = beyond.start() if beyond else len(data)
            yield begin, _DOT.split(data[begin:end])
            begin = end + 2


def decoded(body: bytes) -> str:
    """Return text; what is not UTF-8 is of a time when it was Latin-1."""
    try:
        return body.decode().strip()
    except UnicodeDecodeError:
        return body.decode("latin-1").strip()


def unquoted(label: str) -> str:
    r"""Return what stands between the quotes of a label, its escapes undone.

    White space of every kind is a blank, ``\n`` and ``\t`` are what they are elsewhere, any
    other escaped character is itself. A quote in the middle that should have been escaped is
    taken as it is.
    """
    label = label[1:-1]
    if "\\" not in label:
        return label.translate(_BLANKS)
    return _ESCAPED.sub(lambda match: _ESCAPES.get(match[1], match[1]) if match[1] else " ", label)


def labels_in(text: str) -> list[str]:
    """Return every label of a text, unquoted; ValueError if one is not closed."""
    matches = list(_LABEL.finditer(text))
    if matches and not matches[-1][2]:
        raise ValueError("a label is not closed")
    return [unquoted(match[0]) for match in matches]


Said = tuple[str, str | None, str, str | None]
"""Hierarchy, delineation, quality and label."""


def segment_said(body: bytes) -> Said | None:
    """Return what a ``.SEGMENT`` says; None if it is something else."""
    if (usual := _USUAL.fullmatch(body)) is not None:
        level, named, rank, name = map(bytes.decode, usual.groups())
        return sys.intern(level), named, sys.intern(rank), name
    text = decoded(body)
    ahead, quote, _ = text.partition('"')
    label = text[len(ahead) :] if quote else '""'
    # Not into all their words, which take fifteen times as much memory.
    words = ahead.split(None, 1)
    if not words or len(label) < 2 or not label.endswith('"'):
        return None
    parts, quality = words[1] if len(words) == 2 else "", "?"
    pieces = parts.rsplit(None, 1)
    if pieces and _QUALITY.fullmatch(pieces[-1]):
        quality = pieces.pop()
        parts = pieces[0] if pieces else ""
    parts = parts.translate(_NO_BLANKS)
    if parts and not _PARTS.fullmatch(parts):
        return None
    return words[0], parts or None, quality, unquoted(label) if quote else None
