"""The labelled parts of an ink."""

from __future__ import annotations

import json
from collections.abc import Iterator

import numpy as np

from strokesim.errors import InkError
from strokesim.ink import Ink, Stroke


def segments(ink: Ink) -> list[Ink]:
    """Return the labelled parts of an ink that was read from InkML, as inks of their own.

    Parts may overlap: a word, and each of its letters.

    Parameters
    ----------
    ink : Ink
        Its note "segments" tells the parts: a JSON list of objects with a ``label`` and
        ``strokes``, each a stroke's number or ``[number, first, end]`` for the samples from
        ``first`` up to ``end``, which is not included.

    Returns
    -------
    list of Ink
        In the order of the file, each with its label, and the ink's writer, scale and source;
        none if nothing is said of parts.

    Raises
    ------
    InkError
        If the note means nothing for this ink.

    Examples
    --------
    >>> ink = Ink.from_arrays([[[0, 0]], [[1, 1]]],
    ...                       notes={"segments": '[{"label": "1", "strokes": [1]}]'})
    >>> [part.label for part in segments(ink)]
    ['1']
    """
    if "segments" not in ink.notes:
        return []
    try:
        parts = [
            (part["label"], tuple(_strokes(ink, part["strokes"])))
            for part in json.loads(ink.notes["segments"])
        ]
    except (ValueError, TypeError, KeyError, IndexError, RecursionError) as error:
        raise InkError(f"the note on segments means nothing for this ink: {error}") from None
    return [
        Ink(
            _from_zero(strokes),
            label=label,
            writer=ink.writer,
            id=None if ink.id is None else f"{ink.id}/{number}",
            source=ink.source,
            mm_per_unit=ink.mm_per_unit,
        )
        for number, (label, strokes) in enumerate(parts)
    ]


def _strokes(ink: Ink, places: list[int | list[int]]) -> Iterator[Stroke]:
    for place in places:
        number, *ends = [place] if isinstance(place, int) else place
        if not 0 <= number < len(ink.strokes):
            raise IndexError(f"there is no stroke {number}")
        if not ends:
            yield ink.strokes[number]
        else:
            first, end = ends
            yield Stroke(ink.strokes[number].samples[first:end], ink.channels)


def _from_zero(strokes: tuple[Stroke, ...]) -> tuple[Stroke, ...]:
    """Let the time begin with the first sample."""
    if not strokes or "t" not in strokes[0].channels:
        return strokes
    begin = strokes[0]["t"][0]
    shift = np.array([begin if name == "t" else 0.0 for name in strokes[0].channels])
    return tuple(Stroke(stroke.samples - shift, stroke.channels) for stroke in strokes)
