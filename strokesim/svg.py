"""Pieces of SVG: what `strokesim.drawing` puts its documents together from.

Lengths are pixels. They are written in tenths of a pixel, finer than anyone can see.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Sequence
from xml.sax.saxutils import escape

import numpy as np

# Told apart by people with any colour vision, and dark enough on PAPER for thin lines and text.
PAPER, FRAME, INK, GREY = "#fcfcfa", "#d0d0ca", "#14213d", "#5c6370"
BLUE, AMBER = "#1565a9", "#b3470b"

# What XML 1.0 cannot hold (section 2.2), and the controls that it advises against.
_NOT_XML = re.compile("[\x00-\x1f\x7f-\x9f\ud800-\udfff\ufffe\uffff]")


def number(value: float) -> str:
    """Return a length rounded to tenths, without needless digits: 0.52 gives ".5"."""
    return _tenths(round(float(value) * 10))


def _tenths(value: int) -> str:
    whole, tenth = divmod(abs(value), 10)
    sign = "-" if value < 0 else ""
    return f"{sign}{whole or ''}.{tenth}" if tenth else f"{sign}{whole}"


def document(width: float, height: float, title: str, parts: Iterable[str]) -> str:
    """Return a whole SVG document: ground, a title for screen readers, and the parts."""
    size = f'width="{number(width)}" height="{number(height)}"'
    return "\n".join(
        [
            f'<svg xmlns="http://www.w3.org/2000/svg" {size} '
            f'viewBox="0 0 {number(width)} {number(height)}" role="img" '
            'font-family="system-ui,-apple-system,Segoe UI,DejaVu Sans,sans-serif">',
            f"<title>{escape(readable(title))}</title>",
            f'<rect {size} fill="{PAPER}"/>',
            *parts,
            "</svg>\n",
        ]
    )


def group(attributes: str, parts: Iterable[str]) -> str:
    """Return parts that share attributes, given as they stand in the file."""
    return "\n".join([f"<g {attributes}>", *parts, "</g>"])


def readable(words: str) -> str:
    """Return text that XML can hold, control characters as their pictures: newline as ␊."""

    def picture(match: re.Match[str]) -> str:
        code = ord(match[0])
        if code == 0x7F:
            return "\u2421"
        return chr(0x2400 + code) if code < 0x20 else "\ufffd"

    return _NOT_XML.sub(picture, words)


def text(
    x: float, y: float, words: str, size: float, *, room: float = np.inf, attributes: str = ""
) -> str:
    """Return a line of text at a baseline point, shortened where room runs out.

    What was cut can be read as the element's tooltip.
    """
    words = readable(words)
    shown = _cut(words, room / size)
    whole = f"<title>{escape(words)}</title>" if shown != words else ""
    return (
        f'<text x="{number(x)}" y="{number(y)}" font-size="{number(size)}"'
        f"{attributes and ' '}{attributes}>{whole}{escape(shown)}</text>"
    )


def _cut(words: str, room: float) -> str:
    """Take out the middle: labels and names often differ at their ends only."""
    # The font is the viewer's own: .6 em is the width of a fixed-width font and a wide guess at
    # the mean of others, 1 em that of a Chinese, Japanese or Korean character.
    widths = [1.0 if unicodedata.east_asian_width(c) in "WF" else 0.6 for c in words]
    if sum(widths) <= room:
        return words
    half = (room - 1.0) / 2
    n_first = int(np.searchsorted(np.cumsum(widths), half, side="right"))
    n_last = int(np.searchsorted(np.cumsum(widths[::-1]), half, side="right"))
    return f"{words[:n_first]}…{words[len(words) - n_last :]}"


def path_data(lines: Iterable[np.ndarray]) -> str:
    """Return the ``d`` of a path through lines of shape (n_points, 2), in steps from the last.

    Steps are differences of rounded points, so that rounding does not add up along a line.
    """
    pieces = []
    for line in lines:
        points = np.rint(np.asarray(line) * 10).astype(np.int64)  # (n_points, 2), tenths
        steps = np.diff(points, axis=0)
        steps = steps[steps.any(axis=1)]
        pieces.append(f"M{_pair(points[0])}")
        if len(steps):
            pieces.append("l" + " ".join(map(_pair, steps)))
    return "".join(pieces)


def _pair(point: np.ndarray) -> str:
    x, y = map(int, point)
    return f"{_tenths(x)}{'' if y < 0 else ' '}{_tenths(y)}"


def pen_lines(
    lines: Sequence[np.ndarray], width: float, colour: str = INK, *, dot: float = 1.6
) -> list[str]:
    """Return what a pen of a width leaves on paper.

    Lines, and where it did not move dots that are ``dot`` times as wide.
    """
    moving = [line for line in lines if np.ptp(line, axis=0).max() >= 0.05]
    still = [line for line in lines if np.ptp(line, axis=0).max() < 0.05]
    parts = [f'<path d="{path_data(moving)}"/>'] if moving else []
    parts += [
        f'<circle cx="{number(x)}" cy="{number(y)}" r="{number(dot * width / 2)}" fill="{colour}"/>'
        for (x, y), *_ in still
    ]
    attributes = (
        f'fill="none" stroke="{colour}" stroke-width="{number(width)}" '
        'stroke-linecap="round" stroke-linejoin="round"'
    )
    return [group(attributes, parts)] if parts else []


def stroke_numbers(lines: Sequence[np.ndarray], size: float) -> list[str]:
    """Return a mark at the start of each line, and its number set off against its direction."""
    parts = []
    for count, line in enumerate(lines, start=1):
        start = line[0]
        away = start - line[np.argmax(np.hypot(*(line - start).T) >= size)]
        length = np.hypot(*away)
        offset = away / length * size if length > 0 else np.array([-size, 0.0])
        (x, y), (left, top) = start, start + offset
        parts.append(f'<circle cx="{number(x)}" cy="{number(y)}" r="{number(size / 4)}"/>')
        parts.append(text(left, top + 0.36 * size, str(count), size))
    attributes = f'fill="{AMBER}" text-anchor="middle" font-weight="bold"'
    return [group(attributes, parts)] if parts else []


def frame(x: float, y: float, size: float, *, colour: str = FRAME, extra: str = "") -> str:
    """Return the outline of a square panel."""
    return (
        f'<rect x="{number(x)}" y="{number(y)}" width="{number(size)}" height="{number(size)}" '
        f'rx="4" fill="none" stroke="{colour}"{extra and " "}{extra}/>'
    )


def verdict_mark(x: float, y: float, size: float, right: bool) -> str:
    """Return a tick, or a cross, in a square box whose upper left corner is (x, y)."""
    tick = [np.array([[0.1, 0.55], [0.4, 0.85], [0.95, 0.15]])]
    cross = [np.array([[0.15, 0.15], [0.85, 0.85]]), np.array([[0.85, 0.15], [0.15, 0.85]])]
    lines = [np.array([x, y]) + size * line for line in (tick if right else cross)]
    return (
        f'<path d="{path_data(lines)}" fill="none" stroke="{BLUE if right else AMBER}" '
        f'stroke-width="2"><title>{"right" if right else "wrong"}</title></path>'
    )
