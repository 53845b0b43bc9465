"""From answers to rates with intervals that a second set of writers would respect."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from strokesim.errors import ArgumentError
from strokesim.evaluation.columns import checked_flags, checked_shares, coded
from strokesim.evaluation.resampling import check_draws, coded_sides, draw_weights, percentiles


class Rate(NamedTuple):
    """A share and where it would lie for other writers.

    ``value``, ``low`` and ``high`` lie between 0 and 1; ``low`` to ``high`` is the interval, a
    percentile one. With few writers it is too narrow: of 16 writers, those that claim 95 in a
    hundred cover the truth about 90 times; of five, fewer still.
    """

    value: float
    low: float
    high: float
    n_trials: int
    n_writers: int

    def __str__(self) -> str:
        low, value, high = (f"{100 * part:.2f}" for part in (self.low, self.value, self.high))
        return f"{value} % [{low}, {high}]"


def error_rate(
    wrong: Sequence[bool] | np.ndarray,
    writers: Sequence[str] | np.ndarray,
    *,
    rng: np.random.Generator,
    others: Sequence[str] | np.ndarray | None = None,
    groups: Sequence[str] | np.ndarray | None = None,
    resamples: int = 10_000,
    confidence: float = 0.95,
) -> Rate:
    """Return the share of wrong answers with a bootstrap interval over writers.

    The same as `mean_rate` of 0 for right and 1 for wrong. Where no answer is wrong the
    interval is [0, 0], which says nothing about writers that err rarely.

    Parameters
    ----------
    wrong : array_like of bool, shape (n_trials,)
        Whether each answer was wrong.
    writers, others, groups, rng, resamples, confidence
        See `mean_rate`.

    Raises
    ------
    ArgumentError
        As `mean_rate` does, and if ``wrong`` holds anything but bools, or 0 and 1.
    """
    wrong = checked_flags(wrong, "wrong")
    return mean_rate(
        wrong, writers, rng=rng, others=others, groups=groups,
        resamples=resamples, confidence=confidence,
    )  # fmt: skip


def mean_rate(
    shares: Sequence[float] | np.ndarray,
    writers: Sequence[str] | np.ndarray,
    *,
    rng: np.random.Generator,
    others: Sequence[str] | np.ndarray | None = None,
    groups: Sequence[str] | np.ndarray | None = None,
    resamples: int = 10_000,
    confidence: float = 0.95,
) -> Rate:
    """Return a mean over trials with a bootstrap interval over writers.

    Answers to ink of one writer are not independent, so whole writers are drawn with
    replacement, and the mean is taken over all trials of those drawn; the interval is the
    percentile one.

    Parameters
    ----------
    shares : array_like of float, shape (n_trials,)
        What each trial gave, between 0 and 1: an error, a hit among k, an average precision.
    writers : sequence of str, shape (n_trials,)
        Who wrote what was asked about.
    rng : numpy.random.Generator
        Draws the writers.
    others : sequence of str, shape (n_trials,), optional
        Who wrote what it was compared with, where that was one writer. A trial then counts as
        often as both were drawn, the product of their numbers, so that the interval allows for
        other writers on either side. None takes that side as it is.
    groups : sequence of str, shape (n_trials,), optional
        Alphabets, for instance. The value is then the mean of the groups' means, each group
        counting the same, and writers are drawn among those who took part in the same groups.
    resamples : int
        How many draws, at least 1.
    confidence : float
        Share of the draws inside the interval, between 0 and 1.

    Raises
    ------
    ArgumentError
        If the columns differ in length, nothing was tried, a share is not between 0 and 1, or
        fewer than two writers took part, in a group too.

    References
    ----------
    See `strokesim.evaluation.resampling`.

    Examples
    --------
    >>> rng = np.random.default_rng(7)
    >>> mean_rate([1, 0, 0, 0], ["ann", "ann", "bob", "cy"], rng=rng).value
    0.25
    """
    values = checked_shares(shares)
    check_draws(resamples, confidence)
    left, right, n_writers = coded_sides(writers, others, len(values))
    if groups is None:
        group, strata = np.zeros(len(values), np.int64), np.zeros(n_writers, np.int64)
    else:
        _, group = coded(groups, "group", len(values))
        strata = _strata(left, right, group, n_writers)
    n_groups = int(group.max()) + 1
    # Trials of the same group and writers weigh the same in every draw: one cell each.
    cells, cell = np.unique(np.stack([group, left, right]), axis=1, return_inverse=True)
    sums, counts = np.bincount(cell, values), np.bincount(cell)
    members = cells[0] == np.arange(n_groups)[:, np.newaxis]  # (n_groups, n_cells)

    def means(weights: np.ndarray) -> np.ndarray:
        """Return the mean of the groups' means, shape (n_draws,), NaN where one has no trial."""
        tried = weights @ (members * counts).T  # (n_draws, n_groups)
        with np.errstate(invalid="ignore"):
            return (weights @ (members * sums).T / tried).mean(axis=1)

    drawn = np.concatenate(
        [means(w) for w in draw_weights(cells[1], cells[2], strata, resamples, rng)]
    )
    low, high = percentiles(drawn, confidence)
    value = float(means(np.ones((1, len(counts))))[0])
    return Rate(value, low, high, len(values), n_writers)


def _strata(left: np.ndarray, right: np.ndarray, group: np.ndarray, n_writers: int) -> np.ndarray:
    """Return a number per writer that is the same for writers of the same groups.

    Raises
    ------
    ArgumentError
        If a writer is alone in that.
    """
    took_part = np.zeros((n_writers, int(group.max()) + 1), bool)
    took_part[left, group] = took_part[right, group] = True
    _, strata, sizes = np.unique(took_part, axis=0, return_inverse=True, return_counts=True)
    if sizes.min() < 2:
        raise ArgumentError(
            "a writer who took part in groups in which no other took part alike; "
            "an interval over writers needs at least two of them in each"
        )
    return strata.ravel()
