"""Training, validation and test parts that share no writer and no class."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np

from strokesim.amounts import check_number
from strokesim.chance import check_generator
from strokesim.errors import ArgumentError, UnknownNameError
from strokesim.evaluation.columns import array_of, coded

SIDES = ("writers", "labels")
"""What parts can be disjoint in."""


class Split(NamedTuple):
    """Three parts of a set of inks, each an ascending array of indices, shape (n_part,)."""

    train: np.ndarray
    validation: np.ndarray
    test: np.ndarray


def split_inks(
    labels: Any,
    writers: Any,
    *,
    validation: float,
    test: float,
    rng: np.random.Generator,
    by: Sequence[str] = SIDES,
) -> Split:
    """Split inks by drawing writers and classes for each part.

    An ink is in a part if its writer and its class both are; inks between the parts, such as
    those of a test class by a training writer, are in none.

    Parameters
    ----------
    labels, writers : sequence of str, shape (n_inks,)
        Of each ink.
    validation, test : float
        Share of the writers, and of the classes, that go there, rounded to whole ones and at
        least one each. The rest, at least one too, is for training.
    rng : numpy.random.Generator
        Draws writers and classes.
    by : sequence of {"writers", "labels"}
        In what the parts are to be disjoint. ("writers",) keeps every class in every part:
        known characters by unknown writers.

    Raises
    ------
    ArgumentError
        If columns differ in length or hold None, shares are not positive or leave nothing for
        training, or a part would be empty.
    """
    check_generator(rng)
    _check_shares(validation, test)
    columns = _columns(labels, writers, by)
    n_inks = len(next(iter(columns.values())))
    inside = np.ones((3, n_inks), bool)
    for side, column in columns.items():
        names, codes = coded(column, side.removesuffix("s"))
        inside &= _dealt(names, validation, test, rng, side)[:, codes]
    split = Split(*(np.flatnonzero(part) for part in inside))
    for name, part in zip(Split._fields, split, strict=True):
        if len(part) == 0:
            raise ArgumentError(
                f"the {name} part is empty: no ink of its classes is by one of its writers; "
                "use larger shares, other chance, or split by=('writers',)"
            )
    return split


def split_groups(
    groups: Any,
    labels: Any,
    writers: Any,
    *,
    validation: float,
    test: float,
    rng: np.random.Generator,
    by: Sequence[str] = SIDES,
) -> Split:
    """Split inks by whole groups, such as alphabets, and refuse it if the parts overlap.

    Parameters
    ----------
    groups, labels, writers : sequence of str, shape (n_inks,)
        Of each ink.
    validation, test : float
        Share of the groups that goes there, rounded to whole ones and at least one.
    rng : numpy.random.Generator
        Draws the groups.
    by
        See `split_inks`; here it is checked: labels and writers must be named so that those of
        one group are in no other.

    Raises
    ------
    ArgumentError
        As `split_inks` does, and if two parts share a label or a writer.
    """
    check_generator(rng)
    _check_shares(validation, test)
    names, codes = coded(groups, "group")
    dealt = _dealt(names, validation, test, rng, "groups")
    split = Split(*(np.flatnonzero(part[codes]) for part in dealt))
    check_split(split, labels, writers, by=by)
    return split


def check_split(split: Split, labels: Any, writers: Any, *, by: Sequence[str] = SIDES) -> None:
    """Refuse a split whose parts overlap.

    Parameters
    ----------
    split : Split
        Drawn or made by hand; training may be on one part and tests on another, so none may be
        empty.
    labels, writers : sequence of str, shape (n_inks,)
        Of each ink, also of those in no part. One that is not in ``by`` is not looked at.
    by : sequence of {"writers", "labels"}
        In what the parts are to be disjoint.

    Raises
    ------
    ArgumentError
        If two parts share an ink, a writer or a label; the message says how many and names one.
        Also if a part is empty, holds what is no index, or a name that matters is None.
    """
    if not isinstance(split, (tuple, list)) or len(split) != len(Split._fields):
        raise ArgumentError(
            f"a {type(split).__name__} is no Split; needed: {', '.join(Split._fields)}"
        )
    columns = {side: np.asarray(column, object) for side, column in
               _columns(labels, writers, by).items()}  # fmt: skip
    n_inks = len(next(iter(columns.values())))
    parts = {}
    for name, part in zip(Split._fields, split, strict=True):
        indices = array_of(part, f"the {name} part: indices", None)
        if indices.ndim != 1 or len(indices) == 0 or indices.dtype.kind not in "iu":
            raise ArgumentError(
                f"the {name} part has shape {indices.shape} of {indices.dtype}; "
                "needed: at least one index, (n_part,) of int"
            )
        if indices.min() < 0 or indices.max() >= n_inks:
            raise ArgumentError(
                f"the {name} part reaches from ink {indices.min()} to {indices.max()}; "
                f"there are {n_inks}, counted from 0"
            )
        parts[name] = indices
    for one, other in (("train", "validation"), ("train", "test"), ("validation", "test")):
        _refuse(one, other, "inks", set(parts[one].tolist()) & set(parts[other].tolist()))
        for side, column in columns.items():
            named = [coded(column[parts[name]], side.removesuffix("s"))[0] for name in (one, other)]
            _refuse(one, other, side, set(named[0].tolist()) & set(named[1].tolist()))


def _refuse(one: str, other: str, side: str, shared: set[Any]) -> None:
    if shared:
        raise ArgumentError(
            f"{one} and {other} share {len(shared)} {side}, among them {min(shared)!r}; "
            "what is measured on one part would be known from another"
        )


def _columns(labels: Any, writers: Any, by: Sequence[str]) -> dict[str, Any]:
    given = {"writers": writers, "labels": labels}
    if not isinstance(by, (list, tuple, set, frozenset)) or not by:
        raise ArgumentError(f"by={by!r}; needed: one or more of {SIDES}, as by=('writers',)")
    for side in by:
        if not isinstance(side, str) or side not in given:
            raise UnknownNameError("side of a split", side, SIDES)
    shapes = [array_of(given[side], side, object).shape for side in ("labels", "writers")]
    if shapes[0] != shapes[1]:
        raise ArgumentError(f"{shapes[0]} labels and {shapes[1]} writers; needed: one each per ink")
    return {side: given[side] for side in given if side in by}


def _check_shares(validation: float, test: float) -> None:
    shares = [check_number(name, share, "a share above 0")
              for name, share in (("validation", validation), ("test", test))]  # fmt: skip
    if not (min(shares) > 0 and sum(shares) < 1):
        raise ArgumentError(
            f"validation={validation} and test={test}; needed: shares above 0 that leave "
            "something for training"
        )


def _dealt(
    names: np.ndarray, validation: float, test: float, rng: np.random.Generator, side: str
) -> np.ndarray:
    """Return which names each of the three parts gets, bool of shape (3, n_names)."""
    n_validation, n_test = (max(1, round(share * len(names))) for share in (validation, test))
    if n_validation + n_test >= len(names):
        raise ArgumentError(
            f"{len(names)} {side}: {n_validation} for validation and {n_test} for tests leave "
            "none for training"
        )
    order = rng.permutation(len(names))
    dealt = np.zeros((3, len(names)), bool)
    dealt[2, order[:n_test]] = True
    dealt[1, order[n_test : n_test + n_validation]] = True
    dealt[0, order[n_test + n_validation :]] = True
    return dealt
