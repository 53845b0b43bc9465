"""Searches sequences under order-free and shifted distances in the order of lower bounds."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from typing import NamedTuple

import numpy as np

from strokesim.distances import cloud_bounds, shifted_bounds
from strokesim.distances.batch_search import BatchSearch
from strokesim.distances.bounded_scan import search_clouds, search_shifted, settle
from strokesim.distances.cascade import merge_ranked
from strokesim.distances.kernels import CLOUD
from strokesim.distances.parts import Part
from strokesim.distances.searcher import BATCH, BATCH_STEPS, LARGEST_ERROR, Nearest
from strokesim.distances.vectors import LANES, aligned
from strokesim.ragged import Ragged
from strokesim.threads import falling_slices, heed_stop, run_where_worth_it, thread_count

CELLS_OF_SEARCH = 2**30
"""How many pairs of steps there may be in what one call searches for a longer query."""


class Seen(NamedTuple):
    """How many candidates each stage of a search has looked at, over all queries so far."""

    bounded: int
    bounded_again: int
    compared: int


class BoundedSearch(BatchSearch):
    """A `Searcher` for distances with bounds of their own.

    Summaries of the candidates are made by the first search, not for rows of a matrix.

    Parameters
    ----------
    kind : int
        SHIFTED or CLOUD.
    sequences : Ragged
    radius : int
        Means nothing here.

    Attributes
    ----------
    parts : Parts
    """

    def __init__(self, kind: int, sequences: Ragged, radius: int) -> None:
        super().__init__(kind, sequences, radius)
        self._bounds = cloud_bounds if kind == CLOUD else shifted_bounds
        self._find = search_clouds if kind == CLOUD else search_shifted
        self._seen = np.zeros(3, np.int64)
        self._summaries: dict[int, tuple[np.ndarray, object]] = {}
        self._summing = threading.Lock()

    @property
    def seen(self) -> Seen:
        """How far candidates came; searches on several threads at once may miss some."""
        return Seen(*self._seen.tolist())

    def nearest_of_all(
        self,
        queries: Sequence[np.ndarray],
        k: int,
        cutoff: float,
        threads: int | None = None,
        progress: Callable[[int], object] | None = None,
    ) -> list[Nearest]:
        """See `Searcher.nearest_of_all`."""
        parts, workers = self.parts.all, thread_count(threads)
        distances = np.full((len(queries), k), np.inf)
        indices = np.full((len(queries), k), np.iinfo(np.int64).max)
        most = min(BATCH, BATCH_STEPS // max(map(len, queries), default=1))
        slices = falling_slices(len(queries), most, workers)

        def answer(number: int) -> int:
            places = slices[number]
            batch = queries[places]
            for part in parts:
                self._answer(batch, cutoff, part, distances[places], indices[places])
            return len(batch)

        for part in parts if len(queries) else ():
            self._summary(part)
        run_where_worth_it(answer, len(slices), threads=workers, progress=progress)
        counts = (distances < np.inf).sum(axis=1)
        return [
            Nearest(near[:count], where[:count])
            for near, where, count in zip(distances, indices, counts, strict=True)
        ]

    def _answer(
        self,
        queries: Sequence[np.ndarray],
        cutoff: float,
        part: Part,
        distances: np.ndarray,
        indices: np.ndarray,
    ) -> None:
        """Merge what a part holds into the nearest of each query, in place."""
        heed_stop()
        steps = [len(query) for query in queries]
        longest = max(*steps, part.longest)
        error = self._error(longest, part)
        together = np.concatenate(queries)
        too_long = max(steps) * part.longest * LANES > CELLS_OF_SEARCH
        if too_long or error > LARGEST_ERROR or not self._fits(together, part):
            for query, near, where in zip(queries, distances, indices, strict=True):
                chosen = part.order[part.alive]
                exact = self._distances(self._values(query, part, chosen, np.float64))
                within = exact <= cutoff
                merge_ranked(exact[within], chosen[within] + part.first, near, where)
            return
        starts = np.cumsum([0, *steps])
        most = part.n_steps if len(together) <= BATCH_STEPS else CELLS_OF_SEARCH // len(together)
        scratch = self._rooms.scratch(longest, len(part.order))
        for piece in part.sliced(most):
            heed_stop()
            kept, ends = self._find(
                together,
                starts,
                distances.shape[1],
                np.minimum(distances[:, -1], cutoff),
                1 + 5 * error,
                self._grain(longest, part),
                self._unit(part),
                piece,
                self._summary(part),
                scratch,
                self._rooms.single(longest),
                aligned(8 * LANES),
                self._seen,
                self._features,
            )
            settle(
                self._kind,
                together,
                starts,
                cutoff,
                piece,
                kept,
                ends,
                self._rooms.double(longest),
                aligned(8 * LANES, np.float64),
                scratch.ends,
                distances,
                indices,
                self._features,
            )

    def _summary(self, part: Part) -> object:
        """Return the summary of a part, made when first asked for.

        A part from which sequences were removed has the order that it had before, and with it
        the summary.
        """
        key = id(part.order)
        known = self._summaries.get(key)
        if known is None:
            with self._summing:
                known = self._summaries.get(key)
                if known is None:
                    kept = {id(one.order) for one in self.parts.all}
                    for old in [one for one in self._summaries if one not in kept]:
                        self._summaries.pop(old, None)
                    # Holding the order keeps another one from getting the same identity.
                    known = (part.order, self._bounds.summarise(part))
                    self._summaries[key] = known
        return known[1]
