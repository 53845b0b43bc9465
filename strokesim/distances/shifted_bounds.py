"""Lower bounds of the shifted Euclidean distance, from means over a few steps.

A shift lays step j of a candidate on step j + t of the query. A segment of w steps of the
candidate that lies wholly on the query adds at least w times the squared distance of the two
means, because the square of a mean is at most the mean of the squares; segments share no step,
so these add up (piecewise aggregates: Yi, Faloutsos, VLDB 2000, section 4; Keogh et al., KAIS 3,
2001, for windows). The least over all shifts bounds the least distance, and so does the least
over more shifts than there are, which candidates of other lengths in the same lanes ask for.

The means are rounded, and what two of them lose does not shrink with their difference. Each
coordinate of a gap is off by at most `SHARE` of what the two may be; the root of the bound is
then off by at most the norm of all of these (Minkowski), which is added to the root of the limit
that bounds are held against.
"""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np
from numba import njit

from strokesim.distances.lane_dtw import FOUR, ONE
from strokesim.distances.parts import Part, largest_of
from strokesim.distances.summary_lanes import least_of_means
from strokesim.distances.vectors import LANES, aligned

SHARE = 2.0**-22
"""Of the two largest numbers that meet, at most, a gap between rounded means is off by."""

SEGMENTS = 6
"""About how many segments candidates are cut into."""


class ShiftedSummary(NamedTuple):
    """The means of the candidates of a part, in its scaled units."""

    means: np.ndarray  # (n_segments * n_features * LANES,) float32, blocks in order
    starts: np.ndarray  # (n_blocks + 1,) the first segment of each block
    width: int  # steps of a segment
    largest: float  # of the scaled features


@njit(cache=True, nogil=True)
def fill_means(part, width, starts, means):  # type: ignore[no-untyped-def]
    """Lay the means of each block's segments side by side; ``means`` is (n, n_features, LANES)."""
    for position in range(len(part.order)):
        block, lane = position // LANES, position % LANES
        first = part.offsets[part.order[position]]
        for segment in range(starts[block], starts[block + 1]):
            for feature in range(part.values.shape[1]):
                total = 0.0
                for step in range(first, first + width):
                    total += np.float64(part.values[step, feature])
                means[segment, feature, lane] = total * part.scale / width
            first += width


def summarise(part: Part) -> ShiftedSummary:
    """Cut the candidates of a part into segments and note their means."""
    middle = int(part.lengths[len(part.order) // 2])
    width = 2 ** max(round(math.log2(middle / SEGMENTS)), 0)
    # Lengths ascend: the first candidate of a block is its shortest.
    segments = part.lengths[::LANES] // width
    starts = np.concatenate([[0], np.cumsum(segments)])
    n_features = part.values.shape[1]
    means = aligned(int(starts[-1]) * n_features * LANES)
    means[:] = 0
    fill_means(part, width, starts, means.reshape(-1, n_features, LANES))
    largest = largest_of(part.values, part.offsets) * float(part.scale)
    return ShiftedSummary(means, starts, width, largest)


@njit(cache=True, nogil=True)
def slide(query, width, means):  # type: ignore[no-untyped-def]
    """Set ``means[i]`` to the mean of query steps i to i + width - 1; return how many there are."""
    count = max(len(query) - width + 1, 0)
    for i in range(count):
        for feature in range(query.shape[1]):
            total = 0.0
            for step in range(i, i + width):
                total += np.float64(query[step, feature])
            means[i, feature] = total / width
    return count


@njit(cache=True, nogil=True)
def bound_shifts(n, means, n_means, part, summary, bounds, features):  # type: ignore[no-untyped-def]
    """Set ``bounds[p]`` to the bound of the square for the candidate at position p."""
    lengths, starts, width = part.lengths, summary.starts, summary.width
    for block in range(len(starts) - 1):
        shortest = lengths[block * LANES]
        longest = lengths[min((block + 1) * LANES, len(lengths)) - 1]
        # The block's segments are at starts[block] + g; the query's step under g's first one is
        # shift + width * g.
        first, last = min(n - longest, 0), max(n - shortest, 0)
        bounds[block * LANES : (block + 1) * LANES] = np.inf
        n_segments = shortest // width
        shift = first
        while shift <= last:
            together = 4 if shift + 3 <= last else 1
            lowest = (max(-shift, 0) + width - 1) // width
            room = n_means - (shift + together - 1)
            highest = min((room + width - 1) // width, n_segments) if room > 0 else 0
            at = starts[block]
            segments = (at + lowest, max(at + highest, at + lowest))
            begin = shift - at * width
            if together == 4:
                least_of_means(
                    FOUR, features, means, begin, width, summary.means, segments, bounds, block
                )
            else:
                least_of_means(
                    ONE, features, means, begin, width, summary.means, segments, bounds, block
                )
            shift += together
        for lane in range(LANES):
            bounds[block * LANES + lane] *= np.float32(width)


@njit(cache=True, nogil=True)
def relaxed(limit, haze):  # type: ignore[no-untyped-def]
    """Return the bound above which a square above ``limit`` is certain; see `haze_of`."""
    root = math.sqrt(limit) + haze
    return root * root * (1 + 2.0**-50)


@njit(cache=True, nogil=True)
def haze_of(query, longest, summary):  # type: ignore[no-untyped-def]
    """Return how far the root of a bound may be above the truth because means are rounded."""
    largest = summary.largest + np.float64(np.abs(query).max())
    return SHARE * largest * math.sqrt(min(len(query), longest) * query.shape[1])
