"""Labelled feature sequences made by one spec: in memory, or in a folder mapped into memory."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path

import numpy as np

from strokesim import parquet
from strokesim.appending import creating, extending
from strokesim.batches import (
    TEXTS,
    batch_of,
    batches_of_inks,
    text_column,
)
from strokesim.entries import Entries, Entry, row_numbers
from strokesim.errors import ArgumentError, SpecError
from strokesim.features import FeatureSpec
from strokesim.ink import Ink
from strokesim.manifest import Manifest, read_shards
from strokesim.ragged import Ragged
from strokesim.shards import map_shard
from strokesim.verifying import Verification, verify_folder, verify_shards

DEFAULT_SPEC = FeatureSpec()


class Corpus:
    """Labelled feature sequences made by one spec.

    Made by `build` and `open` (a folder, mapped into memory), by `from_inks`, `from_arrays`,
    `from_parquet` and `subset` (in memory). Entries are only ever added, at the end, so an index
    stays what it is. All arrays are read-only.

    Examples
    --------
    >>> corpus = Corpus.from_arrays([[[0, 0], [3, 4]], [[1, 1]]], labels=["/", "."])
    >>> len(corpus), corpus.n_features, corpus[0].label
    (2, 2, '/')
    """

    def __init__(
        self,
        entries: Entries,
        spec: FeatureSpec | None = None,
        path: Path | None = None,
    ) -> None:
        self._entries, self.spec, self.path = entries, spec, path

    @classmethod
    def build(
        cls,
        path: str | os.PathLike[str],
        inks: Iterable[Ink],
        spec: FeatureSpec = DEFAULT_SPEC,
        *,
        threads: int | None = None,
        progress: Callable[[int], object] | None = None,
    ) -> Corpus:
        """Turn inks into a corpus on disk, which is there when the last ink is.

        The inks are taken one after the other and never held all at once.

        Parameters
        ----------
        path : path-like
            A folder that is new, or empty. The folder that it is in must exist.
        inks : iterable of Ink
            With or without labels; none at all makes an empty corpus.
        spec : FeatureSpec, optional
            What turns an ink into features.
        threads : int, optional
            None means every core.
        progress : callable, optional
            Called with the number of inks done since the last call.

        Raises
        ------
        ArgumentError
            If the folder is a corpus already or holds other files, or an ink has no such
            features.
        OutputError
            If it cannot be written. Whatever goes wrong, nothing is left behind.
        """
        with creating(Path(path), Manifest(spec, spec.n_features)) as appender:
            for batch in batches_of_inks(inks, spec, threads, progress):
                appender.add(batch)
        return cls.open(path)

    @classmethod
    def open(cls, path: str | os.PathLike[str]) -> Corpus:
        """Map a corpus on disk into memory, as it is at this moment.

        Nothing is copied, and nothing but the manifest and the ends of the shards is read, so
        that takes the same time for few entries and for many. What others append later does
        not show; open it again for that.

        Parameters
        ----------
        path : path-like
            The folder.

        Raises
        ------
        CorpusError
            If the folder is missing, no corpus, of a newer version, or visibly damaged; bytes
            that were changed in place are found by `verify`.
        """
        manifest, shards = read_shards(Path(path), map_shard)
        return cls(Entries(shards, manifest.n_features), manifest.spec, Path(path))

    @classmethod
    def from_inks(
        cls,
        inks: Iterable[Ink],
        spec: FeatureSpec = DEFAULT_SPEC,
        *,
        threads: int | None = None,
        progress: Callable[[int], object] | None = None,
    ) -> Corpus:
        """Turn inks into a corpus in memory; the parameters are those of `build`.

        Raises
        ------
        ArgumentError
            If an ink has no such features.
        """
        batches = list(batches_of_inks(inks, spec, threads, progress))
        return cls(Entries((), spec.n_features).extended(batches), spec)

    @classmethod
    def from_arrays(
        cls,
        arrays: Iterable[object],
        *,
        labels: Iterable[str | None] | None = None,
        writers: Iterable[str | None] | None = None,
        ids: Iterable[str | None] | None = None,
        sources: Iterable[str | None] | None = None,
    ) -> Corpus:
        """Copy feature sequences of one's own into a corpus in memory, without a spec.

        Parameters
        ----------
        arrays : iterable of array_like, each (n_steps, n_features) or (n_steps,)
            At least one step each, all with the same number of features, finite.
        labels, writers, ids, sources : iterable of str or None, optional
            One per sequence, None where unknown.

        Raises
        ------
        ArgumentError
            If a sequence is not of that kind, or a list has another length.
        """
        sequences = Ragged.from_arrays(arrays)
        texts = dict(zip(TEXTS, (labels, writers, ids, sources), strict=True))
        if not len(sequences):
            for name in TEXTS:
                text_column(name, texts[name], 0)
            return cls(Entries((), 0))
        return cls(Entries((), 0).extended([batch_of(sequences, texts)]))

    @classmethod
    def from_parquet(cls, path: str | os.PathLike[str]) -> Corpus:
        """Read into memory what `to_parquet` wrote.

        Raises
        ------
        CorpusError
            If the file is missing, damaged, or was not made from a corpus.
        """
        manifest, shards = parquet.read_parquet(path)
        return cls(Entries(shards, manifest.n_features), manifest.spec)

    def to_parquet(
        self,
        path: str | os.PathLike[str],
        *,
        progress: Callable[[int], object] | None = None,
    ) -> None:
        """Write everything, the spec included, as one Parquet file.

        A row per entry; ``features`` is a list of steps, each a list of n_features float32.

        Parameters
        ----------
        path : path-like
            The file.
        progress : callable, optional
            Called with the number of entries written since the last call.

        Raises
        ------
        OutputError
            If it cannot be written; a file that was there is there still.
        """
        entries = self._entries
        manifest = Manifest(self.spec, entries.n_features)
        parquet.write_parquet(path, manifest, entries.shards, progress)

    def save(self, path: str | os.PathLike[str]) -> Corpus:
        """Write everything into a new folder, and return that corpus.

        Parameters
        ----------
        path : path-like
            A folder that is new, or empty. The folder that it is in must exist.

        Raises
        ------
        ArgumentError
            If the folder is a corpus already or holds other files.
        OutputError
            If it cannot be written; nothing is left then.
        """
        with creating(Path(path), Manifest(self.spec, self.n_features)) as appender:
            for batch in self._entries.batches():
                appender.add(batch)
        return Corpus.open(path)

    def append(
        self,
        inks: Iterable[Ink] | Corpus,
        *,
        threads: int | None = None,
        progress: Callable[[int], object] | None = None,
    ) -> int:
        """Add entries at the end, all of them or none, and return how many.

        On disk, others may append to the same folder; one waits for the other. Afterwards this
        corpus shows what all of them have added. Many small appends are joined into few shards.

        Parameters
        ----------
        inks : iterable of Ink, or Corpus
            A corpus must be of the same spec. A corpus without spec takes no inks.
        threads : int, optional
            None means every core.
        progress : callable, optional
            Called with the number of entries done since the last call.

        Raises
        ------
        SpecError
            If the corpus given has another spec.
        ArgumentError
            If an ink has no such features, or the number of features differs.
        OutputError
            If it cannot be written; the corpus is as it was.
        """
        if isinstance(inks, Corpus):
            self._check_same_spec(inks.spec, "the corpus given")
            batches = inks._entries.batches(progress)
        elif self.spec is None:
            raise ArgumentError(
                "this corpus has no FeatureSpec that could turn ink into features; "
                "append a Corpus.from_arrays(...)"
            )
        else:
            batches = batches_of_inks(inks, self.spec, threads, progress)
        if self.path is None:
            before, self._entries = len(self), self._entries.extended(list(batches))
            return len(self) - before
        added = 0
        with extending(self.path) as appender:
            self._check_same_spec(appender.manifest.spec, "what is in that folder now")
            for batch in batches:
                appender.add(batch)
                added += batch.num_rows
        self._entries = Corpus.open(self.path)._entries
        return added

    def _check_same_spec(self, spec: FeatureSpec | None, whose: str) -> None:
        if spec != self.spec:
            raise SpecError(
                f"this corpus holds features of {self.spec}, {whose} of {spec}; "
                "make both with one spec"
            )

    def subset(self, indices: Sequence[int] | np.ndarray) -> Corpus:
        """Copy some entries into a corpus in memory.

        Parameters
        ----------
        indices : sequence of int, or of bool
            Numbers of entries, in the order wanted, repeated where wanted; or a mask with one
            value per entry.

        Raises
        ------
        ArgumentError
            If a number is not in 0 .. n - 1, or a mask has another length.
        """
        entries, rows = self._entries, row_numbers(indices, len(self))
        return Corpus(Entries(entries.take(rows), entries.n_features), self.spec)

    def prototypes(
        self, k: int = 1, *, radius: int | None = None, threads: int | None = None
    ) -> Corpus:
        """Return a corpus in memory of at most k averages per label; see `prototypes_of`.

        Searching it instead of this one is fast and not exact: what it finds is the nearest
        average, whose ``id`` says how many entries it stands for.
        """
        from strokesim.prototypes import prototypes_of

        found = prototypes_of(self, k, radius=radius, threads=threads)
        ids = [f"average of {len(members)}" for members in found.members]
        corpus = Corpus.from_arrays(found.sequences, labels=found.labels, ids=ids)
        corpus.spec = self.spec
        return corpus

    def verify(self, *, progress: Callable[[int], object] | None = None) -> Verification:
        """Read everything again and check it: checksums, counts, offsets, text, finite features.

        A corpus on disk is checked as it is now, appends of others included.

        Parameters
        ----------
        progress : callable, optional
            Called with the number of entries checked since the last call.

        Raises
        ------
        CorpusError
            If something is damaged; the message names the file.
        """
        report = progress or (lambda _: None)
        if self.path is None:
            return verify_shards(self._entries.shards, report)
        return verify_folder(self.path, report)

    @property
    def n_features(self) -> int:
        """Features per step; 0 while a corpus without spec is empty."""
        return self._entries.n_features

    @property
    def shards(self) -> tuple[Ragged, ...]:
        """The features shard by shard, without copying."""
        return tuple(shard.sequences for shard in self._entries.shards)

    @property
    def sequences(self) -> Ragged:
        """All features. One shard is given as it is; several are joined once, on first use."""
        return self._entries.sequences

    @property
    def labels(self) -> np.ndarray:
        """What was written, shape (n_entries,), objects of type str or None."""
        return self._entries.column("label")

    @property
    def writers(self) -> np.ndarray:
        """Who wrote it, shape (n_entries,), objects of type str or None."""
        return self._entries.column("writer")

    @property
    def ids(self) -> np.ndarray:
        """Names of the entries, shape (n_entries,), objects of type str or None."""
        return self._entries.column("id")

    @property
    def sources(self) -> np.ndarray:
        """Files the entries came from, shape (n_entries,), objects of type str or None."""
        return self._entries.column("source")

    def __len__(self) -> int:
        return len(self._entries)

    def __getitem__(self, index: int) -> Entry:
        return self._entries[index]

    def __iter__(self) -> Iterator[Entry]:
        return iter(self._entries)

    def __repr__(self) -> str:
        place = "in memory" if self.path is None else f"in {str(self.path)!r}"
        return (
            f"Corpus({len(self)} entries of {self.n_features} features {place}, spec={self.spec})"
        )
