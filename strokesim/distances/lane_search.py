"""Searches sequences under DTW: lanes filter in float32, float64 decides."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from typing import NamedTuple

import numpy as np

from strokesim.distances.cascade import answer_queries, merge_ranked
from strokesim.distances.lane_dtw import fill_squares
from strokesim.distances.parts import Part, Parts
from strokesim.distances.rooms import Rooms
from strokesim.distances.searcher import Nearest
from strokesim.ragged import Ragged
from strokesim.threads import run_where_worth_it, thread_count

BATCH = 16
"""How many queries, at most, are answered by one call, which cannot be interrupted."""

BATCH_STEPS = 2048
"""How many steps they may have together: against a whole part, a fraction of a second."""

LARGEST_QUERY = 2.0**50
"""A scaled query beyond this could overflow: it is compared in float64 throughout."""

LARGEST_ERROR = 0.01
"""Where rounding may reach this share of a square, all is compared in float64."""


SINGLE_ERROR = 1.9e-5
"""Where rounding may change a larger share of a square, float32 does not give 1e-5 of a root."""


class Seen(NamedTuple):
    """How many candidates each stage of a search has looked at, over all queries so far."""

    corners: int
    rows: int
    columns: int
    warped: int


class LaneSearch:
    """A `Searcher` for DTW.

    Parameters
    ----------
    sequences : Ragged
    radius : int
        As kernels take it.

    Attributes
    ----------
    parts : Parts
    """

    def __init__(self, sequences: Ragged, radius: int) -> None:
        self._radius, self._n_features = radius, sequences.n_features
        self.parts = Parts(sequences)
        self._features = (0,) * sequences.n_features
        self._rooms = Rooms(sequences.n_features)
        self._seen = np.zeros(4, np.int64)

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
        if len(queries) < workers and len(parts) > 1:
            for number, query in enumerate(queries):
                self._over_parts(query, cutoff, parts, workers, distances[number], indices[number])
                if progress is not None:
                    progress(1)
        else:
            most = BATCH_STEPS // max(map(len, queries), default=1)
            # The first piece is done alone, to see what it costs, so there have to be many.
            pieces = 1 if workers == 1 else 8 * workers
            size = max(min(BATCH, most, len(queries) // pieces), 1)
            starts = range(0, len(queries), size)

            def answer(number: int) -> None:
                places = slice(starts[number], starts[number] + size)
                batch = queries[places]
                for part in parts:
                    self._answer(batch, cutoff, part, distances[places], indices[places])
                if progress is not None:
                    progress(len(batch))

            run_where_worth_it(answer, len(starts), threads=workers)
        counts = (distances < np.inf).sum(axis=1)
        return [
            Nearest(near[:count], where[:count])
            for near, where, count in zip(distances, indices, counts, strict=True)
        ]

    def _over_parts(
        self,
        query: np.ndarray,
        cutoff: float,
        parts: Sequence[Part],
        workers: int,
        distances: np.ndarray,
        indices: np.ndarray,
    ) -> None:
        """Let all threads work on one query. What one has found limits what others begin."""
        merging = threading.Lock()
        nowhere = np.full(indices.shape, np.iinfo(np.int64).max)

        def search(number: int) -> None:
            reach = min(cutoff, float(distances[-1]))
            near, where = np.full(distances.shape, np.inf), nowhere.copy()
            self._answer([query], reach, parts[number], near[np.newaxis], where[np.newaxis])
            count = int((near < np.inf).sum())
            with merging:
                merge_ranked(near[:count], where[:count], distances, indices)

        run_where_worth_it(search, len(parts), threads=workers)

    def _answer(
        self,
        queries: Sequence[np.ndarray],
        cutoff: float,
        part: Part,
        distances: np.ndarray,
        indices: np.ndarray,
    ) -> None:
        """Merge what a part holds into the nearest of each query, in place."""
        steps = [len(query) for query in queries]
        longest = max(*steps, self.parts.longest)
        error = self._error(longest)
        together = np.concatenate(queries)
        if error > LARGEST_ERROR or not self._fits(together, part):
            for query, near, where in zip(queries, distances, indices, strict=True):
                chosen = part.order[part.alive]
                exact = np.sqrt(self._decide(query, part, chosen))
                within = exact <= cutoff
                merge_ranked(exact[within], chosen[within] + part.first, near, where)
            return
        answer_queries(
            together,
            np.cumsum([0, *steps]),
            self._radius,
            cutoff,
            1 + 5 * error,
            self._grain(longest, part),
            part,
            self._rooms.scratch(longest, len(part.order)),
            self._rooms.single(longest),
            self._rooms.double(longest),
            distances,
            indices,
            self._seen,
            self._features,
        )

    def row(
        self, query: np.ndarray, start: int = 0, dtype: type[np.floating] = np.float64
    ) -> np.ndarray:
        """See `Searcher.row`."""
        squares = np.empty(len(self.parts))
        single = dtype == np.float32 and self._error(len(query)) <= SINGLE_ERROR
        for part in self.parts.all:
            # A copy, as all that is chosen elsewhere: one variant of the kernels is enough.
            chosen = part.order[part.order + part.first >= start]
            if not len(chosen):
                continue
            if single and self._fits(query, part):
                found = self._approximate(query, part, chosen)
            else:
                found = self._decide(query, part, chosen)
            squares[chosen + part.first] = found
        return np.sqrt(squares[start:]).astype(dtype, copy=False)

    def _error(self, n: int) -> float:
        """Return the largest share by which rounding may change a float32 square."""
        return (n + self.parts.longest + self._n_features + 8) * 2.0**-24

    def _fits(self, query: np.ndarray, part: Part) -> bool:
        """Tell whether a query is small enough for the scale of a part."""
        return float(np.abs(query).max()) * float(part.scale) <= LARGEST_QUERY

    def _grain(self, n: int, part: Part) -> float:
        """Return what underflow may have taken from a square, in the units of the features."""
        return (n + self.parts.longest) * self._n_features * 2.0**-146 / float(part.scale) ** 2

    def _approximate(self, query: np.ndarray, part: Part, chosen: np.ndarray) -> np.ndarray:
        """Return squares of which rounding has changed a share of `SINGLE_ERROR` at the most."""
        squares = np.empty(len(chosen))
        fill_squares(
            query * part.scale,
            part.values,
            part.offsets,
            chosen,
            part.scale,
            self._radius,
            self._rooms.single(max(self.parts.longest, len(query))),
            squares,
            self._features,
        )
        squares /= float(part.scale) ** 2
        # So near to each other that what underflowed could be a share as large as rounding's.
        near = squares <= self._grain(len(query), part) / SINGLE_ERROR
        if near.any():
            squares[near] = self._decide(query, part, chosen[near])
        return squares

    def _decide(self, query: np.ndarray, part: Part, chosen: np.ndarray) -> np.ndarray:
        """Return the squares of the chosen sequences of a part as the definition has them."""
        squares = np.empty(len(chosen))
        fill_squares(
            query.astype(np.float64),
            part.values,
            part.offsets,
            chosen,
            np.float32(1),
            self._radius,
            self._rooms.double(max(self.parts.longest, len(query))),
            squares,
            self._features,
        )
        return squares
