"""Scalar kernels: the recurrence of each distance and nothing else, on arrays already checked.

Features are float32; every operation on them is float64, in the order in which the definition
is read: features 0 to F-1 of a step, then steps. No fastmath flag is set, so that nothing is
contracted or reordered and a result is the same number, to the last bit, that the definition
gives in plain Python.

These decide about one pair. Searches and matrices do the same operations for many candidates
at once, in `strokesim.distances.lanes`. They stand in one file because Numba's cache knows a
compiled kernel by its own file: in another one it would outlive a change of what it calls.
"""

from __future__ import annotations

import math

import numpy as np
from numba import float64, int64, njit, types, uint8

# Memory-mapped features are read-only; writable arrays are accepted where read-only ones are.
SEQUENCE = types.Array(types.float32, 2, "C", readonly=True)
NUMBERS = types.Array(float64, 1, "C")
MOVES = types.Array(uint8, 2, "C")

EUCLIDEAN, SHIFTED, CLOUD = range(3)
"""What a loop over candidates computes; DTW has loops of its own."""

FREE = 2**62
"""The radius that leaves a path free; far above any length, far below overflow."""

DIAGONAL, DOWN, ACROSS = 0, 1, 2
"""Moves into a cell of the DTW matrix, the one that wins a tie first: (1, 1), (1, 0), (0, 1)."""


@njit(float64(SEQUENCE, int64, SEQUENCE, int64), cache=True, nogil=True)
def squared_step(a, i, b, j):  # type: ignore[no-untyped-def]
    """Return the squared Euclidean distance of step ``i`` of ``a`` and step ``j`` of ``b``."""
    total = 0.0
    for k in range(a.shape[1]):
        gap = float64(a[i, k]) - float64(b[j, k])
        total += gap * gap
    return total


@njit(float64(SEQUENCE, SEQUENCE), cache=True, nogil=True)
def euclidean_square(a, b):  # type: ignore[no-untyped-def]
    """Return the sum over i of |a_i - b_i|^2; ``a`` and ``b`` are equally long."""
    total = 0.0
    for i in range(len(a)):
        total += squared_step(a, i, b, i)
    return total


@njit(float64(SEQUENCE, SEQUENCE, int64, int64), cache=True, nogil=True)
def shifted_square(short, long, start, stop):  # type: ignore[no-untyped-def]
    """Return the least sum over i of |short_i - long_(i + shift)|^2, start <= shift < stop."""
    least = np.inf
    for shift in range(start, stop):
        total = 0.0
        for i in range(len(short)):
            total += squared_step(short, i, long, i + shift)
        least = min(least, total)
    return least


@njit(types.UniTuple(int64, 2)(int64, int64, int64), cache=True, nogil=True)
def band(n, m, radius):  # type: ignore[no-untyped-def]
    """Return how far ``j`` may lie below ``i`` and above it, for lengths ``n`` and ``m``."""
    return radius + max(n - m, 0), radius + max(m - n, 0)


@njit(float64(SEQUENCE, SEQUENCE, int64, NUMBERS, int64, int64), cache=True, nogil=True)
def dtw_square(a, b, radius, row, start, stop):  # type: ignore[no-untyped-def]
    """Return D at the end of row stop - 1: of the last row, the square of the distance.

    D(i, j) = |a_i - b_j|^2 + min(D(i-1, j), D(i-1, j-1), D(i, j-1)), computed in rows ``start``
    to ``stop``. ``row``, of at least ``len(b)`` numbers, holds D of the row before, and what
    it likes where ``start`` is 0.
    """
    n, m = len(a), len(b)
    below, above = band(n, m, radius)
    if start == 0:
        row[:m] = np.inf
    for i in range(start, stop):
        first = max(i - below, 0)
        # The band moves by one column at the most, so the column left of it was in the row above.
        diagonal = row[first - 1] if first > 0 else np.inf
        left = np.inf
        if i == 0:
            diagonal = 0.0
        for j in range(first, min(i + above + 1, m)):
            up = row[j]
            left = squared_step(a, i, b, j) + min(up, diagonal, left)
            row[j] = left
            diagonal = up
    return row[m - 1]


@njit(float64(SEQUENCE, SEQUENCE, int64, NUMBERS, MOVES, int64, int64), cache=True, nogil=True)
def dtw_moves(a, b, radius, row, moves, start, stop):  # type: ignore[no-untyped-def]
    """Do what `dtw_square` does in rows ``start`` to ``stop``, and note the move into each cell.

    The move into cell (i, j) is ``moves[i, j - max(i - below, 0)]``.
    """
    n, m = len(a), len(b)
    below, above = band(n, m, radius)
    if start == 0:
        row[:m] = np.inf
    for i in range(start, stop):
        first = max(i - below, 0)
        diagonal = row[first - 1] if first > 0 else np.inf
        left = np.inf
        if i == 0:
            diagonal = 0.0
        for j in range(first, min(i + above + 1, m)):
            up = row[j]
            if diagonal <= up and diagonal <= left:
                move, before = DIAGONAL, diagonal
            elif up <= left:
                move, before = DOWN, up
            else:
                move, before = ACROSS, left
            left = squared_step(a, i, b, j) + before
            row[j] = left
            moves[i, j - first] = move
            diagonal = up
    return row[m - 1]


@njit(types.Array(int64, 2, "C")(MOVES, int64, int64, int64), cache=True, nogil=True)
def path_of(moves, n, m, radius):  # type: ignore[no-untyped-def]
    """Follow the moves from (n-1, m-1) back to (0, 0); return the path from its start."""
    below, _ = band(n, m, radius)
    path = np.empty((n + m - 1, 2), np.int64)
    place = len(path) - 1
    i, j = n - 1, m - 1
    path[place, 0], path[place, 1] = i, j
    while i > 0 or j > 0:
        move = moves[i, j - max(i - below, 0)]
        if move != ACROSS:
            i -= 1
        if move != DOWN:
            j -= 1
        place -= 1
        path[place, 0], path[place, 1] = i, j
    return path[place:].copy()


@njit(float64(SEQUENCE, SEQUENCE, NUMBERS, float64, int64, int64), cache=True, nogil=True)
def cloud_sum(a, b, nearest, there, start, stop):  # type: ignore[no-untyped-def]
    """Return ``there`` plus the sum of min_j |a_i - b_j| over steps start <= i < stop.

    ``nearest``, of at least ``len(b)`` numbers, holds min_i |a_i - b_j|^2 over the steps before,
    and what it likes where ``start`` is 0.
    """
    m = len(b)
    if start == 0:
        nearest[:m] = np.inf
    for i in range(start, stop):
        least = np.inf
        for j in range(m):
            square = squared_step(a, i, b, j)
            least = min(least, square)
            nearest[j] = min(nearest[j], square)
        there += math.sqrt(least)
    return there


@njit(float64(float64, int64, NUMBERS), cache=True, nogil=True)
def cloud_mean(there, n, nearest):  # type: ignore[no-untyped-def]
    """Return (mean_i min_j |a_i - b_j| + mean_j min_i |a_i - b_j|) / 2 from what was summed."""
    back = 0.0
    for j in range(len(nearest)):
        back += math.sqrt(nearest[j])
    return (there / n + back / len(nearest)) / 2
