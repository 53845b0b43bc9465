"""Lets sequences that begin and end alike share a block of lanes.

Then one bound rules out a whole block, and most corners are never read. The order is that of a
k-d tree (Bentley, CACM 18, 1975) over the numbers of the first and last steps, always halved
along the one that varies most, down to single blocks.
"""

from __future__ import annotations

import numpy as np
from numba import njit

from strokesim.distances.bounds import DEPTH
from strokesim.distances.vectors import LANES

LONG = 2 * DEPTH
"""From so many steps on the length has no influence on how deep the corners are."""

SAMPLE = 256
"""How many points, about, tell along which number they vary most."""


@njit(cache=True, nogil=True)
def select(keys, slots, start, middle, stop):  # type: ignore[no-untyped-def]
    """Reorder keys and slots so that none before the middle is larger than those behind it.

    Hoare's selection (CACM 4, 1961), which passes over equal keys without slowing down.
    """
    left, right = start, stop - 1
    while left < right:
        pivot = keys[(left + right) // 2]
        i, j = left, right
        while i <= j:
            while keys[i] < pivot:
                i += 1
            while keys[j] > pivot:
                j -= 1
            if i <= j:
                keys[i], keys[j] = keys[j], keys[i]
                slots[i], slots[j] = slots[j], slots[i]
                i += 1
                j -= 1
        if middle <= j:
            right = j
        elif middle >= i:
            left = i
        else:
            break


@njit(cache=True, nogil=True)
def most_varying(points, chosen):  # type: ignore[no-untyped-def]
    """Return the column of the points in which a sample of the chosen rows varies most."""
    best, most = 0, -1.0
    stride = max(len(chosen) // SAMPLE, 1)
    for column in range(points.shape[1]):
        total = squares = count = 0.0
        base = np.float64(points[chosen[0], column])
        for place in range(0, len(chosen), stride):
            gap = points[chosen[place], column] - base
            total += gap
            squares += gap * gap
            count += 1
        variance = squares / count - (total / count) ** 2
        if variance > most:
            best, most = column, variance
    return best


@njit(cache=True, nogil=True)
def fill_slots(lengths, points, slots):  # type: ignore[no-untyped-def]
    """Set ``slots`` to the positions 0 to n - 1, block after block.

    Parameters
    ----------
    lengths : int64 (n,)
        Ascending. Blocks ascend in them too up to `LONG`, and mix those that are longer.
    points : float32 (n, n_numbers)
        What is to be alike in a block.
    slots : int64 (n,)
        Overwritten.
    """
    count = len(lengths)
    keys = np.empty(count, np.float32)
    starts, stops = np.empty(count + 1, np.int64), np.empty(count + 1, np.int64)
    n_open = first = 0
    for position in range(count):
        slots[position] = position
        if position + 1 == count or lengths[position] < min(lengths[position + 1], LONG):
            starts[n_open], stops[n_open] = first, position + 1
            n_open += 1
            first = position + 1
    while n_open:
        n_open -= 1
        start, stop = starts[n_open], stops[n_open]
        middle = (start + stop) // 2 // LANES * LANES
        if middle <= start:
            middle += LANES
        if middle >= stop:
            continue
        column = most_varying(points, slots[start:stop])
        for place in range(start, stop):
            keys[place] = points[slots[place], column]
        select(keys, slots, start, middle, stop)
        starts[n_open], stops[n_open] = start, middle
        starts[n_open + 1], stops[n_open + 1] = middle, stop
        n_open += 2


@njit(cache=True, nogil=True)
def fill_block_boxes(corners, count, boxes):  # type: ignore[no-untyped-def]
    """Lay the boxes around what each block has at each of its ends' steps side by side.

    ``corners`` is (n_blocks, 2 * DEPTH, n_features, LANES), ``count`` of its lanes are filled.
    ``boxes`` is (n_groups, 2 * DEPTH, 2, n_features, LANES), lower and upper corners; lanes
    without a block are infinitely far from everything.
    """
    boxes[:, :, 0], boxes[:, :, 1] = np.inf, -np.inf
    for block in range(len(corners)):
        group, lane = block // LANES, block % LANES
        for step in range(2 * DEPTH):
            for feature in range(corners.shape[2]):
                values = corners[block, step, feature, : min(LANES, count - block * LANES)]
                boxes[group, step, 0, feature, lane] = values.min()
                boxes[group, step, 1, feature, lane] = values.max()
