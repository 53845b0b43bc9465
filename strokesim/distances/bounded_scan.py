"""Finds the nearest under order-free and shifted distances in the order of their lower bounds.

What `cascade` says about margins holds here too: float32 filters, and everything within the
margin of the k-th best is decided in float64. The limits are float32 numbers in the scaled units
of a part; ``unit`` is how many times larger values are in them.
"""

from __future__ import annotations

import math

import numpy as np
from numba import njit

from strokesim.distances.blocks import in_order_of_bounds
from strokesim.distances.cascade import FIRST_CHUNK, keep_best, merge_ranked
from strokesim.distances.cloud_bounds import (
    NEAR,
    add_back,
    bound_there,
    choose_landmarks,
    fill_back,
    fill_shares,
)
from strokesim.distances.kernels import CLOUD, FREE
from strokesim.distances.lane_dtw import pack
from strokesim.distances.lane_scan import add_cloud, add_shifted, fill_values
from strokesim.distances.shifted_bounds import bound_shifts, haze_of, relaxed, slide
from strokesim.distances.vectors import LANES


@njit(cache=True, nogil=True)
def choose_seeds(part, bounds, limit, chunk):  # type: ignore[no-untyped-def]
    """Pass over what was removed; put the best of each lane into ``chunk``; return how many."""
    count = len(part.order)
    bounds[count:] = np.inf
    if part.removed:
        for position in range(count):
            if not part.alive[position]:
                bounds[position] = np.inf
    least, block_of = bounds[:LANES].copy(), np.zeros(LANES, np.int32)
    for block in range(1, len(bounds) // LANES):
        for lane in range(LANES):
            bound = bounds[block * LANES + lane]
            better = bound < least[lane]
            least[lane] = bound if better else least[lane]
            block_of[lane] = np.int32(block) if better else block_of[lane]
    size = 0
    for lane in range(LANES):
        if least[lane] <= limit and least[lane] < np.inf:
            chunk[size] = block_of[lane] * LANES + lane
            size += 1
    chunk[:size].sort()
    return size


@njit(cache=True, nogil=True)
def plan_visits(part, bounds, limit, chunk, scratch):  # type: ignore[no-untyped-def]
    """Order what is within the limit by its bound, but for the seeds in ``chunk``.

    Sets ``scratch.visit``; returns how many there are.
    """
    for position in chunk:
        bounds[position] = np.inf
    # What is done has a bound of inf, which a limit of inf must leave out.
    limit = min(limit, np.float64(np.finfo(np.float32).max))
    n_within = 0
    for position in range(len(part.order)):
        scratch.within[n_within] = position
        n_within += bounds[position] <= limit
    in_order_of_bounds(bounds, scratch.within, n_within, scratch.visit)
    return n_within


@njit(cache=True, nogil=True)
def next_chunk(bounds, visit, at, n_visit, most, limit, chunk):  # type: ignore[no-untyped-def]
    """Put up to ``most`` positions within the limit into ``chunk``, ascending.

    Returns how many, and where in ``visit`` to go on.
    """
    size = 0
    while at < n_visit and size < most:
        if bounds[visit[at]] <= limit:
            chunk[size] = visit[at]
            size += 1
        at += 1
    chunk[:size].sort()
    return size, at


@njit(cache=True, nogil=True)
def note(  # type: ignore[no-untyped-def]
    result, positions, width, limit, unit, slack, grain, best, found, values, n_found
):
    """Note the lanes within the limit; return how many there are now, and the lowered limit."""
    for lane in range(width):
        value = np.float64(result[lane])
        if value <= limit and value < np.inf:
            value /= unit
            found[n_found], values[n_found] = positions[lane], value
            n_found += 1
            if value < best[0]:
                keep_best(best, value)
                limit = min(limit, (best[0] * slack + grain) * unit)
    return n_found, limit


@njit(cache=True, nogil=True)
def keep(found, values, n_found, limit, kept, ends, number):  # type: ignore[no-untyped-def]
    """Append what is within the limit to ``kept``, which ends where query ``number`` does.

    Positions ascend, and with them lengths. Returns ``kept``, with more room where it needs it.
    """
    start, count = ends[number], 0
    for place in range(n_found):
        if values[place] <= limit:
            found[count] = found[place]
            count += 1
    if start + count > len(kept):
        more = np.empty(2 * (start + count), np.int64)
        more[:start] = kept[:start]
        kept = more
    found[:count].sort()
    kept[start : start + count] = found[:count]
    ends[number + 1] = start + count
    return kept


@njit(cache=True, nogil=True)
def settle(  # type: ignore[no-untyped-def]
    kind, queries, starts, cutoff, part, kept, ends, double, sums, lane_ends,
    top_distances, top_indices, features,
):  # fmt: skip
    """Let float64 decide about what was kept, and merge it into the k nearest of each query."""
    one = np.float32(1)
    for number in range(len(starts) - 1):
        wide = queries[starts[number] : starts[number + 1]].astype(np.float64)
        chosen = part.order[kept[ends[number] : ends[number + 1]]]
        exact = np.empty(len(chosen))
        fill_values(
            kind, wide, part, chosen, one, (0, FREE), double, sums, lane_ends, exact, features
        )
        n_within = 0
        for place in range(len(chosen)):
            distance = exact[place] if kind == CLOUD else math.sqrt(exact[place])
            if distance <= cutoff:
                exact[n_within], chosen[n_within] = distance, chosen[place] + part.first
                n_within += 1
        merge_ranked(
            exact[:n_within], chosen[:n_within], top_distances[number], top_indices[number]
        )


@njit(cache=True, nogil=True)
def search_clouds(  # type: ignore[no-untyped-def]
    queries, starts, k, reaches, slack, grain, unit, part, summary, scratch, single, sums, seen,
    features,
):  # fmt: skip
    """Return, for each query, the positions of what can be one of its k nearest under `cloud`.

    Parameters
    ----------
    queries : float32 (n_steps, n_features)
        One after the other; query q begins at step ``starts[q]`` and ends at ``starts[q + 1]``.
    k : int
    reaches : float64 (n_queries,)
        Matches at larger distances are not wanted.
    slack, grain, unit : float64
        A value is within T where it is at most T * slack + grain; values of scaled features
        are ``unit`` times larger.
    part, summary
        See `parts.Part`, `cloud_bounds.CloudSummary`.
    scratch, single, sums
        What the kernels write into; see `rooms`.
    seen : int64 (3,)
        Counters: candidates bounded by landmarks, by cells as well, and compared.

    Returns
    -------
    kept, ends : int64
        Those of query q are ``kept[ends[q] : ends[q + 1]]``.
    """
    count, flat = len(part.order), part.values.reshape(-1)
    kept, ends = np.empty(64, np.int64), np.zeros(len(starts), np.int64)
    visit, chunk, members = scratch.visit, scratch.chunk, scratch.members
    bounds = np.empty((count + LANES - 1) // LANES * LANES, np.float32)
    back, shares, lane_ends, result = scratch.sums, scratch.tails, scratch.ends, single[5]
    found, values, best = np.empty(count, np.int64), np.empty(count), np.empty(k)
    table, cells = np.empty(summary.landmarks.shape[1], np.float32), summary.cells
    for number in range(len(starts) - 1):
        query = queries[starts[number] : starts[number + 1]]
        scaled, n = query * part.scale, len(query)
        chosen = np.empty(n * len(NEAR), np.int64)
        radii = np.empty(n * len(NEAR), np.float32)
        choose_landmarks(scaled, summary, chosen, radii, table)
        bound_there(n, chosen, radii, summary, bounds)
        best[:] = np.inf
        limit = (reaches[number] * slack + grain) * unit
        size = choose_seeds(part, bounds, limit, chunk)
        seen[0] += count
        n_found = n_visit = at = 0
        most, first = FIRST_CHUNK, True
        while size > 0:
            for start in range(0, size, LANES):
                width = min(LANES, size - start)
                positions = chunk[start : start + width]
                for lane in range(width):
                    members[lane] = part.order[positions[lane]]
                longest = pack(
                    flat, part.offsets, members, width, part.scale, len(features), single
                )
                back[:] = 0
                if limit < np.inf:
                    fill_shares(positions, width, chosen, radii, summary, shares)
                    fill_back(part, cells, members, width, table, back)
                add_cloud(
                    scaled, longest, (0, n), single, lane_ends, limit, shares, back, sums, features
                )
                seen[2] += width
                n_found, limit = note(
                    result, positions, width, limit, unit, slack, grain, best,
                    found, values, n_found,
                )  # fmt: skip
            if first:
                first = False
                seen[1] += add_back(part, cells, table, limit, bounds)
                n_visit = plan_visits(part, bounds, limit, chunk[:size], scratch)
            size, at = next_chunk(bounds, visit, at, n_visit, most, limit, chunk)
            most = min(2 * most, len(chunk))
        within = min(limit / unit, best[0] * slack + grain)
        kept = keep(found, values, n_found, within, kept, ends, number)
    return kept, ends


@njit(cache=True, nogil=True)
def search_shifted(  # type: ignore[no-untyped-def]
    queries, starts, k, reaches, slack, grain, unit, part, summary, scratch, single, sums, seen,
    features,
):  # fmt: skip
    """Do what `search_clouds` does, under `euclidean_shifted`.

    ``summary`` is a `shifted_bounds.ShiftedSummary`; slack and grain are those of squares; the
    second counter stays at 0.
    """
    count, flat = len(part.order), part.values.reshape(-1)
    kept, ends = np.empty(64, np.int64), np.zeros(len(starts), np.int64)
    visit, chunk, members = scratch.visit, scratch.chunk, scratch.members
    bounds = np.empty((count + LANES - 1) // LANES * LANES, np.float32)
    result = single[5]
    found, values, best = np.empty(count, np.int64), np.empty(count), np.empty(k)
    limits = np.empty(1, np.float32)
    for number in range(len(starts) - 1):
        query = queries[starts[number] : starts[number + 1]]
        scaled, n = query * part.scale, len(query)
        haze = haze_of(scaled, part.lengths[count - 1], summary)
        means = np.empty((max(n, 1), len(features)), np.float32)
        bound_shifts(n, means, slide(scaled, summary.width, means), part, summary, bounds, features)
        best[:] = np.inf
        reach = reaches[number]
        limit = (reach * reach * slack + grain) * unit
        size = choose_seeds(part, bounds, relaxed(limit, haze), chunk)
        seen[0] += count
        n_found = n_visit = at = 0
        most, first = FIRST_CHUNK, True
        while size > 0:
            start = 0
            while start < size:
                width = 0
                # Shifts go one way for longer candidates, the other for shorter ones.
                longer = part.lengths[chunk[start]] > n
                while (
                    width < LANES
                    and start + width < size
                    and (part.lengths[chunk[start + width]] > n) == longer
                ):
                    width += 1
                positions = chunk[start : start + width]
                for lane in range(width):
                    members[lane] = part.order[positions[lane]]
                longest = pack(
                    flat, part.offsets, members, width, part.scale, len(features), single
                )
                limits[0] = min(limit * (1 + 2.0**-22), 3e38)
                add_shifted(scaled, longest, (0, FREE), single, limits, sums, features)
                seen[2] += width
                n_found, limit = note(
                    result, positions, width, limit, unit, slack, grain, best,
                    found, values, n_found,
                )  # fmt: skip
                start += width
            if first:
                first = False
                n_visit = plan_visits(part, bounds, relaxed(limit, haze), chunk[:size], scratch)
            size, at = next_chunk(bounds, visit, at, n_visit, most, relaxed(limit, haze), chunk)
            most = min(2 * most, len(chunk))
        within = min(limit / unit, best[0] * slack + grain)
        kept = keep(found, values, n_found, within, kept, ends, number)
    return kept, ends
