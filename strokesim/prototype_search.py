"""Searching a corpus by its prototypes first: faster, not exact, and it says so."""

from __future__ import annotations

import operator
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from strokesim.corpus import Corpus
from strokesim.errors import ArgumentError
from strokesim.kept_prototypes import kept_prototypes
from strokesim.prototypes import prototypes_of
from strokesim.queries import check_k, query_sequences
from strokesim.search import Index, Match, check_corpus

if TYPE_CHECKING:
    from strokesim.ink import Ink
    from strokesim.ragged import Ragged


class Found(NamedTuple):
    """What a search by prototypes found, and how much of the corpus it looked at."""

    matches: list[list[Match]]
    """One list per query, as `Index.search` returns it; nearest of what was looked at."""

    exact: bool
    """Whether everything was looked at, so that the matches are those of `Index.search`."""

    searched: float
    """Share of all pairs of query and entry that was looked at, prototypes not counted."""


class PrototypeIndex:
    """A corpus divided among prototypes, so that a query meets only the entries of near ones.

    An entry whose prototype is not among the nearest is never found, however near it is.

    Parameters
    ----------
    corpus : Corpus
        At least one entry.
    distance, radius
        See `Index`. Prototypes are averages under DTW within the radius for every distance.
    per_label : int, optional
        At most so many prototypes for each label; see `Corpus.prototypes`. None makes about as
        many in all as the root of the number of entries, and one per label at least.
    keep : bool
        Keep the prototypes in the folder of the corpus, and take them from there as long as the
        corpus is the same; see `strokesim.kept_prototypes`.
    threads : int, optional
        To divide with. None uses every core; without influence on the result.
    progress : callable, optional
        Called with the number of entries divided since the last call.

    Attributes
    ----------
    n_prototypes : int

    Raises
    ------
    ArgumentError
        See `Index` and `Corpus.prototypes`.

    Examples
    --------
    >>> corpus = Corpus.from_arrays([[0, 0, 3], [9, 9]], labels=["up", "flat"])
    >>> found = PrototypeIndex(corpus).search(np.array([0, 3]), prototypes=1)
    >>> found.matches[0][0].label, found.exact, found.searched
    ('up', False, 0.5)
    """

    def __init__(
        self,
        corpus: Corpus,
        distance: str = "dtw",
        *,
        radius: int | None = None,
        per_label: int | None = None,
        keep: bool = False,
        threads: int | None = None,
        progress: Callable[[int], object] | None = None,
    ) -> None:
        check_corpus(corpus)
        if len(corpus) == 0:
            raise ArgumentError("the corpus is empty; a search needs at least one entry")
        if per_label is None:
            per_label = max(1, round(len(corpus) ** 0.5 / len(set(corpus.labels))))
        # What the distance refuses, it refuses before minutes of averaging.
        lengths = corpus.sequences.lengths
        extremes = corpus.subset(np.array([lengths.argmin(), lengths.argmax()]))
        Index(extremes, distance, radius=radius)
        divide = kept_prototypes if keep else prototypes_of
        divided = divide(corpus, per_label, radius=radius, threads=threads, progress=progress)
        # Entries are only ever added behind these, so their numbers hold.
        self.spec, self._corpus, self._count = corpus.spec, corpus, len(corpus)
        self._distance, self._radius = distance, radius
        self._prototypes = Index(Corpus.from_arrays(divided.sequences), distance, radius=radius)
        self._members = divided.members
        self._groups: dict[int, Index] = {}
        self.n_prototypes = len(divided.members)

    def _group(self, number: int) -> Index:
        """Return the index of a prototype's entries, made when it is first asked."""
        if number not in self._groups:
            entries = self._corpus.subset(self._members[number])
            self._groups[number] = Index(entries, self._distance, radius=self._radius)
        return self._groups[number]

    def search(
        self,
        queries: Ink | np.ndarray | Ragged | Corpus | Iterable[Ink | np.ndarray],
        k: int = 1,
        *,
        prototypes: int,
        cutoff: float | None = None,
        threads: int | None = None,
        progress: Callable[[int], object] | None = None,
    ) -> Found:
        """Return the k nearest entries of each query among those of its nearest prototypes.

        Parameters
        ----------
        queries, k, cutoff, threads, progress
            See `Index.search`. There may be fewer than k where the prototypes have fewer entries.
        prototypes : int
            How many of the nearest prototypes; with all of them the answer is the exact one.

        Raises
        ------
        ArgumentError
            If there are not so many prototypes; else see `Index.search`.
        SpecError
            See `Index.search`.
        """
        given = prototypes
        try:
            prototypes = operator.index(given)
        except TypeError:
            prototypes = 0
        if not 1 <= prototypes <= self.n_prototypes:
            raise ArgumentError(
                f"prototypes={given!r}; use 1 to {self.n_prototypes}, as many as the labels of "
                "this corpus have"
            )
        k = check_k(k, self._count)
        arrays = query_sequences(queries, self.spec, threads)
        asked: list[list[int]] = [[] for _ in self._members]
        for number, near in enumerate(self._prototypes.search(arrays, prototypes, threads=threads)):
            for match in near:
                asked[match.index].append(number)
        matches: list[list[Match]] = [[] for _ in arrays]
        groups_left = np.full(len(arrays), prototypes)
        pairs = 0
        for place, numbers in enumerate(asked):
            if not numbers:
                continue
            members = self._members[place]
            pairs += len(numbers) * len(members)
            answers = self._group(place).search(
                [arrays[number] for number in numbers],
                min(k, len(members)),
                cutoff=cutoff,
                threads=threads,
            )
            for number, found in zip(numbers, answers, strict=True):
                matches[number] += [
                    match._replace(index=int(members[match.index])) for match in found
                ]
            groups_left[numbers] -= 1
            done = int((groups_left[numbers] == 0).sum())
            if progress is not None and done:
                progress(done)
        for found in matches:
            found.sort(key=lambda match: (match.distance, match.index))
            del found[k:]
        share = pairs / (len(arrays) * self._count) if arrays else 1.0
        return Found(matches, prototypes == self.n_prototypes, share)
