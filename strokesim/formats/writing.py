"""Writing ink in any format that can be written."""

from __future__ import annotations

import contextlib
import gzip
import os
import sys
from collections.abc import Iterable, Iterator
from typing import BinaryIO, cast

from strokesim.errors import ArgumentError
from strokesim.formats.format import Format
from strokesim.formats.table import FORMATS, format_named, format_of_suffix
from strokesim.ink import Ink
from strokesim.replacing import replacing


def write_ink(
    ink: Ink | Iterable[Ink], path: str | os.PathLike[str], *, format: str | None = None
) -> int:
    """Write one ink, or several, to a file; the file appears whole or not at all.

    Parameters
    ----------
    ink : Ink or iterable of Ink
        At least one.
    path : path-like
        The file, or "-" for standard output. ``.gz`` at the end of its name compresses it.
    format : str, optional
        A name in `FORMATS`. None tells it by the suffix.

    Returns
    -------
    int
        How many inks were written.

    Raises
    ------
    ArgumentError
        If there is no ink, or no format of that name or suffix that can be written, or the
        format cannot hold the ink.
    OutputError
        If the file cannot be written.
    """
    chosen = _writable(os.fspath(path), format)
    assert chosen.write is not None
    counted = _Counted([ink] if isinstance(ink, Ink) else ink)
    with _standard_output() if os.fspath(path) == "-" else replacing(path) as file:
        if os.fspath(path).lower().endswith(".gz"):
            # No time stamp: the same ink gives the same bytes.
            with gzip.GzipFile("", "wb", fileobj=file, mtime=0) as packed:
                chosen.write(counted, cast(BinaryIO, packed))
        else:
            chosen.write(counted, file)
        if counted.count == 0:
            raise ArgumentError(f"no ink to write to {path}; give at least one")
    return counted.count


@contextlib.contextmanager
def _standard_output() -> Iterator[BinaryIO]:
    yield sys.stdout.buffer
    sys.stdout.buffer.flush()


class _Counted:
    """An iterable that tells how many of its items were taken."""

    def __init__(self, inks: Iterable[Ink]) -> None:
        self._inks, self.count = inks, 0

    def __iter__(self) -> Iterator[Ink]:
        for ink in self._inks:
            self.count += 1
            yield ink


def _writable(path: str, format: str | None) -> Format:
    writable = sorted(name for name, known in FORMATS.items() if known.write)
    chosen = format_of_suffix(path, writable=True) if format is None else format_named(format)
    if chosen is None:
        raise ArgumentError(
            f"the suffix of {path} tells no format; name one with format= ({', '.join(writable)})"
        )
    if chosen.write is None:
        raise ArgumentError(f"{chosen.name} can only be read; use {', '.join(writable)}")
    return chosen
