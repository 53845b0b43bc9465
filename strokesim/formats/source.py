"""What a reader is given: the bytes of one file, its name, and what to do about damage."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from strokesim.errors import FormatError


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
        What a lenient reader left out.
    """

    data: bytes
    name: str
    stem: str = ""
    path: Path | None = None
    lenient: bool = False
    skipped: list[FormatError] = field(default_factory=list)
    _line_ends: list[np.ndarray] = field(default_factory=list, init=False, repr=False)

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
        error = self.error(reason, line)
        if not self.lenient:
            raise error
        self.skipped.append(error)

    def line_at(self, offset: int) -> int:
        """Return the line, counted from 1, in which a byte of the file stands."""
        # Kept from the first call on: a lenient reader may ask for every line of a file.
        if not self._line_ends:
            codes = np.frombuffer(self.data, np.uint8)
            self._line_ends.append(np.flatnonzero(codes == ord("\n")))
        return int(np.searchsorted(self._line_ends[0], offset)) + 1

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
