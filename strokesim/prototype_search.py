"""Searching a corpus by its prototypes first: faster, not exact, and it says so."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from strokesim.corpus import Corpus
from strokesim.errors import ArgumentError
from strokesim.prototypes import prototypes_of
from strokesim.queries import query_sequences
from strokesim.search import Index, Match

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
    per_label : int
        At most so many prototypes for each label; see `Corpus.prototypes`.

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
        per_label: int = 2,
    ) -> None:
        if len(corpus) == 0:
            raise ArgumentError("the corpus is empty; a search needs at least one entry")
        divided = prototypes_of(corpus, per_label, radius=radius)
        self.spec, self._count = corpus.spec, len(corpus)
        self._prototypes = Index(Corpus.from_arrays(divided.sequences), distance, radius=radius)
        self._members = divided.members
        self._groups = [
            Index(corpus.subset(members), distance, radius=radius) for members in divided.members
        ]
        self.n_prototypes = len(self._groups)

    def search(
        self,
        queries: Ink | np.ndarray | Ragged | Corpus | Iterable[Ink | np.ndarray],
        k: int = 1,
        *,
        prototypes: int,
        cutoff: float | None = None,
        threads: int | None = None,
    ) -> Found:
        """Return the k nearest entries of each query among those of its nearest prototypes.

        Parameters
        ----------
        queries, k, cutoff, threads
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
        if not 1 <= prototypes <= self.n_prototypes:
            raise ArgumentError(
                f"prototypes={prototypes}; use 1 to {self.n_prototypes}, as many as there are"
            )
        if not 1 <= k <= self._count:
            raise ArgumentError(f"k={k}; use 1 to {self._count}, the entries of the corpus")
        arrays = query_sequences(queries, self.spec, threads)
        asked: list[list[int]] = [[] for _ in self._groups]
        for number, near in enumerate(self._prototypes.search(arrays, prototypes, threads=threads)):
            for match in near:
                asked[match.index].append(number)
        matches: list[list[Match]] = [[] for _ in arrays]
        pairs = 0
        for group, members, numbers in zip(self._groups, self._members, asked, strict=True):
            some = [arrays[number] for number in numbers]
            pairs += len(some) * len(members)
            most = min(k, len(members))
            answers = group.search(some, most, cutoff=cutoff, threads=threads) if some else []
            for number, found in zip(numbers, answers, strict=True):
                matches[number] += [
                    match._replace(index=int(members[match.index])) for match in found
                ]
        for found in matches:
            found.sort(key=lambda match: (match.distance, match.index))
            del found[k:]
        share = pairs / (len(arrays) * self._count) if arrays else 1.0
        return Found(matches, prototypes == self.n_prototypes, share)
