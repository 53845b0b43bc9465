"""Euclidean distance: step by step, and over all shifts of the shorter sequence."""

from __future__ import annotations

import math

from strokesim.distances.checks import check_pair, pieces, unequal_lengths
from strokesim.distances.kernels import euclidean_square, shifted_square


def euclidean(a: object, b: object) -> float:
    """Return the Euclidean distance of two sequences of equal length.

    The root of the squared differences summed over all features of all steps. A metric.

    Parameters
    ----------
    a, b : array_like, shape (n_steps, n_features)
        Cast to float32. One-dimensional input is one feature.

    Raises
    ------
    ArgumentError
        If the lengths or the numbers of features differ, or a value is not finite.

    Examples
    --------
    >>> euclidean([[0, 0], [0, 0]], [[3, 0], [0, 4]])
    5.0
    """
    first, second = check_pair(a, b)
    if len(first) != len(second):
        raise unequal_lengths(
            f"the first sequence has {len(first)} steps, the second {len(second)}"
        )
    return math.sqrt(euclidean_square(first, second))


def euclidean_shifted(a: object, b: object) -> float:
    """Return the least Euclidean distance of the shorter sequence and a window of the longer.

    The windows are as long as the shorter sequence, one at every step of the longer that
    leaves room; what lies outside the window costs nothing. Equals `euclidean` for equal
    lengths; not a metric.

    Parameters
    ----------
    a : array_like, shape (n_steps_a, n_features)
        Cast to float32. One-dimensional input is one feature.
    b : array_like, shape (n_steps_b, n_features)

    Raises
    ------
    ArgumentError
        If the numbers of features differ, or a value is not finite.

    Examples
    --------
    >>> euclidean_shifted([1, 2], [9, 1, 4, 9])
    2.0
    """
    short, long = sorted(check_pair(a, b), key=len)
    shifts = pieces(len(long) - len(short) + 1, len(short))
    return math.sqrt(min(shifted_square(short, long, *some) for some in shifts))
