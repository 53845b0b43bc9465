"""Checked columns: names as numbers, distances without NaN, one entry per trial."""

from __future__ import annotations

from typing import Any

import numpy as np

from strokesim.errors import ArgumentError


def array_of(values: Any, what: str, kind: type | None) -> np.ndarray:
    """Return an array of that kind, or of its own where that is None.

    Raises
    ------
    ArgumentError
        If it is none; ``what`` is how the message calls it.
    """
    try:
        return np.asarray(values, dtype=kind)
    except (TypeError, ValueError) as error:
        raise ArgumentError(f"{what} that are no numbers in rows: {error}") from None


def coded(names: Any, what: str, n_entries: int | None = None) -> tuple[np.ndarray, np.ndarray]:
    """Return the sorted names and the number of each entry's name.

    Parameters
    ----------
    names : sequence of str, shape (n_entries,)
        Labels, writers or groups. Numbers will do, and are read as their digits.
    what : str
        One entry, in the singular: "label".
    n_entries : int, optional
        How many there must be.

    Returns
    -------
    tuple of ndarray, shapes (n_names,) of str and (n_entries,) of int

    Raises
    ------
    ArgumentError
        If there are more or fewer, they are in no row, or one is None.
    """
    column = array_of(names, f"{what}s", object)
    if column.ndim != 1:
        raise ArgumentError(f"{what}s of shape {column.shape}; needed: one row, (n_entries,)")
    if n_entries is not None and len(column) != n_entries:
        raise ArgumentError(f"{len(column)} {what}s for {n_entries} entries; needed: one each")
    missing = np.flatnonzero([name is None for name in column])
    if len(missing):
        raise ArgumentError(
            f"the {what} of entry {missing[0]} is None; leave out what has no {what}"
        )
    if any(isinstance(name, (list, tuple, dict, np.ndarray)) for name in column):
        raise ArgumentError(f"{what}s that are no names: {column.tolist()!r:.80}")
    known, numbers = np.unique(column.astype(str), return_inverse=True)
    return known, numbers


def checked_distances(distances: Any, n_axes: int) -> np.ndarray:
    """Return distances as float64.

    Raises
    ------
    ArgumentError
        If they have another number of axes, or one is NaN.
    """
    values = array_of(distances, "distances", np.float64)
    if values.ndim != n_axes:
        needed = "(n_pairs,)" if n_axes == 1 else "(n_queries, n_corpus)"
        raise ArgumentError(f"distances of shape {values.shape}; needed: {needed}")
    if np.isnan(values).any():
        place = ", ".join(map(str, np.argwhere(np.isnan(values))[0]))
        raise ArgumentError(f"distance {place} is NaN; a distance is a number or inf")
    return values


def checked_flags(flags: Any, what: str, n_entries: int | None = None) -> np.ndarray:
    """Return one bool per entry.

    Raises
    ------
    ArgumentError
        If they are more, fewer, or neither bools nor 0 and 1.
    """
    column = array_of(flags, what, None)
    if column.ndim != 1 or n_entries not in (None, len(column)):
        size = "n_entries" if n_entries is None else n_entries
        raise ArgumentError(f"{what} of shape {column.shape}; needed: ({size},)")
    if column.dtype != bool and not np.isin(column, (0, 1)).all():
        odd = column[~np.isin(column, (0, 1))].tolist()[0]
        raise ArgumentError(f"{what} holds {odd!r}; needed: bools, or 0 and 1")
    return column.astype(bool)


def checked_shares(shares: Any) -> np.ndarray:
    """Return shares as float64, shape (n_trials,).

    Raises
    ------
    ArgumentError
        If they are in no row, or one is not between 0 and 1.
    """
    values = array_of(shares, "trials", np.float64)
    if values.ndim != 1:
        raise ArgumentError(f"trials of shape {values.shape}; needed: one row, (n_trials,)")
    outside = np.flatnonzero(~((values >= 0) & (values <= 1)))
    if len(outside):
        place = int(outside[0])
        raise ArgumentError(f"trial {place} gave {values[place]:g}; a share is between 0 and 1")
    return values
