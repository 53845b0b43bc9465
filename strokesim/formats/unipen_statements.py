"""UNIPEN as text: statements, their keywords, and the forms of what follows them.

A keyword is a dot in the first column and a word in capitals. What it says goes on, over any
number of lines, to the next one.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from itertools import accumulate

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
# A label that is not closed goes on to the end, so that a text is looked through once.
_LABEL = re.compile(r'"((?:[^"\\]|\\.)*+)("|\Z)', re.DOTALL)
_ESCAPED = re.compile(r"\\(.)|[ \t\r\n\f\v]", re.DOTALL)
_ESCAPES = {"n": "\n", "t": "\t"}


class Statements:
    """The statements of one file, by number.

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
        data = source.data.removeprefix(b"\xef\xbb\xbf")
        self._mark = len(source.data) - len(data)
        ahead, *self.texts = _DOT.split(b"\n" + data)
        self._ahead = len(ahead)
        self._offsets: list[int] = []
        if ahead.strip():
            offset = self._mark + len(ahead) - len(ahead.lstrip()) - 1
            source.skip("text ahead of the first keyword", source.line_at(offset))

    def __iter__(self) -> Iterator[list[bytes]]:
        """Yield, of each statement, a list of the keyword and of what follows, if anything."""
        return (text.split(None, 1) for text in self.texts)

    def line(self, number: int, behind: int = 0, of: bytes | None = None) -> int:
        """Return the line of a statement, or of a byte of its body, counted from 1.

        Parameters
        ----------
        number : int
            Which statement, from 0.
        behind : int
            How far behind the beginning of the body.
        of : bytes, optional
            The body; None means the keyword's own line.
        """
        if not self._offsets:
            # Ahead of each text stand a line feed and a dot; the first line feed is ours.
            lengths = (len(text) + 2 for text in self.texts)
            start = self._mark + self._ahead - 1
            self._offsets = list(accumulate(lengths, initial=start))
        offset = self._offsets[number] + 1
        if of is not None:
            offset += 1 + len(self.texts[number]) - len(of) + behind
        return self.source.line_at(offset)


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
    return _ESCAPED.sub(
        lambda match: _ESCAPES.get(match[1], match[1]) if match[1] else " ", label[1:-1]
    )


def labels_in(text: str) -> list[str]:
    """Return every label of a text, unquoted; ValueError if one is not closed."""
    matches = list(_LABEL.finditer(text))
    if matches and not matches[-1][2]:
        raise ValueError("a label is not closed")
    return [unquoted(match[0]) for match in matches]
