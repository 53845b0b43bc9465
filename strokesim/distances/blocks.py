"""The first stage of a search: bounds of whole blocks, then of the candidates in near ones.

The bound of a block is above none of its candidates' (see `bounds`), so a block above the
limit need not be read. Where one limit is known already, that leaves out most of a corpus.
"""

from __future__ import annotations

import numpy as np
from numba import njit

from strokesim.distances.bounds import BOXES, POINTS, corner_bounds
from strokesim.distances.vectors import LANES

DONE = -1
"""The bound of a block whose candidates have bounds of their own already."""

BUCKETS = 256
"""Candidates are visited in the order of their bounds, up to this resolution."""


@njit(cache=True, nogil=True)
def near_blocks(ends, n, part, block_bounds, near, features):  # type: ignore[no-untyped-def]
    """Bound all blocks; set ``near`` to the block with the least bound in every lane."""
    n_groups = (len(part.shortest) + LANES - 1) // LANES
    for group in range(n_groups):
        m = part.shortest[group * LANES]
        corner_bounds(BOXES, ends, n, part.block_boxes, group, m, block_bounds, group, features)
    least, group_of = block_bounds[:LANES].copy(), np.zeros(LANES, np.int32)
    for group in range(1, n_groups):
        for lane in range(LANES):
            bound = block_bounds[group * LANES + lane]
            better = bound < least[lane]
            least[lane] = bound if better else least[lane]
            group_of[lane] = np.int32(group) if better else group_of[lane]
    for lane in range(LANES):
        near[lane] = group_of[lane] * LANES + lane


@njit(cache=True, nogil=True)
def bound_blocks(ends, n, part, blocks, sums, bounds, features):  # type: ignore[no-untyped-def]
    """Set the bounds of some blocks' candidates to those of their corners, inf where removed.

    Returns how many candidates there are.
    """
    corners, shortest, slots, count = part.corners, part.shortest, part.slots, len(part.slots)
    total = 0
    for block in blocks:
        corner_bounds(POINTS, ends, n, corners, block, shortest[block], sums, 0, features)
        start = block * LANES
        width = min(LANES, count - start)
        for lane in range(width):
            bounds[slots[start + lane]] = sums[lane]
        total += width
    if part.removed:
        for block in blocks:
            for slot in range(block * LANES, min((block + 1) * LANES, count)):
                if not part.alive[slots[slot]]:
                    bounds[slots[slot]] = np.inf
    return total


@njit(cache=True, nogil=True)
def choose_seeds(ends, n, limit, part, scratch, seen, features):  # type: ignore[no-untyped-def]
    """Put likely candidates into the chunk; return how many.

    They are the best of every lane in near blocks, whose bounds become `DONE`.
    """
    block_bounds, bounds, chunk = scratch.block_bounds, scratch.bounds, scratch.chunk
    slots, count = part.slots, len(part.slots)
    near, least = np.empty(LANES, np.int64), np.full(LANES, np.inf)
    near_blocks(ends, n, part, block_bounds, near, features)
    n_near = 0
    for lane in range(LANES):
        bound = block_bounds[near[lane]]
        near[n_near] = near[lane]
        n_near += bound <= limit and bound < np.inf
    seen[0] += bound_blocks(ends, n, part, near[:n_near], scratch.sums, bounds, features)
    for block in near[:n_near]:
        block_bounds[block] = DONE
        for slot in range(block * LANES, min((block + 1) * LANES, count)):
            position, lane = slots[slot], slot % LANES
            if bounds[position] <= limit and bounds[position] < least[lane]:
                least[lane], chunk[lane] = bounds[position], position
    n_seeds = 0
    for lane in range(LANES):
        chunk[n_seeds] = chunk[lane]
        n_seeds += least[lane] < np.inf
    return n_seeds


@njit(cache=True, nogil=True)
def bound_what_is_within(ends, n, limit, part, scratch, seen, features):  # type: ignore[no-untyped-def]
    """Bound the candidates of the blocks that are within the limit, but for those `DONE`.

    Sets ``scratch.within`` to the positions of candidates within it; returns how many.
    """
    block_bounds, bounds, within = scratch.block_bounds, scratch.bounds, scratch.within
    slots, count, blocks = part.slots, len(part.slots), scratch.blocks
    # What has been done already has a bound of inf, which a limit of inf must leave out.
    limit = min(limit, np.float64(np.finfo(np.float32).max))
    n_new, n_old = 0, len(blocks)
    for block in range(len(part.shortest)):
        bound = block_bounds[block]
        if bound == DONE:
            n_old -= 1
            blocks[n_old] = block
        blocks[n_new] = block
        n_new += bound <= limit and bound != DONE
    seen[0] += bound_blocks(ends, n, part, blocks[:n_new], scratch.sums, bounds, features)
    n_within = 0
    for some in (blocks[:n_new], blocks[n_old:]):
        for block in some:
            for slot in range(block * LANES, min((block + 1) * LANES, count)):
                position = slots[slot]
                within[n_within] = position
                n_within += bounds[position] <= limit
    return n_within


@njit(cache=True, nogil=True)
def in_order_of_bounds(bounds, within, n_within, order):  # type: ignore[no-untyped-def]
    """Put the positions ``within[:n_within]`` into ``order``, low bounds first.

    A counting sort, so it takes no longer than the bounds did.
    """
    top = np.float32(0)
    for place in range(n_within):
        top = max(top, bounds[within[place]])
    fit = np.float64(BUCKETS - 1) / top if top > 0 else 0.0
    starts = np.zeros(BUCKETS + 1, np.int64)
    for place in range(n_within):
        starts[np.int64(bounds[within[place]] * fit) + 1] += 1
    for bucket in range(BUCKETS):
        starts[bucket + 1] += starts[bucket]
    for place in range(n_within):
        bucket = int(bounds[within[place]] * fit)
        order[starts[bucket]] = within[place]
        starts[bucket] += 1
