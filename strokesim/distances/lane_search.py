"""Searches sequences under DTW: lanes filter in float32, float64 decides."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from typing import NamedTuple

import numpy as np

from strokesim.distances.bounds import DEPTH, fill_ends
from strokesim.distances.cascade import nearest_candidates
from strokesim.distances.lane_dtw import fill_squares
from strokesim.distances.parts import Part, Parts
from strokesim.distances.rooms import Rooms
from strokesim.distances.searcher import Nearest, rank
from strokesim.ragged import Ragged
from strokesim.threads import run, thread_count

LARGEST_QUERY = 2.0**50
"""A scaled query beyond this could overflow: it is compared in float64 throughout."""

LARGEST_ERROR = 0.01
"""Where rounding may reach this share of a square, all is compared in float64."""


SINGLE_ERROR = 1.9e-5
"""Where rounding may change a larger share of a square, float32 does not give 1e-5 of a root."""


class Seen(NamedTuple):
    """How many candidates each stage of a search has seen, over all queries so far."""

    bounded: int
    boxed: int
    warped: int


class Bounded:
    """What one query allows a candidate to cost, as better ones come to be known.

    Parameters
    ----------
    k : int
    cutoff : float
    error : float
        Largest share by which rounding may change a float32 square.
    """

    def __init__(self, k: int, cutoff: float, error: float) -> None:
        self.slack = 1 + 5 * error
        self._best, self._reach = np.full(k, np.inf), cutoff * cutoff * self.slack
        self._lock = threading.Lock()

    @property
    def best(self) -> np.ndarray:
        """The k least squares, largest first, so that they are a heap."""
        return self._best.copy()

    @property
    def limit(self) -> float:
        """A square above which nothing is wanted, but for what underflowed."""
        return min(self._reach, float(self._best[0]) * self.slack)

    def merge(self, squares: np.ndarray) -> None:
        """Take in the squares of other candidates."""
        with self._lock:
            known = np.concatenate([self._best, squares])
            self._best = np.sort(known)[: len(self._best)][::-1].copy()


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
        self._seen = np.zeros(3, np.int64)

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
        found: list[Nearest] = [Nearest(np.empty(0), np.empty(0, np.int64))] * len(queries)
        # Many queries share the threads among them; few let all threads work on each.
        workers = thread_count(threads)
        over, within = (workers, 1) if len(queries) >= workers else (1, workers)

        def answer(number: int) -> None:
            found[number] = self.nearest(queries[number], k, cutoff, within)

        run(answer, len(queries), threads=over, progress=progress)
        return found

    def nearest(self, query: np.ndarray, k: int, cutoff: float, threads: int = 1) -> Nearest:
        """Return the k nearest sequences of one query."""
        parts = self.parts.all
        error = self._error(len(query))
        bounded = Bounded(k, cutoff, error)
        found: list[tuple[np.ndarray, np.ndarray]] = [(np.empty(0), np.empty(0))] * len(parts)

        def search(number: int) -> None:
            found[number] = self._candidates(query, parts[number], bounded, error)

        run(search, len(parts), threads=threads)
        distances, indices = [], []
        for part, (candidates, squares) in zip(parts, found, strict=True):
            chosen = candidates[squares <= bounded.limit + self._grain(len(query), part)]
            distances.append(np.sqrt(self._decide(query, part, chosen)))
            indices.append(chosen + part.first)
        return rank(np.concatenate(distances), np.concatenate(indices), k, cutoff)

    def row(
        self, query: np.ndarray, start: int = 0, dtype: type[np.floating] = np.float64
    ) -> np.ndarray:
        """See `Searcher.row`."""
        squares = np.empty(len(self.parts))
        single = dtype == np.float32 and self._error(len(query)) <= SINGLE_ERROR
        for part in self.parts.all:
            chosen = part.order
            if part.first < start:
                chosen = chosen[chosen + part.first >= start]
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

    def _candidates(
        self, query: np.ndarray, part: Part, bounded: Bounded, error: float
    ) -> tuple[np.ndarray, np.ndarray]:
        """Return sequences of the part that may be among the k nearest, and their squares."""
        if error > LARGEST_ERROR or not self._fits(query, part):
            chosen = part.order[part.alive]
            return chosen, np.zeros(len(chosen))
        n, longest = len(query), max(self.parts.longest, len(query))
        grain = self._grain(n, part)
        scaled = query * part.scale
        ends = np.empty((2 * DEPTH, self._n_features), np.float32)
        fill_ends(scaled, 0, n, np.float32(1), ends)
        found, squares = np.empty(len(part.order), np.int64), np.empty(len(part.order))
        count = nearest_candidates(
            scaled,
            ends,
            self._radius,
            bounded.limit + grain,
            bounded.slack,
            grain,
            bounded.best,
            part,
            self._rooms.scratch(longest, len(part.order)),
            self._rooms.single(longest),
            found,
            squares,
            self._seen,
            self._features,
        )
        bounded.merge(squares[:count])
        return found[:count], squares[:count]

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
