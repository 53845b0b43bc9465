"""Finds, among many candidates, those that can be one of the k nearest under DTW.

Everything here is float32 and only filters. The sums have non-negative terms, at most as many
roundings per result as a path has cells and a step features, so a float32 square is the true
one times 1 + d, |d| <= g, with g = (cells + features + 8) 2^-24. Let T be the k-th least float32
square. The k candidates up to T have float64 squares up to about T / (1 - g); a candidate whose
float32 square or lower bound is above T (1 + 4 g) has a true square above T (1 + 2 g), so even
its rounded root is larger than theirs and it cannot be in the answer, ties or not. What
underflows adds an absolute error, `grain`, of less than one subnormal per square added. All
others, usually k, are kept, and float64 decides.
"""

from __future__ import annotations

import math

import numpy as np
from numba import njit

from strokesim.distances.blocks import bound_what_is_within, choose_seeds, in_order_of_bounds
from strokesim.distances.bounds import DEPTH, column_bounds, fill_ends, fill_envelope, row_bounds
from strokesim.distances.lane_dtw import dtw_lanes, fill_squares, fill_tails, pack
from strokesim.distances.vectors import LANES

FIRST_CHUNK = 4 * LANES
"""How many candidates are looked at before the limit is first lowered; then twice as many."""


@njit(cache=True, nogil=True)
def keep_best(best, square):  # type: ignore[no-untyped-def]
    """Replace the root of a heap, its largest number, by a smaller one."""
    place, size = 0, len(best)
    while 2 * place + 1 < size:
        child = 2 * place + 1
        if child + 1 < size and best[child + 1] > best[child]:
            child += 1
        if best[child] <= square:
            break
        best[place] = best[child]
        place = child
    best[place] = square


@njit(cache=True, nogil=True)
def pack_boxes(boxes, members, count, scale, box_block):  # type: ignore[no-untyped-def]
    """Lay the boxes of ``members[:count]`` side by side; lanes left over repeat the first."""
    for lane in range(LANES):
        member = members[lane] if lane < count else members[0]
        for t in range(boxes.shape[1]):
            box_block[t * LANES + lane] = boxes[member, t] * scale


@njit(cache=True, nogil=True)
def thin_by_rows(query, limit, part, scratch, size, features):  # type: ignore[no-untyped-def]
    """Keep in the chunk what corners and rows leave within the limit; return how many.

    Looks at boxes only, so that the steps of most candidates are never read.
    """
    bounds, chunk, members, boxes = scratch.bounds, scratch.chunk, scratch.members, scratch.boxes
    left = 0
    for start in range(0, size, LANES):
        width = min(LANES, size - start)
        for lane in range(width):
            members[lane] = part.order[chunk[start + lane]]
        pack_boxes(part.boxes, members, width, part.scale, boxes)
        row_bounds(query, boxes, scratch.sums, features)
        for lane in range(width):
            position = chunk[start + lane]
            chunk[left] = position
            left += bounds[position] + scratch.sums[lane] <= limit
    return left


@njit(cache=True, nogil=True)
def thin_by_columns(query, radius, limit, part, scratch, room, size, features):  # type: ignore[no-untyped-def]
    """Keep in the chunk what corners and columns leave within the limit; return how many.

    The chunk ascends in length: lanes of one block have bands nearly alike.
    """
    bounds, chunk, members = scratch.bounds, scratch.chunk, scratch.members
    low, high, flat = scratch.low, scratch.high, part.values.reshape(-1)
    n, left = len(query), 0
    free = radius >= n + part.lengths[-1]
    known_below = known_above = known_columns = -1
    for start in range(0, size, LANES):
        width = min(LANES, size - start)
        shortest = part.lengths[chunk[start]]
        longest = part.lengths[chunk[start + width - 1]]
        for lane in range(width):
            members[lane] = part.order[chunk[start + lane]]
        below = min(radius + max(n - shortest, 0), n)
        above = min(radius + max(longest - n, 0), longest)
        columns = longest
        if free:
            below, above, columns = n, 0, 1
        if below != known_below or above != known_above or columns > known_columns:
            fill_envelope(query, columns, below, above, low, high)
            known_below, known_above, known_columns = below, above, columns
        pack(flat, part.offsets, members, width, part.scale, len(features), room)
        stride = 0 if free else 1
        column_bounds(
            low, high, stride, room[0], longest, room[7], scratch.ends, scratch.sums, features
        )
        for lane in range(width):
            position = chunk[start + lane]
            chunk[left] = position
            left += bounds[position] + scratch.sums[lane] <= limit
    return left


@njit(cache=True, nogil=True)
def nearest_candidates(  # type: ignore[no-untyped-def]
    query,
    ends,
    radius,
    limit,
    slack,
    grain,
    best,
    part,
    scratch,
    room,
    found,
    squares,
    seen,
    features,
):
    """Set ``found`` to the candidates that can be one of the k nearest; return how many.

    Parameters
    ----------
    query, ends
        Scaled, as the candidates are, and its ends (see `bounds.fill_ends`).
    limit : float64
        A square above which no candidate is wanted, with its margins.
    slack, grain : float64
        A square is within T where it is at most T * slack + grain.
    best : float64 (k,)
        Heap of the k least squares so far, inf where there are none yet.
    part, scratch, room
        See `parts.Part`, `rooms.Scratch`, `lane_dtw.room_for`.
    found, squares : int64 and float64 (n_candidates,)
        Numbers of sequences in the part; squares in the units of the features.
    seen : int64 (4,)
        Counters: candidates bounded by corners, by rows, by columns, and warped.
    """
    values, offsets, order, boxes, scale = (
        part.values, part.offsets, part.order, part.boxes, part.scale,
    )  # fmt: skip
    rescale = np.float64(scale) * np.float64(scale)
    limit = limit * rescale
    bounds, visit, chunk, members = scratch.bounds, scratch.visit, scratch.chunk, scratch.members
    box_block, tails, result = scratch.boxes, scratch.tails, room[5]
    flat = values.reshape(-1)
    n, n_features = len(query), len(features)
    n_seeds = choose_seeds(ends, n, limit, part, scratch, seen, features)
    seeds = True
    n_found = n_visit = at = 0
    most = FIRST_CHUNK
    while True:
        if seeds:
            size = n_seeds
        else:
            size = 0
            while at < n_visit and size < most:
                if bounds[visit[at]] <= limit:
                    chunk[size] = visit[at]
                    size += 1
                at += 1
            if size == 0:
                break
            # Few at first: each chunk may lower the limit for the next.
            most = min(2 * most, len(chunk))
            # Positions ascend with the length: lanes of one block end together.
            chunk[:size].sort()
            seen[1] += size
            size = thin_by_rows(query, limit, part, scratch, size, features)
            seen[2] += size
            size = thin_by_columns(query, radius, limit, part, scratch, room, size, features)
        for start in range(0, size, LANES):
            width = min(LANES, size - start)
            for lane in range(width):
                members[lane] = order[chunk[start + lane]]
            longest = pack(flat, offsets, members, width, scale, n_features, room)
            if limit < np.inf:
                pack_boxes(boxes, members, width, scale, box_block)
                fill_tails(query, box_block, tails, features)
            dtw_lanes(query, radius, limit, tails, longest, room, features)
            seen[3] += width
            for lane in range(width):
                square = np.float64(result[lane])
                if square <= limit and square < np.inf:
                    square /= rescale
                    found[n_found] = members[lane]
                    squares[n_found] = square
                    n_found += 1
                    if square < best[0]:
                        keep_best(best, square)
                        limit = min(limit, (best[0] * slack + grain) * rescale)
        if seeds:
            for lane in range(n_seeds):
                bounds[chunk[lane]] = np.inf
            n_visit = bound_what_is_within(ends, n, limit, part, scratch, seen, features)
            in_order_of_bounds(bounds, scratch.within, n_visit, visit)
            seeds = False
    return n_found


@njit(cache=True, nogil=True)
def merge_ranked(distances, indices, top_distances, top_indices):  # type: ignore[no-untyped-def]
    """Merge matches, in any order, into the k best, which are ranked by (distance, index)."""
    by_index = np.argsort(indices, kind="mergesort")
    order = by_index[np.argsort(distances[by_index], kind="mergesort")]
    known_distances, known_indices = top_distances.copy(), top_indices.copy()
    old = new = 0
    for place in range(len(top_distances)):
        take_new = False
        if new < len(order):
            distance, index = distances[order[new]], indices[order[new]]
            take_new = distance < known_distances[old] or (
                distance == known_distances[old] and index < known_indices[old]
            )
        if take_new:
            top_distances[place], top_indices[place] = distance, index
            new += 1
        else:
            top_distances[place], top_indices[place] = known_distances[old], known_indices[old]
            old += 1


@njit(cache=True, nogil=True)
def answer_queries(  # type: ignore[no-untyped-def]
    queries,
    starts,
    radius,
    cutoff,
    slack,
    grain,
    part,
    scratch,
    single,
    double,
    top_distances,
    top_indices,
    seen,
    features,
):
    """Merge, for each query, the nearest sequences of a part into the k nearest so far.

    Parameters
    ----------
    queries : float32 (n_steps, n_features)
        One after the other; query q begins at step ``starts[q]`` and ends at ``starts[q + 1]``.
    cutoff, slack, grain : float64
        Matches at larger distances are left out; for the others see `nearest_candidates`.
    single, double
        Rooms for float32 and float64.
    top_distances, top_indices : float64 and int64 (n_queries, k)
        Ranked by (distance, index); inf and a number above all indices where there is none.
    """
    k, count = top_distances.shape[1], len(part.order)
    ends = np.empty((2 * DEPTH, len(features)), np.float32)
    found, squares, best = np.empty(count, np.int64), np.empty(count), np.empty(k)
    for number in range(len(starts) - 1):
        query = queries[starts[number] : starts[number + 1]]
        scaled = query * part.scale
        fill_ends(scaled, 0, len(scaled), np.float32(1), ends)
        best[:] = np.inf
        reach = min(cutoff, top_distances[number, k - 1])
        limit = reach * reach * slack + grain
        n_found = nearest_candidates(
            scaled, ends, radius, limit, slack, grain, best, part, scratch, single,
            found, squares, seen, features,
        )  # fmt: skip
        limit = min(limit, best[0] * slack + grain)
        kept = 0
        for place in range(n_found):
            if squares[place] <= limit:
                found[kept] = found[place]
                kept += 1
        chosen, exact = found[:kept], squares[:kept]
        fill_squares(
            query.astype(np.float64), np.array([0, len(query)]), part.values, part.offsets, chosen,
            np.arange(kept), np.float32(1), radius, (0, len(query)), double, exact.reshape(1, -1),
            features,
        )  # fmt: skip
        n_within = 0
        for place in range(kept):
            distance = math.sqrt(exact[place])
            if distance <= cutoff:
                exact[n_within], chosen[n_within] = distance, chosen[place] + part.first
                n_within += 1
        merge_ranked(
            exact[:n_within], chosen[:n_within], top_distances[number], top_indices[number]
        )
