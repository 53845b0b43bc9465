"""Sequences made ready for lanes: sorted by length, with the summaries that bounds need."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from strokesim.distances.bounds import DEPTH, fill_boxes, fill_corners, fill_ends_of_all
from strokesim.distances.clusters import LONG, fill_block_boxes, fill_slots
from strokesim.distances.vectors import LANES, aligned
from strokesim.ragged import Ragged
from strokesim.replacing import synced

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
    # The next five are empty where nobody asks for blocks.
    boxes: np.ndarray  # (n, 2 * n_features) lower, then upper corners
    slots: np.ndarray  # (n,) places in that order, so that those alike share a block
    shortest: np.ndarray  # (n_blocks,) least length in each block of slots, LONG if longer
    corners: np.ndarray  # (n_blocks * 2 * DEPTH * n_features * LANES,) ends, scaled, by slot
    block_boxes: np.ndarray  # (n_groups * 2 * DEPTH * 2 * n_features * LANES,) around corners
    alive: np.ndarray  # (n,) in that order, False where removed
    removed: bool  # whether any is
    scale: np.float32  # power of two
    first: int  # number of sequence 0 in the index
    copied: bool  # whether the features are the index's own

    def without(self, numbers: np.ndarray) -> Part:
        """Return the part without the sequences of these numbers in the index."""
        gone = self.alive & np.isin(self.order + self.first, numbers)
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
    def longest(self) -> int:
        """Steps of the longest sequence, removed ones included."""
        return int(self.lengths[-1])

    @property
    def n_steps(self) -> int:
        """Steps of all sequences."""
        return int(self.offsets[-1] - self.offsets[0])

    @property
    def n_steps_needed(self) -> int:
        """Steps that would be left if the part were made anew: one of each removed sequence."""
        return int(np.where(self.alive, self.lengths, 1).sum())


LAYOUT = {"version": 1, "lanes": LANES, "depth": DEPTH}
"""What must be the same for a saved index to be read."""

ARRAYS = ("values", "offsets", "order", "lengths", "boxes", "slots", "shortest", "corners",
          "block_boxes", "alive")  # fmt: skip


def prepare_part(sequences: Ragged, first: int, *, blocks: bool = True) -> Part:
    """Return one part of at least one sequence.

    Parameters
    ----------
    sequences : Ragged
    first : int
        Number of the first of them in the index.
    blocks : bool
        Whether to make what the bounds of DTW are made of, which takes as much memory as ten
        steps of each sequence.
    """
    values, offsets = _fixed(sequences.values), _fixed(sequences.offsets)
    order = np.argsort(sequences.lengths, kind="stable")
    exponent = EXPONENT - int(np.frexp(largest_of(values, offsets))[1])
    # Beyond 2^126 the scale itself would not be a normal number.
    scale = np.float32(2.0 ** min(max(exponent, -126), 126))
    lengths = _fixed(sequences.lengths[order])
    n = len(order) if blocks else 0
    n_features, n_blocks = sequences.n_features, -(-n // LANES)
    boxes = np.empty((n, 2 * n_features), np.float32)
    slots = np.empty(n, np.int64)
    corners = _aligned(n_blocks, 2 * DEPTH, n_features, LANES)
    block_boxes = _aligned(-(-n_blocks // LANES), 2 * DEPTH, 2, n_features, LANES)
    if blocks:
        fill_boxes(values, offsets, boxes)
        ends = np.empty((n, 2 * DEPTH, n_features), np.float32)
        fill_ends_of_all(values, offsets, order, scale, ends)
        fill_slots(lengths, ends.reshape(n, -1), slots)
        fill_corners(ends, slots, corners)
        fill_block_boxes(corners, n, block_boxes)
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
        copied=False,
    )


def largest_of(values: np.ndarray, offsets: np.ndarray) -> float:
    """Return the largest magnitude among the features of some sequences."""
    own = values[offsets[0] : offsets[-1]]
    return float(max(own.max(), -own.min()))


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


def parts_of(sequences: Ragged, first: int = 0, *, blocks: bool = True) -> Iterator[Part]:
    """Cut the sequences into parts of about as many steps each, `STEPS_PER_PART` at the most."""
    start, end = 0, sequences.offsets[-1]
    while start < len(sequences):
        # Alike, so that threads that share them end together.
        parts = -(-(end - sequences.offsets[start]) // STEPS_PER_PART)
        reach = sequences.offsets[start] + -(-(end - sequences.offsets[start]) // parts)
        stop = max(int(np.searchsorted(sequences.offsets, reach, "right")) - 1, start + 1)
        piece = Ragged(sequences.values, sequences.offsets[start : stop + 1])
        yield prepare_part(piece, first + start, blocks=blocks)
        start = stop


def number_of_sequences(parts: Sequence[Part]) -> int:
    """Return how many there are in parts that follow each other, removed ones included."""
    return parts[-1].first + len(parts[-1].order) if parts else 0


class Parts:
    """All sequences of an index, which may grow and shrink while others search it.

    Parameters
    ----------
    sequences : Ragged
    blocks : bool
        See `prepare_part`.

    Attributes
    ----------
    all : tuple of Part
        Replaced as a whole by every change: who holds one is not disturbed.
    """

    def __init__(self, sequences: Ragged, *, blocks: bool = True) -> None:
        self.n_features, self._blocks = sequences.n_features, blocks
        self.all = tuple(parts_of(sequences, blocks=blocks))

    def __len__(self) -> int:
        """Return the number of sequences, removed ones included."""
        return number_of_sequences(self.all)

    @property
    def n_alive(self) -> int:
        """Number of sequences that have not been removed."""
        return sum(int(part.alive.sum()) for part in self.all)

    @property
    def nbytes(self) -> int:
        """Memory that is there for the index alone, without features that are a corpus's."""
        return sum(
            getattr(part, name).nbytes
            for part in self.all
            for name in (ARRAYS if part.copied else ARRAYS[2:])
        )

    def add(self, sequences: Ragged) -> None:
        """Append sequences. Only parts as small as what is added are made anew."""
        known = list(self.all)
        new = list(parts_of(sequences, len(self), blocks=self._blocks))
        while known and len(new) == 1 and known[-1].n_steps <= new[0].n_steps < STEPS_PER_PART:
            new = [self._merged(known.pop(), new[0])]
        self.all = (*known, *new)

    def remove(self, numbers: np.ndarray) -> None:
        """Let searches pass over sequences. The others keep their numbers.

        Parts of which less than two thirds would be left are made anew.
        """
        left = []
        for known in self.all:
            part = known.without(numbers)
            anew = part is not known and 3 * part.n_steps_needed < 2 * part.n_steps
            left.append(self._merged(part) if anew else part)
        self.all = tuple(left)

    def _merged(self, *parts: Part) -> Part:
        """Return neighbouring parts as one, in which a removed sequence is its first step only."""
        values, lengths, gone = [], [], []
        for part in parts:
            removed = np.zeros(len(part.order), bool)
            removed[part.order] = ~part.alive
            own = np.diff(part.offsets)
            steps = np.repeat(~removed, own)
            starts = part.offsets[:-1] - part.offsets[0]
            steps[starts] = True
            values.append(part.values[part.offsets[0] : part.offsets[-1]][steps])
            lengths.append(np.where(removed, 1, own))
            gone.append(np.flatnonzero(removed) + part.first)
        offsets = np.concatenate([[0], np.cumsum(np.concatenate(lengths))])
        sequences = Ragged(np.concatenate(values), offsets)
        whole = prepare_part(sequences, parts[0].first, blocks=self._blocks)
        return whole.without(np.concatenate(gone))._replace(copied=True)

    def load(self, folder: Path) -> None:
        """Become what `save_parts` wrote, mapped into memory.

        Raises
        ------
        ValueError
            If it is not as `save_parts` writes it. Features, corners and boxes are not read for
            that.
        """
        described = json.loads((folder / "parts.json").read_text())
        layout = {name: described[name] for name in LAYOUT}
        if layout != LAYOUT:
            raise ValueError(f"it is laid out as {layout}, this version reads {LAYOUT}")
        loaded: list[Part] = []
        for number, (removed, scale, first) in enumerate(described["parts"]):
            if not (2.0**-126 <= scale <= 2.0**126 and np.frexp(scale)[0] == 0.5):
                raise ValueError(f"parts.json: the scale of part {number} is {scale}")
            arrays: dict[str, Any] = {
                name: _fixed(np.load(folder / f"{number}-{name}.npy", mmap_mode="r"))
                for name in ARRAYS
            }
            part = Part(
                **arrays, removed=removed, scale=np.float32(scale), first=first, copied=False
            )
            if first != (loaded[-1].first + len(loaded[-1].order) if loaded else 0):
                raise ValueError(f"part {number} does not begin where the one ahead ends")
            for name, sound in _checks(part, self.n_features, self._blocks):
                if not sound:
                    raise ValueError(f"{number}-{name}.npy is damaged")
            loaded.append(part)
        self.all = tuple(loaded)


def save_parts(all_parts: tuple[Part, ...], folder: Path) -> None:
    """Write everything, features included, as NumPy files into a folder."""
    facts = []
    for number, part in enumerate(all_parts):
        arrays = part._asdict()
        arrays["values"] = part.values[part.offsets[0] : part.offsets[-1]]
        arrays["offsets"] = part.offsets - part.offsets[0]
        for name in ARRAYS:
            with synced(folder / f"{number}-{name}.npy") as file:
                np.save(file, arrays[name])
        facts.append([bool(part.removed), float(part.scale), int(part.first)])
    described = {**LAYOUT, "parts": facts}
    with synced(folder / "parts.json") as file:
        file.write(json.dumps(described).encode())


def _checks(part: Part, n_features: int, blocks: bool) -> Iterator[tuple[str, bool]]:
    """Yield the name of an array, and whether it is what it must be for searches to be safe."""
    n = part.order.size
    n_blocks = -(-n // LANES) if blocks else 0
    shapes = {
        "values": (len(part.values), n_features),
        "offsets": (n + 1,),
        "order": (n,),
        "lengths": (n,),
        "boxes": (n if blocks else 0, 2 * n_features),
        "slots": (n if blocks else 0,),
        "shortest": (n_blocks,),
        "corners": (n_blocks * 2 * DEPTH * n_features * LANES,),
        "block_boxes": (-(-n_blocks // LANES) * 4 * DEPTH * n_features * LANES,),
        "alive": (n,),
    }
    kinds: dict[str, type[np.generic]] = dict.fromkeys(ARRAYS, np.float32)
    kinds |= dict.fromkeys(("offsets", "order", "lengths", "slots", "shortest"), np.int64)
    kinds["alive"] = np.bool_
    for name in ARRAYS:
        array = getattr(part, name)
        yield name, n > 0 and array.shape == shapes[name] and array.dtype == kinds[name]
    ends = part.offsets
    yield (
        "offsets",
        bool(ends[0] == 0 and ends[-1] == len(part.values) and (np.diff(ends) > 0).all()),
    )
    yield "order", np.array_equal(np.sort(part.order), np.arange(n))
    yield "lengths", np.array_equal(part.lengths, np.diff(ends)[part.order])
    yield "lengths", bool((np.diff(part.lengths) >= 0).all())
    yield "slots", np.array_equal(np.sort(part.slots), np.arange(len(part.slots)))
    least = np.minimum(part.lengths[part.slots[::LANES]], LONG)
    yield "shortest", np.array_equal(part.shortest, least)
    yield "alive", bool(part.removed) or bool(part.alive.all())
