"""Cleaning of time: stamps that step back or stand still."""

from __future__ import annotations

import math
from collections import Counter

import numpy as np

from strokesim.cleaning.rebuilding import check_time, check_word, rebuilt
from strokesim.errors import InkError
from strokesim.ink import Hover, Ink, Stroke

POLICIES = ("error", "keep", "drop", "clamp")
"""What may be done about a stamp."""


def repair_time(ink: Ink, *, backward: str = "keep", equal: str = "keep") -> Ink:
    """Deal with stamps that step back or stand still; samples are never put into another order.

    A stamp steps back if it is before the latest one so far, and stands still if it is that
    one, in all strokes and movements in the air in the order in which they were made.

    Parameters
    ----------
    ink : Ink
        To be cleaned.
    backward, equal : {"error", "keep", "drop", "clamp"}
        Raise, leave the sample as it is, leave it out, or give it the earliest stamp that is
        allowed: the latest one so far for a stamp that steps back, which then stands still and
        is dealt with as ``equal`` says; the next larger float64 for one that stands still.

    Raises
    ------
    InkError
        If a stamp is wrong and the policy is "error", or no stroke is left.
    ArgumentError
        If the ink has no time, and something is to be done about it.
    UnknownNameError
        If a policy is another word.
    """
    for policy in (backward, equal):
        check_word("time policy", policy, POLICIES)
    if backward == equal == "keep":
        return ink
    check_time(ink)
    clock = _Clock(backward, equal)
    strokes: list[list[Stroke]] = []
    hover = []
    for before in range(len(ink.strokes) + 1):
        for number, path in ink.hover:
            if number == before:
                hover += [Hover(before, part) for part in clock.repaired(path, "in the air")]
        if before < len(ink.strokes):
            strokes.append(clock.repaired(ink.strokes[before], f"stroke {before}"))
    return rebuilt(ink, strokes, clock.counts, hover)


class _Clock:
    """Goes through the stamps of an ink, in order, and counts what it did about them."""

    def __init__(self, backward: str, equal: str) -> None:
        self.backward, self.equal = backward, equal
        self.latest = -math.inf
        self.counts: Counter[str] = Counter()

    def repaired(self, path: Stroke, place: str) -> list[Stroke]:
        """Return the path with its stamps repaired; nothing if no sample is left."""
        if "t" not in path.channels:
            return [path]
        stamps = path["t"].copy()
        kept = np.ones(len(stamps), bool)
        for row, stamp in enumerate(stamps.tolist()):
            if stamp < self.latest:
                self._refuse(self.backward, f"{place}, sample {row}: t steps back", stamp)
                if self._counted("backward", self.backward):
                    kept[row] = self.backward != "drop"
                    stamp = self.latest
            if stamp == self.latest and kept[row]:
                self._refuse(self.equal, f"{place}, sample {row}: t stands still", stamp)
                if self._counted("equal", self.equal):
                    kept[row] = self.equal != "drop"
                    stamp = math.nextafter(stamp, math.inf)
            stamps[row] = stamp
            if kept[row]:
                self.latest = max(self.latest, stamp)
        samples = path.samples.copy()
        samples[:, path.channels.index("t")] = stamps
        return [Stroke(samples[kept], path.channels)] if kept.any() else []

    def _counted(self, kind: str, policy: str) -> bool:
        if policy == "keep":
            return False
        self.counts[f"{kind} time {'dropped' if policy == 'drop' else 'clamped'}"] += 1
        return True

    def _refuse(self, policy: str, what: str, stamp: float) -> None:
        if policy == "error":
            raise InkError(
                f"{what}, at {stamp:g} s after {self.latest:g} s; drop or clamp such samples"
            )
