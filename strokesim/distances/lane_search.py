"""Searches sequences under DTW: lanes filter in float32, float64 decides."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from typing import NamedTuple

import numpy as np

from strokesim.distances.cascade import answer_queries, merge_ranked
from strokesim.distances.lane_dtw import fill_squares
from strokesim.distances.parts import Part, Parts, number_of_sequences
from strokesim.distances.rooms import Rooms
from strokesim.distances.searcher import (
    BATCH,
    BATCH_STEPS,
    LARGEST_ERROR,
    LARGEST_QUERY,
    Nearest,
)
from strokesim.distances.vectors import LANES
from strokesim.ragged import Ragged
from strokesim.threads import falling_slices, heed_stop, run_where_worth_it, thread_count

FEW = 4
"""With fewer queries per thread, threads share the parts of each query: that divides better."""

CELLS = 2**29
"""How many cells of DTW matrices one call computes at the most, where it can be told before."""

CELLS_OF_SEARCH = 2**31
"""How many cells there may be in what one call searches: most are not computed, or in float32."""

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
        self._seen, self._counting = np.zeros(4, np.int64), threading.Lock()

    @property
    def seen(self) -> Seen:
        """How far candidates came."""
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
        if workers > 1 and len(parts) > 1 and len(queries) < FEW * workers:
            self._over_parts(queries, cutoff, parts, workers, progress, distances, indices)
        else:
            most = min(BATCH, BATCH_STEPS // max(map(len, queries), default=1))
            places = falling_slices(len(queries), most, workers)

            def answer(number: int) -> int:
                batch = queries[places[number]]
                for part in parts:
                    near, where = distances[places[number]], indices[places[number]]
                    self._answer(batch, cutoff, part, near, where)
                return len(batch)

            run_where_worth_it(answer, len(places), threads=workers, progress=progress)
        counts = (distances < np.inf).sum(axis=1)
        return [
            Nearest(near[:count], where[:count])
            for near, where, count in zip(distances, indices, counts, strict=True)
        ]

    def _over_parts(
        self,
        queries: Sequence[np.ndarray],
        cutoff: float,
        parts: Sequence[Part],
        workers: int,
        progress: Callable[[int], object] | None,
        distances: np.ndarray,
        indices: np.ndarray,
    ) -> None:
        """Let all threads work on each query. What one has found limits what others begin."""
        merging = threading.Lock()
        nowhere = np.full((1, indices.shape[1]), np.iinfo(np.int64).max)
        left = [len(parts)] * len(queries)

        def search(number: int) -> int:
            which, part = divmod(number, len(parts))
            near, where = np.full(nowhere.shape, np.inf), nowhere.copy()
            reach = min(cutoff, float(distances[which, -1]))
            self._answer([queries[which]], reach, parts[part], near, where)
            count = int((near < np.inf).sum())
            with merging:
                merge_ranked(near[0, :count], where[0, :count], distances[which], indices[which])
                left[which] -= 1
                return int(left[which] == 0)

        count = len(queries) * len(parts)
        run_where_worth_it(search, count, threads=workers, progress=progress)

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
                exact = np.empty((1, len(chosen)))
                self._decide([query], part, chosen, np.arange(len(chosen)), exact)
                distance = np.sqrt(exact[0])
                within = distance <= cutoff
                merge_ranked(distance[within], chosen[within] + part.first, near, where)
            return
        seen = np.zeros(4, np.int64)
        for piece in part.sliced(CELLS_OF_SEARCH // len(together)):
            heed_stop()
            answer_queries(
                together,
                np.cumsum([0, *steps]),
                self._radius,
                cutoff,
                1 + 5 * error,
                self._grain(longest, part),
                piece,
                self._rooms.scratch(longest, len(part.order)),
                self._rooms.single(longest),
                self._rooms.double(longest),
                distances,
                indices,
                seen,
                self._features,
            )
        with self._counting:
            self._seen += seen

    def rows(
        self,
        queries: Sequence[np.ndarray],
        start: int = 0,
        dtype: type[np.floating] = np.float64,
    ) -> np.ndarray:
        """See `Searcher.rows`."""
        parts = self.parts.all
        squares = np.empty((len(queries), number_of_sequences(parts) - start))
        longest = max(map(len, queries))
        for part in parts:
            # A copy, as all that is chosen elsewhere: one variant of the kernels is enough.
            chosen = part.order[part.order + part.first >= start]
            if not len(chosen):
                continue
            places = chosen + (part.first - start)
            single = dtype == np.float32 and self._error(longest, part) <= SINGLE_ERROR
            if single and all(self._fits(query, part) for query in queries):
                self._approximate(queries, part, chosen, places, squares)
            else:
                self._decide(queries, part, chosen, places, squares)
        return np.sqrt(squares, out=squares).astype(dtype, copy=False)

    def _error(self, n: int, part: Part) -> float:
        """Return the largest share by which rounding may change a float32 square."""
        return (n + part.longest + self._n_features + 8) * 2.0**-24

    def _fits(self, query: np.ndarray, part: Part) -> bool:
        """Tell whether a query is small enough for the scale of a part."""
        return float(np.abs(query).max()) * float(part.scale) <= LARGEST_QUERY

    def _grain(self, n: int, part: Part) -> float:
        """Return what underflow may have taken from a square, in the units of the features."""
        return (n + part.longest) * self._n_features * 2.0**-146 / float(part.scale) ** 2

    def _approximate(
        self,
        queries: Sequence[np.ndarray],
        part: Part,
        chosen: np.ndarray,
        places: np.ndarray,
        squares: np.ndarray,
    ) -> None:
        """Set squares of which rounding has changed a share of `SINGLE_ERROR` at the most."""
        scaled = [query * part.scale for query in queries]
        self._fill(scaled, part, chosen, places, part.scale, squares)
        first = int(places.min())
        found = squares[:, first : first + len(places)]
        found /= float(part.scale) ** 2
        # So near to each other that what underflowed could be a share as large as rounding's.
        near = found <= self._grain(max(map(len, queries)), part) / SINGLE_ERROR
        for number in np.flatnonzero(near.any(axis=1)).tolist():
            some, row = near[number, places - first], slice(number, number + 1)
            self._decide(queries[row], part, chosen[some], places[some], squares[row])

    def _decide(
        self,
        queries: Sequence[np.ndarray],
        part: Part,
        chosen: np.ndarray,
        places: np.ndarray,
        squares: np.ndarray,
    ) -> None:
        """Set the squares of the chosen sequences of a part as the definition has them."""
        exact = [query.astype(np.float64) for query in queries]
        self._fill(exact, part, chosen, places, np.float32(1), squares)

    def _fill(
        self,
        queries: Sequence[np.ndarray],
        part: Part,
        chosen: np.ndarray,
        places: np.ndarray,
        scale: np.float32,
        squares: np.ndarray,
    ) -> None:
        """Set squares in several calls where they are long: between two, Ctrl-C is heard."""
        lengths = [len(query) for query in queries]
        n, longest = sum(lengths), max(*lengths, part.longest)
        rooms = self._rooms
        room = rooms.single(longest) if queries[0].dtype == np.float32 else rooms.double(longest)
        most = max(CELLS // (part.longest * LANES) // 4 * 4, 4)
        if n > most and len(queries) > 1:
            for number in range(len(queries)):
                row = slice(number, number + 1)
                self._fill(queries[row], part, chosen, places, scale, squares[row])
            return
        together, starts = np.concatenate(queries), np.cumsum([0, *lengths])
        blocks = max(most // n, 1)
        for first_one in range(0, len(chosen), blocks * LANES):
            some = slice(first_one, first_one + blocks * LANES)
            for first in range(0, n, most):
                heed_stop()
                fill_squares(
                    together, starts, part.values, part.offsets, chosen[some], places[some], scale,
                    self._radius, (first, min(first + most, n)), room, squares, self._features,
                )  # fmt: skip
