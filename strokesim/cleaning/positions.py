"""Cleaning of positions: duplicates, wild samples, noise."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

import numpy as np

from strokesim.cleaning.rebuilding import check_number, check_word, rebuilt
from strokesim.errors import ArgumentError
from strokesim.ink import Ink, Stroke

SAME = ("position", "sample")
"""What makes two consecutive samples duplicates of one another."""


def drop_duplicates(ink: Ink, *, same: str | None = None) -> Ink:
    """Leave one of consecutive samples that are the same, the first.

    Parameters
    ----------
    ink : Ink
        To be cleaned.
    same : {"position", "sample"}, optional
        Whether ``x`` and ``y`` must be the same, or every channel. None drops nothing.

    Raises
    ------
    UnknownNameError
        If ``same`` is another word.
    """
    if same is None:
        return ink
    check_word("kind of duplicates", same, SAME)
    kept = []
    for stroke in ink.strokes:
        table = stroke.xy if same == "position" else stroke.samples
        kept.append(np.concatenate([[True], (np.diff(table, axis=0) != 0).any(axis=1)]))
    return _masked(ink, kept, "duplicate sample dropped")


def drop_wild(ink: Ink, *, factor: float | None = None) -> Ink:
    """Leave out samples that lie far from both neighbours.

    A step is long if it is longer than a multiple of the median of all steps of the ink, those
    of length 0 not counted. A sample is wild if the steps to and from it are both long; at an
    end of a stroke, if the only one is, and the neighbour's other one is not. Two wild samples
    beside each other are not told from writing, nor is a stroke of two samples.

    Parameters
    ----------
    ink : Ink
        To be cleaned.
    factor : float, optional
        The multiple, above 1. None drops nothing. Time is not asked: where positions are wild,
        stamps often are too.
    """
    if factor is None:
        return ink
    check_number("factor", factor, above=1)
    steps = [np.hypot(*np.diff(stroke.xy, axis=0).T) for stroke in ink.strokes]
    moving = np.concatenate(steps)
    moving = moving[moving > 0]
    limit = factor * float(np.median(moving)) if len(moving) else 0.0
    kept = []
    for stroke, step in zip(ink.strokes, steps, strict=True):
        long = step > limit
        wild = np.zeros(len(stroke), bool)
        if len(stroke) > 2:
            wild[1:-1] = long[:-1] & long[1:]
            wild[0] = long[0] and not long[1]
            wild[-1] = long[-1] and not long[-2]
        kept.append(~wild)
    return _masked(ink, kept, "wild sample dropped")


def smooth(ink: Ink, *, window: int | None = None, order: int = 2) -> Ink:
    """Smooth positions by the filter of Savitzky and Golay, stroke by stroke.

    Every sample becomes the value at its place of the polynomial that fits it and its
    neighbours best; near an end, that of the last full window. Samples are taken to be evenly
    spaced in time. Time and all other channels stay as they are.

    Parameters
    ----------
    ink : Ink
        To be cleaned.
    window : int, optional
        Number of samples that a polynomial is fitted to, odd. Strokes with fewer are fitted
        with the largest odd number that they have. None smooths nothing.
    order : int
        Of the polynomial, below ``window``. Strokes with no more samples stay as they are.

    References
    ----------
    A. Savitzky, M. J. E. Golay, "Smoothing and differentiation of data by simplified least
    squares procedures", Analytical Chemistry 36, 1964.
    """
    if window is None:
        return ink
    if window != int(window) or window < 1 or window % 2 == 0:
        raise ArgumentError(f"window is {window!r}; needed: an odd number of samples, 1 or more")
    if order != int(order) or not 0 <= order < window:
        raise ArgumentError(f"order is {order!r}; needed: a whole number from 0 to {window - 1}")
    from scipy.signal import savgol_filter

    strokes, counts = [], Counter[str]()
    for stroke in ink.strokes:
        width = min(window, len(stroke) - 1 + len(stroke) % 2)
        samples = stroke.samples.copy()
        if width > order:
            for name in ("x", "y"):
                column = stroke.channels.index(name)
                samples[:, column] = savgol_filter(stroke[name], width, order, mode="interp")
        counts["sample smoothed"] += int(np.sum((samples != stroke.samples).any(axis=1)))
        strokes.append([Stroke(samples, stroke.channels)])
    return rebuilt(ink, strokes, counts)


def _masked(ink: Ink, kept: Sequence[np.ndarray], what: str) -> Ink:
    """Return an ink of the samples to be kept, given as a mask per stroke."""
    strokes = [
        [stroke if mask.all() else Stroke(stroke.samples[mask], stroke.channels)]
        for stroke, mask in zip(ink.strokes, kept, strict=True)
    ]
    return rebuilt(ink, strokes, Counter({what: sum(int((~mask).sum()) for mask in kept)}))
