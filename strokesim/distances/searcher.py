"""What a distance offers to a search: the nearest of many queries, and rows of a matrix."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import NamedTuple, Protocol

import numpy as np

from strokesim.distances.parts import Parts

BATCH = 16
"""How many queries, at most, are answered by one call, which cannot be interrupted."""

BATCH_STEPS = 2048
"""How many steps they may have together: against a whole part, a fraction of a second."""

LARGEST_QUERY = 2.0**50
"""A scaled query beyond this could overflow: it is compared in float64 throughout."""

LARGEST_ERROR = 0.01
"""Where rounding may reach this share of a square, all is compared in float64."""


class Nearest(NamedTuple):
    """What is nearest to one query."""

    distances: np.ndarray  # (n_found,) float64, ascending
    indices: np.ndarray  # (n_found,) int64, ascending where distances are equal


def rank(distances: np.ndarray, indices: np.ndarray, k: int, cutoff: float) -> Nearest:
    """Return the first k by (distance, index) that are within the cutoff."""
    order = np.lexsort((indices, distances))[:k]
    order = order[distances[order] <= cutoff]
    return Nearest(distances[order], indices[order])


class Searcher(Protocol):
    """Sequences made ready for one distance; safe to ask from several threads at once.

    Distances are those of the kernels to the last bit, whatever is pruned on the way.
    """

    parts: Parts
    """The sequences, which may be added to and removed from."""

    def nearest_of_all(
        self,
        queries: Sequence[np.ndarray],
        k: int,
        cutoff: float,
        threads: int | None = None,
        progress: Callable[[int], object] | None = None,
    ) -> list[Nearest]:
        """Return the k nearest sequences of each query, ordered by (distance, index).

        Parameters
        ----------
        queries : sequence of ndarray of float32, each (n_steps, n_features)
            C-contiguous and finite.
        k : int
            At least 1, at most the number of sequences.
        cutoff : float
            Sequences at a larger distance are left out; inf leaves out none.
        threads : int, optional
            See `strokesim.threads.thread_count`. Without influence on the result.
        progress : callable, optional
            Called with the number of queries done since the last call.
        """

    def rows(
        self,
        queries: Sequence[np.ndarray],
        start: int = 0,
        dtype: type[np.floating] = np.float64,
    ) -> np.ndarray:
        """Return the distances of at least one query to the sequences from ``start`` on.

        As float64 they are the kernels' to the last bit, as float32 within 1e-5 of them.

        Returns
        -------
        ndarray of dtype, shape (n_queries, n_sequences - start)
        """
