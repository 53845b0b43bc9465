"""DTW of one query and `LANES` candidates at once, in float32 to filter, in float64 to decide."""

from __future__ import annotations

import numpy as np
from numba import njit

from strokesim.distances.lanes import interleave, rows_to_boxes, sweep
from strokesim.distances.vectors import LANES, aligned

# Query rows carried through a block together: enough that the row buffer and the candidates are
# loaded once for four cells each, few enough that the state stays in registers.
FOUR, TWO, ONE = (0,) * 4, (0,) * 2, (0,)


def room_for(longest: int, n_features: int, number: type = np.float32) -> tuple[np.ndarray, ...]:
    """Return what the kernels write into: for one thread, sequences of at most ``longest`` steps.

    block, row of the DTW matrix, band starts, band widths, row minima, results, places in the
    values, lengths.
    """
    values = (longest * n_features // LANES + 1) * LANES
    return (
        aligned(values * LANES, number),
        aligned((longest + 1) * LANES, number),
        aligned(LANES, np.int32),
        aligned(LANES, np.int32),
        aligned(LANES, number),
        aligned(LANES, number),
        np.zeros(LANES, np.int64),
        np.zeros(LANES, np.int64),
    )


@njit(cache=True, nogil=True)
def pack(values, offsets, members, count, scale, n_features, room):  # type: ignore[no-untyped-def]
    """Lay the sequences ``members[:count]`` side by side in the room; return the longest length.

    Lanes that are left over repeat the first, so that they neither win nor keep a block alive.
    """
    block, _, _, _, _, _, starts, lengths = room
    longest = furthest = 0
    for lane in range(LANES):
        member = members[lane] if lane < count else members[0]
        lengths[lane] = offsets[member + 1] - offsets[member]
        starts[lane] = offsets[member] * n_features
        longest = max(longest, lengths[lane])
        furthest = max(furthest, starts[lane])
    size = longest * n_features
    if furthest + size + LANES <= len(values):
        interleave(values, starts, size, scale, block)
    else:
        # Too near the end of the values to be read in whole registers.
        for lane in range(LANES):
            for t in range(size):
                place = min(starts[lane] + t, len(values) - 1)
                block[t * LANES + lane] = values[place] * scale
    return longest


@njit(cache=True, nogil=True)
def dtw_lanes(query, radius, limit, tails, longest, room, features):  # type: ignore[no-untyped-def]
    """Set each lane's result to its squared DTW distance, or all to inf if all are above limit.

    Row i may hold cells in i - below <= j <= i + above, where ``below`` and ``above`` depend on
    the lane's own length (see `kernels.band`): a lane as long as the longest bounds the core,
    in which no cell has to be masked, from below, and one as long as the shortest from above.
    ``tails[i]`` bounds from below what rows i and later will add, lane by lane; it is read
    where ``limit`` is finite.
    """
    result, n = room[5], len(query)
    if sweep_rows(query, radius, (0, n), limit, tails, longest, room, features):
        take_results(room)
    else:
        result[:] = np.inf


@njit(cache=True, nogil=True)
def take_results(room):  # type: ignore[no-untyped-def]
    """Set each lane's result to the last cell of the row that has been reached."""
    row, result, lengths = room[1], room[5], room[7]
    for lane in range(LANES):
        result[lane] = row[lengths[lane] * LANES + lane]


@njit(cache=True, nogil=True)
def sweep_rows(query, radius, rows, limit, tails, longest, room, features):  # type: ignore[no-untyped-def]
    """Do rows ``rows[0]`` to ``rows[1]`` of what `dtw_lanes` does; tell if a lane is within limit.

    The room has to be as the rows before left it. All but the last begin at multiples of four.
    """
    block, row, starts, widths, lowest, _, _, lengths = room
    n, (i, stop) = len(query), rows
    reach = min(radius, n + longest)
    shortest = lengths.min()
    if i == 0:
        for lane in range(LANES):
            m = lengths[lane]
            starts[lane] = -reach - max(n - m, 0)
            widths[lane] = 2 * reach + abs(n - m)
        row[:LANES] = 0
        row[LANES : (longest + 1) * LANES] = np.inf
    while i < stop:
        n_rows = 4 if stop - i >= 4 else 2 if stop - i >= 2 else 1
        start = max(i - reach - max(n - shortest, 0), 0)
        end = min(i + n_rows + reach + max(longest - n, 0), longest)
        core_start = min(max(i + n_rows - 1 - reach - max(n - longest, 0), start), end)
        core_end = min(max(i + 1 + reach + max(shortest - n, 0), core_start), end)
        columns = (start, core_start, core_end, end)
        if n_rows == 4:
            sweep(FOUR, features, query, i, block, columns, row, starts, widths, lowest)
        elif n_rows == 2:
            sweep(TWO, features, query, i, block, columns, row, starts, widths, lowest)
        else:
            sweep(ONE, features, query, i, block, columns, row, starts, widths, lowest)
        if i == 0:
            row[:LANES] = np.inf
        i += n_rows
        for lane in range(LANES):
            starts[lane] += n_rows
        if i < n and limit < np.inf:
            alive = 0
            for lane in range(LANES):
                alive += lowest[lane] + tails[i * LANES + lane] <= limit
            if alive == 0:
                return False
    return True


@njit(cache=True, nogil=True)
def fill_tails(query, boxes, tails, features):  # type: ignore[no-untyped-def]
    """Set ``tails[i]`` to the squared distances of rows i and later to each lane's box, summed.

    Every row of the query meets at least one step of the candidate, which lies in its box.
    Filled at the rows where `dtw_lanes` looks, every fourth.
    """
    n = len(query)
    last = n // 4 * 4
    tails[last * LANES : (n + 1) * LANES] = 0
    rows_to_boxes(features, query, (last, n), boxes, tails, last)
    for i in range(last - 4, 0, -4):
        tails[i * LANES : (i + 1) * LANES] = tails[(i + 4) * LANES : (i + 5) * LANES]
        rows_to_boxes(features, query, (i, i + 4), boxes, tails, i)


@njit(cache=True, nogil=True)
def fill_squares(  # type: ignore[no-untyped-def]
    queries, query_offsets, values, offsets, chosen, places, scale, radius, rows, room, squares,
    features,
):  # fmt: skip
    """Set ``squares[q, places[c]]`` to the squared DTW distance of query q and ``chosen[c]``.

    With float64 queries and room and a scale of 1, operation by operation what
    `kernels.dtw_square` does; with float32 ones the scaled square, up to rounding. The queries lie
    one after the other, and share the packing of each block. ``rows`` are the first and the last
    row to do, as `sweep_rows` takes them, the last cut to each query's own; not all of them where
    one query and one block are done in several calls.
    """
    tails = np.empty(0, queries.dtype)
    for start in range(0, len(chosen), LANES):
        width = min(LANES, len(chosen) - start)
        members = chosen[start : start + width]
        longest = pack(values.reshape(-1), offsets, members, width, scale, len(features), room)
        for number in range(len(query_offsets) - 1):
            query = queries[query_offsets[number] : query_offsets[number + 1]]
            piece = (rows[0], min(rows[1], len(query)))
            sweep_rows(query, radius, piece, np.inf, tails, longest, room, features)
            take_results(room)
            for lane in range(width):
                squares[number, places[start + lane]] = room[5][lane]
