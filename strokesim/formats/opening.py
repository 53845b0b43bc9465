"""Paths to open files: folders, zip archives and their members, gzip, bzip2, standard input.

Nothing is ever unpacked onto the disk, and nothing is read beyond the limits below, so an
archive can neither write outside a folder nor fill the memory.
"""

from __future__ import annotations

import bz2
import contextlib
import gzip
import io
import os
import re
import sys
import zipfile
import zlib
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path, PurePath, PurePosixPath
from typing import BinaryIO, NoReturn, cast

from strokesim.errors import ArgumentError, FormatError

LARGEST_FILE = 1 << 30
"""Most bytes of one file or archive member, after decompression."""
LARGEST_RATIO = 100
"""Most bytes that one compressed byte may become, beyond the first `FREE_BYTES`."""
FREE_BYTES = 16 << 20

HEAD_BYTES = 4096
"""How much of a file is looked at to tell its format."""

_CHUNK = 1 << 20
_GZIP = b"\x1f\x8b"
_BZIP2 = re.compile(rb"BZh[1-9]1AY&SY")
_ZIP = (b"PK\x03\x04", b"PK\x05\x06")

InkPath = str | os.PathLike[str] | BinaryIO
"""What can be read: a path, a path into a zip archive, "-", or an open binary file."""


@dataclass(frozen=True, slots=True)
class Candidate:
    """A file that may hold ink, not opened yet.

    Parameters
    ----------
    name : str
        What errors and `Ink.source` call it.
    stem : str
        What ids begin with.
    open : callable
        Returns the bytes as a seekable binary file.
    packed_size : int, optional
        How many bytes it takes in its archive; None outside archives.
    path : Path, optional
        Where it lies, if it is a file of its own.
    named : bool
        Whether it was asked for by its own name, so that not being ink is an error. The
        others lie in a folder or an archive that was asked for.
    """

    name: str
    stem: str
    open: Callable[[], BinaryIO]
    packed_size: int | None = None
    path: Path | None = None
    named: bool = True


def candidates(path: InkPath, prefix: str | None = None) -> Iterator[Candidate]:
    """Find what a path names: one file, or every file below a folder or in a zip archive.

    Files come in the order of their names; archives in a folder are looked into. Those whose
    name, or a folder's above, begins with a dot or is ``__MACOSX`` are passed over.

    Parameters
    ----------
    path : path-like or BinaryIO
        See `InkPath`.
    prefix : str, optional
        What the stems begin with. None: the file's name, and in folders and archives the
        path below them.

    Raises
    ------
    FormatError
        If there is no such file or member, or it cannot be read.
    ArgumentError
        If it is neither a path nor an open binary file.
    """
    if hasattr(path, "read"):
        file = cast(BinaryIO, path)
        yield from _in_open_file(file, str(getattr(file, "name", "open file")), prefix)
    elif not isinstance(path, str | os.PathLike):
        raise ArgumentError(f"{path!r} is neither a path nor an open binary file")
    elif os.fspath(path) == "-":
        yield from _in_open_file(sys.stdin.buffer, "standard input", prefix)
    else:
        target = Path(path)
        with naming_failures(str(path)):
            if target.is_dir():
                yield from _in_folder(target, prefix)
            elif target.exists():
                yield from _in_file(target, prefix, named=True)
            else:
                yield from _in_archive_path(target, prefix)


@contextlib.contextmanager
def naming_failures(name: str) -> Iterator[None]:
    """Turn what the system and unpacking raise into a FormatError that names the file."""
    try:
        yield
    except gzip.BadGzipFile as error:
        raise FormatError(f"is damaged: {error}", name) from error
    except OSError as error:
        raise FormatError(f"cannot be read: {error.strerror or error}", name) from error
    except (EOFError, zlib.error, zipfile.BadZipFile) as error:
        raise FormatError(f"is damaged or cut off: {error}", name) from error
    except (NotImplementedError, RuntimeError) as error:
        # What zipfile raises for a password and for an unknown method of compression.
        raise FormatError(f"cannot be unpacked: {error}", name) from error


@contextlib.contextmanager
def opened(candidate: Candidate) -> Iterator[tuple[bytes, Callable[[], bytes]]]:
    """Open a candidate, decompressed: its first bytes, and a function that returns them all.

    Raises
    ------
    FormatError
        If it cannot be read or unpacked, or is larger than the limits.
    """
    with naming_failures(candidate.name), candidate.open() as file:
        packed_size = candidate.packed_size
        unpacked: BinaryIO = file
        magic = file.read(10)
        is_gzip = magic.startswith(_GZIP)
        if is_gzip or _BZIP2.match(magic):
            packed_size = file.seek(0, os.SEEK_END) if packed_size is None else packed_size
            unpacked = cast(BinaryIO, gzip.GzipFile(fileobj=file) if is_gzip else bz2.BZ2File(file))
        if unpacked is file and isinstance(file, io.BytesIO):
            # Held by whoever opened it, within the limits: not to be held twice.
            data = file.getvalue()
            yield data[:HEAD_BYTES], lambda: data
            return
        file.seek(0)
        head = unpacked.read(HEAD_BYTES)
        yield head, lambda: read_within(unpacked, candidate.name, packed_size, head)


def read_within(file: BinaryIO, name: str, packed_size: int | None, head: bytes = b"") -> bytes:
    """Return everything, unless it is more than the limits allow."""
    limit = LARGEST_FILE
    if packed_size is not None:
        limit = min(limit, max(FREE_BYTES, LARGEST_RATIO * packed_size))
    pieces, total = [head], len(head)
    while piece := file.read(_CHUNK):
        pieces.append(piece)
        total += len(piece)
        if total > limit:
            packed = "" if packed_size is None else f" unpacked, from {packed_size} bytes"
            raise FormatError(f"is larger than the limit of {limit >> 20} MiB{packed}", name)
    return b"".join(pieces)


def _in_open_file(file: BinaryIO, name: str, prefix: str | None) -> Iterator[Candidate]:
    """Take an open file into memory: it may be a pipe, and is not ours to close."""
    with naming_failures(name):
        if not isinstance(file.read(0), bytes):
            raise ArgumentError(f"{name} is open as text; open it in binary mode ('rb')")
        data = read_within(file, name, None)
    if data.startswith(_ZIP):
        yield from _in_archive(lambda: zipfile.ZipFile(io.BytesIO(data)), name, prefix)
    else:
        yield Candidate(name, prefix or PurePath(name).name, lambda: io.BytesIO(data))


def _in_file(path: Path, prefix: str | None, *, named: bool) -> Iterator[Candidate]:
    if not path.is_file():
        # A pipe cannot be read twice, and one that lies in a folder would block for ever.
        if named:
            with path.open("rb") as pipe:
                yield from _in_open_file(pipe, str(path), prefix)
        return
    is_archive = False
    if named or path.suffix.lower() == ".zip":
        with naming_failures(str(path)), path.open("rb") as file:
            is_archive = file.read(4) in _ZIP
    if is_archive:
        yield from _in_archive(lambda: zipfile.ZipFile(path), str(path), prefix)
    else:
        stem = prefix or path.name
        yield Candidate(str(path), stem, lambda: path.open("rb"), path=path, named=named)


def _in_folder(folder: Path, prefix: str | None) -> Iterator[Candidate]:
    paths = []
    # Without onerror, os.walk passes over a folder that it cannot list.
    for root, folders, files in os.walk(folder, onerror=_raise):
        folders[:] = [name for name in folders if not _is_hidden(name)]
        paths += [Path(root, name) for name in files if not _is_hidden(name)]
    for path in sorted(paths):
        stem = path.relative_to(folder).as_posix()
        stem = f"{prefix}/{stem}" if prefix else stem
        try:
            yield from _in_file(path, stem, named=False)
        except FormatError as error:
            # A damaged archive is found out when it is its turn, so that a lenient reader
            # can leave it out and go on.
            yield Candidate(str(path), stem, partial(_raise, error), named=False)


def _raise(error: Exception) -> NoReturn:
    raise error


def _in_archive_path(target: Path, prefix: str | None) -> Iterator[Candidate]:
    """Find ``archive.zip/member``: the longest part of the path that is a file."""
    archive = next((parent for parent in target.parents if parent.is_file()), None)
    if archive is None or not zipfile.is_zipfile(archive):
        raise FormatError("no such file or folder", str(target))
    member = target.relative_to(archive).as_posix()
    yield from _in_archive(lambda: zipfile.ZipFile(archive), str(archive), prefix, member)


def _in_archive(
    open_archive: Callable[[], zipfile.ZipFile], name: str, prefix: str | None, member: str = ""
) -> Iterator[Candidate]:
    """Find every file of an archive, or the one member, or those below a folder in it."""
    with naming_failures(name), open_archive() as archive:
        files = {
            info.filename: info
            for info in archive.infolist()
            if not info.is_dir() and not any(map(_is_hidden, PurePosixPath(info.filename).parts))
        }
        if member in files:
            stem = prefix or PurePosixPath(member).name
            yield _member(archive, files[member], name, stem, named=True)
            return
        folder = f"{member}/" if member else ""
        below = sorted(path for path in files if path.startswith(folder))
        if not below and member:
            raise FormatError(f"no member {member!r}; it holds {_some(files)}", name)
        for path in below:
            stem = path.removeprefix(folder)
            stem = f"{prefix}/{stem}" if prefix else stem
            yield _member(archive, files[path], name, stem, named=False)


def _member(
    archive: zipfile.ZipFile, info: zipfile.ZipInfo, name: str, stem: str, *, named: bool
) -> Candidate:
    return Candidate(
        f"{name}/{info.filename}",
        stem,
        lambda: cast(BinaryIO, archive.open(info)),
        packed_size=info.compress_size,
        named=named,
    )


def _some(names: Iterable[str], most: int = 5) -> str:
    """Return the first few names, for an error."""
    ordered = sorted(names)
    more = f" and {len(ordered) - most} more" if len(ordered) > most else ""
    return (", ".join(ordered[:most]) or "no file") + more


def _is_hidden(name: str) -> bool:
    """Tell what systems and programs leave behind from what people put there."""
    return name.startswith(".") or name == "__MACOSX"
