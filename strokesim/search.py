"""Exact nearest neighbours: an `Index` turns queries into `Match` lists, nearest first.

What "exact" means. Features are float32. A distance is the float64 number that its definition
in `strokesim.distances` gives on them, operation by operation, without contraction or
reordering. Matches are ordered by (distance, index in the corpus), so of two entries at the
same distance the earlier one wins, at the k-th place too. Whatever is pruned, packed or
threaded on the way, the answer is the one that sorting all distances would give, to the last
bit.
"""

from __future__ import annotations

import itertools
import json
import operator
import os
import tempfile
import threading
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple, Protocol, cast

import numpy as np

from strokesim.distances import find_distance
from strokesim.distances.checks import unequal_lengths
from strokesim.distances.parts import save_parts
from strokesim.distances.searcher import Nearest
from strokesim.errors import ArgumentError, CorpusError, OutputError
from strokesim.ink import Ink
from strokesim.queries import check_cutoff, check_k, check_same_spec, query_sequences
from strokesim.ragged import Ragged
from strokesim.replacing import sync_folder, synced

if TYPE_CHECKING:
    from strokesim.corpus import Corpus
    from strokesim.features import FeatureSpec


class Match(NamedTuple):
    """An entry of the corpus that is near a query.

    ``index`` is its place in the corpus; ``label``, ``writer`` and ``id`` are None where the
    corpus knows none.
    """

    distance: float
    label: str | None
    writer: str | None
    id: str | None
    index: int  # type: ignore[assignment]  # hides tuple.index, which no one asks a match for


def check_corpus(corpus: object) -> None:
    """Refuse what is no corpus, and say how to make one.

    Raises
    ------
    ArgumentError
        If it holds no sequences.
    """
    if not hasattr(corpus, "sequences"):
        raise ArgumentError(
            f"an index is made of a Corpus, not of a {type(corpus).__name__}; "
            "Corpus.from_arrays makes one of arrays, Corpus.from_inks of inks"
        )


class _Facts(NamedTuple):
    """What is known of every entry, removed ones included; object arrays of str or None."""

    labels: np.ndarray
    writers: np.ndarray
    ids: np.ndarray


class LearnedMetric(Protocol):
    """What the Euclidean distance is taken of instead of features: a `siamese.Encoder`."""

    spec: FeatureSpec | None

    def embed(self, sequences: Ragged | Iterable[object]) -> Ragged:
        """Return a sequence of one step for each feature sequence."""

    def embed_corpus(self, corpus: Corpus) -> Corpus:
        """Return a corpus of such sequences."""


class Index:
    """A corpus made ready to be searched by one distance.

    It answers for the corpus as it was when the index was made; `add` tells it of more entries,
    `remove` of fewer. It may be searched and changed from several threads at once.

    Parameters
    ----------
    corpus : Corpus
        At least one entry.
    distance : str or Encoder
        A name in `strokesim.distances.DISTANCES`, or a learned metric: the Euclidean distance
        of what the encoder makes of features. Corpus, queries and what is added are features of
        the encoder's spec then, or ink; corpora may be of its embeddings, too.
    radius : int, optional
        Sakoe-Chiba radius in steps, for "dtw"; None leaves the warping path free.

    Attributes
    ----------
    distance : str
    radius : int or None
    spec : FeatureSpec or None
        How inks become sequences; None for a corpus made of arrays.

    Raises
    ------
    ArgumentError
        If the corpus is empty, the radius is negative or means nothing to the distance, or
        lengths differ where the distance needs equal ones.
    UnknownNameError
        If there is no such distance.

    Examples
    --------
    >>> from strokesim import Corpus
    >>> corpus = Corpus.from_arrays([[0, 0, 3], [9, 9]], labels=["up", "flat"])
    >>> Index(corpus).search(np.array([0, 3]))[0][0].label
    'up'
    """

    def __init__(
        self,
        corpus: Corpus,
        distance: str | LearnedMetric = "dtw",
        *,
        radius: int | None = None,
    ) -> None:
        self._encoder: LearnedMetric | None = None
        if hasattr(distance, "embed_corpus"):
            self._encoder, distance = cast("LearnedMetric", distance), "euclidean"
        measure = find_distance(distance)
        check_corpus(corpus)
        self.spec = corpus.spec
        if self._encoder is not None:
            corpus, self.spec = self._encoder.embed_corpus(corpus), self._encoder.spec
        sequences: Ragged = corpus.sequences
        if len(sequences) == 0:
            raise ArgumentError("the corpus is empty; a search needs at least one entry")
        self._equal_length = None if measure.unequal else len(sequences[0])
        self._searcher = measure.prepare(sequences, radius)
        self._facts = _Facts(corpus.labels, corpus.writers, corpus.ids)
        self._changing = threading.Lock()
        self.distance, self.radius = distance, radius

    def __len__(self) -> int:
        """Return the number of entries, without those removed."""
        return self._searcher.parts.n_alive

    def __repr__(self) -> str:
        radius = "" if self.radius is None else f", radius={self.radius}"
        return f"Index({len(self)} entries, distance={self.distance!r}{radius})"

    def search(
        self,
        queries: Ink | np.ndarray | Ragged | Corpus | Iterable[Ink | np.ndarray],
        k: int = 1,
        *,
        cutoff: float | None = None,
        threads: int | None = None,
        progress: Callable[[int], object] | None = None,
    ) -> list[list[Match]]:
        """Return the k nearest entries of each query.

        Parameters
        ----------
        queries : Ink, ndarray, Ragged, Corpus or iterable of Ink or ndarray
            One ink, one feature sequence (n_steps, n_features), or several of them. Inks are
            turned by the spec of the corpus; arrays are taken as features of that spec.
        k : int
            1 to the number of entries.
        cutoff : float, optional
            Only entries at this distance or nearer are returned, so there may be fewer than
            k. None returns the k nearest however far they are.
        threads : int, optional
            None uses every core. Without influence on the result.
        progress : callable, optional
            Called with the number of queries done since the last call.

        Returns
        -------
        list of list of Match
            One list per query, in the order of the queries, each ordered by
            (distance, index).

        Raises
        ------
        ArgumentError
            If k or the cutoff means nothing, a query is no feature sequence or has another
            number of features than the corpus, or an ink is given to a corpus without a spec.
        SpecError
            If the queries are a corpus of another spec.
        """
        k, reach = check_k(k, len(self)), check_cutoff(cutoff)
        arrays = self._features_of(queries, threads)
        found = self._searcher.nearest_of_all(arrays, k, reach, threads, progress)
        return list(self._matches(found))

    def _matches(self, found: Sequence[Nearest]) -> Iterator[list[Match]]:
        """Yield what was found with what is known of it; looked up for all queries at once."""
        if not found:
            return
        distances, places = (np.concatenate(each) for each in zip(*found, strict=True))
        known = (each[places].tolist() for each in self._facts)
        matches = map(Match, distances.tolist(), *known, places.tolist())
        for nearest in found:
            yield list(itertools.islice(matches, len(nearest.indices)))

    def add(self, corpus: Corpus) -> None:
        """Append the entries of another corpus, numbered on from the last.

        What the index knows already is not made anew. Searches under way do not see them.

        Parameters
        ----------
        corpus : Corpus
            Made by the same spec.

        Raises
        ------
        SpecError
            If it was made by another spec.
        ArgumentError
            If the number of features differs, or the length where the distance needs equal ones.
        """
        check_corpus(corpus)
        if self._encoder is not None:
            corpus = self._encoder.embed_corpus(corpus)
        else:
            check_same_spec(corpus.spec, self.spec, "the entries to add")
        with self._changing:
            first = len(self._searcher.parts)
            for number, array in enumerate(corpus.sequences):
                self._check_shape(array, f"entry {number} to add")
            facts = self._facts
            # The facts come first: a search that sees the new entries finds theirs.
            self._facts = _Facts(
                *(
                    np.concatenate([known[:first], new])
                    for known, new in zip(
                        facts, (corpus.labels, corpus.writers, corpus.ids), strict=True
                    )
                )
            )
            self._searcher.parts.add(corpus.sequences)

    def remove(self, indices: Iterable[int]) -> None:
        """Take entries out of the index; the others keep their numbers.

        Parameters
        ----------
        indices : iterable of int
            As in `Match.index`. Removing what is gone already does nothing.

        Raises
        ------
        ArgumentError
            If there never was an entry of such a number, or it is no whole number.
        """
        try:
            given = list(indices)
            if any(isinstance(number, bool | np.bool_) for number in given):
                raise TypeError
            numbers = np.unique(np.fromiter(map(operator.index, given), np.int64))
        except (TypeError, OverflowError):
            raise ArgumentError(
                f"{indices!r} are no numbers of entries; needed: several whole numbers, as in "
                "Match.index"
            ) from None
        with self._changing:
            count = len(self._searcher.parts)
            if len(numbers) and not 0 <= numbers[0] <= numbers[-1] < count:
                wrong = numbers[0] if numbers[0] < 0 else numbers[-1]
                raise ArgumentError(
                    f"there is no entry {wrong}; they are numbered 0 to {count - 1}"
                )
            self._searcher.parts.remove(numbers)

    @property
    def nbytes(self) -> int:
        """Memory that the index has for itself, without the features of corpora.

        Features are copied only where small parts are put together, after `add` and `remove`.
        What the first search by "cloud" or "euclidean_shifted" makes is not counted.
        """
        return self._searcher.parts.nbytes

    def save(self, path: str | os.PathLike[str]) -> None:
        """Write the index, with everything it needs of the corpus, into a new folder.

        Parameters
        ----------
        path : path-like
            Must not exist.

        Raises
        ------
        OutputError
            If it exists or cannot be written; nothing is left behind.
        ArgumentError
            If it searches by an encoder, which is saved by itself.
        """
        if self._encoder is not None:
            raise ArgumentError(
                "an index that searches by an encoder is not saved; save the encoder and the "
                "corpus, and make the index of both"
            )
        target = Path(path)
        if target.exists():
            raise OutputError(f"cannot write {target}: it is there already")
        with self._changing:
            known, parts = self._facts, self._searcher.parts.all
        facts = {
            "distance": self.distance,
            "radius": self.radius,
            "spec": None if self.spec is None else self.spec.to_dict(),
            "equal_length": self._equal_length,
            "n_features": self._searcher.parts.n_features,
            **{name: values.tolist() for name, values in known._asdict().items()},
        }
        try:
            with tempfile.TemporaryDirectory(prefix=f".{target.name}.", dir=target.parent) as name:
                folder = Path(name) / "index"
                folder.mkdir()
                save_parts(parts, folder)
                with synced(folder / "index.json") as file:
                    file.write(json.dumps(facts).encode())
                sync_folder(folder)
                folder.rename(target)
                sync_folder(target.parent)
        except OSError as error:
            raise OutputError(f"cannot write {target}: {error.strerror or error}") from error

    @classmethod
    def open(cls, path: str | os.PathLike[str]) -> Index:
        """Map an index that `save` wrote into memory: nothing is copied or computed.

        Raises
        ------
        CorpusError
            If there is none, or it is damaged.
        """
        folder = Path(path)
        try:
            facts = json.loads((folder / "index.json").read_text())
            index = cls.__new__(cls)
            index._encoder = None
            index.distance, index.radius = facts["distance"], facts["radius"]
            spec = facts["spec"]
            if spec is not None:
                from strokesim.features import spec_from_dict

                spec = spec_from_dict(spec)
            index.spec, index._equal_length = spec, facts["equal_length"]
            nothing = Ragged(np.empty((0, facts["n_features"]), np.float32), np.zeros(1, np.int64))
            index._searcher = find_distance(index.distance).prepare(nothing, index.radius)
            index._searcher.parts.load(folder)
            index._facts = _Facts(*(np.array(facts[name], object) for name in _Facts._fields))
            if {each.shape for each in index._facts} != {(len(index._searcher.parts),)}:
                raise ValueError("index.json does not tell of each entry what is known of it")
        except (OSError, EOFError, ValueError, KeyError, TypeError) as error:
            raise CorpusError(f"{folder} holds no index that can be read: {error}") from None
        index._changing = threading.Lock()
        return index

    def _features_of(self, queries: object, threads: int | None) -> list[np.ndarray]:
        """Return every query as a checked array (n_steps, n_features)."""
        arrays = query_sequences(queries, self.spec, threads)
        if self._encoder is not None and arrays:
            arrays = list(self._encoder.embed(arrays))
        for number, array in enumerate(arrays):
            self._check_shape(array, f"query {number}")
        return arrays

    def _check_shape(self, array: np.ndarray, name: str) -> None:
        n_features = self._searcher.parts.n_features
        if array.shape[1] != n_features:
            raise ArgumentError(
                f"{name} has {array.shape[1]} features, the corpus has {n_features}; "
                "both need the same"
            )
        if self._equal_length not in (None, len(array)):
            raise unequal_lengths(
                f"{name} has {len(array)} steps, the corpus has {self._equal_length}"
            )
