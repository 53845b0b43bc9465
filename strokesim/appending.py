"""Adding shards to a corpus folder: under a lock, all at once, or not at all.

A shard is written whole and named, and only then does a new manifest list it; so a reader, who
takes no lock, sees either the old corpus or the new one. What a killed process left behind is
listed nowhere, and the next one to take the lock removes it.
"""

from __future__ import annotations

import contextlib
import re
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import filelock
import pyarrow as pa

from strokesim.batches import check_n_features, joined, n_features_of
from strokesim.errors import ArgumentError, CorpusError, OutputError
from strokesim.manifest import (
    NAME,
    SHARD_NAME,
    Manifest,
    read_manifest,
    write_manifest,
)
from strokesim.replacing import sync_folder
from strokesim.shards import check_shard, write_shard

# Bounds the memory of a writer at about twice this. Features of one shard are a single array
# for the reader, so it should hold a few hundred thousand strokes.
SHARD_BYTES = 128 * 2**20

LOCK = ".lock"
_LEFTOVER = re.compile(rf"{SHARD_NAME.pattern}|\.(manifest\.json|[0-9]{{8,}}\.arrow)\..+")


class Appender:
    """Collects record batches and writes a shard whenever enough of them came together.

    Parameters
    ----------
    folder : Path
        The corpus, locked.
    manifest : Manifest
        What it holds so far.
    """

    def __init__(self, folder: Path, manifest: Manifest) -> None:
        self.folder, self.manifest = folder, manifest
        self._pending: list[pa.RecordBatch] = []
        self._pending_bytes = self._pending_rows = 0
        self._listed = list(manifest.shards)

    def add(self, batch: pa.RecordBatch) -> None:
        """Take in one batch.

        Raises
        ------
        ArgumentError
            If its number of features is not the one of the corpus.
        OutputError
            If a shard cannot be written.
        """
        check_n_features(batch, self.manifest.n_features, str(self.folder))
        self.manifest = replace(self.manifest, n_features=n_features_of(batch))
        self._hold(batch, at=len(self._pending))
        if self._pending_bytes >= SHARD_BYTES:
            self._write_pending()

    def commit(self) -> None:
        """Make everything taken in a part of the corpus.

        Raises
        ------
        OutputError
            If it cannot be written.
        """
        if self._pending:
            self._join_small_shards()
            self._write_pending()
        write_manifest(self.folder, replace(self.manifest, shards=tuple(self._listed)))

    def _join_small_shards(self) -> None:
        """Take back shards from the end that are no larger than what follows them.

        Shards at the end then shrink by more than half from one to the next, so many small
        appends leave few shards, and each entry is rewritten a logarithmic number of times.
        """
        while self._listed:
            last = self._listed[-1]
            size = last.bytes + self._pending_bytes
            if last.rows > self._pending_rows or size > SHARD_BYTES:
                return
            # Its checksum is looked at, or damage would get a fresh one.
            try:
                shard = check_shard(self.folder, last, self.manifest.n_features)
            except FileNotFoundError:
                raise CorpusError(f"{self.folder / last.name} is missing") from None
            self._hold(shard.batch, at=0)
            self._listed.pop()

    def _hold(self, batch: pa.RecordBatch, at: int) -> None:
        self._pending.insert(at, batch)
        self._pending_bytes += batch.nbytes
        self._pending_rows += batch.num_rows

    def _write_pending(self) -> None:
        # Above every number given before: a name never comes to stand for something else.
        used = [*self.manifest.shards, *self._listed]
        number = 1 + max((int(file.name.split(".")[0]) for file in used), default=0)
        self._listed.append(write_shard(self.folder, f"{number:08d}.arrow", joined(self._pending)))
        self._pending, self._pending_bytes, self._pending_rows = [], 0, 0


@contextlib.contextmanager
def extending(folder: Path) -> Iterator[Appender]:
    """Lock a corpus and add to it, for good when the block ends well.

    Raises
    ------
    CorpusError
        If the folder is no corpus, or damaged.
    OutputError
        If it cannot be written. The corpus is as it was then.
    """
    read_manifest(folder)  # or the lock would make a file in a folder that is no corpus
    with _locked(folder):
        manifest = read_manifest(folder)
        _sweep(folder)
        yield from _committed(Appender(folder, manifest))


@contextlib.contextmanager
def creating(folder: Path, empty: Manifest) -> Iterator[Appender]:
    """Make a folder a corpus, for good when the block ends well.

    Raises
    ------
    ArgumentError
        If the folder is a corpus already, or holds other files.
    OutputError
        If it cannot be written. Nothing is left then.
    """
    fresh = not folder.exists()
    try:
        folder.mkdir(exist_ok=True)
        sync_folder(folder.parent)
    except OSError as error:
        raise OutputError(f"cannot make the folder {folder}: {error.strerror}") from error
    try:
        _refuse_taken(folder)
        with _locked(folder):
            _refuse_taken(folder)
            _sweep(folder)
            yield from _committed(Appender(folder, empty))
    except BaseException:
        if fresh and not (folder / NAME).exists():
            with contextlib.suppress(OSError):
                (folder / LOCK).unlink(missing_ok=True)
                folder.rmdir()
        raise


def _refuse_taken(folder: Path) -> None:
    if (folder / NAME).exists():
        raise ArgumentError(f"{folder} is a corpus already; append to it, or name another folder")
    names = sorted(path.name for path in folder.iterdir())
    others = [name for name in names if not (name.startswith(".") or _LEFTOVER.fullmatch(name))]
    if others:
        raise ArgumentError(
            f"{folder} holds other files ({', '.join(others[:3])}); name a new or empty folder"
        )


@contextlib.contextmanager
def _locked(folder: Path) -> Iterator[None]:
    lock = filelock.FileLock(folder / LOCK)
    try:
        lock.acquire()
    except OSError as error:
        raise OutputError(f"cannot write into {folder}: {error.strerror or error}") from error
    try:
        yield
    finally:
        lock.release()


def _committed(appender: Appender) -> Iterator[Appender]:
    try:
        yield appender
        appender.commit()
    finally:
        # By the manifest on disk: an interrupt may come just after it was replaced.
        _sweep(appender.folder)


def _sweep(folder: Path) -> None:
    """Remove what the manifest does not list: leftovers, and shards that were joined."""
    listed = set()
    if (folder / NAME).exists():
        listed = {file.name for file in read_manifest(folder).shards}
    for path in folder.iterdir():
        if _LEFTOVER.fullmatch(path.name) and path.name not in listed:
            # Some systems refuse while a reader has it mapped; a later append tries again.
            with contextlib.suppress(OSError):
                path.unlink()
