"""Other libraries' DTW, called the fastest way that their documentation knows for many pairs.

Each function takes the conversion of its input out of the clock: it returns what is timed, a
function without arguments that gives distances by our definition.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

Work = Callable[[], np.ndarray]


def dtaidistance_row(query: np.ndarray, candidates: list[np.ndarray], radius: int | None) -> Work:
    """One query against all: its C matrix, one row of it. Its window is one more than a radius."""
    from dtaidistance import dtw_ndim

    series = [one.astype(np.float64) for one in (query, *candidates)]
    block = ((0, 1), (1, len(series)))
    window = None if radius is None else radius + 1
    return lambda: np.array(
        dtw_ndim.distance_matrix_fast(
            series, block=block, compact=True, parallel=False, window=window
        )
    )


def dtaidistance_nearest(query: np.ndarray, candidates: list[np.ndarray], k: int) -> Work:
    """Find the k least distances pair after pair in C, each given up above the k-th so far."""
    from dtaidistance import dtw_ndim

    one, *series = [each.astype(np.float64) for each in (query, *candidates)]

    def search() -> np.ndarray:
        best = [np.inf] * k
        for other in series:
            limit = best[-1]
            found = dtw_ndim.distance_fast(one, other, max_dist=None if limit == np.inf else limit)
            if found < limit:
                best[-1] = found
                best.sort()
        return np.array(best)

    return search


def dtaidistance_matrix(sequences: list[np.ndarray]) -> Work:
    """All pairs, condensed."""
    from dtaidistance import dtw_ndim

    series = [one.astype(np.float64) for one in sequences]
    return lambda: np.array(dtw_ndim.distance_matrix_fast(series, compact=True, parallel=False))


def aeon_row(query: np.ndarray, candidates: list[np.ndarray]) -> Work:
    """One query against all; channels first, and it returns squares."""
    from aeon.distances import dtw_pairwise_distance

    one = [np.ascontiguousarray(query.T, np.float64)]
    many = [np.ascontiguousarray(candidate.T, np.float64) for candidate in candidates]
    return lambda: np.sqrt(dtw_pairwise_distance(one, many)[0])


def tslearn_row(query: np.ndarray, candidates: list[np.ndarray], radius: int | None) -> Work:
    """One query against all, as its documentation calls it for unequal lengths."""
    from tslearn.metrics import cdist_dtw
    from tslearn.utils import to_time_series_dataset

    one, many = to_time_series_dataset([query]), to_time_series_dataset(candidates)
    band = {} if radius is None else {"sakoe_chiba_radius": radius}
    return lambda: cdist_dtw(one, many, **band)[0]
