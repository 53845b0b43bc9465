"""The entries of several shards, as one."""

from __future__ import annotations

import operator
from collections.abc import Callable, Iterator, Sequence
from functools import cached_property
from itertools import chain
from typing import NamedTuple

import numpy as np
import pyarrow as pa

from strokesim.batches import ROWS_AT_ONCE, TEXTS, check_n_features, joined, n_features_of, taken
from strokesim.errors import ArgumentError
from strokesim.ragged import Ragged
from strokesim.shards import Shard

_MEMORY = "the corpus in memory"


class Entry(NamedTuple):
    """One entry of a corpus: features of shape (n_steps, n_features), and what is known of it."""

    sequence: np.ndarray
    label: str | None
    writer: str | None
    id: str | None
    source: str | None


class Entries:
    """The entries of some shards, none of which ever changes.

    Parameters
    ----------
    shards : sequence of Shard
        In the order of their entries; none of them empty.
    n_features : int
        Per step.
    """

    def __init__(self, shards: Sequence[Shard], n_features: int) -> None:
        self.shards, self.n_features = tuple(shards), n_features
        self._starts = np.cumsum([0, *map(len, shards)])
        self._columns: dict[str, np.ndarray] = {}

    def __len__(self) -> int:
        return int(self._starts[-1])

    def __getitem__(self, index: int) -> Entry:
        row = operator.index(index)
        if not -len(self) <= row < len(self):
            raise IndexError(f"entry {row} of {len(self)}")
        row %= len(self)
        home = int(np.searchsorted(self._starts, row, side="right")) - 1
        sequence = self.shards[home].sequences[row - int(self._starts[home])]
        return Entry(sequence, *(self.column(name)[row] for name in TEXTS))

    def __iter__(self) -> Iterator[Entry]:
        sequences = chain.from_iterable(shard.sequences for shard in self.shards)
        return map(Entry, sequences, *(self.column(name) for name in TEXTS))

    @cached_property
    def sequences(self) -> Ragged:
        """All features: those of one shard as they are, those of several joined in a copy."""
        parts = [shard.sequences for shard in self.shards]
        if len(parts) == 1:
            return parts[0]
        offsets = np.zeros(len(self) + 1, np.int64)
        values = np.empty((0, self.n_features), np.float32)
        if parts:
            np.cumsum(np.concatenate([part.lengths for part in parts]), out=offsets[1:])
            # A part is trimmed to its own sequences: it may be a view of a larger array.
            values = np.concatenate([p.values[p.offsets[0] : p.offsets[-1]] for p in parts])
        values.flags.writeable = offsets.flags.writeable = False
        return Ragged(values, offsets)

    def column(self, name: str) -> np.ndarray:
        """Return one of `TEXTS` for every entry, decoded when it is first asked for."""
        if name not in self._columns:
            parts = [shard.texts(name) for shard in self.shards]
            column = np.concatenate(parts) if parts else np.empty(0, object)
            column.flags.writeable = False
            self._columns[name] = column
        return self._columns[name]

    def take(self, rows: np.ndarray) -> list[Shard]:
        """Copy the named entries, in the order given, into one shard, or none where none is."""
        if not len(rows):
            return []
        homes = np.searchsorted(self._starts, rows, side="right") - 1
        order = np.argsort(homes, kind="stable")
        batches = [
            taken(shard.batch, rows[homes == home] - self._starts[home])
            for home, shard in enumerate(self.shards)
            if (homes == home).any()
        ]
        batch = joined(batches)
        if (np.diff(order) < 0).any():
            batch = taken(batch, np.argsort(order))
        return [Shard(batch, _MEMORY)]

    def batches(self, progress: Callable[[int], object] | None = None) -> Iterator[pa.RecordBatch]:
        """Yield everything in batches of at most `ROWS_AT_ONCE` rows, without copying."""
        for shard in self.shards:
            for start in range(0, len(shard), ROWS_AT_ONCE):
                batch = shard.batch.slice(start, ROWS_AT_ONCE)
                yield batch
                if progress is not None:
                    progress(batch.num_rows)

    def extended(self, batches: list[pa.RecordBatch]) -> Entries:
        """Return these entries with more behind them, in memory.

        Raises
        ------
        ArgumentError
            If a batch has another number of features.
        """
        if not batches:
            return self
        n_features = self.n_features or n_features_of(batches[0])
        for batch in batches:
            check_n_features(batch, n_features, "this corpus")
        kept, n_rows = list(self.shards), sum(batch.num_rows for batch in batches)
        # As on disk: few shards, and each entry is copied a logarithmic number of times.
        while kept and len(kept[-1]) <= n_rows:
            n_rows += len(kept[-1])
            batches = [kept.pop().batch, *batches]
        return Entries([*kept, Shard(joined(batches), _MEMORY)], n_features)


def row_numbers(indices: Sequence[int] | np.ndarray, count: int) -> np.ndarray:
    """Turn indices or a mask into the numbers of rows, int64.

    Parameters
    ----------
    indices : sequence of int, or of bool
        Numbers from 0 to count - 1, or a mask of ``count`` values.
    count : int
        How many rows there are.

    Raises
    ------
    ArgumentError
        If they are anything else.
    """
    rows = np.asarray(indices)
    if rows.size == 0 and rows.dtype != bool:
        rows = rows.astype(np.int64)
    if rows.ndim != 1 or rows.dtype.kind not in "biu":
        raise ArgumentError(
            f"indices of shape {rows.shape} and type {rows.dtype}; "
            "needed: a list of whole numbers, or a mask"
        )
    if rows.dtype == bool:
        if len(rows) != count:
            raise ArgumentError(f"a mask of {len(rows)} for {count} entries; give one per entry")
        return np.flatnonzero(rows)
    outside = (rows < 0) | (rows >= count)
    if outside.any():
        raise ArgumentError(
            f"index {rows[outside][0]} into {count} entries; they are counted from 0"
        )
    return rows.astype(np.int64)
