"""Sequences made ready for lanes: sorted by length, with the summaries that bounds need."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from strokesim.distances.bounds import DEPTH, fill_boxes, fill_corners, fill_ends_of_all
from strokesim.distances.clusters import LONG, fill_block_boxes, fill_slots
from strokesim.distances.vectors import LANES, aligned
from strokesim.ragged import Ragged

STEPS_PER_PART = 2**21
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
    slots: np.ndarray  # (n,) places in that order, so that those alike share a block
    shortest: np.ndarray  # (n_blocks,) least length in each block of slots, LONG if longer
    corners: np.ndarray  # (n_blocks * 2 * DEPTH * n_features * LANES,) ends, scaled, by slot
    block_boxes: np.ndarray  # (n_groups * 2 * DEPTH * 2 * n_features * LANES,) around corners
    alive: np.ndarray  # (n,) in that order, False where removed
    removed: bool  # whether any is
    scale: np.float32  # power of two
    first: int  # number of sequence 0 in the index

    def without(self, numbers: np.ndarray) -> Part:
        """Return the part without the sequences of these numbers in the index."""
        gone = np.isin(self.order + self.first, numbers)
        if not gone.any():
            return self
        return self._replace(alive=_fixed(self.alive & ~gone), removed=True)

    def sliced(self, most: int) -> Iterator[Part]:
        """Yield the part, or as several, with about so many steps at the most, between removed."""
        if self.n_steps <= most:
            yield self
            return
        slices = np.cumsum(self.lengths) // max(most, 1)
        for number in np.unique(slices):
            yield self._replace(alive=_fixed(self.alive & (slices == number)), removed=True)

    @property
    def n_steps(self) -> int:
        """Steps of all sequences."""
        return int(self.offsets[-1] - self.offsets[0])


ARRAYS = ("values", "offsets", "order", "lengths", "boxes", "slots", "shortest", "corners",
          "block_boxes", "alive")  # fmt: skip


def prepare_part(sequences: Ragged, first: int) -> Part:
    """Return one part of at least one sequence."""
    values, offsets = _fixed(sequences.values), _fixed(sequences.offsets)
    order = np.argsort(sequences.lengths, kind="stable")
    boxes = np.empty((len(order), 2 * sequences.n_features), np.float32)
    fill_boxes(values, offsets, boxes)
    exponent = EXPONENT - int(np.frexp(np.abs(boxes).max())[1])
    # Beyond 2^126 the scale itself would not be a normal number.
    scale = np.float32(2.0 ** min(max(exponent, -126), 126))
    lengths = _fixed(sequences.lengths[order])
    ends = np.empty((len(order), 2 * DEPTH, sequences.n_features), np.float32)
    fill_ends_of_all(values, offsets, order, scale, ends)
    slots = np.empty(len(order), np.int64)
    fill_slots(lengths, ends.reshape(len(order), -1), slots)
    n_blocks = -(-len(order) // LANES)
    corners = _aligned(n_blocks, 2 * DEPTH, sequences.n_features, LANES)
    fill_corners(ends, slots, corners)
    block_boxes = _aligned(-(-n_blocks // LANES), 2 * DEPTH, 2, sequences.n_features, LANES)
    fill_block_boxes(corners, len(order), block_boxes)
    return Part(
        values=values,
        offsets=offsets,
        order=_fixed(order),
        lengths=lengths,
        boxes=_fixed(boxes),
        slots=_fixed(slots),
        shortest=_fixed(np.minimum(lengths[slots[::LANES]], LONG)),
        corners=_fixed(corners.reshape(-1)),
        block_boxes=_fixed(block_boxes.reshape(-1)),
        alive=_fixed(np.ones(len(order), np.bool_)),
        removed=False,
        scale=scale,
        first=first,
    )


def _aligned(*shape: int) -> np.ndarray:
    """Return zeros that start on a cache line."""
    array = aligned(int(np.prod(shape)))
    array[:] = 0
    return array.reshape(shape)


def _fixed(array: np.ndarray) -> np.ndarray:
    """Return a read-only view.

    Numba compiles for read-only arrays, such as mapped ones, and for others: here all are.
    """
    fixed = array.view(np.ndarray)
    fixed.flags.writeable = False
    return fixed


def parts_of(sequences: Ragged, first: int = 0) -> Iterator[Part]:
    """Cut the sequences into parts of about as many steps each, `STEPS_PER_PART` at the most."""
    start, end = 0, sequences.offsets[-1]
    while start < len(sequences):
        # Alike, so that threads that share them end together.
        parts = -(-(end - sequences.offsets[start]) // STEPS_PER_PART)
        reach = sequences.offsets[start] + -(-(end - sequences.offsets[start]) // parts)
        stop = max(int(np.searchsorted(sequences.offsets, reach, "right")) - 1, start + 1)
        piece = Ragged(sequences.values, sequences.offsets[start : stop + 1])
        yield prepare_part(piece, first + start)
        start = stop


class Parts:
    """All sequences of an index, which may grow and shrink while others search it.

    Parameters
    ----------
    sequences : Ragged

    Attributes
    ----------
    all : tuple of Part
        Replaced as a whole by every change: who holds one is not disturbed.
    longest : int
        Steps of the longest sequence, or more after it was removed.
    """

    all: tuple[Part, ...]

    def __init__(self, sequences: Ragged) -> None:
        self.n_features = sequences.n_features
        self._become(tuple(parts_of(sequences)))

    def __len__(self) -> int:
        """Return the number of sequences, removed ones included."""
        return self.all[-1].first + len(self.all[-1].order) if self.all else 0

    @property
    def n_alive(self) -> int:
        """Number of sequences that have not been removed."""
        return sum(int(part.alive.sum()) for part in self.all)

    @property
    def nbytes(self) -> int:
        """Memory that is there for the index alone; the features are the corpus's."""
        return sum(
            array.nbytes
            for part in self.all
            for name in ARRAYS[2:]
            for array in (getattr(part, name),)
        )

    def add(self, sequences: Ragged) -> None:
        """Append sequences. Only parts as small as what is added are made anew."""
        known, new = list(self.all), list(parts_of(sequences, len(self)))
        while known and len(new) == 1 and known[-1].n_steps <= new[0].n_steps < STEPS_PER_PART:
            new = [_merged(known.pop(), new[0])]
        self._become((*known, *new))

    def remove(self, numbers: np.ndarray) -> None:
        """Let searches pass over sequences. The others keep their numbers."""
        self._become(tuple(part.without(numbers) for part in self.all))

    def _become(self, parts: tuple[Part, ...]) -> None:
        # In this order: a search that sees a part has room for its longest.
        self.longest = max((int(part.lengths[-1]) for part in parts), default=0)
        self.all = parts

    def save(self, folder: Path) -> None:
        """Write everything, features included, as NumPy files into a folder."""
        facts = []
        for number, part in enumerate(self.all):
            arrays = part._asdict()
            arrays["values"] = part.values[part.offsets[0] : part.offsets[-1]]
            arrays["offsets"] = part.offsets - part.offsets[0]
            for name in ARRAYS:
                np.save(folder / f"{number}-{name}.npy", arrays[name])
            facts.append([bool(part.removed), float(part.scale), int(part.first)])
        described = {"n_features": self.n_features, "parts": facts}
        (folder / "parts.json").write_text(json.dumps(described))

    @classmethod
    def load(cls, folder: Path) -> Parts:
        """Map what `save` wrote into memory."""
        described = json.loads((folder / "parts.json").read_text())
        parts = cls(Ragged(np.empty((0, described["n_features"]), np.float32), np.zeros(1, int)))
        loaded = []
        for number, (removed, scale, first) in enumerate(described["parts"]):
            arrays: dict[str, Any] = {
                name: _fixed(np.load(folder / f"{number}-{name}.npy", mmap_mode="r"))
                for name in ARRAYS
            }
            loaded.append(Part(**arrays, removed=removed, scale=np.float32(scale), first=first))
        parts._become(tuple(loaded))
        return parts


def _merged(a: Part, b: Part) -> Part:
    """Return two neighbouring parts as one."""
    features = [part.values[part.offsets[0] : part.offsets[-1]] for part in (a, b)]
    offsets = np.concatenate([a.offsets - a.offsets[0], b.offsets[1:] - b.offsets[0] + a.n_steps])
    part = prepare_part(Ragged(np.concatenate(features), offsets), a.first)
    gone = [each.order[~each.alive] + each.first for each in (a, b)]
    return part.without(np.concatenate(gone))
