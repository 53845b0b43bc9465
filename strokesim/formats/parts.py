"""Strokes and in-air movements of an ink, in the order in which they were made."""

from __future__ import annotations

from collections.abc import Iterator

from strokesim.ink import Ink, Stroke


def parts_in_order(ink: Ink) -> Iterator[tuple[bool, Stroke]]:
    """Yield each stroke and in-air movement, and whether the pen was down."""
    for number in range(len(ink.strokes) + 1):
        for before, path in ink.hover:
            if before == number:
                yield False, path
        if number < len(ink.strokes):
            yield True, ink.strokes[number]
