"""UNIPEN as text: statements, their keywords, and the forms of what follows them.

A keyword is a dot in the first column and a word in capitals. What it says goes on, over any
number of lines, to the next one.
"""

from __future__ import annotations

import re
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

# A dot with a digit behind it is a number at the beginning of a line.
_DOT = re.compile(rb"\n\.(?![0-9])")
_BOM = b"\xef\xbb\xbf"
_PIECE = 1 << 16
"""Bytes that are cut into statements at once, because these take many times their size."""

# A label that is not closed goes on to the end, so that a text is looked through once.
_LABEL = re.compile(r'"((?:[^"\\]|\\.)*+)("|\Z)', re.DOTALL)
_ESCAPED = re.compile(r"\\(.)|[ \t\r\n\f\v]", re.DOTALL)
_ESCAPES = {"n": "\n", "t": "\t"}
_BLANKS = dict.fromkeys(map(ord, "\t\r\n\f\v"), " ")


class Statements:
    """The statements of one file, one after the other.

    Parameters
    ----------
    source : Source
        The file.

    Raises
    ------
    FormatError
        If it holds a NUL byte.
    """

    def __init__(self, source: Source) -> None:
        if b"\0" in source.data:
            line = source.line_at(source.data.index(b"\0"))
            raise source.error("holds a NUL byte; UNIPEN is text", line)
        if b"\n" not in source.data:
            source = replace(source, data=source.data.replace(b"\r", b"\n"))
        self.source = source

    def __iter__(self) -> Iterator[tuple[int, list[bytes]]]:
        """Yield some statements at a time, their dots aside, and where the first begins.

        Between the end of one and the beginning of the next are a line feed and a dot.

        Raises
        ------
        FormatError
            If there is text ahead of the first keyword, unless the source is read leniently.
        """
        for begin, piece in self._pieces():
            ahead, *texts = _DOT.split(piece)
            if ahead.strip():
                line = self.source.line_at(begin + len(ahead) - len(ahead.lstrip()))
                self.source.skip("text ahead of the first keyword", line)
            yield begin + len(ahead) + 2, texts

    def _pieces(self) -> Iterator[tuple[int, bytes]]:
        """Yield whole statements, 64 KiB or one longer at a time, and where they begin."""
        data = self.source.data
        mark = len(data) - len(data.removeprefix(_BOM))
        end = self._piece_end(mark)
        yield mark - 1, b"\n" + data[mark:end]
        while end < len(data):
            begin, end = end, self._piece_end(end + 1)
            yield begin, data[begin:end]

    def _piece_end(self, begin: int) -> int:
        """Return where the line feed ahead of a statement stands, or the end of the file."""
        data, end = self.source.data, begin + _PIECE
        if end >= len(data):
            return len(data)
        place = data.rfind(b"\n.", begin, end)
        while place >= 0 and not _DOT.match(data, place):
            place = data.rfind(b"\n.", begin, place)
        if place >= 0:
            return place
        found = _DOT.search(data, end - 1)
        return found.start() if found else len(data)


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
    inside = label[1:-1]
    if "\\" not in inside:
        return inside.translate(_BLANKS)
    return _ESCAPED.sub(lambda match: _ESCAPES.get(match[1], match[1]) if match[1] else " ", inside)


def labels_in(text: str) -> list[str]:
    """Return every label of a text, unquoted; ValueError if one is not closed."""
    matches = list(_LABEL.finditer(text))
    if matches and not matches[-1][2]:
        raise ValueError("a label is not closed")
    return [unquoted(match[0]) for match in matches]
