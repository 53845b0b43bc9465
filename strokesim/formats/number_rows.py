"""Rows of numbers, as many in each, piece by piece so that memory stays within bounds."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator

import numpy as np

from strokesim.formats.bulk_numbers import (
    BadNumber,
    parse_numbers,
    parse_values,
    words_per_line,
)
from strokesim.formats.source import Source, lines_of

LONGEST_LINE = 16 << 20
"""Most bytes of a line."""

PIECE = 1 << 16
"""Bytes that are converted at once. A line that is longer is hardly a row."""


def parse_rows(
    source: Source, text: bytes, first_line: int, widths: Collection[int], separator: bytes = b""
) -> tuple[np.ndarray, int]:
    """Convert lines of numbers to an array; blank lines count as none.

    Parameters
    ----------
    source : Source
        What the text is from, for errors and for what is left out.
    text : bytes
        The lines.
    first_line : int
        Where in the file they begin.
    widths : collection of int
        How many numbers a row may have. All have as many as the first good one.
    separator : bytes
        What stands between the numbers of a row, blanks aside; nothing means white space.

    Returns
    -------
    rows : ndarray of float64, shape (n_rows, n_columns)
    damaged : int
        How many rows were left out, where the source is read leniently.

    Raises
    ------
    FormatError
        If a line is no such row, unless the source is read leniently.
    """
    pieces: list[np.ndarray] = []
    damaged = 0
    for line, piece in line_pieces(text, first_line):
        try:
            check_length(piece)
        except ValueError as error:
            source.skip(str(error), line)
            damaged += 1
            continue
        # Without where its numbers begin, a long line takes half the memory.
        rows = _whole_piece(piece, widths, separator) if len(piece) <= PIECE else None
        if rows is None:
            rows, left_out = _sound_rows(source, piece, line, widths, separator)
            damaged += left_out
        if len(rows):
            pieces.append(rows)
            widths = (rows.shape[1],)
    return np.concatenate(pieces) if pieces else np.empty((0, max(widths))), damaged


def check_length(line: bytes | str) -> None:
    """Refuse a line that would take too much memory.

    Raises
    ------
    ValueError
        If it is longer than `LONGEST_LINE`.
    """
    if len(line) > LONGEST_LINE:
        raise ValueError(f"is longer than the {LONGEST_LINE >> 20} MiB that a line may be")


def line_pieces(text: bytes, line: int = 1) -> Iterator[tuple[int, bytes]]:
    """Yield whole lines, 64 KiB or one longer at a time, and the number of the first."""
    begin = 0
    while begin < len(text):
        end = min(begin + PIECE, len(text))
        if end < len(text):
            end = text.rfind(b"\n", begin, end) + 1 or text.find(b"\n", end) + 1 or len(text)
        piece = text[begin:end]
        yield line, piece
        line += piece.count(b"\n")
        begin = end


def _whole_piece(text: bytes, widths: Collection[int], separator: bytes) -> np.ndarray | None:
    """Return the rows of a piece; None if one of them is damaged."""
    spaced = text.replace(separator, b" ") if separator else text
    try:
        values, starts = parse_numbers(spaced)
    except BadNumber:
        return None
    counts = words_per_line(spaced, starts)
    counts = counts[counts > 0]
    if len(counts) == 0 and not text.strip():
        return np.empty((0, max(widths)))
    if len(counts) == 0 or counts[0] not in widths or np.any(counts != counts[0]):
        return None
    if separator and (
        text.count(separator) != len(counts) * (counts[0] - 1) or _has_empty_cell(text, separator)
    ):
        return None
    return values.reshape(-1, counts[0])


def _sound_rows(
    source: Source, text: bytes, first_line: int, widths: Collection[int], separator: bytes
) -> tuple[np.ndarray, int]:
    """Convert line by line, and leave out or refuse what is no row."""
    rows: list[np.ndarray] = []
    damaged = 0
    for number, line in enumerate(lines_of(text), first_line):
        if not line.strip():
            continue
        try:
            row = _row(line, {len(rows[0])} if rows else {*widths}, separator)
        except ValueError as error:
            damaged += 1
            source.skip(str(error), number)
        else:
            rows.append(row)
    return np.array(rows).reshape(len(rows), len(rows[0]) if rows else max(widths)), damaged


def _row(line: bytes, widths: set[int], separator: bytes) -> np.ndarray:
    row = parse_values(line.replace(separator, b" ") if separator else line)
    needed = " or ".join(map(str, sorted(widths)))
    if len(row) not in widths:
        raise ValueError(f"has {len(row)} numbers; needed: {needed}")
    if separator and (
        line.count(separator) != len(row) - 1 or _has_empty_cell(line + b"\n", separator)
    ):
        raise ValueError(f"is not {needed} numbers separated by {separator.decode()!r}")
    return row


def _has_empty_cell(text: bytes, separator: bytes) -> bool:
    mark = re.escape(separator)
    return re.search(
        rb"(?:\A|[\n%b])[ \r]*%b|%b[ \r]*(?:\n|\Z)" % (mark, mark, mark), text
    ) is not (None)
