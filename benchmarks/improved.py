"""The second pass of LB_Improved in lanes, which `bounds.py` measures; searches do without it.

Lemire, Pattern Recognition 42 (2009), section 6, here for several features warped together and
two lengths. Column j of the DTW matrix meets query steps i with j - above <= i <= j + below, all
in one box; let h_j be the point of that box that is nearest to step c_j. Feature by feature, h_j
lies between c_j and every such q_i, so |q_i - c_j|^2 >= |c_j - h_j|^2 + |q_i - h_j|^2. Each column
holds a cell of the path, so the first terms add up to LB_Keogh at least; each row does, so the
second ones add up to at least the squared distances of the q_i to the boxes around the h_j that
they can meet. The corners' bound may still be added where both sums leave out the rows and
columns that the corners see, because no term then belongs to a cell of the corners.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numba import extending, njit, types
from numba.core import cgutils

from strokesim.distances.bounds import DEPTH
from strokesim.distances.lanes import widen
from strokesim.distances.vectors import INT32, INT64, LANES, Emitter

intrinsic: Any = extending.intrinsic


@intrinsic
def project(
    typing_context: Any, features: Any, low: Any, high: Any, block: Any, columns: Any,
    place: Any, ends: Any, sums: Any, lows: Any, highs: Any,
) -> Any:  # fmt: skip
    """Write h_j, from ``place`` on, to lows and highs; add |c_j - h_j|^2 to the sums.

    ``columns`` = (first, last, n): h_j for all j < n, squares for first <= j < last and, lane by
    lane, j < ends[lane]. A lane's steps behind ``ends[lane] + DEPTH`` are nowhere.
    """
    n_features = features.count

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        e = Emitter(context, builder, signature.args[1].dtype)
        below, above, blocks, lane_ends, out, out_low, out_high = (
            e.pointer(signature.args[n], arguments[n]) for n in (1, 2, 3, 6, 7, 8, 9)
        )
        first, last, count = (builder.extract_value(arguments[4], n) for n in range(3))
        stop = e.load(lane_ends, INT64(0), e.integers)
        length = builder.add(stop, e.integer(DEPTH))
        total = cgutils.alloca_once_value(builder, e.load(out, INT64(0)))
        nowhere = e.constant(float("-inf"))
        with cgutils.for_range_slice(builder, INT64(0), count, INT64(1)) as (j, _):
            point = e.points(blocks, j, n_features)
            least, most = e.point(below, j, n_features), e.point(above, j, n_features)
            nearest = [
                e.smaller(e.larger(c, a), b) for c, a, b in zip(point, least, most, strict=True)
            ]
            column = e.spread(builder.trunc(j, INT32))
            counts = builder.icmp_signed("<", column, stop)
            inside = builder.and_(
                builder.icmp_signed(">=", j, first), builder.icmp_signed("<", j, last)
            )
            gap = builder.select(counts, e.step_cost(point, nearest), e.constant(0.0))
            gap = builder.select(inside, gap, e.constant(0.0))
            builder.store(e.plus(builder.load(total), gap), total)
            there = builder.icmp_signed("<", column, length)
            at = builder.mul(builder.add(j, arguments[5]), INT64(n_features * LANES))
            for k, h in enumerate(nearest):
                index = builder.add(at, INT64(k * LANES))
                e.store(out_low, index, builder.select(there, h, e.infinity))
                e.store(out_high, index, builder.select(there, h, nowhere))
        e.store(out, INT64(0), builder.load(total))
        return context.get_dummy_value()

    given = (features, low, high, block, columns, place, ends, sums, lows, highs)
    return types.void(*given), generate


@intrinsic
def rows_to_envelope(
    typing_context: Any, features: Any, query: Any, rows: Any, shift: Any, lows: Any, highs: Any,
    sums: Any,
) -> Any:  # fmt: skip
    """Add, for rows[0] <= i < rows[1], the squares of q_i to the boxes at i and i + shift."""
    n_features = features.count

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        e = Emitter(context, builder, signature.args[1].dtype)
        queries, low, high, out = (e.pointer(signature.args[n], arguments[n]) for n in (1, 4, 5, 6))
        total = cgutils.alloca_once_value(builder, e.load(out, INT64(0)))
        begin, end = (builder.extract_value(arguments[2], n) for n in range(2))
        with cgutils.for_range_slice(builder, begin, end, INT64(1)) as (i, _):
            second = builder.add(i, arguments[3])
            least = map(e.smaller, e.points(low, i, n_features), e.points(low, second, n_features))
            most = map(e.larger, e.points(high, i, n_features), e.points(high, second, n_features))
            cost = e.box_cost(e.point(queries, i, n_features), list(least), list(most))
            builder.store(e.plus(builder.load(total), cost), total)
        e.store(out, INT64(0), builder.load(total))
        return context.get_dummy_value()

    return types.void(features, query, rows, shift, lows, highs, sums), generate


def rooms(n: int, longest: int, n_features: int) -> tuple[np.ndarray, np.ndarray]:
    """Return what `improved_bounds` writes into, for any band."""
    steps = 2 * (n + longest) + 1
    return tuple(np.empty(steps * n_features * LANES, np.float32) for _ in range(2))


@njit(cache=True, nogil=True)
def improved_bounds(query, below, above, low, high, room, longest, ends, sums, wide, features):
    """Set ``sums`` to LB_Improved of a packed block, rows and columns of the corners left out.

    Row i meets columns i - below to i + above, below <= n and above <= longest. ``low`` and
    ``high`` are the query's envelope, ``ends`` is overwritten, ``wide`` is of `rooms`.
    """
    n, width = len(query), len(features) * LANES
    lows, highs = wide
    window = below + above + 1
    total = max(n + window - 1, longest + below)
    lows[: total * width] = np.inf
    highs[: total * width] = -np.inf
    for lane in range(LANES):
        sums[lane] = 0
        ends[lane] = room[7][lane] - DEPTH
    columns = (DEPTH, longest - DEPTH, longest)
    project(features, low, high, room[0], columns, below, ends, sums, lows, highs)
    reach = 1
    while 2 * reach <= window:
        widen(lows, highs, (total - reach) * width, reach * width)
        reach *= 2
    rows = (DEPTH, max(n - DEPTH, DEPTH))
    rows_to_envelope(features, query, rows, window - reach, lows, highs, sums)
