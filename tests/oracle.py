"""The definitions, slow and obvious: plain Python on lists of floats, nothing of ours imported.

A sequence is a list of steps, a step a list of floats.
"""

from itertools import pairwise
from math import inf, sqrt


def step_square(p, q):
    total = 0.0
    for x, y in zip(p, q, strict=True):
        gap = x - y
        total += gap * gap
    return total


def euclidean_square(a, b):
    total = 0.0
    for p, q in zip(a, b, strict=True):
        total += step_square(p, q)
    return total


def euclidean(a, b):
    return sqrt(euclidean_square(a, b))


def euclidean_shifted(a, b):
    short, long = sorted((a, b), key=len)
    shifts = range(len(long) - len(short) + 1)
    return min(euclidean(short, long[shift : shift + len(short)]) for shift in shifts)


def in_band(i, j, n, m, radius):
    if radius is None:
        return True
    if n <= m:
        return i - radius <= j <= i + (m - n) + radius
    return in_band(j, i, m, n, radius)


def dtw_matrix(a, b, radius=None):
    """Accumulated costs by cell (i, j), of the cells inside the band."""
    n, m = len(a), len(b)
    costs = {(-1, -1): 0.0}
    for i in range(n):
        for j in range(m):
            if in_band(i, j, n, m, radius):
                before = [(i - 1, j), (i - 1, j - 1), (i, j - 1)]
                least = min(costs.get(cell, inf) for cell in before)
                costs[i, j] = step_square(a[i], b[j]) + least
    return costs


def dtw(a, b, radius=None):
    return sqrt(dtw_matrix(a, b, radius)[len(a) - 1, len(b) - 1])


def warping_paths(n, m):
    """Every path from (0, 0) to (n-1, m-1): there are many."""
    if (n, m) == (1, 1):
        yield [(0, 0)]
    for i, j in ((n - 1, m), (n, m - 1), (n - 1, m - 1)):
        if i > 0 and j > 0:
            for path in warping_paths(i, j):
                yield [*path, (n - 1, m - 1)]


def is_warping_path(path, n, m):
    moves = {(i - h, j - k) for (h, k), (i, j) in pairwise(path)}
    return path[0] == (0, 0) and path[-1] == (n - 1, m - 1) and moves <= {(1, 0), (0, 1), (1, 1)}


def cloud(a, b):
    def mean_nearest(points, others):
        total = 0.0
        for p in points:
            total += min(sqrt(step_square(p, q)) for q in others)
        return total / len(points)

    return (mean_nearest(a, b) + mean_nearest(b, a)) / 2


def nearest(distances, k, cutoff=inf):
    """(distance, index) of the k nearest: sort everything."""
    ranked = sorted((distance, index) for index, distance in enumerate(distances))
    return [match for match in ranked if match[0] <= cutoff][:k]
