"""Euclidean, shifted and order-free distances of queries and `LANES` candidates at once.

Sums of squares are formed from differences, not from |a|^2 + |b|^2 - 2ab: that takes two
operations per number instead of one, and no digit cancels, so that float32 keeps the relative
error that `cascade` reasons with and next to nothing has to be decided again in float64.
"""

from __future__ import annotations

import math

import numpy as np
from numba import njit

from strokesim.distances.cascade import keep_best
from strokesim.distances.kernels import EUCLIDEAN, SHIFTED
from strokesim.distances.lane_dtw import FOUR, ONE, pack
from strokesim.distances.lanes import add_steps, nearest_steps
from strokesim.distances.vectors import LANES

EIGHT = (0,) * 8

STRIDE = 8
"""Sums are held against their limits after this many steps."""


@njit(cache=True, nogil=True)
def add_euclidean(query, query_at, n_steps, rows, room, limits, sums, features):  # type: ignore[no-untyped-def]
    """Add the squares of ``len(rows)`` queries of n steps, one after the other in ``query``."""
    block = room[0]
    for i in range(0, n_steps, STRIDE):
        steps = min(STRIDE, n_steps - i)
        if not add_steps(
            rows, features, query, (query_at + i, n_steps), block, (i, 0), steps, limits, sums
        ):
            return False
    return True


@njit(cache=True, nogil=True)
def add_shifted(query, longest, shifts, room, limits, sums, features):  # type: ignore[no-untyped-def]
    """Set each lane's result to its least square over these shifts, inf where above the limit.

    The lanes are all longer than the query, or all no longer.
    """
    block, result, lengths = room[0], room[5], room[7]
    n, shortest = len(query), lengths.min()
    result[:] = np.inf
    if shortest > n:
        most, shared, query_stride, block_stride = longest - n, n, 0, 1
    else:
        most, shared, query_stride, block_stride = n - shortest, shortest, 1, 0
    for shift in range(shifts[0], min(shifts[1], most + 1)):
        sums[:LANES] = 0
        at, within = 0, True
        while within and at < shared:
            steps = min(STRIDE, shared - at)
            within = add_steps(
                ONE,
                features,
                query,
                (at + shift * query_stride, 0),
                block,
                (at + shift * block_stride, 0),
                steps,
                limits,
                sums,
            )
            at += steps
        if not within:
            continue
        # Lanes that go on behind the shortest one's end, where the query is longer than they.
        for i in range(shortest if shortest <= n else longest, longest):
            if i + shift < n:
                for lane in range(LANES):
                    sums[LANES + lane] = sums[lane]
                add_steps(ONE, features, query, (i + shift, 0), block, (i, 0), 1, limits, sums)
                for lane in range(LANES):
                    if i >= lengths[lane]:
                        sums[lane] = sums[LANES + lane]
        for lane in range(LANES):
            if shift <= abs(lengths[lane] - n):
                result[lane] = min(result[lane], sums[lane])


@njit(cache=True, nogil=True)
def add_cloud(query, longest, rows, room, ends, limit, shares, back, sums, features):  # type: ignore[no-untyped-def]
    """Set each lane's result to its mean nearest-step distance, or all to inf if above limit.

    Only query steps ``rows[0]`` to ``rows[1]`` are looked at, which begin at a multiple of four;
    the room has to be as those before left it, and results are right after the last.

    Where ``limit`` is finite, ``shares[i]`` bounds from below what query steps i and later add
    to a lane's sum, and ``back`` half the mean over the lane's own steps.
    """
    block, column_least, result, lengths = room[0], room[1], room[5], room[7]
    n, shortest = len(query), lengths.min()
    there = room[4]
    i, stop = rows
    for lane in range(LANES):
        ends[lane] = lengths[lane]
    if i == 0:
        there[:] = 0
        column_least[: longest * LANES] = np.inf
    while i < stop:
        n_rows = 4 if stop - i >= 4 else 1
        columns = (shortest, longest)
        if n_rows == 4:
            nearest_steps(FOUR, features, query, i, block, columns, ends, sums, column_least)
        else:
            nearest_steps(ONE, features, query, i, block, columns, ends, sums, column_least)
        for row in range(n_rows):
            for lane in range(LANES):
                there[lane] += math.sqrt(sums[row * LANES + lane])
        i += n_rows
        if limit < np.inf:
            alive = 0
            for lane in range(LANES):
                alive += (there[lane] + shares[i * LANES + lane]) / n / 2 + back[lane] <= limit
            if alive == 0:
                result[:] = np.inf
                return
    result[:] = 0
    for j in range(longest):
        for lane in range(LANES):
            if j < lengths[lane]:
                result[lane] += math.sqrt(column_least[j * LANES + lane])
    for lane in range(LANES):
        result[lane] = (there[lane] / n + result[lane] / lengths[lane]) / 2


@njit(cache=True, nogil=True)
def collect(result, members, width, unit, slack, grain, best, limits, at, found, values, n_found):  # type: ignore[no-untyped-def]
    """Note the lanes within a query's limit; lower the limit. Return False if there is no room.

    ``limits[at]`` is in the scaled units of the results, which are ``unit`` times larger.
    """
    for lane in range(width):
        if result[lane] <= limits[at] and result[lane] < np.inf:
            value = np.float64(result[lane]) / unit
            if n_found[at] == found.shape[1]:
                kept = 0
                for place in range(n_found[at]):
                    if values[at, place] <= best[at, 0] * slack + grain:
                        found[at, kept], values[at, kept] = found[at, place], values[at, place]
                        kept += 1
                n_found[at] = kept
                if kept > found.shape[1] // 2:
                    return False
            found[at, n_found[at]], values[at, n_found[at]] = members[lane], value
            n_found[at] += 1
            if value < best[at, 0]:
                keep_best(best[at], value)
                limit = (best[at, 0] * slack + grain) * unit * (1 + 2.0**-22)
                limits[at] = min(limits[at], np.float32(min(limit, 3e38)))
    return True


@njit(cache=True, nogil=True)
def scan_lanes(  # type: ignore[no-untyped-def]
    queries, n, part, unit, slack, grain, best, limits, room, sums, found, values, n_found, features
):
    """Note, for each query of n steps, every candidate that can be one of its k nearest.

    Each block is packed once for all queries. Returns False where ties leave no room in
    ``found``; see `batch_search` for the arrays, and `cascade` for slack and grain.
    """
    flat = part.values.reshape(-1)
    n_queries, count = len(queries) // n, len(part.order)
    members = np.empty(LANES, np.int64)
    start = 0
    while start < count:
        width = 0
        while start < count and width < LANES:
            if part.alive[start]:
                members[width] = part.order[start]
                width += 1
            start += 1
        if width == 0:
            break
        pack(flat, part.offsets, members, width, part.scale, len(features), room)
        query = 0
        while query < n_queries:
            n_rows = 8 if n_queries - query >= 8 else 1
            sums[:] = 0
            at = query * n
            if n_rows == 8:
                within = add_euclidean(queries, at, n, EIGHT, room, limits[query:], sums, features)
            else:
                within = add_euclidean(queries, at, n, ONE, room, limits[query:], sums, features)
            if within:
                for row in range(n_rows):
                    result = sums[row * LANES : (row + 1) * LANES]
                    if not collect(
                        result, members, width, unit, slack, grain, best, limits, query + row,
                        found, values, n_found,
                    ):  # fmt: skip
                        return False
            query += n_rows
    return True


@njit(cache=True, nogil=True)
def fill_values(  # type: ignore[no-untyped-def]
    kind, query, part, chosen, scale, piece, room, sums, ends, results, features
):
    """Set ``results`` to the squares (of CLOUD: distances) of the query and the chosen sequences.

    With a float64 query and room and a scale of 1, operation by operation what the scalar
    kernels do. ``chosen`` ascends in length. ``piece`` is (0, `FREE`), or one of several that are
    done in turns, all with the same results, where one block is chosen: from where to where to go
    through the shifts or, of CLOUD, the steps of the query.
    """
    limits = np.full(8, np.inf).astype(query.dtype)
    nothing = np.empty(0, query.dtype)
    flat = part.values.reshape(-1)
    start = 0
    while start < len(chosen):
        width = min(LANES, len(chosen) - start)
        if kind == SHIFTED:
            for lane in range(1, width):
                before, this = chosen[start + lane - 1], chosen[start + lane]
                m = part.offsets[before + 1] - part.offsets[before]
                if m <= len(query) < part.offsets[this + 1] - part.offsets[this]:
                    width = lane
                    break
        members = chosen[start : start + width]
        longest = pack(flat, part.offsets, members, width, scale, len(features), room)
        result = room[5]
        if kind == EUCLIDEAN:
            sums[:] = 0
            add_euclidean(query, 0, len(query), ONE, room, limits, sums, features)
            result = sums[:LANES]
        elif kind == SHIFTED:
            add_shifted(query, longest, piece, room, limits, sums, features)
            if piece[0] > 0:
                for lane in range(width):
                    result[lane] = min(result[lane], results[start + lane])
        else:
            rows = (piece[0], min(piece[1], len(query)))
            add_cloud(query, longest, rows, room, ends, np.inf, nothing, nothing, sums, features)
        results[start : start + width] = result[:width]
        start += width
