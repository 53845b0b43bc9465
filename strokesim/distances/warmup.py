"""Compiles the kernels that a search needs, so that the first answer need not wait for them.

Numba compiles for types. All arrays of an index have the same ones, and lengths, radius, k and
cutoff are numbers; only the number of features is a type (a tuple's length), so that loops over
features are unrolled. So each of the entry points below exists once per number of features, and
once more in float64 where it decides.
"""

from __future__ import annotations

import operator
from collections.abc import Callable, Iterable
from types import ModuleType

import numpy as np

from strokesim.distances import (
    blocks,
    bounded_scan,
    bounds,
    cascade,
    cloud_bounds,
    clusters,
    kernels,
    lane_dtw,
    lane_scan,
    shifted_bounds,
)
from strokesim.distances.table import DISTANCES
from strokesim.errors import ArgumentError
from strokesim.ragged import Ragged

FEATURES = (2, 3, 4)
"""x and y; with the pen; the default spec."""

KERNELS = (
    blocks, bounded_scan, bounds, cascade, cloud_bounds, clusters, kernels, lane_dtw, lane_scan,
    shifted_bounds,
)  # fmt: skip
"""The modules that hold what is compiled when it is first called."""


def warm_up(
    n_features: Iterable[int] = FEATURES, *, progress: Callable[[int], object] | None = None
) -> dict[str, int]:
    """Compile and cache the kernels of all distances for these numbers of features.

    Parameters
    ----------
    n_features : iterable of int
        Each at least 1.
    progress : callable, optional
        Called with the number of distances done since the last call.

    Returns
    -------
    dict of str to int
        How many variants of each compiled function this process has.

    Raises
    ------
    ArgumentError
        If a number of features is none, or less than 1.
    """
    try:
        counts = [operator.index(count) for count in n_features]
    except TypeError:
        raise ArgumentError(
            f"n_features={n_features!r}; give several whole numbers, such as (2, 3)"
        ) from None
    for count in counts:
        if count < 1:
            raise ArgumentError(f"{count} features; a feature sequence has at least 1")
        sequences = Ragged.from_arrays([np.zeros((9, count))] * 9)
        for entry in DISTANCES.values():
            searcher = entry.prepare(sequences)
            searcher.nearest_of_all(list(sequences), 1, np.inf, 1)
            for dtype in (np.float32, np.float64):
                searcher.rows([sequences[0]], dtype=dtype)
            if progress is not None:
                progress(1)
    return variants()


def variants(modules: Iterable[ModuleType] = KERNELS) -> dict[str, int]:
    """Return how many variants of each compiled function of these modules this process has."""
    return {
        f"{module.__name__.rsplit('.', 1)[-1]}.{name}": len(value.signatures)
        for module in modules
        for name, value in sorted(vars(module).items())
        if getattr(value, "signatures", None) and value.py_func.__module__ == module.__name__
    }
