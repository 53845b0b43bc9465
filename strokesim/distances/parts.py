"""Sequences made ready for lanes: sorted by length, with the summaries that bounds need."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np

from strokesim.distances.bounds import DEPTH, fill_boxes, fill_corners
from strokesim.distances.vectors import LANES, aligned
from strokesim.ragged import Ragged

STEPS_PER_PART = 2**20
"""A part is searched by one call, which cannot be interrupted, on one thread."""

EXPONENT = 40
"""Features are scaled, by a power of two, to less than two to this: far from float32's ends."""


class Part(NamedTuple):
    """Consecutive sequences of an index. The features stay where they are, they are not copied."""

    values: np.ndarray  # (n_steps, n_features) float32, as in the corpus
    offsets: np.ndarray  # (n + 1,)
    order: np.ndarray  # (n,) sequences by ascending length
    lengths: np.ndarray  # (n,) in that order
    boxes: np.ndarray  # (n, 2 * n_features) lower, then upper corners
    corners: np.ndarray  # (n_blocks * 2 * DEPTH * n_features * LANES,) ends, scaled, in that order
    alive: np.ndarray  # (n,) in that order, False where removed
    removed: bool  # whether any is
    scale: np.float32  # power of two
    first: int  # number of sequence 0 in the index

    def without(self, numbers: np.ndarray) -> Part:
        """Return the part without the sequences of these numbers in the index."""
        gone = np.isin(self.order + self.first, numbers)
        return self._replace(alive=self.alive & ~gone, removed=True) if gone.any() else self


def prepare_part(sequences: Ragged, first: int) -> Part:
    """Return one part of at least one sequence."""
    # Read-only, as mapped features are: Numba would compile everything twice otherwise.
    values, offsets = sequences.values.view(), sequences.offsets.view()
    values.flags.writeable = offsets.flags.writeable = False
    order = np.argsort(sequences.lengths, kind="stable")
    boxes = np.empty((len(order), 2 * sequences.n_features), np.float32)
    fill_boxes(values, offsets, boxes)
    exponent = EXPONENT - int(np.frexp(np.abs(boxes).max())[1])
    # Beyond 2^126 the scale itself would not be a normal number.
    scale = np.float32(2.0 ** min(max(exponent, -126), 126))
    shape = (-(-len(order) // LANES), 2 * DEPTH, sequences.n_features, LANES)
    corners = aligned(int(np.prod(shape)))
    corners[:] = 0
    fill_corners(values, offsets, order, scale, corners.reshape(shape))
    return Part(
        values=values,
        offsets=offsets,
        order=order,
        lengths=sequences.lengths[order],
        boxes=boxes,
        corners=corners,
        alive=np.ones(len(order), np.bool_),
        removed=False,
        scale=scale,
        first=first,
    )


def parts_of(sequences: Ragged, first: int = 0) -> Iterator[Part]:
    """Cut the sequences into parts of about `STEPS_PER_PART` steps."""
    start = 0
    while start < len(sequences):
        reach = sequences.offsets[start] + STEPS_PER_PART
        stop = max(int(np.searchsorted(sequences.offsets, reach, "right")) - 1, start + 1)
        piece = Ragged(sequences.values, sequences.offsets[start : stop + 1])
        yield prepare_part(piece, first + start)
        start = stop
