"""Everything strokesim raises on purpose.

StrokesimError
├── ArgumentError          a call cannot mean anything (also a ValueError)
│   ├── UnknownNameError   no such distance, format, feature, dataset; names the likely one
│   └── SpecError          features of one definition were compared with another's
├── InkError               samples that are no ink: no stroke, NaN, a missing x (also a ValueError)
├── FormatError            a file that does not hold what its format asks for; names file and line
├── CorpusError            a corpus folder that is missing, damaged or of a newer version
├── DatasetError           a published dataset that cannot be found, fetched or trusted
├── ModelError             what holds no encoder, a damaged one, or one of a newer version
├── TrainingError          training that cannot go on: NaN, collapse, out of memory
├── MissingExtraError      a part of strokesim that is not installed (also an ImportError)
└── OutputError            a result that could not be written; nothing half written is left

Messages say what was given, what is needed and what to do; lower case, no full stop.
``exit_code`` is what the command line ends with: 1 ran and failed, 2 misused.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable


class StrokesimError(Exception):
    """Root of everything strokesim raises on purpose."""

    exit_code = 1


class ArgumentError(StrokesimError, ValueError):
    """A call cannot mean anything: a wrong shape, a negative radius, a k of 0."""

    exit_code = 2


class UnknownNameError(ArgumentError):
    """No entry of that name in one of the tables.

    Parameters
    ----------
    kind : str
        What was looked for, in the singular: "distance", "format".
    name : str
        What was given.
    known : iterable of str
        What there is.
    """

    def __init__(self, kind: str, name: str, known: Iterable[str]) -> None:
        names = sorted(known)
        close = difflib.get_close_matches(str(name).lower(), names, n=1)
        guess = f"did you mean {close[0]!r}? " if close else ""
        super().__init__(f"unknown {kind} {name!r}; {guess}known: {', '.join(names)}")
        self.kind, self.name, self.known = kind, name, tuple(names)

    def __reduce__(self) -> tuple[type, tuple[str, str, tuple[str, ...]]]:
        return type(self), (self.kind, self.name, self.known)


class SpecError(ArgumentError):
    """Features of one definition were compared with features of another."""


class InkError(StrokesimError, ValueError):
    """Samples that are no ink: no stroke, a NaN, a missing x."""


class FormatError(StrokesimError):
    """A file that does not hold what its format asks for.

    Parameters
    ----------
    reason : str
        What is wrong and what to do about it.
    source : str, optional
        The file, or the archive and its member.
    line : int, optional
        The line, counted from 1.
    count : int
        How many things, left out by a lenient reader, it stands for.
    """

    def __init__(
        self, reason: str, source: str | None = None, line: int | None = None, count: int = 1
    ) -> None:
        place = [str(part) for part in (source, line) if part is not None]
        super().__init__(": ".join([":".join(place), reason] if place else [reason]))
        self.reason, self.source, self.line, self.count = reason, source, line, count

    def __reduce__(self) -> tuple[type, tuple[str, str | None, int | None, int]]:
        return type(self), (self.reason, self.source, self.line, self.count)


class CorpusError(StrokesimError):
    """A corpus folder that is missing, damaged or of a newer version."""


class DatasetError(StrokesimError):
    """A published dataset that cannot be found, fetched or trusted."""


class ModelError(StrokesimError):
    """A file or folder that holds no encoder, a damaged one, or one of a newer version."""


class TrainingError(StrokesimError):
    """Training that cannot go on: a NaN, a collapsed embedding, no memory left."""


class MissingExtraError(StrokesimError, ImportError):
    """A part of strokesim that needs packages which are not installed."""


class OutputError(StrokesimError):
    """A result that could not be written; nothing half written is left."""
