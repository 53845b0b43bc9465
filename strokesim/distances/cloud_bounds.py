"""Lower bounds of the order-free distance, from what a candidate looks like at landmarks.

The field of a sequence is the distance D_b(p) = min_j |b_j - p| of any point p to its nearest
step. The order-free distance is half the mean of D_b at the steps of ``a`` and half the mean of
D_a at the steps of ``b``. Neither needs all pairs of steps to be bounded:

**Landmarks.** A field changes by at most the way one goes: D_b(a_i) >= D_b(p) - |a_i - p| for
every p, because |b_j - p| <= |b_j - a_i| + |a_i - p| for the nearest j. With the fields of all
candidates known at a few hundred landmarks p, the first mean is bounded by one subtraction for
each step of ``a``: pivots, as for metric spaces (Micó, Oncina, Vidal, Pattern Recognition
Letters 15, 1994), used for a set and a point instead of two points.

**Cells.** Every step of a candidate belongs to a cell, the steps nearest to one landmark, and
lies in the box around that cell. So D_a(b_j) is at least the least distance of a step of ``a``
to the box: one table for each query, one look at it for each step of a candidate.

Rounding is on the safe side: fields are rounded down to a byte, with a margin below what float32
may have lost, and radii up. What then is added up has no negative terms.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numba import njit

from strokesim.distances.parts import Part
from strokesim.distances.summary_lanes import add_landmarks
from strokesim.distances.vectors import LANES, aligned

MOST_LANDMARKS = 256
"""As many as a byte can number."""

SAMPLE = 4096
"""How many steps landmarks are chosen from."""

ROUNDS = 5
"""Of Lloyd's algorithm, which moves landmarks to the middle of their cells."""

NEAR = (0, 0)
"""One for each landmark that a query step is compared with."""


class CloudSummary(NamedTuple):
    """What is known of the candidates of a part, in its scaled units."""

    landmarks: np.ndarray  # (n_features, n_landmarks) float32
    low: np.ndarray  # (n_features, n_landmarks) lower corners of the cells
    high: np.ndarray  # (n_features, n_landmarks)
    cells: np.ndarray  # (n_steps,) uint8, the cell of each step of the part
    fields: np.ndarray  # (n_blocks * n_landmarks * LANES,) uint8, in the order of the part
    grid: np.float32  # a field is at least its byte times this
    widen: np.float32  # a distance is at most what float32 makes of it, times this


@njit(cache=True, nogil=True)
def squares_to(point, scale, landmarks, squares):  # type: ignore[no-untyped-def]
    """Set ``squares`` to the squared distances of one scaled point to all landmarks."""
    squares[:] = 0
    for feature in range(len(landmarks)):
        value = np.float32(point[feature] * scale)
        for k in range(len(squares)):
            gap = landmarks[feature, k] - value
            squares[k] += gap * gap


@njit(cache=True, nogil=True)
def improve(sample, landmarks):  # type: ignore[no-untyped-def]
    """Move each landmark to the mean of the sampled points that it is nearest to."""
    squares = np.empty(landmarks.shape[1], np.float32)
    sums = np.zeros(landmarks.shape)
    counts = np.zeros(landmarks.shape[1], np.int64)
    for i in range(len(sample)):
        squares_to(sample[i], np.float32(1), landmarks, squares)
        nearest = np.argmin(squares)
        counts[nearest] += 1
        for feature in range(len(landmarks)):
            sums[feature, nearest] += sample[i, feature]
    for k in range(len(counts)):
        if counts[k]:
            landmarks[:, k] = sums[:, k] / counts[k]


@njit(cache=True, nogil=True)
def fill_fields(part, landmarks, cells, low, high, fields):  # type: ignore[no-untyped-def]
    """Set cells and their boxes, and the distance of every candidate to every landmark."""
    values, offsets, scale = part.values, part.offsets, part.scale
    squares = np.empty(landmarks.shape[1], np.float32)
    for c in range(len(fields)):
        least = fields[c]
        least[:] = np.inf
        for step in range(offsets[c], offsets[c + 1]):
            squares_to(values[step], scale, landmarks, squares)
            nearest, best = 0, squares[0]
            for k in range(len(squares)):
                least[k] = min(least[k], squares[k])
            for k in range(1, len(squares)):
                if squares[k] < best:
                    nearest, best = k, squares[k]
            cells[step - offsets[0]] = nearest
            for feature in range(len(landmarks)):
                value = np.float32(values[step, feature] * scale)
                low[feature, nearest] = min(low[feature, nearest], value)
                high[feature, nearest] = max(high[feature, nearest], value)
        for k in range(len(squares)):
            least[k] = np.sqrt(least[k])


def summarise(part: Part) -> CloudSummary:
    """Choose landmarks for a part, and note its candidates' fields there and its steps' cells."""
    count, n_features = len(part.order), part.values.shape[1]
    # Half as many bytes as the features have, and fewer for a part that is soon looked through.
    wanted = min(part.n_steps * n_features * 2 // count, count // 8, MOST_LANDMARKS)
    n_landmarks = max(wanted // LANES, 1) * LANES
    first, last = part.offsets[0], part.offsets[-1]
    places = np.linspace(first, last - 1, min(part.n_steps, SAMPLE)).astype(np.int64)
    sample = part.values[places] * part.scale
    begin = np.linspace(0, len(sample) - 1, n_landmarks).astype(np.int64)
    landmarks = np.ascontiguousarray(sample[begin].T)
    for _ in range(ROUNDS):
        improve(sample, landmarks)
    low, high = np.full_like(landmarks, np.inf), np.full_like(landmarks, -np.inf)
    cells = np.empty(part.n_steps, np.uint8)
    fields = np.empty((count, n_landmarks), np.float32)
    fill_fields(part, landmarks, cells, low, high, fields)
    empty = low > high
    low[empty] = high[empty] = landmarks[empty]
    grid = np.float32(max(float(fields.max()) / 255, 2.0**-100))
    n_blocks = -(-count // LANES)
    lanes = aligned(n_blocks * n_landmarks * LANES, np.uint8).reshape(n_blocks, n_landmarks, LANES)
    lanes[:] = 0
    # More than rounding takes from a distance in float32, or adds to it.
    lost = (n_features + 8) * 2.0**-23
    np.multiply(fields, np.float32((1 - lost) / grid), out=fields)
    positions = np.arange(count)
    lanes[positions // LANES, :, positions % LANES] = fields[part.order]
    widen = np.float32(1 + lost)
    return CloudSummary(landmarks, low, high, cells, lanes.reshape(-1), grid, widen)


@njit(cache=True, nogil=True)
def choose_landmarks(query, summary, chosen, radii, table):  # type: ignore[no-untyped-def]
    """Find each query step's nearest landmarks, and the distance of every cell to the query.

    ``chosen`` and ``radii`` are (n_steps * len(NEAR),).
    """
    landmarks, low, high = summary.landmarks, summary.low, summary.high
    n_landmarks = landmarks.shape[1]
    squares, gaps = np.empty(n_landmarks, np.float32), np.empty(n_landmarks, np.float32)
    table[:] = np.inf
    for i in range(len(query)):
        squares_to(query[i], np.float32(1), landmarks, squares)
        gaps[:] = 0
        for feature in range(query.shape[1]):
            value = query[i, feature]
            for k in range(n_landmarks):
                below, above = low[feature, k] - value, value - high[feature, k]
                gap = max(max(below, above), np.float32(0))
                gaps[k] += gap * gap
        for k in range(n_landmarks):
            table[k] = min(table[k], gaps[k])
        for place in range(len(NEAR)):
            nearest, best = 0, squares[0]
            for k in range(1, n_landmarks):
                if squares[k] < best:
                    nearest, best = k, squares[k]
            chosen[i * len(NEAR) + place] = nearest
            radii[i * len(NEAR) + place] = np.sqrt(best) * summary.widen
            squares[nearest] = np.inf
    for k in range(n_landmarks):
        table[k] = np.sqrt(table[k])


@njit(cache=True, nogil=True)
def bound_there(n, chosen, radii, summary, bounds):  # type: ignore[no-untyped-def]
    """Set ``bounds[p]`` to half the mean over query steps, by landmarks, for position p."""
    n_landmarks = summary.landmarks.shape[1]
    n_blocks = len(summary.fields) // (n_landmarks * LANES)
    for block in range(n_blocks):
        add_landmarks(
            NEAR, chosen, radii, summary.fields, block * n_landmarks, summary.grid, bounds, block
        )
    share = np.float32(0.5) / np.float32(n)
    for place in range(n_blocks * LANES):
        bounds[place] *= share


@njit(cache=True, nogil=True)
def add_back(part, cells, table, limit, bounds):  # type: ignore[no-untyped-def]
    """Add half the mean over the candidate's steps, by cells, where ``bounds`` are within limit.

    Returns how many there were.
    """
    offsets, order, start = part.offsets, part.order, part.offsets[0]
    n_within = 0
    for position in range(len(order)):
        if bounds[position] <= limit:
            first, stop = offsets[order[position]] - start, offsets[order[position] + 1] - start
            bounds[position] += half_mean(cells, first, stop, table)
            n_within += 1
    return n_within


@njit(cache=True, nogil=True)
def half_mean(cells, first, stop, table):  # type: ignore[no-untyped-def]
    """Return half the mean of what the table says of cells first to stop - 1."""
    total = np.float32(0)
    for step in range(first, stop):
        total += table[cells[step]]
    return total * (np.float32(0.5) / np.float32(stop - first))


@njit(cache=True, nogil=True)
def fill_back(part, cells, members, width, table, back):  # type: ignore[no-untyped-def]
    """Set ``back`` to half the mean over the steps of each of ``members[:width]``, by cells.

    Lanes left over repeat the first.
    """
    offsets, start = part.offsets, part.offsets[0]
    for lane in range(LANES):
        back[lane] = back[0]
        if lane < width:
            first, stop = offsets[members[lane]] - start, offsets[members[lane] + 1] - start
            back[lane] = half_mean(cells, first, stop, table)


@njit(cache=True, nogil=True)
def fill_shares(positions, width, chosen, radii, summary, shares):  # type: ignore[no-untyped-def]
    """Set ``shares[i]`` to what query steps from i on add at least, for each lane."""
    fields, grid, n_landmarks = summary.fields, summary.grid, summary.landmarks.shape[1]
    n = len(chosen) // len(NEAR)
    shares[n * LANES : (n + 1) * LANES] = 0
    for lane in range(LANES):
        position = positions[lane] if lane < width else positions[0]
        start = (position // LANES) * n_landmarks * LANES + position % LANES
        total = np.float32(0)
        for i in range(n - 1, -1, -1):
            place = i * len(NEAR)
            field = np.float32(fields[start + chosen[place] * LANES]) * grid
            total += max(field - radii[place], np.float32(0))
            shares[i * LANES + lane] = total
