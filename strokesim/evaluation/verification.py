"""Same or not: false acceptance, false rejection and where the two are equal.

A pair is genuine where both inks have the same label, else an impostor pair. It is accepted
where its distance is at most the threshold.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from strokesim.amounts import check_number
from strokesim.errors import ArgumentError
from strokesim.evaluation.columns import checked_distances, checked_flags
from strokesim.evaluation.rates import Rate
from strokesim.evaluation.resampling import check_draws, coded_sides, draw_weights, percentiles


class Det(NamedTuple):
    """The rates at every threshold that makes a difference, the detection error trade-off.

    ``thresholds``, ``far`` and ``frr`` have the shape (n_thresholds,). The first threshold is
    -inf, which accepts nothing; the others are the distances that occur, ascending. ``far`` is
    the share of impostor pairs accepted, ``frr`` that of genuine pairs rejected.
    """

    thresholds: np.ndarray
    far: np.ndarray
    frr: np.ndarray

    def at(self, threshold: float) -> tuple[float, float]:
        """Return the false acceptance and the false rejection rate at any threshold.

        Raises
        ------
        ArgumentError
            If the threshold is NaN, or no number.
        """
        threshold = check_number("threshold", threshold, "a distance")
        if np.isnan(threshold):
            raise ArgumentError("the threshold is NaN; needed: a distance")
        step = int(np.searchsorted(self.thresholds, threshold, side="right")) - 1
        return float(self.far[step]), float(self.frr[step])

    def deviates(self) -> np.ndarray:
        """Return the curve on normal deviate axes, on which it is usually drawn.

        Returns
        -------
        ndarray of float64, shape (n_points, 2)
            False acceptance and false rejection as quantiles of the standard normal
            distribution: 0 is 50 %, -1.28 is 10 %. Thresholds at which one of them is 0 or 1,
            and its quantile infinite, are left out.

        References
        ----------
        Martin, Doddington, Kamm, Ordowski, Przybocki, The DET curve in assessment of detection
        task performance, Eurospeech 1997.
        """
        from scipy.special import ndtri

        inner = (self.far > 0) & (self.far < 1) & (self.frr > 0) & (self.frr < 1)
        return np.stack([ndtri(self.far[inner]), ndtri(self.frr[inner])], axis=1)


class EqualError(NamedTuple):
    """Where as large a share of impostors is accepted as of genuine pairs is rejected."""

    rate: float
    threshold: float


def det_curve(distances: Any, genuine: Any) -> Det:
    """Return false acceptance and false rejection at every threshold that makes a difference.

    Parameters
    ----------
    distances : array_like of float, shape (n_pairs,)
        Larger is less alike; inf, as a cutoff leaves it, is rejected at every finite threshold.
    genuine : array_like of bool, shape (n_pairs,)
        Whether both inks of the pair have the same label.

    Raises
    ------
    ArgumentError
        If there is no genuine or no impostor pair, a distance is NaN, or the two differ in
        length.

    Examples
    --------
    >>> det_curve([1, 2, 3], [True, False, True]).frr.tolist()
    [1.0, 0.5, 0.5, 0.0]
    """
    values, flags, order, ends = _sorted(distances, genuine)
    far, frr = _steps(flags[order], np.ones((1, len(values))), ends)
    return Det(np.append(-np.inf, values[order][ends]), far[0], frr[0])


def equal_error(distances: Any, genuine: Any) -> EqualError:
    """Return the equal error rate and its threshold.

    The rates jump from one distance to the next, and are rarely equal at any. Between the last
    threshold at which fewer impostors are accepted than genuine pairs rejected, in shares, and
    the next, both rates and the threshold are taken to change linearly: the rate is where the
    straight line between these two points of the curve crosses the diagonal, and the threshold
    lies as far between the two thresholds. Where the rates are equal at a distance, the rate is
    theirs, and the threshold lies half way to the next distance, beyond which they change.

    Parameters
    ----------
    distances, genuine
        See `det_curve`.

    Returns
    -------
    EqualError
        The threshold is finite where there are finite distances; below the smallest distance,
        and beyond the largest, there is nothing to interpolate with, and it is that distance.

    Raises
    ------
    ArgumentError
        As `det_curve` does.

    Examples
    --------
    >>> equal_error([1, 2, 3, 4], [True, True, False, False])
    EqualError(rate=0.0, threshold=2.5)
    """
    thresholds, far, frr = det_curve(distances, genuine)
    (step,), (share,), (rate,) = _crossings(far[np.newaxis], frr[np.newaxis])
    low, high = float(thresholds[step]), float(thresholds[step + 1])
    if np.isinf(low):
        low = high
    if far[step] == frr[step]:
        share = 0.5
    threshold = low if np.isinf(high) else low + float(share) * (high - low)
    return EqualError(float(rate), threshold)


def equal_error_rate(
    distances: Any,
    genuine: Any,
    writers: Any,
    others: Any,
    *,
    rng: np.random.Generator,
    resamples: int = 1000,
    confidence: float = 0.95,
) -> Rate:
    """Return the equal error rate with a bootstrap interval over writers.

    Writers are drawn, and a pair counts as often as both of its writers were drawn: the product
    of their numbers, or the number of the one writer who wrote both. Pairs of one writer stay
    together that way, genuine and impostor ones.

    All pairs share one threshold: where there are several alphabets, the rate of their pairs
    together is at least about the mean of their own rates, since each alone may have a
    threshold of its own. Call it for each alphabet, and take the mean, to have that.

    Parameters
    ----------
    distances, genuine
        See `det_curve`.
    writers, others : sequence of str, shape (n_pairs,)
        Who wrote the one ink of each pair, and the other.
    rng : numpy.random.Generator
        Draws the writers.
    resamples : int
        How many draws, at least 1. Each sorts nothing and runs once through the pairs: about
        10 ms for 100,000 of them.
    confidence : float
        Share of the draws inside the interval, between 0 and 1.

    Raises
    ------
    ArgumentError
        As `det_curve` does, and if the columns differ in length or fewer than two writers took
        part.

    References
    ----------
    See `strokesim.evaluation.resampling`.
    """
    values, flags, order, ends = _sorted(distances, genuine)
    check_draws(resamples, confidence)
    left, right, n_writers = coded_sides(writers, others, len(values))
    left, right, flags = left[order], right[order], flags[order]
    drawn = []
    for weights in draw_weights(left, right, np.zeros(n_writers), resamples, rng):
        drawn.append(_crossings(*_steps(flags, weights, ends))[2])
    low, high = percentiles(np.concatenate(drawn), confidence)
    return Rate(equal_error(distances, genuine).rate, low, high, len(values), n_writers)


def _sorted(distances: Any, genuine: Any) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Return distances, flags, their order, and where in it each distance occurs last."""
    values = checked_distances(distances, 1)
    flags = checked_flags(genuine, "genuine", len(values))
    n_genuine = int(flags.sum())
    if n_genuine in (0, len(flags)):
        raise ArgumentError(
            f"{n_genuine} genuine and {len(flags) - n_genuine} impostor pairs; "
            "at least one of each is needed"
        )
    order = np.argsort(values, kind="stable")
    ascending = values[order]
    ends = np.flatnonzero(np.append(ascending[1:] != ascending[:-1], True))
    return values, flags, order, ends


def _steps(
    genuine: np.ndarray, weights: np.ndarray, ends: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Return the two rates at each threshold, shapes (n_draws, n_thresholds).

    ``genuine`` (n_pairs,) and ``weights`` (n_draws, n_pairs) are in the order of the distances.
    A draw without a genuine or without an impostor pair is NaN.
    """
    impostors = np.cumsum(weights * ~genuine, axis=1)[:, ends]  # (n_draws, n_thresholds - 1)
    own = np.cumsum(weights * genuine, axis=1)[:, ends]
    # Nothing is accepted at -inf. Counts are subtracted, not rates: these would round, and
    # equal rates would differ.
    accepted = np.pad(impostors, ((0, 0), (1, 0)))
    rejected = own[:, -1:] - np.pad(own, ((0, 0), (1, 0)))
    with np.errstate(invalid="ignore"):
        return accepted / impostors[:, -1:], rejected / own[:, -1:]


def _crossings(far: np.ndarray, frr: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return where each row of (n_draws, n_thresholds) crosses the diagonal.

    That is the step before, the share of the way from it to the next, and the rate there.
    """
    rows = np.arange(len(far))
    # The last threshold accepts all, so there is a next one; in a draw without any it is NaN.
    before = np.argmax(far > frr, axis=1) - 1
    here, there = (frr - far)[rows, before], (frr - far)[rows, before + 1]
    share = here / (here - there)
    rate = far[rows, before] + share * (far[rows, before + 1] - far[rows, before])
    return before, share, rate
