"""What a search is asked: inks, arrays or whole corpora, as checked feature sequences."""

from __future__ import annotations

import operator
from collections.abc import Iterable
from typing import Any

import numpy as np

from strokesim.errors import ArgumentError, SpecError
from strokesim.ink import Ink
from strokesim.ragged import Ragged, check_sequence


def query_sequences(queries: object, spec: Any, threads: int | None) -> list[np.ndarray]:
    """Return every query as a checked float32 array (n_steps, n_features).

    Parameters
    ----------
    queries : Ink, ndarray, Ragged, Corpus or iterable of Ink or ndarray
        One ink, one feature sequence, or several of them.
    spec : FeatureSpec or None
        What turns inks; None where the corpus that is searched has none.
    threads : int, optional
        Threads to turn inks with.

    Raises
    ------
    ArgumentError
        If a query is no feature sequence, or an ink and there is no spec to turn it.
    SpecError
        If the queries are a corpus of another spec.
    """
    sequences = getattr(queries, "sequences", None)
    if sequences is not None:
        check_same_spec(queries.spec, spec, "the queries")  # type: ignore[attr-defined]
        queries = sequences
    if isinstance(queries, Ragged):
        return list(queries.checked("query"))
    return [
        check_sequence(query, f"query {number}")
        for number, query in enumerate(_one_by_one(queries, spec, threads))
    ]


def check_same_spec(given: object, own: object, name: str) -> None:
    """Refuse features of one spec where those of another are searched.

    Raises
    ------
    SpecError
        If both are known and differ.
    """
    if given is not None and own is not None and given != own:
        raise SpecError(
            f"{name} are features of {given}, the corpus of {own}; make both with one FeatureSpec"
        )


def check_k(k: object, n_entries: int) -> int:
    """Return how many neighbours are asked for.

    Raises
    ------
    ArgumentError
        If it is no whole number, below 1, or more than there are entries.
    """
    try:
        count = operator.index(k)  # type: ignore[arg-type]
    except TypeError:
        raise ArgumentError(f"k={k!r}; use a whole number, at least 1") from None
    if count < 1:
        raise ArgumentError(f"k={count}; use at least 1")
    if n_entries == 0:
        raise ArgumentError("all entries have been removed; there is nothing to find")
    if count > n_entries:
        entries = "entry" if n_entries == 1 else "entries"
        raise ArgumentError(
            f"k={count} is more than the {n_entries} {entries} of the corpus; use k <= {n_entries}"
        )
    return count


def check_cutoff(cutoff: float | None) -> float:
    """Return the cutoff as a number, inf where there is none.

    Raises
    ------
    ArgumentError
        If it is no distance.
    """
    if cutoff is None:
        return float("inf")
    try:
        reach = float(cutoff)
    except (TypeError, ValueError, OverflowError):
        reach = -1.0
    if not reach >= 0:
        raise ArgumentError(f"cutoff={cutoff!r}; use a distance, at least 0, or None for no limit")
    return reach


def _one_by_one(queries: object, spec: Any, threads: int | None) -> list[object]:
    """Return the queries as a list, inks turned into features."""
    if isinstance(queries, Ink) or (isinstance(queries, np.ndarray) and queries.ndim < 3):
        queries = [queries]
    elif isinstance(queries, str | bytes) or not isinstance(queries, Iterable):
        raise ArgumentError(
            f"queries are of type {type(queries).__name__}; give an Ink, a feature array "
            "(n_steps, n_features), a list of either, or a Corpus; read_inks reads files"
        )
    several = list(queries)
    places = [place for place, query in enumerate(several) if isinstance(query, Ink)]
    if places:
        if spec is None:
            raise ArgumentError(
                f"query {places[0]} is an ink, and the corpus was made of arrays and has no "
                "FeatureSpec to turn it with; give feature arrays"
            )
        inks = spec.transform_all([several[place] for place in places], threads=threads)
        for place, array in zip(places, inks, strict=True):
            several[place] = array
    return several
