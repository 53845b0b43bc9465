"""Genuine and impostor pairs of a set of inks, as indices."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from strokesim.amounts import check_count
from strokesim.chance import check_generator
from strokesim.errors import ArgumentError
from strokesim.evaluation.columns import coded


class Pairs(NamedTuple):
    """Pairs of inks: two columns of indices and whether their labels are the same.

    All three have the shape (n_pairs,); ``left`` is below ``right``, and pairs are in the order
    of the two.
    """

    left: np.ndarray
    right: np.ndarray
    genuine: np.ndarray


def pairs_of(
    labels: Any,
    writers: Any,
    *,
    groups: Any = None,
    impostors: int | None = None,
    rng: np.random.Generator | None = None,
) -> Pairs:
    """Return the pairs by which verification is measured.

    Every two inks of different writers are a pair: people differ from themselves less than
    from each other, and a pair of one writer would flatter the distance.

    Parameters
    ----------
    labels, writers : sequence of str, shape (n_inks,)
        Of each ink.
    groups : sequence of str, shape (n_inks,), optional
        Alphabets, for instance: both inks of a pair are of one group.
    impostors : int, optional
        Keep so many impostor pairs, drawn evenly without replacement, where there are more.
        None keeps all; of n inks there are nearly n * n / 2.
    rng : numpy.random.Generator, optional
        Draws the impostor pairs; needed with ``impostors``.

    Raises
    ------
    ArgumentError
        If the columns differ in length, hold None, or no genuine or no impostor pair is left.

    Examples
    --------
    >>> pairs_of(["a", "a", "b"], ["ann", "bob", "cy"]).genuine.tolist()
    [True, False, False]
    """
    _, label = coded(labels, "label")
    _, writer = coded(writers, "writer", len(label))
    group = np.zeros(len(label), np.int64)
    if groups is not None:
        _, group = coded(groups, "group", len(label))
    if impostors is not None:
        check_count("impostors", impostors)
        check_generator(rng)
    sides = []
    for one in np.unique(group):
        members = np.flatnonzero(group == one)
        sides.append(members[np.stack(np.triu_indices(len(members), 1))])  # (2, n_pairs)
    left, right = np.concatenate([np.empty((2, 0), np.int64), *sides], axis=1)
    apart = writer[left] != writer[right]
    left, right = left[apart], right[apart]
    genuine = label[left] == label[right]
    if genuine.all() or not genuine.any():
        raise ArgumentError(
            f"{int(genuine.sum())} genuine and {int((~genuine).sum())} impostor pairs of different "
            "writers; at least one of each is needed"
        )
    kept = genuine.copy()
    others = np.flatnonzero(~genuine)
    if rng is not None and impostors is not None and impostors < len(others):
        others = rng.choice(others, impostors, replace=False)
    kept[others] = True
    order = np.lexsort((right[kept], left[kept]))
    return Pairs(left[kept][order], right[kept][order], genuine[kept][order])
