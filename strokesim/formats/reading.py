"""Reading ink, whatever the format and wherever it lies."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Iterator
from pathlib import PurePath

from strokesim.errors import ArgumentError, FormatError, InkError
from strokesim.formats.format import Format
from strokesim.formats.opening import Candidate, InkPath, candidates, opened
from strokesim.formats.source import Source
from strokesim.formats.table import format_named, format_of_file, suffix_of
from strokesim.ink import Ink


def read_inks(
    *paths: InkPath,
    format: str | Format | None = None,
    lenient: bool = False,
    skipped: list[FormatError] | None = None,
) -> Iterator[Ink]:
    """Read every ink of files, folders and zip archives, one after the other.

    A folder or an archive gives everything in it that is ink, in the order of the names;
    what is no ink is passed over there, and is an error where it is named itself. Gzip is
    undone, wherever it is found.

    Parameters
    ----------
    *paths : path-like or BinaryIO
        Files, folders, zip archives, "archive.zip/member/or/folder", "-" for standard input,
        or files open in binary mode.
    format : str or Format, optional
        A name in `FORMATS`, or a format of one's own. None tells it for each file
        by its content, and by its suffix where that is not enough.
    lenient : bool
        Leave out what is damaged instead of raising, and read the rest.
    skipped : list of FormatError, optional
        What was left out is appended here: of each file the first thousand, and one that
        counts the others (``error.count``).

    Yields
    ------
    Ink
        With ``source`` set to the file, and ids that no other ink of this call has, where
        the file itself does not give any.

    Raises
    ------
    FormatError
        If a file cannot be read, is damaged, is no ink, or if there is none at all.
    UnknownNameError
        If there is no such format.

    Examples
    --------
    >>> inks = list(read_inks("pendigits-orig.tra"))  # doctest: +SKIP
    >>> len(inks), inks[0].label  # doctest: +SKIP
    (7494, '8')
    """
    chosen = format_named(format) if isinstance(format, str) else format
    if not paths:
        raise ArgumentError("no path to read ink from; give at least one")
    return _inks(paths, chosen, lenient, [] if skipped is None else skipped)


def read_ink(path: InkPath, *, format: str | Format | None = None, lenient: bool = False) -> Ink:
    """Read the one ink of a file.

    Parameters
    ----------
    path, format, lenient
        As in `read_inks`.

    Raises
    ------
    FormatError
        As in `read_inks`; also if there is more than one ink.
    """
    skipped: list[FormatError] = []
    inks = read_inks(path, format=format, lenient=lenient, skipped=skipped)
    ink = next(inks, None)
    if ink is None:
        raise FormatError(f"holds no ink that is not damaged; {skipped[0]}", _name(path))
    if next(inks, None) is not None:
        raise FormatError("holds more than one ink; read them with read_inks", _name(path))
    return ink


def _inks(
    paths: tuple[InkPath, ...], chosen: Format | None, lenient: bool, skipped: list[FormatError]
) -> Iterator[Ink]:
    for path, prefix in zip(paths, _prefixes(paths), strict=True):
        count, left_out = 0, len(skipped)
        for candidate in candidates(path, prefix):
            try:
                for ink in _inks_of_file(candidate, chosen, lenient, skipped):
                    count += 1
                    yield ink
            except FormatError as error:
                if not lenient:
                    raise
                skipped.append(error)
        if count == 0 and len(skipped) == left_out:
            raise FormatError("holds no ink", _name(path))


def _inks_of_file(
    candidate: Candidate, chosen: Format | None, lenient: bool, skipped: list[FormatError]
) -> Iterator[Ink]:
    name, named = candidate.name, candidate.named
    with opened(candidate) as (head, rest):
        if chosen is None:
            format = format_of_file(head, name, named=named)
        elif named or chosen.sniff(head) or suffix_of(name) in chosen.suffixes:
            format = chosen
        else:
            format = None
        if format is None:
            return
        data = rest()
    source = Source(data, _text(name), _text(candidate.stem), candidate.path, lenient, skipped)
    if not data.strip():
        raise source.error("is empty")
    count, left_out = 0, len(skipped)
    try:
        for ink in format.read(source):
            count += 1
            yield ink
    except InkError as error:
        raise source.error(str(error)) from error
    finally:
        source.close_list()
    if count == 0 and len(skipped) == left_out:
        raise source.error(f"holds no ink ({format.title})")


def _prefixes(paths: tuple[InkPath, ...]) -> list[str | None]:
    """Return what ids begin with: of several paths their names, in full where two are alike."""
    if len(paths) == 1:
        return [None]
    names = [_name(path) for path in paths]
    lasts = [PurePath(name).name for name in names]
    alike = Counter(lasts)
    return [last if alike[last] == 1 else name for name, last in zip(names, lasts, strict=True)]


def _text(name: str) -> str:
    """Return a file's name as text that UTF-8 can hold."""
    return name.encode("utf-8", "replace").decode()


def _name(path: InkPath) -> str:
    if isinstance(path, str | os.PathLike):
        return os.fspath(path)
    return str(getattr(path, "name", "open file"))
