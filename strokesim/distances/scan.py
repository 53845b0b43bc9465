"""Searches candidates one by one, with early abandoning: what answers a query today.

Which distance a kernel computes is told by a number rather than by a function handed in, so
that each loop over candidates is compiled once for all distances, and cached on disk.
"""

from __future__ import annotations

import heapq
import math
from typing import Protocol

import numpy as np
from numba import float64, int64, njit, types, void

from strokesim.distances.kernels import (
    NUMBERS,
    SEQUENCE,
    cloud_mean,
    dtw_square,
    euclidean_square,
    shifted_square,
    squared_step,
)
from strokesim.ragged import Ragged

EUCLIDEAN, SHIFTED, DTW, CLOUD = range(4)

INDICES = types.Array(int64, 1, "C", readonly=True)


class Searcher(Protocol):
    """Sequences made ready for one distance; safe to ask from several threads at once.

    Distances are those of the kernels to the last bit, whatever is pruned on the way.
    """

    def nearest(self, query: np.ndarray, k: int, cutoff: float) -> tuple[np.ndarray, np.ndarray]:
        """Return the k nearest sequences, ordered by (distance, index).

        Parameters
        ----------
        query : ndarray of float32, shape (n_steps, n_features)
            C-contiguous and finite.
        k : int
            At least 1, at most the number of sequences.
        cutoff : float
            Sequences at a larger distance are left out; inf leaves out none.

        Returns
        -------
        distances : ndarray of float64, shape (n_found,)
        indices : ndarray of int64, shape (n_found,)
        """

    def row(self, query: np.ndarray, start: int = 0) -> np.ndarray:
        """Return the distances to the sequences from ``start`` on, float64."""


@njit(float64(int64, SEQUENCE, SEQUENCE, int64, float64, NUMBERS), cache=True, nogil=True)
def distance_within(kind, a, b, radius, cutoff, row):  # type: ignore[no-untyped-def]
    """Return the distance, or inf in place of one that is above the cutoff."""
    if kind == CLOUD:
        return cloud_mean(a, b, cutoff, row)
    # Two squares may have one root. What is left out above this limit has a root above the
    # cutoff for sure: 2**-50 is more than the roundings of the product and the root.
    limit = cutoff * cutoff * (1 + 2.0**-50)
    if kind == EUCLIDEAN:
        square = euclidean_square(a, b, limit)
    elif kind == SHIFTED:
        square = shifted_square(a, b, limit)
    else:
        square = dtw_square(a, b, radius, limit, row)
    return math.sqrt(square)


@njit(float64(int64, SEQUENCE, SEQUENCE), cache=True, nogil=True)
def ends_bound(kind, a, b):  # type: ignore[no-untyped-def]
    """Return a lower bound of the distance, of the first and the last steps where they count.

    Every warping path, and the one of `EUCLIDEAN`, begins at the pair of first steps and ends
    at that of last steps, and the costs between them are not negative (Kim, Park, Chu: An
    index-based approach for similarity search supporting time warping, ICDE 2001, section 3,
    whose maximum is a sum here as both costs are on the path). Rounding keeps the order:
    the kernels, too, add the last cost to a number no less than the first.
    """
    if kind != EUCLIDEAN and kind != DTW:
        return 0.0
    square = squared_step(a, 0, b, 0)
    if len(a) > 1 or len(b) > 1:
        square += squared_step(a, len(a) - 1, b, len(b) - 1)
    return math.sqrt(square)


@njit(void(int64, SEQUENCE, SEQUENCE, INDICES, NUMBERS), cache=True, nogil=True)
def fill_bounds(kind, query, values, offsets, bounds):  # type: ignore[no-untyped-def]
    """Set ``bounds[c]`` to `ends_bound` of the query and sequence ``c``."""
    for c in range(len(bounds)):
        bounds[c] = ends_bound(kind, query, values[offsets[c] : offsets[c + 1]])


@njit(
    types.List(types.Tuple((float64, int64)))(
        int64, SEQUENCE, SEQUENCE, INDICES, int64, INDICES, NUMBERS, int64, float64, NUMBERS
    ),
    cache=True,
    nogil=True,
)
def scan(kind, query, values, offsets, radius, order, bounds, k, cutoff, row):  # type: ignore[no-untyped-def]
    """Return the k nearest as (-distance, -index), in no order.

    The heap's root is the worst of the k best. It begins full of entries at the cutoff whose
    index is behind every sequence: each sequence within the cutoff comes before them.
    """
    behind = len(bounds)
    heap = [(-cutoff, -behind)] * k
    for c in order:
        worst = -heap[0][0]
        if bounds[c] > worst:
            break
        distance = distance_within(
            kind, query, values[offsets[c] : offsets[c + 1]], radius, worst, row
        )
        if (-distance, -c) > heap[0]:
            heapq.heapreplace(heap, (-distance, -c))
    return heap


@njit(void(int64, SEQUENCE, SEQUENCE, INDICES, int64, NUMBERS, NUMBERS), cache=True, nogil=True)
def fill_row(kind, query, values, offsets, radius, row, distances):  # type: ignore[no-untyped-def]
    """Set ``distances[c]`` to the distance of the query and sequence ``c``."""
    for c in range(len(distances)):
        distances[c] = distance_within(
            kind, query, values[offsets[c] : offsets[c + 1]], radius, np.inf, row
        )


class Scan:
    """A `Searcher` that computes one candidate after the other, likely ones first.

    Parameters
    ----------
    kind : int
        EUCLIDEAN, SHIFTED, DTW or CLOUD.
    sequences : Ragged
    radius : int
        As kernels take it; used by DTW.
    """

    def __init__(self, kind: int, sequences: Ragged, radius: int) -> None:
        self._kind, self._sequences, self._radius = kind, sequences, radius
        self._longest = int(sequences.lengths.max(initial=0))

    def nearest(self, query: np.ndarray, k: int, cutoff: float) -> tuple[np.ndarray, np.ndarray]:
        """See `Searcher.nearest`."""
        values, offsets = self._sequences.values, self._sequences.offsets
        bounds = np.empty(len(self._sequences))
        fill_bounds(self._kind, query, values, offsets, bounds)
        order = np.argsort(bounds, kind="stable")
        row = np.empty(self._longest)
        heap = scan(self._kind, query, values, offsets, self._radius, order, bounds, k, cutoff, row)
        found = sorted((-distance, -index) for distance, index in heap)
        found = [match for match in found if match[1] < len(bounds)]
        distances, indices = zip(*found, strict=True) if found else ((), ())
        return np.array(distances, np.float64), np.array(indices, np.int64)

    def row(self, query: np.ndarray, start: int = 0) -> np.ndarray:
        """See `Searcher.row`."""
        distances = np.empty(len(self._sequences) - start)
        fill_row(
            self._kind,
            query,
            self._sequences.values,
            self._sequences.offsets[start:],
            self._radius,
            np.empty(self._longest),
            distances,
        )
        return distances
