"""Sequences of unequal length in one array: the form in which features travel."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from strokesim.errors import ArgumentError


def check_sequence(sequence: object, name: str = "the sequence") -> np.ndarray:
    """Return a feature sequence as C-contiguous float32, shape (n_steps, n_features).

    Parameters
    ----------
    sequence : array_like, shape (n_steps, n_features) or (n_steps,)
        One-dimensional input is taken as one feature.
    name : str
        How an error calls it: "sequence 17".

    Raises
    ------
    ArgumentError
        If it has no steps or no features, is no table of numbers, or holds NaN, inf, or what
        float32 cannot hold; the message names the step and the feature.
    """
    try:
        given = np.asarray(sequence)
        if np.iscomplexobj(given):
            raise ValueError("complex numbers; give both parts as features of their own")
        if given.dtype.kind in "SUMm":
            raise ValueError(f"{given.dtype} is text or time; give numbers")
        if np.ma.is_masked(sequence):
            raise ValueError("some are masked; leave those steps out")
        array = np.asarray(given, dtype=np.float64)
    except (TypeError, ValueError, OverflowError) as error:
        raise ArgumentError(f"{name} is not an array of numbers: {error}") from None
    if array.ndim == 1:
        array = array[:, np.newaxis]
    if array.ndim != 2 or array.shape[1] == 0:
        raise ArgumentError(f"{name} has shape {given.shape}; needed: (n_steps, n_features)")
    if len(array) == 0:
        raise ArgumentError(
            f"{name} has 0 steps; a feature sequence needs at least one (was the ink empty?)"
        )
    largest = np.finfo(np.float32).max
    if not np.abs(array).max() <= largest:
        step, feature = np.argwhere(~(np.abs(array) <= largest))[0]
        raise ArgumentError(
            f"{name}: step {step}, feature {feature} is {array[step, feature]:g}; "
            "features are finite float32 numbers"
        )
    return np.ascontiguousarray(given if given.ndim == 2 else array, dtype=np.float32)


@dataclass(frozen=True, slots=True, eq=False)
class Ragged:
    """Sequences one after the other.

    Parameters
    ----------
    values : ndarray of float32, shape (n_steps of all, n_features)
        C-contiguous; may be read-only and memory-mapped.
    offsets : ndarray of int64, shape (n_sequences + 1,)
        Sequence ``i`` is ``values[offsets[i]:offsets[i + 1]]``; ``offsets[0]`` may be above 0
        where ``values`` holds more than these sequences.
    """

    values: np.ndarray
    offsets: np.ndarray

    @classmethod
    def from_arrays(cls, arrays: Iterable[object], name: str = "sequence") -> Ragged:
        """Check the arrays and put them one after the other.

        Parameters
        ----------
        arrays : iterable of array_like, each (n_steps, n_features) or (n_steps,)
        name : str
            How an error calls one of them.

        Raises
        ------
        ArgumentError
            See `check_sequence`; also if the arrays differ in their number of features.
        """
        checked = [check_sequence(array, f"{name} {i}") for i, array in enumerate(arrays)]
        for i, array in enumerate(checked):
            if array.shape[1] != checked[0].shape[1]:
                raise ArgumentError(
                    f"{name} {i} has {array.shape[1]} features, {name} 0 has "
                    f"{checked[0].shape[1]}; all need the same"
                )
        offsets = np.zeros(len(checked) + 1, np.int64)
        np.cumsum([len(array) for array in checked], out=offsets[1:])
        values = np.concatenate(checked) if checked else np.empty((0, 0), np.float32)
        return cls(values, offsets)

    def __len__(self) -> int:
        return len(self.offsets) - 1

    def __getitem__(self, index: int) -> np.ndarray:
        """Return one sequence as a view, shape (n_steps, n_features)."""
        if not -len(self) <= index < len(self):
            raise IndexError(f"sequence {index} of {len(self)}")
        index %= len(self)
        return self.values[self.offsets[index] : self.offsets[index + 1]]

    def __iter__(self) -> Iterator[np.ndarray]:
        return (self[index] for index in range(len(self)))

    @property
    def n_features(self) -> int:
        """Number of features per step."""
        return int(self.values.shape[1])

    @property
    def lengths(self) -> np.ndarray:
        """Number of steps of each sequence, shape (n_sequences,), int64."""
        return np.diff(self.offsets)

    def checked(self, name: str = "sequence") -> Ragged:
        """Return these sequences, or a copy where they are not laid out as described.

        Parameters
        ----------
        name : str
            How an error calls one of them.

        Raises
        ------
        ArgumentError
            If the offsets are none, a sequence has no step, or a value is not finite.
        """
        values, offsets = np.asarray(self.values), np.asarray(self.offsets)
        if (
            values.ndim != 2
            or offsets.ndim != 1
            or offsets.dtype.kind not in "iu"
            or len(offsets) == 0
            or offsets[0] < 0
            or offsets[-1] > len(values)
            or (offsets[1:] < offsets[:-1]).any()
        ):
            raise ArgumentError(
                "the offsets of Ragged ascend within its values, of shape (n_steps, n_features); "
                "Ragged.from_arrays makes them"
            )
        whole = Ragged(values, offsets.astype(np.int64, copy=False))
        if len(offsets) == 1:
            return whole
        used = values[offsets[0] : offsets[-1]]
        sound = (
            values.dtype == np.float32
            and values.dtype.isnative
            and values.flags.c_contiguous
            and used.size
            and whole.lengths.all()
            and np.isfinite(used).all()
        )
        return whole if sound else Ragged.from_arrays(whole, name)

    def take(self, indices: Sequence[int] | np.ndarray) -> Ragged:
        """Copy the named sequences, in the order given.

        Parameters
        ----------
        indices : sequence of int, each in 0 .. n_sequences - 1
        """
        chosen = np.asarray(indices, np.int64)
        lengths = self.lengths[chosen]
        offsets = np.zeros(len(chosen) + 1, np.int64)
        np.cumsum(lengths, out=offsets[1:])
        rows = np.arange(offsets[-1]) + np.repeat(self.offsets[:-1][chosen] - offsets[:-1], lengths)
        return Ragged(self.values[rows], offsets)
