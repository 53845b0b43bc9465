"""Text to numbers, many at once (Python's ``float`` is too slow one by one), and back."""

from __future__ import annotations

import re

import numpy as np

from strokesim.ink import LARGEST

_INTEGER = b"0123456789- \t\r\n\f\v"
_DECIMAL = _INTEGER + b"+.eE"
_BLANK = re.compile(rb"\s")
_WORD = re.compile(rb"[^\x00-\x20]+")
_BETWEEN_WORDS = bytes(range(33))
_FEW = 64
"""Bytes up to which word by word is quicker than the calls that doing all at once takes."""
_PIECE = 1 << 16
"""Bytes that are converted at once: meanwhile they take twenty times as much memory."""


class BadNumber(ValueError):
    """What is wrong among numbers; ``offset`` is where it stands."""

    def __init__(self, reason: str, offset: int) -> None:
        super().__init__(reason)
        self.offset = offset


def word_starts(text: bytes) -> np.ndarray:
    """Return where the words begin that white space separates, shape (n_words,), int64."""
    if len(text) <= _FEW:
        return np.array([word.start() for word in _WORD.finditer(text)], np.int64)
    blank = np.ones(len(text) + 1, bool)
    np.less_equal(np.frombuffer(text, np.uint8), 32, out=blank[1:])
    return np.flatnonzero(blank[:-1] & ~blank[1:])


def words_per_line(text: bytes, starts: np.ndarray) -> np.ndarray:
    """Return how many words stand in each line, shape (n_lines,), int64.

    Parameters
    ----------
    text : bytes
        Lines that end with a line feed, the last one also without.
    starts : ndarray of int64
        What `word_starts` or `parse_numbers` returned for it.
    """
    if len(text) <= _FEW:
        return np.array([len(_WORD.findall(line)) for line in text.split(b"\n")], np.int64)
    ends = np.flatnonzero(np.frombuffer(text + b"\n", np.uint8) == ord("\n"))
    words = np.searchsorted(starts, ends)
    words[1:] -= words[:-1].copy()
    return words


def uneven_line(text: bytes, starts: np.ndarray, n_columns: int) -> tuple[int, int] | None:
    """Return the first line whose words are no whole rows, so that a lost one shifts no others.

    Parameters
    ----------
    text, starts
        As in `words_per_line`.
    n_columns : int
        Words in a row.

    Returns
    -------
    (int, int) or None
        How many words stand in that line, and where the first of them begins.
    """
    n_rows = len(starts) // n_columns
    ends = np.flatnonzero(np.frombuffer(text, np.uint8) == ord("\n"))
    if (
        len(starts) == n_rows * n_columns
        and len(ends) == n_rows - 1
        and np.all(starts[n_columns - 1 :: n_columns][:-1] < ends)
        and np.all(ends < starts[n_columns::n_columns])
    ):
        return None
    per_line = words_per_line(text, starts)
    uneven = np.flatnonzero(per_line % n_columns)
    if len(uneven) == 0:
        return None
    return int(per_line[uneven[0]]), int(starts[per_line[: uneven[0]].sum()])


def parse_numbers(text: bytes) -> tuple[np.ndarray, np.ndarray]:
    """Convert decimal numbers separated by white space.

    Parameters
    ----------
    text : bytes
        Numbers as in ``-7``, ``.5``, ``5.``, ``1e-3``; no NaN, no infinity, no underscores.

    Returns
    -------
    values : ndarray of float64, shape (n_numbers,)
        Correctly rounded, as by ``float``.
    starts : ndarray of int64, shape (n_numbers,)
        Where each begins in the text.

    Raises
    ------
    BadNumber
        If a word is no number, or one above 2**53, which no pen has recorded.
    """
    if len(text) <= _PIECE:
        # Converted first: what is damaged is not worth counting its words.
        return _converted(text), word_starts(text)
    starts = word_starts(text)
    values = np.empty(len(starts))
    begin = 0
    while begin < len(starts):
        place = int(starts[begin])
        end = max(begin + 1, int(np.searchsorted(starts, place + _PIECE)))
        piece = text[place : int(starts[end]) if end < len(starts) else len(text)]
        try:
            values[begin:end] = _converted(piece)
        except BadNumber as error:
            raise BadNumber(str(error), error.offset + place) from None
        begin = end
    return values, starts


def parse_values(text: bytes) -> np.ndarray:
    """Return the numbers of `parse_numbers`, without where they begin, in half the memory."""
    if len(text) <= _PIECE:
        return _converted(text)
    spans = []
    begin = 0
    while begin < len(text):
        blank = _BLANK.search(text, begin + _PIECE)
        end = blank.start() if blank else len(text)
        spans.append((begin, end))
        begin = end
    # Counted first: values in many pieces would be there twice when they are put together.
    values = np.empty(sum(len(word_starts(text[begin:end])) for begin, end in spans))
    n_values = 0
    for begin, end in spans:
        try:
            found = _converted(text[begin:end])
        except BadNumber as error:
            raise BadNumber(str(error), error.offset + begin) from None
        values[n_values : n_values + len(found)] = found
        n_values += len(found)
    return values


def _converted(text: bytes) -> np.ndarray:
    """Return the numbers of a short text."""
    if not text.strip(_BETWEEN_WORDS):
        return np.empty(0)
    if len(text) <= _FEW:
        numbers = _numbers_of_few(text)
        if not max(map(abs, numbers)) <= LARGEST:
            raise _first_bad(text)
        return np.array(numbers)
    if not text.translate(None, _INTEGER):
        # np.fromstring is the fastest converter, and reads "1-2" as two numbers and "-" as
        # the end of the data. Where only digits and signs stand, two looks exclude both.
        codes = np.frombuffer(text + b" ", np.uint8)
        signs = np.flatnonzero(codes == ord("-"))
        if np.all((codes[signs - 1] <= 32) | (signs == 0)) and np.all(codes[signs + 1] > ord("-")):
            # Integers are read four times as fast, saturate where they are too large, and
            # have no negative zero.
            kind = np.float64 if np.any(codes[signs + 1] == ord("0")) else np.int64
            values = np.fromstring(text.decode("ascii"), kind, sep=" ").astype(
                np.float64, copy=False
            )
        else:
            raise _first_bad(text)
    elif text.translate(None, _DECIMAL):
        raise _first_bad(text)
    else:
        try:
            values = np.array(text.split(), np.float64)
        except ValueError:
            raise _first_bad(text) from None
    if not np.abs(values).max() <= LARGEST:
        raise _first_bad(text)
    return values


def _numbers_of_few(text: bytes) -> list[float]:
    if text.translate(None, _DECIMAL):
        raise _first_bad(text)
    try:
        return list(map(float, text.split()))
    except ValueError:
        raise _first_bad(text) from None


def number_text(value: float) -> str:
    """Return the shortest text from which ``float`` gets the same bits back."""
    text = repr(float(value))
    return text.removesuffix(".0") if text != "-0.0" else text


def _first_bad(text: bytes) -> BadNumber:
    """Find the word that spoiled a conversion, one by one."""
    for match in re.finditer(rb"\S+", text):
        word = match[0]
        shown = repr(word[:40].decode("utf-8", "backslashreplace"))
        try:
            if word.translate(None, _DECIMAL):
                return BadNumber(f"{shown} is not a number", match.start())
            if not abs(float(word)) <= LARGEST:
                return BadNumber(f"{shown} is more than a pen can record", match.start())
        except ValueError:
            return BadNumber(f"{shown} is not a number", match.start())
    raise AssertionError("every word is a number")
