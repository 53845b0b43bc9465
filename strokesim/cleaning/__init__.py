"""Cleaning: what pens, tablets and programs get wrong, mended one thing at a time.

Every function takes an `Ink` and returns one; with the default of its parameters it returns the
same. What it changes is added to ``ink.repairs``. They can be applied in any order; `Cleaning`
holds a choice of them and applies it in the order that makes sense.

Samples in the air are looked at by `repair_time` only. Where the first stamp changes, time
counts from the new one. Shares of the ink are shares of the longer side of the box around its
strokes, so that they mean the same on every device.
"""

from __future__ import annotations

from dataclasses import dataclass

from strokesim.cleaning.positions import drop_duplicates, drop_wild, smooth
from strokesim.cleaning.stamps import repair_time
from strokesim.cleaning.strokes import cut_hooks, join_bounces, settle_dots, split_gaps
from strokesim.ink import Ink

__all__ = [
    "Cleaning",
    "cut_hooks",
    "drop_duplicates",
    "drop_wild",
    "join_bounces",
    "repair_time",
    "settle_dots",
    "smooth",
    "split_gaps",
]


@dataclass(frozen=True, slots=True)
class Cleaning:
    """A choice of repairs, applied by calling it; without arguments it changes nothing.

    Parameters
    ----------
    duplicates : {"position", "sample"}, optional
        For `drop_duplicates`.
    backward, equal : {"error", "keep", "drop", "clamp"}
        For `repair_time`.
    wild : float, optional
        Factor for `drop_wild`.
    gap : float, optional
        Seconds for `split_gaps`.
    bounce, bounce_distance : float, optional
        Seconds, and share of the ink, for `join_bounces`.
    hook : float, optional
        Share of the ink for `cut_hooks`.
    dots : {"keep", "drop", "point"}
        For `settle_dots`.
    smoothing : int, optional
        Window for `smooth`.

    Examples
    --------
    >>> ink = Ink.from_arrays([[[0, 0], [0, 0], [3, 4]]])
    >>> cleaned = Cleaning(duplicates="position")(ink)
    >>> cleaned.n_samples, dict(cleaned.repairs)
    (2, {'duplicate sample dropped': 1})
    """

    duplicates: str | None = None
    backward: str = "keep"
    equal: str = "keep"
    wild: float | None = None
    gap: float | None = None
    bounce: float | None = None
    bounce_distance: float | None = None
    hook: float | None = None
    dots: str = "keep"
    smoothing: int | None = None

    def __call__(self, ink: Ink) -> Ink:
        """Return the ink, cleaned."""
        # Time first, because gaps and bounces rest on it, and smoothing last, because it would
        # draw wild samples and hooks into their neighbours.
        ink = drop_duplicates(ink, same=self.duplicates)
        ink = repair_time(ink, backward=self.backward, equal=self.equal)
        ink = drop_wild(ink, factor=self.wild)
        ink = split_gaps(ink, seconds=self.gap)
        ink = join_bounces(ink, seconds=self.bounce, distance=self.bounce_distance)
        ink = cut_hooks(ink, length=self.hook)
        ink = settle_dots(ink, dots=self.dots)
        return smooth(ink, window=self.smoothing)
