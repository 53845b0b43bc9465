"""Order-free distance: sequences as clouds of points."""

from __future__ import annotations

import numpy as np

from strokesim.distances.checks import check_pair, pieces
from strokesim.distances.kernels import cloud_mean, cloud_sum


def cloud(a: object, b: object) -> float:
    """Return the symmetric mean nearest-point distance of two sequences.

    ``(mean_i min_j |a_i - b_j| + mean_j min_i |a_i - b_j|) / 2`` with Euclidean distances of
    steps. The order of the steps has no influence, so with features that have no direction
    either (x, y, cos2, sin2) it is blind to the order and the direction of strokes. Not a
    metric: the triangle inequality does not hold.

    Parameters
    ----------
    a : array_like, shape (n, n_features)
        Cast to float32. One-dimensional input is one feature.
    b : array_like, shape (m, n_features)

    Raises
    ------
    ArgumentError
        If the numbers of features differ, or a value is not finite.

    Examples
    --------
    >>> cloud([[0, 0], [6, 0]], [[6, 0], [0, 0], [0, 3]])  # (0 + (0 + 0 + 3) / 3) / 2
    0.5
    """
    first, second = check_pair(a, b)
    there, nearest = 0.0, np.empty(len(second))
    for some in pieces(len(first), len(second)):
        there = cloud_sum(first, second, nearest, there, *some)
    return float(cloud_mean(there, len(first), nearest))
