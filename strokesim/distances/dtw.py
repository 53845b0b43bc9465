"""Dynamic time warping: the distance, and the warping path that attains it."""

from __future__ import annotations

import math

import numpy as np

from strokesim.distances.checks import check_pair, check_radius, pieces
from strokesim.distances.kernels import band, dtw_moves, dtw_square, path_of


def dtw(a: object, b: object, *, radius: int | None = None) -> float:
    """Return the dynamic time warping distance of two sequences.

    The root of the least sum of squared Euclidean step costs over the warping paths: from
    (0, 0) to (n-1, m-1) in steps (1, 0), (0, 1) and (1, 1). Not divided by the length of the
    path. Symmetric and 0 for a sequence and itself, but no metric: the triangle inequality
    does not hold, and different sequences can be at distance 0.

    Parameters
    ----------
    a : array_like, shape (n, n_features)
        Cast to float32. One-dimensional input is one feature.
    b : array_like, shape (m, n_features)
    radius : int, optional
        Sakoe-Chiba radius in steps: largest allowed ``|i - j|``, where the longer sequence
        may run ahead by the difference of the lengths on top, so that
        ``i - radius <= j <= i + (m - n) + radius`` for ``n <= m``. 0 compares sequences of
        equal length step by step; None leaves the path free.

    Raises
    ------
    ArgumentError
        If the numbers of features differ, a value is not finite, or the radius is negative.

    References
    ----------
    Sakoe, Chiba: Dynamic programming algorithm optimization for spoken word recognition.
    IEEE Trans. ASSP 26, 1978, section II.

    Examples
    --------
    >>> dtw([0, 0, 3], [0, 3, 3, 5])
    2.0
    """
    first, second = check_pair(a, b)
    reach, row = check_radius(radius), np.empty(len(second))
    for start, stop in pieces(len(first), len(second)):
        square = dtw_square(first, second, reach, row, start, stop)
    return math.sqrt(square)


def dtw_path(a: object, b: object, *, radius: int | None = None) -> tuple[float, np.ndarray]:
    """Return the distance that `dtw` gives and a warping path that attains it.

    Among predecessors of equal cost, (i-1, j-1) is taken before (i-1, j), and that before
    (i, j-1), seen from the end of the path. Memory is one byte per cell of the band.

    Parameters
    ----------
    a : array_like, shape (n, n_features)
    b : array_like, shape (m, n_features)
    radius : int, optional
        See `dtw`.

    Returns
    -------
    distance : float
    path : ndarray of int64, shape (n_pairs, 2)
        Pairs (i, j) from (0, 0) to (n-1, m-1).

    Raises
    ------
    ArgumentError
        See `dtw`.

    Examples
    --------
    >>> distance, path = dtw_path([0, 0, 3], [0, 3, 3, 5])
    >>> path.tolist()
    [[0, 0], [1, 0], [2, 1], [2, 2], [2, 3]]
    """
    first, second = check_pair(a, b)
    reach = check_radius(radius)
    n, m = len(first), len(second)
    moves = np.empty((n, min(sum(band(n, m, reach)) + 1, m)), np.uint8)
    row = np.empty(m)
    for start, stop in pieces(n, m):
        square = dtw_moves(first, second, reach, row, moves, start, stop)
    return math.sqrt(square), path_of(moves, n, m, reach)
