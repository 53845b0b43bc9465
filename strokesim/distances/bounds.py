"""Lower bounds of DTW for `LANES` candidates at once, cheapest first.

All hold for sequences of any two lengths and any number of features that are warped together,
with a band or without (a band only takes paths away), and all are sums of squares:

**Corners.** A warping path leaves the square of the first ``depth`` steps of both sequences
over its last row or column; up to there it has cost at least the least D on that edge. The
same holds backwards from the end, and the costs of both squares add up where no cell lies in
both. With depth 1 this is the sum of the first and the last pair (Kim, Park, Chu, ICDE 2001),
deeper it bounds with whole paths what the UCR suite's LB_KimFL (Rakthanmanon et al., KDD 2012,
section 4.2.1) takes from single cells.

**Blocks.** The same with the squared distances to boxes, one box around what all candidates of a
block have at one step: no cell costs any of them less, so neither do paths.

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

from strokesim.distances.lanes import columns_to_envelope, corner_cost, rows_to_boxes, widen
from strokesim.distances.vectors import LANES

DEPTH = 4
"""How many steps of each end the corners see."""

DEPTHS = (0,) * DEPTH
HALF_DEPTHS = (0,) * (DEPTH // 2)
ONE_DEEP = (0,)

POINTS, BOXES = (0,), (0, 0)
"""What the lanes of corners are: one point each, or the lower and upper corner of a box."""


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
def fill_ends_of_all(values, offsets, order, scale, ends):  # type: ignore[no-untyped-def]
    """Set ``ends[p]`` to the ends of sequence ``order[p]``, (2 * DEPTH, n_features)."""
    for position in range(len(order)):
        sequence = order[position]
        fill_ends(values, offsets[sequence], offsets[sequence + 1], scale, ends[position])


@njit(cache=True, nogil=True)
def fill_corners(ends, slots, corners):  # type: ignore[no-untyped-def]
    """Lay the ends side by side in blocks of lanes, in the order of the slots.

    ``corners`` is (n_blocks, 2 * DEPTH, n_features, LANES).
    """
    for slot in range(len(slots)):
        corners[slot // LANES, :, :, slot % LANES] = ends[slots[slot]]


@njit(cache=True, nogil=True)
def corner_bounds(boxed, ends, n, corners, block, m, bounds, at, features):  # type: ignore[no-untyped-def]
    """Set `LANES` of the bounds, from element ``at * LANES`` on, to those of the corners.

    Parameters
    ----------
    boxed : tuple
        POINTS: each lane is a candidate. BOXES: each lane is a block of them.
    ends, n
        Those of the query, and its number of steps.
    corners, block
        Ends of all candidates, or boxes of all blocks, flat; and which `LANES` of them.
    m : int
        Steps of the shortest of these candidates. The squares have to fit into both sequences,
        and not to share a cell: twice their depth has to fit into the longer one.
    """
    depth = min(n, m, max(n, m) // 2)
    start = block * 2 * DEPTH
    if depth >= DEPTH:
        corner_cost(DEPTHS, features, boxed, ends, corners, start, DEPTH, bounds, at)
    elif depth >= DEPTH // 2:
        corner_cost(HALF_DEPTHS, features, boxed, ends, corners, start, DEPTH, bounds, at)
    elif depth == 1:
        corner_cost(ONE_DEEP, features, boxed, ends, corners, start, DEPTH, bounds, at)
    else:
        bounds[at * LANES : (at + 1) * LANES] = 0


@njit(cache=True, nogil=True)
def fill_envelope(query, n_columns, below, above, low, high):  # type: ignore[no-untyped-def]
    """Set the box around what column j can meet: query steps j - above to j + below.

    ``low`` and ``high`` have n_columns + n + below + above + `LANES` rows, of which the first
    n_columns are the answer; the others are overwritten. Windows are doubled until two of them
    cover what a column can meet.
    """
    n, n_features = query.shape
    window = below + above + 1
    total = max(n_columns + window - 1, above + n)
    low[: total + LANES], high[: total + LANES] = np.inf, -np.inf
    low[above : above + n], high[above : above + n] = query, query
    lows, highs = low.reshape(-1), high.reshape(-1)
    reach = 1
    while 2 * reach <= window:
        widen(lows, highs, (total - reach) * n_features, reach * n_features)
        reach *= 2
    widen(lows, highs, n_columns * n_features, (window - reach) * n_features)


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
