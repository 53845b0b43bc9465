"""Shard files: record batches on disk, mapped into memory without copying.

A shard is one uncompressed Arrow IPC file that holds one record batch.
"""

from __future__ import annotations

import hashlib
import os
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import BinaryIO

import numpy as np
import pyarrow as pa

from strokesim.batches import ROWS_AT_ONCE, TEXTS, schema_of, sequences_of, texts_of
from strokesim.errors import CorpusError
from strokesim.ragged import Ragged
from strokesim.replacing import replacing

REMEDY = "put the file back from a copy, or build the corpus anew"


@dataclass(frozen=True, slots=True)
class ShardFile:
    """What the manifest says about one shard: a name in the folder, and what has to be there."""

    name: str
    rows: int
    steps: int
    bytes: int
    sha256: str


class Shard:
    """One record batch, in memory or mapped from a file, as arrays.

    Parameters
    ----------
    batch : pyarrow.RecordBatch
        With the columns of `schema_of`; its bytes are not trusted.
    place : str
        What errors call it: the path of the file.
    """

    def __init__(self, batch: pa.RecordBatch, place: str) -> None:
        self.batch, self.place = batch, place

    def __len__(self) -> int:
        return int(self.batch.num_rows)

    @cached_property
    def sequences(self) -> Ragged:
        """The features, read-only views of the batch.

        Raises
        ------
        CorpusError
            If the offsets, which kernels trust, do not rise by a step or more per sequence.
        """
        try:
            sequences = sequences_of(self.batch)
        except pa.ArrowException as error:
            raise self._damaged(f"features: {error}") from error
        offsets = sequences.offsets
        if offsets[0] < 0 or offsets[-1] > len(sequences.values) or (np.diff(offsets) < 1).any():
            raise self._damaged("its offsets do not rise")
        return sequences

    def texts(self, name: str) -> np.ndarray:
        """Decode one of `TEXTS`, shape (n_entries,), objects of type str or None.

        Raises
        ------
        CorpusError
            If the bytes are not text.
        """
        try:
            return texts_of(self.batch, name)
        except pa.ArrowException as error:
            raise self._damaged(f"{name}: {error}") from error

    def _damaged(self, reason: str) -> CorpusError:
        return CorpusError(f"{self.place} is damaged: {reason}; {REMEDY}")


class _HashingFile:
    """Passes on what Arrow writes, counting and hashing it."""

    closed = False

    def __init__(self, file: BinaryIO) -> None:
        self.file, self.bytes, self.sha256 = file, 0, hashlib.sha256()

    def write(self, data: bytes) -> int:
        self.file.write(data)
        self.sha256.update(data)
        self.bytes += len(data)
        return len(data)

    def flush(self) -> None:
        self.file.flush()


def write_shard(folder: Path, name: str, batch: pa.RecordBatch) -> ShardFile:
    """Write a batch as a shard file, whole and safe on disk when this returns.

    Raises
    ------
    OutputError
        If it cannot be written; nothing of it is left then.
    """
    with replacing(folder / name) as file:
        sink = _HashingFile(file)
        with pa.ipc.new_file(sink, batch.schema) as writer:
            writer.write_batch(batch)
    steps = int(sequences_of(batch).lengths.sum())
    return ShardFile(name, batch.num_rows, steps, sink.bytes, sink.sha256.hexdigest())


def map_shard(folder: Path, file: ShardFile, n_features: int) -> Shard:
    """Map a shard into memory, in a time that does not depend on its size.

    Raises
    ------
    FileNotFoundError
        If there is no such file.
    CorpusError
        If it is not what the manifest says, as far as that shows without reading it through.
    """
    path = folder / file.name
    try:
        size = path.stat().st_size
        if size != file.bytes:
            raise CorpusError(
                f"{path} has {size} bytes where the manifest says {file.bytes}; {REMEDY}"
            )
        # The map outlives its file handle, so a corpus of many shards needs few handles. Arrow
        # takes names as bytes too: not all that a system allows are text.
        with pa.memory_map(os.fsencode(path)) as source:
            reader = pa.ipc.open_file(source)
            batch = reader.get_batch(0)
        batch.validate()
    except FileNotFoundError:
        raise
    except PermissionError as error:
        raise CorpusError(f"{path} cannot be read: Permission denied") from error
    except (OSError, pa.ArrowException) as error:
        raise CorpusError(f"{path} cannot be read: {error}; {REMEDY}") from error
    steps = len(batch.column(0).values) if batch.schema.equals(schema_of(n_features)) else None
    if (batch.num_rows, steps) != (file.rows, file.steps):
        raise CorpusError(
            f"{path} does not hold the {file.rows} entries of {file.steps} steps and "
            f"{n_features} features that the manifest names; {REMEDY}"
        )
    return Shard(batch, str(path))


def check_shard(folder: Path, file: ShardFile, n_features: int) -> Shard:
    """Map a shard after reading all of it, and look at everything in it.

    Raises
    ------
    FileNotFoundError
        If there is no such file.
    CorpusError
        If its checksum is another one, or what it holds is no corpus.
    """
    shard = map_shard(folder, file, n_features)
    try:
        with open(shard.place, "rb") as stream:
            digest = hashlib.file_digest(stream, "sha256").hexdigest()
    except FileNotFoundError:
        raise
    except OSError as error:
        raise CorpusError(f"{shard.place} cannot be read: {error.strerror}; {REMEDY}") from error
    if digest != file.sha256:
        raise CorpusError(f"{shard.place} is damaged: its checksum is another one; {REMEDY}")
    check_values(shard)
    return shard


def check_values(shard: Shard) -> None:
    """Look at every offset, text and feature of a shard.

    Raises
    ------
    CorpusError
        If offsets do not rise, text is not text, or a feature is not finite.
    """
    sequences = shard.sequences
    for name in TEXTS:
        shard.texts(name)
    for start in range(0, len(sequences), ROWS_AT_ONCE):
        offsets = sequences.offsets[start : start + ROWS_AT_ONCE + 1]
        finite = np.isfinite(sequences.values[offsets[0] : offsets[-1]])
        if not finite.all():
            step, feature = np.argwhere(~finite)[0]
            row = int(np.searchsorted(offsets, offsets[0] + step, side="right")) - 1
            value = sequences.values[offsets[0] + step, feature]
            raise CorpusError(
                f"{shard.place}: entry {start + row}, step {offsets[0] + step - offsets[row]}, "
                f"feature {feature} is {value}; features are finite"
            )
