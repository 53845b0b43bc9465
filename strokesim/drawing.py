"""Ink, warping paths and matches as SVG.

Every function returns a whole document as text: small, without scripts or links, on a ground
of its own, so that it reads the same in a light and in a dark viewer. `write_svg` writes it.
What is drawn is an `Ink`, or polylines as `strokesim.polylines` makes them.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Sequence
from typing import NamedTuple

import numpy as np

from strokesim.errors import ArgumentError
from strokesim.ink import Ink
from strokesim.polylines import Drawing, fitted, polylines_of
from strokesim.replacing import replacing
from strokesim.svg import (
    AMBER,
    BLUE,
    GREY,
    INK,
    document,
    frame,
    group,
    number,
    path_data,
    pen_lines,
    stroke_numbers,
    text,
    verdict_mark,
)

_GAP = 10.0
_CENTRED = 'text-anchor="middle"'
# Labels are often single characters, and l, I and 1 look alike in most other fonts.
_LABEL = 'font-family="ui-monospace,Menlo,Consolas,DejaVu Sans Mono,monospace"'


class DrawnMatch(NamedTuple):
    """One match of a row of `svg_of_matches`; label and writer are None where unknown."""

    drawing: Drawing
    distance: float
    label: str | None = None
    writer: str | None = None


class MatchRow(NamedTuple):
    """A query and its matches, nearest first.

    Where ``label`` is known, matches are marked right or wrong; ``caption`` stands beneath
    the query, such as its writer or its id, and ``name`` along the matches, such as what found
    them. A query of None is that of the row above and not drawn again.
    """

    query: Drawing | None
    matches: Sequence[DrawnMatch]
    label: str | None = None
    caption: str = ""
    name: str = ""


def svg_of_ink(drawing: Drawing, *, size: float = 240, numbered: bool = False) -> str:
    """Return one ink, drawn large.

    Parameters
    ----------
    drawing : Ink or list of arrays of shape (n_points, 2)
        What to draw. A stroke that does not move is a dot.
    size : float
        Width and height in pixels.
    numbered : bool
        Whether each stroke's start is marked with its number.

    Raises
    ------
    ArgumentError
        If the drawing cannot be drawn, or the size is no positive number.
    """
    label = drawing.label if isinstance(drawing, Ink) else None
    lines = _panel(drawing, 0, 0, _checked_size(size))
    numbers = stroke_numbers(lines, _text_size(size)) if numbered else []
    title = f"ink of {label}" if label is not None else "ink"
    return document(size, size, title, [*pen_lines(lines, _pen_width(size)), *numbers])


def svg_of_inks(
    inks: Iterable[Drawing],
    *,
    columns: int = 10,
    size: float = 96,
    captions: Sequence[str] | None = None,
    numbered: bool = False,
) -> str:
    """Return a sheet of inks, row by row, each with a caption beneath it.

    Parameters
    ----------
    inks : iterable of Ink or of lists of arrays of shape (n_points, 2)
        What to draw. Each fills its panel, whatever its own size.
    columns : int
        Panels per row.
    size : float
        Width and height of a panel in pixels.
    captions : sequence of str, optional
        One per ink, any text. By default the labels of the inks.
    numbered : bool
        Whether each stroke's start is marked with its number.

    Raises
    ------
    ArgumentError
        If an ink cannot be drawn, there are more or fewer captions than inks, or columns or
        size are not positive.
    """
    inks = list(inks)
    if columns < 1:
        raise ArgumentError(f"columns={columns}; a sheet has at least 1")
    if captions is None:
        captions = [ink.label or "" if isinstance(ink, Ink) else "" for ink in inks]
    if len(captions) != len(inks):
        raise ArgumentError(f"{len(captions)} captions for {len(inks)} inks; one for each")
    _checked_size(size)
    letters = _text_size(size)
    row_height = size + (1.8 * letters if any(captions) else 0) + _GAP
    frames, strokes, numbers, words = [], [], [], []
    for place, (ink, caption) in enumerate(zip(inks, captions, strict=True)):
        row, column = divmod(place, columns)
        x, y = _GAP + column * (size + _GAP), _GAP + row * row_height
        lines = _panel(ink, x, y, size)
        frames.append(frame(x, y, size))
        strokes += lines
        numbers += stroke_numbers(lines, 0.9 * letters) if numbered else []
        if caption:
            words.append(text(x + size / 2, y + size + 1.3 * letters, caption, letters, room=size))
    n_columns, n_rows = min(columns, max(len(inks), 1)), -(-len(inks) // columns)
    return document(
        _GAP + n_columns * (size + _GAP),
        _GAP + n_rows * row_height,
        f"{len(inks)} inks",
        [
            *frames,
            *pen_lines(strokes, _pen_width(size)),
            *numbers,
            group(f'fill="{INK}" {_CENTRED} {_LABEL}', words),
        ],
    )


def svg_of_path(
    a: Drawing,
    b: Drawing,
    path: np.ndarray,
    *,
    size: float = 260,
    captions: tuple[str, str] = ("", ""),
    links: int = 48,
) -> str:
    """Return two drawings side by side, the steps that a warping path pairs joined by lines.

    Parameters
    ----------
    a, b : Ink or list of arrays of shape (n_points, 2)
        Point i of a drawing, counted through its lines, is step i of the path; see ``air`` of
        `polylines_of_features`.
    path : array_like of int, shape (n_pairs, 2)
        Pairs (i, j) of steps, as `dtw_path` gives them.
    size : float
        Width and height of each drawing in pixels.
    captions : tuple of str
        What stands beneath a and b.
    links : int
        How many pairs are joined at most, spread evenly over the path, first and last among
        them: all of them would hide the ink.

    Raises
    ------
    ArgumentError
        If a drawing cannot be drawn, or the path leaves it.
    """
    gap, letters = 0.2 * _checked_size(size), 15.0
    left, right = _panel(a, 0, 0, size), _panel(b, size + gap, 0, size)
    pairs = _checked_path(path, left, right)
    if links < 1:
        raise ArgumentError(f"links={links}; at least 1 is needed")
    chosen = np.unique(np.linspace(0, len(pairs) - 1, min(links, len(pairs))).round().astype(int))
    starts, ends = (np.concatenate(part) if part else np.empty((0, 2)) for part in (left, right))
    joined = [np.stack([starts[i], ends[j]]) for i, j in pairs[chosen]]
    width, foot = 2 * size + gap, 2.2 * letters if any(captions) else 0
    words = [
        text(x, size + letters, caption, letters, room=size, attributes=f'fill="{colour}"')
        for x, caption, colour in [
            (size / 2, captions[0], BLUE),
            (width - size / 2, captions[1], AMBER),
        ]
        if caption
    ]
    links_group = group(
        f'fill="none" stroke="{GREY}" stroke-width=".8" stroke-opacity=".6"',
        [f'<path d="{path_data(joined)}"/>'] if joined else [],
    )
    return document(
        width,
        size + foot,
        f"warping path of {len(pairs)} pairs",
        [
            links_group,
            # Small dots: steps in the air are many.
            *pen_lines(left, _pen_width(size), BLUE, dot=1),
            *pen_lines(right, _pen_width(size), AMBER, dot=1),
            group(_CENTRED, words),
        ],
    )


def svg_of_matches(rows: Iterable[MatchRow], *, size: float = 96) -> str:
    """Return one row per query: the query, then its matches with label, distance and writer.

    Where the query's label is known a match is marked: a tick and a whole frame say that its
    label is the same, a cross and a dashed frame that it is another.

    Parameters
    ----------
    rows : iterable of MatchRow
        Rows may differ in their number of matches.
    size : float
        Width and height of a panel in pixels.

    Raises
    ------
    ArgumentError
        If something cannot be drawn, the first row has no query, or the size is no positive
        number.
    """
    rows = list(rows)
    if rows and rows[0].query is None:
        raise ArgumentError("the first row has no query; None takes that of the row above")
    letters = _text_size(_checked_size(size))
    named = any(match.writer for row in rows for match in row.matches)
    row_height, indent = size + (4.4 if named else 3.3) * letters + _GAP, 2 * _GAP
    parts: list[str] = []
    strokes: list[np.ndarray] = []
    words: list[str] = []
    for count, row in enumerate(rows):
        x, y = _GAP, _GAP + count * row_height
        if row.query is not None:
            strokes += _panel(row.query, x, y, size)
            parts.append(frame(x, y, size, colour=INK, extra='stroke-width="2"'))
            words += _lines_below(x, y + size, size, row.label, row.caption or "query")
        if row.name:
            words.append(_upward(x + size + 2 * _GAP, y + size / 2, row.name, letters, size))
        for rank, match in enumerate(row.matches, start=1):
            x = _GAP + indent + rank * (size + _GAP)
            strokes += _panel(match.drawing, x, y, size)
            parts += _verdict(x, y, size, row.label, match.label)
            words += _lines_below(
                x, y + size, size, match.label, f"{match.distance:.4g}", match.writer or ""
            )
    most = max((len(row.matches) for row in rows), default=0)
    return document(
        2 * _GAP + size + (indent + most * (size + _GAP) if most else 0),
        _GAP + len(rows) * row_height,
        f"{sum(row.query is not None for row in rows)} queries and their matches, nearest first",
        [*parts, *pen_lines(strokes, _pen_width(size)), group(f'fill="{INK}" {_CENTRED}', words)],
    )


def write_svg(svg: str, path: str | os.PathLike[str]) -> None:
    """Write a drawing to a file, whole or not at all.

    Raises
    ------
    OutputError
        If it cannot be written.
    """
    with replacing(path) as file:
        file.write(svg.encode("utf-8"))


def _panel(drawing: Drawing, x: float, y: float, size: float) -> list[np.ndarray]:
    """Return the drawing's lines, in a square at (x, y) with a margin of an eighth."""
    margin = size / 8
    lines = fitted(polylines_of(drawing), size - 2 * margin, size - 2 * margin)
    corner = np.array([x, y]) + margin
    return [line + corner for line in lines]


def _lines_below(x: float, y: float, size: float, label: str | None, *about: str) -> list[str]:
    """Return the label and, smaller, what else is to be said beneath a panel."""
    letters, middle = _text_size(size), x + size / 2
    heading = "unlabelled" if label is None else label
    grey = f'fill="{GREY}"'
    style = grey if label is None else f'font-weight="bold" {_LABEL}'
    return [
        text(middle, y + 1.3 * letters, heading, letters, room=size, attributes=style),
        *(
            text(middle, y + below * letters, line, 0.85 * letters, room=size, attributes=grey)
            for below, line in zip((2.5, 3.6), about, strict=False)
            if line
        ),
    ]


def _upward(x: float, y: float, words: str, letters: float, room: float) -> str:
    """Return words that run upwards, their middle at (x, y)."""
    turn = f'fill="{GREY}" transform="rotate(-90 {number(x)} {number(y)})"'
    return text(x, y + 0.35 * letters, words, letters, room=room, attributes=turn)


def _verdict(x: float, y: float, size: float, wanted: str | None, label: str | None) -> list[str]:
    if wanted is None or label is None:
        return [frame(x, y, size)]
    right, letters = label == wanted, _text_size(size)
    outline = 'stroke-width="1.5"' + ("" if right else ' stroke-dasharray="5 4"')
    return [
        frame(x, y, size, colour=BLUE if right else AMBER, extra=outline),
        # Beside the distance, which is short: labels may be long, and ink fills the panel.
        verdict_mark(x + size - letters, y + size + 1.7 * letters, 0.9 * letters, right),
    ]


def _checked_size(size: float) -> float:
    if not 0 < size < np.inf:
        raise ArgumentError(f"size={size}; a positive number of pixels is needed")
    return size


def _checked_path(
    path: object, left: Sequence[np.ndarray], right: Sequence[np.ndarray]
) -> np.ndarray:
    pairs = np.asarray(path)
    if pairs.ndim != 2 or pairs.shape[1] != 2 or not np.issubdtype(pairs.dtype, np.integer):
        raise ArgumentError(
            f"the path has shape {pairs.shape} of {pairs.dtype}; needed: (n_pairs, 2) of int"
        )
    n_points = [sum(map(len, lines)) for lines in (left, right)]
    if len(pairs) and (pairs.min() < 0 or (pairs.max(axis=0) >= n_points).any()):
        raise ArgumentError(
            f"the path leads to the steps {tuple(map(int, pairs.max(axis=0)))}; the drawings "
            f"have {n_points[0]} and {n_points[1]} points (was it made of other features?)"
        )
    return pairs


def _pen_width(size: float) -> float:
    return min(max(size / 40, 1.2), 3.0)


def _text_size(size: float) -> float:
    return min(max(size / 7, 9.0), 16.0)
