"""Writing files so that a reader sees the old one or the new one, and never a part."""

from __future__ import annotations

import contextlib
import os
import secrets
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

from strokesim.errors import OutputError


def sync_folder(folder: Path) -> None:
    """Make the names in a folder survive a power cut, where the system can."""
    with contextlib.suppress(OSError):
        handle = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)


@contextlib.contextmanager
def synced(path: Path) -> Iterator[BinaryIO]:
    """Open a new file whose bytes are on disk (fsync) when the block ends."""
    with path.open("xb") as file:
        yield file
        file.flush()
        os.fsync(file.fileno())


@contextlib.contextmanager
def replacing(path: str | os.PathLike[str]) -> Iterator[BinaryIO]:
    """Open a temporary file that takes the place of ``path`` when the block ends well.

    Its ``name`` is its path, for what writes into files by name.

    The bytes are on disk (fsync) before the name changes (rename). When the block fails,
    ``path`` is as it was and the temporary file is gone.

    Parameters
    ----------
    path : path-like
        What to write. Its folder must exist. A link is followed; what is neither missing nor
        an ordinary file, such as a device, is refused, since it would be replaced by one.

    Raises
    ------
    OutputError
        If it cannot be written: no such folder, no permission, no space left.
    """
    target = Path(os.path.realpath(path))
    try:
        if target.is_dir():
            raise IsADirectoryError("it is a folder")
        if target.exists() and not target.is_file():
            raise OSError("it is no ordinary file")
        temporary = target.with_name(f".{target.name}.{secrets.token_hex(8)}")
        opened = temporary.open("x+b")
    except OSError as error:
        raise OutputError(f"cannot write {path}: {error.strerror or error}") from error
    try:
        with opened as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
        temporary.replace(target)
        sync_folder(target.parent)
    except OSError as error:
        temporary.unlink(missing_ok=True)
        raise OutputError(f"cannot write {path}: {error.strerror or error}") from error
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise
