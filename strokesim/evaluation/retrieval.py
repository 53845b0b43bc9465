"""Searching: at which rank the right label comes, and how many of the first are right.

Figures are given per query; `strokesim.evaluation.mean_rate` makes a mean of them with an
interval. Equal distances are ranked in the order of the corpus.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from strokesim.amounts import check_count
from strokesim.errors import ArgumentError
from strokesim.evaluation.columns import array_of, checked_distances


def first_ranks(
    distances: Any, query_labels: Any, corpus_labels: Any, *, allowed: Any = None
) -> np.ndarray:
    """Return the rank of the nearest entry with the query's label, 1 where it is the nearest.

    The share of queries with a rank of at most k, over k, is the cumulative match curve.

    Parameters
    ----------
    distances : array_like of float, shape (n_queries, n_corpus)
        Larger is less alike.
    query_labels : sequence of str, shape (n_queries,)
        What was asked about.
    corpus_labels : sequence of str, shape (n_corpus,)
        What was searched.
    allowed : array_like of bool, shape (n_queries, n_corpus), optional
        Which entries a query may find: not itself, or nothing by its own writer. By default
        all.

    Returns
    -------
    ndarray of int64, shape (n_queries,)

    Raises
    ------
    ArgumentError
        If shapes disagree, a distance is NaN, a label is None, or a query may find no entry of
        its label, so that no answer can be right.

    Examples
    --------
    >>> first_ranks([[0.1, 0.5, 0.3]], ["a"], ["b", "a", "a"]).tolist()
    [2]
    """
    values, right, open_ = _checked(distances, query_labels, corpus_labels, allowed)
    wanted = right & open_
    best = np.where(wanted, values, np.inf).min(axis=1, initial=np.inf)[:, np.newaxis]
    first = np.argmax(wanted & (values == best), axis=1)[:, np.newaxis]
    before = (values < best) | ((values == best) & (np.arange(values.shape[1]) < first))
    return 1 + (before & open_).sum(axis=1)


def recall_at_k(
    distances: Any, query_labels: Any, corpus_labels: Any, k: int, *, allowed: Any = None
) -> np.ndarray:
    """Return whether an entry with the query's label is among the k nearest.

    The mean over queries is recall at k as metric learning has it (Jégou et al., PAMI 2011,
    for one right entry): a query counts once, however many of the k are right.

    Parameters
    ----------
    distances, query_labels, corpus_labels, allowed
        See `first_ranks`.
    k : int
        From 1 to the number of entries that every query may find.

    Returns
    -------
    ndarray of bool, shape (n_queries,)

    Raises
    ------
    ArgumentError
        As `first_ranks` does, and if k is out of range.
    """
    ranks = first_ranks(distances, query_labels, corpus_labels, allowed=allowed)
    n_corpus = np.shape(distances)[1]
    n_open = n_corpus if allowed is None else int(np.sum(allowed, axis=1).min(initial=n_corpus))
    if check_count("k", k) > n_open:
        raise ArgumentError(f"k={k}; needed: 1 to {n_open}, the entries that a query may find")
    return ranks <= k


def average_precision_at_r(
    distances: Any, query_labels: Any, corpus_labels: Any, *, allowed: Any = None
) -> np.ndarray:
    """Return the average precision at R of each query; the mean over queries is MAP@R.

    With R the number of entries that have the query's label,

        AP@R = 1/R * sum over ranks i <= R with a right entry of  (right ones among first i) / i

    which is 1 where the R nearest are all right ones, and 0 where none of them is.

    Parameters
    ----------
    distances, query_labels, corpus_labels, allowed
        See `first_ranks`.

    Returns
    -------
    ndarray of float64, shape (n_queries,)

    Raises
    ------
    ArgumentError
        As `first_ranks` does.

    References
    ----------
    Musgrave, Belongie, Lim, A metric learning reality check, ECCV 2020, section 3.3.

    Examples
    --------
    >>> average_precision_at_r([[1, 2, 3, 4]], ["a"], ["a", "b", "a", "b"]).tolist()
    [0.5]
    """
    values, right, open_ = _checked(distances, query_labels, corpus_labels, allowed)
    precisions = np.empty(len(values))
    for query, row in enumerate(values):
        entries = np.flatnonzero(open_[query])
        nearest = entries[np.argsort(row[entries], kind="stable")]
        n_right = int(right[query, entries].sum())
        hits = right[query, nearest[:n_right]]
        at = np.arange(1, n_right + 1)
        precisions[query] = (hits * np.cumsum(hits) / at).sum() / n_right
    return precisions


def _checked(
    distances: Any, query_labels: Any, corpus_labels: Any, allowed: Any
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return distances, which entries are right, and which may be found, all of one shape."""
    values = checked_distances(distances, 2)
    asked, stored = (np.asarray(labels, dtype=object) for labels in (query_labels, corpus_labels))
    if (asked.shape, stored.shape) != (values.shape[:1], values.shape[1:]):
        raise ArgumentError(
            f"{asked.shape} query labels and {stored.shape} corpus labels for distances of shape "
            f"{values.shape}; needed: one label per row and one per column"
        )
    for labels, side in ((asked, "query"), (stored, "corpus")):
        missing = [place for place, label in enumerate(labels) if label is None]
        if missing:
            raise ArgumentError(f"the {side} label of entry {missing[0]} is None; leave it out")
    open_ = np.ones(values.shape, bool)
    if allowed is not None:
        open_ = array_of(allowed, "allowed", None)
    if open_.shape != values.shape or open_.dtype != bool:
        raise ArgumentError(
            f"allowed has shape {open_.shape} of {open_.dtype}; needed: {values.shape} of bool"
        )
    right = asked[:, np.newaxis] == stored
    lost = np.flatnonzero(~(right & open_).any(axis=1))
    if len(lost):
        raise ArgumentError(
            f"query {lost[0]} may find no entry with its label {asked[lost[0]]!r}; "
            "no answer to it can be right, leave it out"
        )
    return values, right, open_
