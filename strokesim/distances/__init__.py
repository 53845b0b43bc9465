"""Distances of feature sequences: definitions as functions, a table of them, and matrices.

A distance is larger for what is less alike, always. Each function checks its input; the
kernels in `strokesim.distances.kernels` do not.
"""

from __future__ import annotations

from strokesim.distances.cloud import cloud
from strokesim.distances.dtw import dtw, dtw_path
from strokesim.distances.euclidean import euclidean, euclidean_shifted
from strokesim.distances.matrix import cdist, pdist
from strokesim.distances.table import DISTANCES, Distance, find_distance

__all__ = [
    "DISTANCES",
    "Distance",
    "cdist",
    "cloud",
    "dtw",
    "dtw_path",
    "euclidean",
    "euclidean_shifted",
    "find_distance",
    "pdist",
]
