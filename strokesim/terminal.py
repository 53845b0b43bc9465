"""Ink drawn with characters, for terminals: braille cells of 2 x 4 dots, or plain ASCII."""

from __future__ import annotations

import functools
import itertools
import unicodedata
from collections.abc import Sequence

import numpy as np

from strokesim.errors import ArgumentError
from strokesim.polylines import Drawing, fitted, polylines_of

# Unicode numbers the dots of a braille cell down the left column, then down the right one; the
# lowest row was added later and comes last (The Unicode Standard, section 21.1).
_BRAILLE_BITS = np.array([[0, 3], [1, 4], [2, 5], [6, 7]])

# What each ASCII character looks like in a cell of 2 x 4 dots, row by row from the top.
_ASCII_DOTS = [
    (" ", ".. .. .. .."),
    ("'", "#. .. .. .."), ("'", ".# .. .. .."), ("'", "#. #. .. .."), ("'", ".# .# .. .."),
    ('"', "## .. .. .."), ('"', "## ## .. .."),
    ("-", ".. ## .. .."), ("-", ".. .. ## .."), ("-", ".. #. .. .."), ("-", ".. .# .. .."),
    ("~", ".. .# #. .."), ("~", ".. #. .# .."),
    (".", ".. .. .. #."), (".", ".. .. .. .#"), (".", ".. .. #. #."), (".", ".. .. .# .#"),
    ("_", ".. .. .. ##"),
    ("|", "#. #. #. #."), ("|", ".# .# .# .#"), ("|", "#. #. #. .."), ("|", ".# .# .# .."),
    ("|", ".. #. #. #."), ("|", ".. .# .# .#"),
    ("/", ".# .# #. #."), ("/", ".# .# #. .."), ("/", ".. .# #. #."),
    ("\\", "#. #. .# .#"), ("\\", "#. #. .# .."), ("\\", ".. #. .# .#"),
    (",", ".. .. .# #."), ("'", ".# #. .. .."), ("`", "#. .# .. .."), (".", ".. .. #. .#"),
    ("(", ".# #. #. .#"), (")", "#. .# .# #."),
    ("<", ".# #. .# .."), (">", "#. .# #. .."),
    ("=", "## .. ## .."), ("=", "## .. .. ##"), ("=", ".. ## .. ##"),
    ("+", "#. ## #. .."), ("+", ".# ## .# .."), ("+", ".. #. ## #."), ("+", ".. .# ## .#"),
    ("#", "## ## ## ##"), ("#", "## ## ## .."), ("#", ".. ## ## ##"),
]  # fmt: skip


def draw_text(drawing: Drawing, width: int = 8, height: int = 4, *, ascii: bool = False) -> str:
    """Return a drawing as ``height`` lines of ``width`` characters, joined by newlines.

    Parameters
    ----------
    drawing : Ink or list of arrays of shape (n_points, 2)
        What to draw; it fills the cells as far as its proportions allow.
    width, height : int
        Size in characters. A character has room for 2 x 4 dots, which are square in a
        terminal whose characters are twice as high as wide.
    ascii : bool
        Whether to draw with ASCII instead of braille; see `braille_fits`.

    Raises
    ------
    ArgumentError
        If the size is below 1, or the drawing cannot be drawn.

    Examples
    --------
    >>> from strokesim import Ink
    >>> print(draw_text(Ink.from_arrays([[[0, 0], [7, 7]]]), width=4, height=2))
    ⠑⢄⠀⠀
    ⠀⠀⠑⢄
    """
    if width < 1 or height < 1:
        raise ArgumentError(f"a drawing of {width} x {height} characters; both must be at least 1")
    cells = _dots(drawing, width, height).reshape(height, 4, width, 2)
    codes = np.tensordot(cells, 1 << _BRAILLE_BITS, axes=([1, 3], [0, 1]))  # (height, width)
    characters = _ascii_characters() if ascii else [chr(0x2800 + code) for code in range(256)]
    return "\n".join("".join(characters[code] for code in row) for row in codes)


def _dots(drawing: Drawing, width: int, height: int) -> np.ndarray:
    dots = np.zeros((4 * height, 2 * width), dtype=np.int64)
    for line in fitted(polylines_of(drawing), 2 * width - 1, 4 * height - 1):
        dots[tuple(np.rint(line[:, ::-1]).astype(int).T)] = 1
        for start, end in itertools.pairwise(line):
            n_points = int(np.ceil(np.abs(end - start).max())) + 1
            x, y = np.rint(np.linspace(start, end, n_points)).astype(int).T
            dots[y, x] = 1
    return dots


@functools.cache
def _ascii_characters() -> list[str]:
    """Return for each braille code the ASCII character that differs in the fewest dots."""
    shapes = np.array([[c == "#" for c in rows if c != " "] for _, rows in _ASCII_DOTS])
    codes = np.arange(256)[:, np.newaxis] >> _BRAILLE_BITS.ravel() & 1  # (256, 8), row by row
    differing = (codes[:, np.newaxis] != shapes).sum(axis=2)  # (256, n_shapes)
    # A cell with ink never comes out blank.
    differing[1:, 0] = 9
    return [_ASCII_DOTS[best][0] for best in differing.argmin(axis=1)]


def beside(blocks: Sequence[str], *, gap: int = 2) -> str:
    r"""Return blocks of lines set side by side, their tops aligned.

    Parameters
    ----------
    blocks : sequence of str
        Each as `draw_text` gives it, or any text of one or more lines.
    gap : int
        Blanks between neighbours.

    Examples
    --------
    >>> print(beside(["ab\nc", "d\ne"], gap=1))
    ab d
    c  e
    """
    columns = [block.split("\n") for block in blocks]
    widths = [max(map(text_width, lines)) for lines in columns]
    return "\n".join(
        (" " * gap)
        .join(
            line + " " * (width - text_width(line)) for line, width in zip(row, widths, strict=True)
        )
        .rstrip(" ")
        for row in itertools.zip_longest(*columns, fillvalue="")
    )


def text_width(text: str) -> int:
    """Return how many columns of a terminal a text takes.

    Chinese, Japanese and Korean characters take two, what is drawn onto the character ahead of
    it takes none (Unicode Standard Annex 11).
    """
    return sum(
        0 if unicodedata.combining(character)
        else 2 if unicodedata.east_asian_width(character) in ("W", "F")
        else 1
        for character in text
    )  # fmt: skip


def braille_fits(encoding: str | None) -> bool:
    """Return whether text of that encoding, such as ``sys.stdout.encoding``, holds braille.

    None, for a stream that does not say, and unknown names give False.
    """
    try:
        return bool("\u28ff".encode(encoding or "ascii"))
    except (LookupError, UnicodeEncodeError):
        return False
