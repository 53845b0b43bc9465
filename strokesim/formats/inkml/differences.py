"""Samples as text that says how values change, the shorter way to write a pen's movement.

Reference: InkML, W3C Recommendation 20 September 2011, section on the content of ``trace``;
`strokesim.formats.inkml.values` has the grammar.
"""

from __future__ import annotations

import numpy as np

from strokesim.formats.bulk_numbers import number_text
from strokesim.ink import LARGEST


def encoded(samples: np.ndarray) -> str:
    """Return samples as the content of a ``trace``.

    Each channel is written as values, differences or second differences, whichever is the
    shortest of those that a reader adds up to the same bits.

    Parameters
    ----------
    samples : ndarray of float64, shape (n_samples, n_channels)
        At least one row.

    Examples
    --------
    >>> encoded(np.array([[100.0, 7.0], [103.0, 5.0], [105.0, 0.0]]))
    "100 7,'3 5,2 0"
    """
    columns = [_shortest(column) for column in samples.T]
    return ",".join(map(_point, zip(*columns, strict=True)))


def _point(words: tuple[str, ...]) -> str:
    """Return the values of a point, with a blank only where they would run together."""
    return "".join(
        word if number == 0 or word[0] in "-'\"" else f" {word}"
        for number, word in enumerate(words)
    )


def _shortest(values: np.ndarray) -> list[str]:
    ways = [_words(values, [])]
    first = np.diff(values)
    if len(first) and _is_same(np.cumsum([values[0], *first]), values) and _fits(first):
        ways.append(_words(first, [number_text(values[0])], "'"))
        second = np.diff(first)
        steps = np.cumsum([first[0], *second])
        if len(second) and _is_same(np.cumsum([values[0], *steps]), values) and _fits(second):
            ahead = [number_text(values[0]), f"'{number_text(first[0])}"]
            ways.append(_words(second, ahead, '"'))
    return min(ways, key=lambda words: sum(map(len, words)))


def _words(numbers: np.ndarray, ahead: list[str], modifier: str = "") -> list[str]:
    words = list(map(number_text, numbers.tolist()))
    words[0] = modifier + words[0]
    return ahead + words


def _fits(numbers: np.ndarray) -> bool:
    return bool(np.abs(numbers).max() <= LARGEST)


def _is_same(values: np.ndarray, wanted: np.ndarray) -> bool:
    # By their bytes: -0.0 is not 0.0.
    return values.tobytes() == wanted.tobytes()
