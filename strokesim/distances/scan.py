"""Searches candidates one by one, with early abandoning: what answers a query today."""

from __future__ import annotations

from typing import Protocol

import numpy as np

from strokesim.distances.kernels import fill_bounds, fill_row, scan
from strokesim.ragged import Ragged


class Searcher(Protocol):
    """Sequences made ready for one distance; safe to ask from several threads at once.

    Distances are those of the kernels to the last bit, whatever is pruned on the way.
    """

    def nearest(
        self, query: np.ndarray, k: int, cutoff: float, threads: int = 1
    ) -> tuple[np.ndarray, np.ndarray]:
        """Return the k nearest sequences, ordered by (distance, index).

        Parameters
        ----------
        query : ndarray of float32, shape (n_steps, n_features)
            C-contiguous and finite.
        k : int
            At least 1, at most the number of sequences.
        cutoff : float
            Sequences at a larger distance are left out; inf leaves out none.
        threads : int
            How many may work on this query. Without influence on the result.

        Returns
        -------
        distances : ndarray of float64, shape (n_found,)
        indices : ndarray of int64, shape (n_found,)
        """

    def row(
        self, query: np.ndarray, start: int = 0, dtype: type[np.floating] = np.float64
    ) -> np.ndarray:
        """Return the distances to the sequences from ``start`` on.

        As float64 they are the kernels' to the last bit, as float32 within 1e-5 of them.
        """


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

    def nearest(
        self, query: np.ndarray, k: int, cutoff: float, threads: int = 1
    ) -> tuple[np.ndarray, np.ndarray]:
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

    def row(
        self, query: np.ndarray, start: int = 0, dtype: type[np.floating] = np.float64
    ) -> np.ndarray:
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
        return distances.astype(dtype, copy=False)
