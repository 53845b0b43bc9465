"""Rows of numbers separated by white space, as many in each."""

from __future__ import annotations

from collections.abc import Collection

import numpy as np

from strokesim.formats.bulk_numbers import BadNumber, parse_numbers, words_per_line
from strokesim.formats.source import Source


def parse_rows(
    source: Source, text: bytes, first_line: int, widths: Collection[int]
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
    try:
        values, starts = parse_numbers(text)
        counts = words_per_line(text, starts)
    except BadNumber as error:
        if not source.lenient:
            line = first_line + text.count(b"\n", 0, error.offset)
            raise source.error(str(error), line) from None
    else:
        present = counts[counts > 0]
        if len(present) == 0:
            return np.empty((0, max(widths))), 0
        if present[0] in widths and np.all(present == present[0]):
            return values.reshape(-1, present[0]), 0
    return _sound_rows(source, text, first_line, widths)


def _sound_rows(
    source: Source, text: bytes, first_line: int, widths: Collection[int]
) -> tuple[np.ndarray, int]:
    """Convert line by line, and leave out or refuse what is no row."""
    rows: list[np.ndarray] = []
    damaged = 0
    for number, line in enumerate(text.split(b"\n"), first_line):
        if not line.strip():
            continue
        try:
            row, _ = parse_numbers(line)
            needed = {len(rows[0])} if rows else {*widths}
            if len(row) not in needed:
                some = " or ".join(map(str, sorted(needed)))
                raise ValueError(f"has {len(row)} numbers; needed: {some}")
        except ValueError as error:
            damaged += 1
            source.skip(str(error), number)
        else:
            rows.append(row)
    return np.array(rows).reshape(len(rows), len(rows[0]) if rows else max(widths)), damaged
