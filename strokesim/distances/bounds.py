"""Lower bounds of DTW for `LANES` candidates at once, cheapest first.

All hold for sequences of any two lengths and any number of features that are warped together,
with a band or without (a band only takes paths away), and all are sums of squares:

**Corners.** A warping path leaves the square of the first ``depth`` steps of both sequences
over its last row or column; up to there it has cost at least the least D on that edge. The
same holds backwards from the end, and the costs of both squares add up where no cell lies in
both. With depth 1 this is the sum of the first and the last pair (Kim, Park, Chu, ICDE 2001),
deeper it bounds with whole paths what the UCR suite's LB_KimFL (Rakthanmanon et al., KDD 2012,
section 4.2.1) takes from single cells.

**Boxes.** Each row of the DTW matrix holds at least one cell of the path, and its cost is at
least the squared distance of that query step to the box around all steps of the candidate; the
same holds for columns and the box around the query (Rath, Manmatha, MM-41, 2003, for several
features; Lemire, Pattern Recognition 42, 2009, section 5, for both ways round). Rows and columns
share cells, so their sums do not add up; those outside both corners share none with them, so
either adds to the corners'.

**Envelope.** With a radius, column j can only meet the query steps that the band lets it meet,
so the box around those is enough (LB_Keogh: Keogh, Ratanamahatana, KAIS 7, 2005). The band is
the one that the lengths of the pair make; lanes of other lengths share the widest of theirs.
"""

from __future__ import annotations

import numpy as np
from numba import njit

from strokesim.distances.lanes import columns_to_envelope, corner_cost, rows_to_boxes
from strokesim.distances.vectors import LANES

DEPTH = 4
"""How many steps of each end the corners see."""

DEPTHS = (0,) * DEPTH
HALF_DEPTHS = (0,) * (DEPTH // 2)
ONE_DEEP = (0,)


@njit(cache=True, nogil=True)
def fill_ends(values, start, stop, scale, ends):  # type: ignore[no-untyped-def]
    """Set ``ends`` to the first `DEPTH` of some steps and the last backwards, zeros where none."""
    for step in range(DEPTH):
        for feature in range(ends.shape[1]):
            within = step < stop - start
            ends[step, feature] = values[start + step, feature] * scale if within else 0
            ends[DEPTH + step, feature] = values[stop - 1 - step, feature] * scale if within else 0


@njit(cache=True, nogil=True)
def fill_boxes(values, offsets, boxes):  # type: ignore[no-untyped-def]
    """Set ``boxes[c]`` to the lower and the upper corner of the box around sequence ``c``."""
    n_features = values.shape[1]
    for c in range(len(boxes)):
        for feature in range(n_features):
            low = high = values[offsets[c], feature]
            for step in range(offsets[c] + 1, offsets[c + 1]):
                low = min(low, values[step, feature])
                high = max(high, values[step, feature])
            boxes[c, feature], boxes[c, n_features + feature] = low, high


@njit(cache=True, nogil=True)
def fill_corners(values, offsets, order, scale, corners):  # type: ignore[no-untyped-def]
    """Lay the ends of the sequences, in the order given, side by side in blocks of lanes.

    ``corners`` is (n_blocks, 2 * DEPTH, n_features, LANES).
    """
    ends = np.empty((2 * DEPTH, values.shape[1]), np.float32)
    for position in range(len(order)):
        sequence = order[position]
        fill_ends(values, offsets[sequence], offsets[sequence + 1], scale, ends)
        corners[position // LANES, :, :, position % LANES] = ends


@njit(cache=True, nogil=True)
def corner_bounds(ends, n, corners, lengths, bounds, features):  # type: ignore[no-untyped-def]
    """Set ``bounds[p]`` to the corners' bound for the candidate at position p.

    ``ends`` are those of the query of n steps, ``corners`` those of the candidates, flat;
    ``lengths`` ascend. The squares have to fit into both sequences, and not to share a cell:
    twice their depth has to fit into the longer one.
    """
    for block in range((len(lengths) + LANES - 1) // LANES):
        m = lengths[block * LANES]
        depth = min(n, m, max(n, m) // 2)
        at = block * 2 * DEPTH
        if depth >= DEPTH:
            corner_cost(DEPTHS, features, ends, 0, corners, at, DEPTH, bounds, block)
        elif depth >= DEPTH // 2:
            corner_cost(HALF_DEPTHS, features, ends, 0, corners, at, DEPTH, bounds, block)
        elif depth == 1:
            corner_cost(ONE_DEEP, features, ends, 0, corners, at, DEPTH, bounds, block)
        else:
            bounds[block * LANES : (block + 1) * LANES] = 0


@njit(cache=True, nogil=True)
def fill_envelope(query, n_columns, below, above, low, high):  # type: ignore[no-untyped-def]
    """Set the box around what column j can meet: query steps j - above to j + below."""
    n = len(query)
    for j in range(n_columns):
        first, last = max(j - above, 0), min(j + below, n - 1)
        for feature in range(query.shape[1]):
            least = most = query[first, feature]
            for i in range(first + 1, last + 1):
                least = min(least, query[i, feature])
                most = max(most, query[i, feature])
            low[j, feature], high[j, feature] = least, most


@njit(cache=True, nogil=True)
def row_bounds(query, boxes, sums, features):  # type: ignore[no-untyped-def]
    """Set ``sums`` to what the query's rows off the corners cost each lane at least."""
    sums[:LANES] = 0
    middle = (DEPTH, max(len(query) - DEPTH, DEPTH))
    rows_to_boxes(features, query, middle, boxes, sums, 0)


@njit(cache=True, nogil=True)
def column_bounds(low, high, stride, block, longest, lengths, ends, sums, features):  # type: ignore[no-untyped-def]
    """Set ``sums`` to what each lane's columns off the corners cost at least.

    ``low`` and ``high`` are the query's envelope (stride 1) or its box (stride 0).
    """
    for lane in range(LANES):
        sums[lane] = 0
        ends[lane] = lengths[lane] - DEPTH
    middle = (DEPTH, max(longest - DEPTH, DEPTH))
    columns_to_envelope(features, low, high, stride, block, middle, ends, sums)
