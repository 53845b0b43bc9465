"""From decisions to error rates with intervals that a second set of writers would respect."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from strokesim.errors import ArgumentError


class Rate(NamedTuple):
    """A share of wrong answers and where it would lie for other writers.

    ``value``, ``low`` and ``high`` lie between 0 and 1; ``low`` to ``high`` is the interval.
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
    resamples: int = 10_000,
    confidence: float = 0.95,
) -> Rate:
    """Return the share of wrong answers with a bootstrap interval over writers.

    Answers to ink of one writer are not independent, so whole writers are drawn with
    replacement and the rate is the ratio of their wrong answers to all of theirs; the
    interval is the percentile one. Where no answer is wrong it is [0, 0], which says nothing
    about writers that err rarely.

    Parameters
    ----------
    wrong : array_like of bool, shape (n_trials,)
        Whether each answer was wrong.
    writers : sequence of str, shape (n_trials,)
        Who wrote what was asked about.
    rng : numpy.random.Generator
        Draws the writers.
    resamples : int
        How many draws, at least 1.
    confidence : float
        Share of the draws inside the interval, between 0 and 1.

    Raises
    ------
    ArgumentError
        If the two differ in length, nothing was tried, or fewer than two writers took part.

    References
    ----------
    Efron and Tibshirani, An Introduction to the Bootstrap, 1993, chapters 8.4 and 13.
    """
    from scipy.stats import bootstrap

    errors = np.asarray(wrong, dtype=bool)
    names, groups = np.unique(np.asarray(writers, dtype=str), return_inverse=True)
    if errors.ndim != 1 or len(errors) != len(groups):
        raise ArgumentError(f"{errors.shape} answers and {len(groups)} writers; needed: one each")
    if len(names) < 2:
        raise ArgumentError(
            f"{len(names)} writers; an interval over writers needs at least two of them"
        )
    mistakes = np.bincount(groups, errors)
    trials = np.bincount(groups)

    def ratio(mistakes: np.ndarray, trials: np.ndarray, axis: int) -> np.ndarray:
        return mistakes.sum(axis) / trials.sum(axis)

    interval = bootstrap(
        (mistakes, trials),
        ratio,
        n_resamples=resamples,
        paired=True,
        vectorized=True,
        method="percentile",
        confidence_level=confidence,
        rng=rng,
    ).confidence_interval
    return Rate(
        float(errors.mean()),
        float(interval.low),
        float(interval.high),
        len(errors),
        len(names),
    )
