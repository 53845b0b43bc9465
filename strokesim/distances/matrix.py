"""Distances of every sequence to every other."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

from strokesim.distances.checks import unequal_lengths
from strokesim.distances.table import find_distance
from strokesim.errors import ArgumentError
from strokesim.ragged import Ragged
from strokesim.threads import run


def cdist(
    a: Ragged | Iterable[object],
    b: Ragged | Iterable[object] | None = None,
    *,
    distance: str = "dtw",
    radius: int | None = None,
    threads: int | None = None,
) -> np.ndarray:
    """Return the distances of all sequences of ``a`` to all of ``b``.

    Each is the number that the distance gives for the two sequences alone, to the last bit.

    Parameters
    ----------
    a : Ragged, Corpus or iterable of array_like
        Feature sequences, each (n_steps, n_features).
    b : Ragged, Corpus or iterable of array_like, optional
        None compares ``a`` with itself, each pair once.
    distance : str
        A name in `DISTANCES`.
    radius : int, optional
        Sakoe-Chiba radius in steps; see `dtw`.
    threads : int, optional
        None uses every core. Without influence on the result.

    Returns
    -------
    ndarray of float64, shape (n_a, n_b)

    Raises
    ------
    ArgumentError
        If a sequence is no feature sequence, the numbers of features differ, lengths differ
        where the distance needs equal ones, or the radius means nothing.
    UnknownNameError
        If the distance is not in `DISTANCES`.

    Examples
    --------
    >>> cdist([[0, 0, 3], [1]], [[0, 3, 3, 5]]).round(2).tolist()
    [[2.0], [5.0]]
    """
    measure = find_distance(distance)
    rows = sequences_of(a, "a")
    columns = rows if b is None else sequences_of(b, "b")
    searcher = measure.prepare(columns, radius)
    matrix = np.zeros((len(rows), len(columns)))
    if not matrix.size:
        return matrix
    if rows.n_features != columns.n_features:
        raise ArgumentError(
            f"the sequences of a have {rows.n_features} features, those of b "
            f"{columns.n_features}; both need the same"
        )
    if not measure.unequal and (rows.lengths != columns.lengths[0]).any():
        other = int((rows.lengths != columns.lengths[0]).argmax())
        raise unequal_lengths(
            f"sequence {other} of a has {rows.lengths[other]} steps, those of b have "
            f"{columns.lengths[0]}"
        )

    def fill_both(i: int) -> None:
        matrix[i, i + 1 :] = searcher.row(rows[i], i + 1)
        matrix[i + 1 :, i] = matrix[i, i + 1 :]

    def fill(i: int) -> None:
        matrix[i] = searcher.row(rows[i])

    run(fill_both if b is None else fill, len(rows), threads=threads)
    return matrix


def sequences_of(given: Ragged | Iterable[object], name: str) -> Ragged:
    """Return what was given as checked sequences; ``name`` is how an error calls it."""
    given = getattr(given, "sequences", given)
    if isinstance(given, Ragged):
        return given
    if isinstance(given, np.ndarray) and given.ndim < 3:
        raise ArgumentError(
            f"{name} is one array of shape {given.shape}, and several sequences are needed; "
            f"give [{name}] for one sequence of {given.ndim} dimensions, or list({name}) where "
            "each row is a sequence of one feature"
        )
    try:
        return Ragged.from_arrays(given)
    except ArgumentError as error:
        raise ArgumentError(f"{name}: {error}") from None
    except TypeError:
        raise ArgumentError(
            f"{name} is {given!r}; give a list of arrays, each (n_steps, n_features)"
        ) from None
