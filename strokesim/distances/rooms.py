"""Memory that lane kernels write into, kept for the next query of the same thread."""

from __future__ import annotations

import threading
from typing import NamedTuple

import numpy as np

from strokesim.distances.lane_dtw import room_for
from strokesim.distances.vectors import LANES, aligned

CHUNK = 16 * LANES
"""How many candidates the cascade looks at with one limit."""


class Scratch(NamedTuple):
    """What `cascade.nearest_candidates` writes into besides the DTW kernel's room."""

    bounds: np.ndarray  # (n candidates,) float32, by position
    block_bounds: np.ndarray  # (n blocks, rounded up to LANES) float32
    blocks: np.ndarray  # (n blocks + LANES + 1,) blocks whose candidates are looked at
    visit: np.ndarray  # (n candidates + 1,) positions in the order of their bounds
    within: np.ndarray  # (n candidates + 1,) positions within the limit
    chunk: np.ndarray  # (CHUNK,) positions, those of one chunk
    members: np.ndarray  # (LANES,) sequences, those of one block
    low: np.ndarray  # (4 * n_steps + LANES, n_features) lower side of the query's envelope first
    high: np.ndarray  # (4 * n_steps + LANES, n_features)
    boxes: np.ndarray  # (2, n_features, LANES) flat: boxes of one block
    tails: np.ndarray  # (n_steps + 1, LANES) flat: what rows from i on add at least
    sums: np.ndarray  # (LANES,) bounds of rows or columns
    ends: np.ndarray  # (LANES,) int32, where the middle of each lane ends


class Rooms:
    """One thread's memory, made anew where a query or a part needs more.

    Parameters
    ----------
    n_features : int
    """

    def __init__(self, n_features: int) -> None:
        self._n_features, self._kept = n_features, threading.local()

    def single(self, longest: int) -> tuple[np.ndarray, ...]:
        """Return a float32 room for sequences of ``longest`` steps."""
        return self._room("single", longest, np.float32)

    def double(self, longest: int) -> tuple[np.ndarray, ...]:
        """Return a float64 room for sequences of ``longest`` steps."""
        return self._room("double", longest, np.float64)

    def _room(self, name: str, longest: int, number: type) -> tuple[np.ndarray, ...]:
        steps, room = getattr(self._kept, name, (0, ()))
        if steps < longest:
            room = room_for(longest, self._n_features, number)
            setattr(self._kept, name, (longest, room))
        return room

    def scratch(self, longest: int, count: int) -> Scratch:
        """Return scratch for ``count`` candidates, and sequences of ``longest`` steps."""
        steps, most, kept = getattr(self._kept, "scratch", (0, 0, None))
        if kept is None or steps < longest or most < count:
            longest, count = max(steps, longest), max(most, count)
            kept = Scratch(
                bounds=aligned(count),
                block_bounds=aligned(-(-count // LANES**2) * LANES),
                blocks=np.empty(-(-count // LANES) + LANES + 1, np.int64),
                visit=np.empty(count + 1, np.int64),
                within=np.empty(count + 1, np.int64),
                chunk=np.empty(CHUNK, np.int64),
                members=np.empty(LANES, np.int64),
                low=np.empty((4 * longest + LANES, self._n_features), np.float32),
                high=np.empty((4 * longest + LANES, self._n_features), np.float32),
                boxes=aligned(2 * self._n_features * LANES),
                tails=aligned((longest + 1) * LANES),
                sums=aligned(LANES),
                ends=aligned(LANES, np.int32),
            )
            self._kept.scratch = (longest, count, kept)
        return kept
