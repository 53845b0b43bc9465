"""Searches sequences under the Euclidean distance, several queries at once; rows of others too."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from strokesim.distances.kernels import CLOUD, EUCLIDEAN, FREE, SHIFTED
from strokesim.distances.lane_scan import fill_values, scan_lanes
from strokesim.distances.parts import Part, Parts, number_of_sequences
from strokesim.distances.rooms import Rooms
from strokesim.distances.searcher import LARGEST_ERROR, LARGEST_QUERY, Nearest, rank
from strokesim.distances.vectors import LANES, aligned
from strokesim.ragged import Ragged
from strokesim.threads import heed_stop, run_where_worth_it, thread_count

SINGLE_ERROR = 9e-6
"""Where rounding may change a larger share, float32 does not give 1e-5."""

CELLS = 2**28
"""How many pairs of steps one call compares at the most, where it can be told before."""

QUERIES = 64
"""How many queries, at most, share the packing of each block, in a call that goes through all."""


class BatchSearch:
    """A `Searcher` for the Euclidean distance; what `BoundedSearch` shares with it for others.

    Parameters
    ----------
    kind : int
        EUCLIDEAN; SHIFTED or CLOUD for a `BoundedSearch`.
    sequences : Ragged
    radius : int
        Means nothing here.

    Attributes
    ----------
    parts : Parts
    """

    def __init__(self, kind: int, sequences: Ragged, radius: int) -> None:
        self._kind, self._n_features = kind, sequences.n_features
        self.parts = Parts(sequences, blocks=False)
        self._features = (0,) * sequences.n_features
        self._rooms = Rooms(sequences.n_features)

    def nearest_of_all(
        self,
        queries: Sequence[np.ndarray],
        k: int,
        cutoff: float,
        threads: int | None = None,
        progress: Callable[[int], object] | None = None,
    ) -> list[Nearest]:
        """See `Searcher.nearest_of_all`."""
        parts = self.parts.all
        found: list[Nearest] = [Nearest(np.empty(0), np.empty(0, np.int64))] * len(queries)
        size = max(min(-(-len(queries) // thread_count(threads)), QUERIES), 1)
        starts = range(0, len(queries), size)

        def answer(number: int) -> int:
            batch = queries[starts[number] : starts[number] + size]
            found[starts[number] : starts[number] + size] = self._nearest(batch, parts, k, cutoff)
            return len(batch)

        run_where_worth_it(answer, len(starts), threads=threads, progress=progress)
        return found

    def rows(
        self,
        queries: Sequence[np.ndarray],
        start: int = 0,
        dtype: type[np.floating] = np.float64,
    ) -> np.ndarray:
        """See `Searcher.rows`."""
        parts = self.parts.all
        return np.stack([self._row(query, parts, start, dtype) for query in queries])

    def _row(
        self, query: np.ndarray, parts: Sequence[Part], start: int, dtype: type[np.floating]
    ) -> np.ndarray:
        values = np.empty(number_of_sequences(parts))
        for part in parts:
            # A copy, as all that is chosen elsewhere: one variant of the kernels is enough.
            chosen = part.order[part.order + part.first >= start]
            if len(chosen):
                single = dtype == np.float32 and self._error(len(query), part) <= SINGLE_ERROR
                number = np.float32 if single and self._fits(query, part) else np.float64
                values[chosen + part.first] = self._values(query, part, chosen, number)
        return self._distances(values[start:]).astype(dtype, copy=False)

    def _nearest(
        self, queries: Sequence[np.ndarray], parts: Sequence[Part], k: int, cutoff: float
    ) -> list[Nearest]:
        """Return the nearest of a batch of queries, all of one length."""
        n = len(queries[0])
        error = max(self._error(n, part) for part in parts)
        slack = 1 + 5 * error
        # That of all parts: what is best so far may be too small by that of the part it is from.
        grain = max(self._grain(n, part) for part in parts)
        reach = cutoff * cutoff * slack
        best = np.full((len(queries), k), np.inf)
        fits = error <= LARGEST_ERROR
        held: list[tuple[Part, np.ndarray, np.ndarray, np.ndarray]] = []
        for part in parts:
            if not (fits and all(self._fits(query, part) for query in queries)):
                fits = False
                break
            found = np.empty((len(queries), max(4 * k, 256)), np.int64)
            values = np.empty(found.shape)
            counts = np.zeros(len(queries), np.int64)
            unit = self._unit(part)
            bound = (np.minimum(reach, best[:, 0] * slack) + grain) * unit * (1 + 2.0**-22)
            fits = scan_lanes(
                np.concatenate(queries) * part.scale,
                n,
                part,
                unit,
                slack,
                grain,
                best,
                np.minimum(bound, 3e38).astype(np.float32),
                self._rooms.single(n),
                aligned(8 * LANES),
                found,
                values,
                counts,
                self._features,
            )
            if not fits:
                break
            held.append((part, found, values, counts))
        if not fits:
            return [self._decide_all(query, parts, k, cutoff) for query in queries]
        answers = []
        for number, query in enumerate(queries):
            limit = min(reach, float(best[number, 0]) * slack)
            distances, indices = [], []
            for part, found, values, counts in held:
                within = values[number, : counts[number]] <= limit + grain
                chosen = found[number, : counts[number]][within]
                exact = self._values(query, part, chosen, np.float64)
                distances.append(self._distances(exact))
                indices.append(chosen + part.first)
            answers.append(rank(np.concatenate(distances), np.concatenate(indices), k, cutoff))
        return answers

    def _decide_all(
        self, query: np.ndarray, parts: Sequence[Part], k: int, cutoff: float
    ) -> Nearest:
        """Return the nearest by comparing all in float64."""
        alive = np.concatenate([part.order[part.alive] + part.first for part in parts])
        return rank(self._row(query, parts, 0, np.float64)[alive], alive, k, cutoff)

    def _values(
        self, query: np.ndarray, part: Part, chosen: np.ndarray, number: type[np.floating]
    ) -> np.ndarray:
        """Return squares, or order-free distances: exact, or in float32 with a relative error."""
        values = np.empty(len(chosen))
        single = number == np.float32
        longest = max(part.longest, len(query))
        scale = part.scale if single else np.float32(1)
        room = self._rooms.single(longest) if single else self._rooms.double(longest)
        scaled = (query * scale).astype(number)
        sums, ends = aligned(8 * LANES, number), aligned(LANES, np.int32)
        # Several calls where they are long: between two, Ctrl-C is heard.
        most = max(CELLS // (longest * LANES) // 4 * 4, 4)
        blocks = max(most // longest, 1)
        turns = 1 if self._kind == EUCLIDEAN else longest if self._kind == SHIFTED else len(query)
        for start in range(0, len(chosen), blocks * LANES):
            some = slice(start, start + blocks * LANES)
            for first in range(0, turns, most):
                heed_stop()
                stop = first + most if first + most < turns else FREE
                fill_values(
                    self._kind, scaled, part, chosen[some], scale, (first, stop), room, sums, ends,
                    values[some], self._features,
                )  # fmt: skip
        if single:
            values /= self._unit(part)
            near = values <= self._grain(len(query), part) / SINGLE_ERROR
            if near.any():
                values[near] = self._values(query, part, chosen[near], np.float64)
        return values

    def _distances(self, values: np.ndarray) -> np.ndarray:
        return values if self._kind == CLOUD else np.sqrt(values)

    def _error(self, n: int, part: Part) -> float:
        """Return the largest share by which rounding may change a float32 value."""
        return (max(n, part.longest) + self._n_features + 8) * 2.0**-24

    def _unit(self, part: Part) -> float:
        """Return how many times larger values of scaled features are."""
        return float(part.scale) if self._kind == CLOUD else float(part.scale) ** 2

    def _grain(self, n: int, part: Part) -> float:
        """Return what underflow may have taken from a value, in the units of the features."""
        lost = self._n_features * 2.0**-146
        if self._kind == CLOUD:
            return 2 * float(np.sqrt(lost)) / float(part.scale)
        return (n + part.longest) * lost / float(part.scale) ** 2

    def _fits(self, query: np.ndarray, part: Part) -> bool:
        """Tell whether a query is small enough for the scale of a part."""
        return float(np.abs(query).max()) * float(part.scale) <= LARGEST_QUERY
