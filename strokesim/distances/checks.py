"""What every distance asks of its input, and how it says so."""

from __future__ import annotations

import operator
from collections.abc import Iterator

import numpy as np

from strokesim.distances.kernels import FREE
from strokesim.errors import ArgumentError
from strokesim.ragged import check_sequence

CELLS = 2**26
"""How many pairs of steps, at most, one call compares: between two calls, Ctrl-C is heard."""


def check_pair(a: object, b: object) -> tuple[np.ndarray, np.ndarray]:
    """Return two feature sequences as float32 arrays, each (n_steps, n_features).

    Raises
    ------
    ArgumentError
        See `strokesim.ragged.check_sequence`; also if they differ in their number of features.
    """
    first, second = (
        check_sequence(a, "the first sequence"),
        check_sequence(b, "the second sequence"),
    )
    if first.shape[1] != second.shape[1]:
        raise ArgumentError(
            f"the first sequence has {first.shape[1]} features, the second {second.shape[1]}; "
            "both need the same"
        )
    return first, second


def check_radius(radius: int | None) -> int:
    """Return the radius that kernels take: a whole number, large where the path is free.

    Raises
    ------
    ArgumentError
        If it is negative or no whole number.
    """
    if radius is None:
        return FREE
    try:
        steps = operator.index(radius)
    except TypeError:
        steps = -1
    if steps < 0:
        raise ArgumentError(
            f"radius={radius!r}; use a whole number of steps, at least 0, or None for a free path"
        )
    return min(steps, FREE)


def unequal_lengths(given: str) -> ArgumentError:
    """Return, for raising, the refusal of sequences whose numbers of steps differ."""
    return ArgumentError(
        f"{given}, and euclidean needs the same number; resample with FeatureSpec(steps=32) "
        "or use euclidean_shifted"
    )


def pieces(n_rows: int, n_columns: int) -> Iterator[tuple[int, int]]:
    """Yield from where to where one call at a time goes through the rows of a matrix."""
    size = max(CELLS // n_columns, 1)
    for start in range(0, n_rows, size):
        yield start, min(start + size, n_rows)
