"""What a reader is given: the bytes of one file, its name, and what to do about damage."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import accumulate
from pathlib import Path

from strokesim.errors import FormatError

MOST_LISTED = 1000
"""Most things left out of a file that are listed one by one; the others are counted."""

FREE_PARTS, BYTES_OF_PART = 10_000, 40
"""See `most_parts`. A stroke takes some 300 bytes of memory beside its samples."""

_BOM = b"\xef\xbb\xbf"
_PART = 1 << 12
"""Bytes between two places whose lines are counted once and for all."""


def lines_of(text: bytes) -> Iterator[bytes]:
    """Yield lines without their line feeds, also what stands behind the last line feed.

    One at a time, because as a list short lines take twenty times their size.
    """
    begin = 0
    while (end := text.find(b"\n", begin)) >= 0:
        yield text[begin:end]
        begin = end + 1
    yield text[begin:]


def most_parts(size: int) -> int:
    """Return how many strokes and movements in the air a file of so many bytes may have.

    One for every `BYTES_OF_PART` of them, and `FREE_PARTS` in any file: more have hardly any
    samples, and would take many times the file.
    """
    return max(FREE_PARTS, size // BYTES_OF_PART)


@dataclass(frozen=True, slots=True)
class Source:
    """One file's bytes on their way to `Ink`.

    Parameters
    ----------
    data : bytes
        The whole file, or archive member.
    name : str
        What errors and `Ink.source` call it: a path, or "archive.zip/member".
    stem : str
        What ids begin with: the file's name, or its path below the folder or archive that
        was asked for.
    path : Path, optional
        Where it lies on disk, for formats that include other files; None for standard input
        and archive members.
    lenient : bool
        Whether a reader saves what it can instead of refusing the file.
    skipped : list of FormatError
        What a lenient reader left out, up to `MOST_LISTED` of one file.
    tally : list of int
        How much that was, in all; one number, shared with the files that this one includes.
    """

    data: bytes
    name: str
    stem: str = ""
    path: Path | None = None
    lenient: bool = False
    skipped: list[FormatError] = field(default_factory=list)
    tally: list[int] = field(default_factory=lambda: [0])
    _lines_ahead: list[int] = field(default_factory=list, init=False, repr=False)

    def error(self, reason: str, line: int | None = None) -> FormatError:
        """Return, for raising, the error that names this file and the line."""
        return FormatError(reason, self.name, line)

    def skip(self, reason: str, line: int | None = None) -> None:
        """Leave something out: noted when lenient, an error when not.

        Raises
        ------
        FormatError
            Unless the source is read leniently.
        """
        if not self.lenient:
            raise self.error(reason, line)
        self.note(reason, line)

    def note(self, reason: str, line: int | None = None) -> None:
        """Count something that is left out, and list it unless the list is long already."""
        self.tally[0] += 1
        if self.tally[0] <= MOST_LISTED:
            self.skipped.append(self.error(reason, line))

    def close_list(self) -> None:
        """List as one what was counted only."""
        unlisted = self.tally[0] - MOST_LISTED
        if unlisted > 0:
            reason = f"{unlisted:,} more left out than the {MOST_LISTED:,} that are listed"
            self.skipped.append(FormatError(reason, self.name, count=unlisted))

    def lines(self) -> Iterator[bytes]:
        """Yield the lines without their line feeds, a byte order mark removed."""
        return lines_of(self.data.removeprefix(_BOM))

    def text_lines(self) -> Iterator[str]:
        """Yield the lines of a file in UTF-8 as `lines` does.

        Raises
        ------
        FormatError
            If there are other bytes anywhere in it.
        """
        self.text()
        return map(bytes.decode, self.lines())

    def line_at(self, offset: int) -> int:
        """Return the line, counted from 1, in which a byte of the file stands."""
        # Counted once, part by part: a lenient reader may ask for every line of a file, and
        # where each of them ends takes eight times the size of a file of line feeds.
        if not self._lines_ahead:
            parts = range(0, len(self.data), _PART)
            counts = (self.data.count(b"\n", begin, begin + _PART) for begin in parts)
            self._lines_ahead.extend(accumulate(counts, initial=1))
        part = min(offset, len(self.data)) // _PART
        return self._lines_ahead[part] + self.data.count(b"\n", part * _PART, offset)

    def text(self, encoding: str = "utf-8") -> str:
        """Return the file as text, a byte order mark removed, line ends as they are.

        Raises
        ------
        FormatError
            If the bytes are not of that encoding; the message names the line.
        """
        try:
            return self.data.decode("utf-8-sig" if encoding == "utf-8" else encoding)
        except UnicodeDecodeError as error:
            reason = f"byte {error.start} is not {encoding} text"
            raise self.error(reason, self.line_at(error.start)) from None
