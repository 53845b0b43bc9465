"""The values of an InkML trace: text to a table of samples.

Reference: Ink Markup Language (InkML), W3C Recommendation 20 September 2011, section on the
content of ``trace``. Points are separated by commas. A point has a value for every regular
channel and then for none, some or all of the intermittent ones:

- A number is ``-7``, ``.5``, ``5.``, ``1e-3`` or hexadecimal ``#1F``. White space may stand
  between sign and digits. Values may abut where the next begins with a sign, a modifier, a
  ``#`` or a letter: ``7-3``, ``'-29'35``. Two dots in one word (``1..5``, ``1.5.5``) are
  refused: the grammar would split them, and no writer means that.
- A modifier says how the channel's number is meant from here on, until another one comes:
  ``!`` as it is, ``'`` as the difference to the value before, ``"`` as the difference of that
  difference. Every trace begins with numbers as they are.
- ``T`` and ``F`` are the values of boolean channels, 1 and 0 here.
- ``*`` repeats the number given last to that channel, under its modifier: a value as it is
  stays, a difference is added once more. Ahead of the first number it is the channel's
  default, and an error where there is none.
- ``?`` is a value that is not known, NaN here. Differences go on from the last known value.
- An intermittent channel that a point leaves out has its default, which is 0 or F where the
  format states none.

A second difference needs two values ahead of it, because a difference needs one. How these
were written does not matter; where there is only one it is refused.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from strokesim.formats.bulk_numbers import BadNumber, parse_numbers, words_per_line
from strokesim.ink import LARGEST

# Possessive quantifiers: long runs of blanks or digits are never tried a second time.
_VALUE = re.compile(
    r"""\s*+ (?:
      (?P<modifier> [!'"] )?+ \s*+ (?P<sign> - )?+ \s*+
      (?: \# (?P<hex> [0-9A-F]++ )
        | (?P<decimal> (?: \d++ (?: \.\d*+ )?+ | \.\d++ ) (?: [eE][+-]?\d++ )?+ ) (?! \. ) )
      | (?P<word> [TF*?] )
    )""",
    re.VERBOSE | re.ASCII,
)
_SPECIAL = "!'\"#TF*?"
_BLANKS = str.maketrans("\t\r\n,", "   \n")


class BadTrace(ValueError):
    """What is wrong with the values of a trace."""


@dataclass(frozen=True, slots=True)
class TraceChannel:
    """A channel as far as the values of a trace depend on it.

    Parameters
    ----------
    name : str
        For errors.
    boolean : bool
        Whether its values are T and F.
    intermittent : bool
        Whether a point may leave it out.
    default : float, optional
        Its value where it is left out, or repeated ahead of the first.
    """

    name: str
    boolean: bool = False
    intermittent: bool = False
    default: float | None = None


def parse_trace(text: str, channels: Sequence[TraceChannel]) -> np.ndarray:
    """Return the samples of a trace.

    Parameters
    ----------
    text : str
        The content of a ``trace`` element.
    channels : sequence of TraceChannel
        The regular ones, then the intermittent ones.

    Returns
    -------
    ndarray of float64, shape (n_points, n_channels)
        NaN where a value is not known. No points if the text is blank.

    Raises
    ------
    BadTrace
        If it is not of the grammar; the message names point and channel.

    Examples
    --------
    >>> x, y = TraceChannel("X"), TraceChannel("Y")
    >>> parse_trace("10 0, '2'3, -1 4", [x, y]).tolist()
    [[10.0, 0.0], [12.0, 3.0], [11.0, 7.0]]
    """
    text = text.strip()
    if not text:
        return np.empty((0, len(channels)))
    text = text.removesuffix(",")
    tracks = [_Track(channel) for channel in channels]
    # Modifiers mostly stand in the first points only. What is behind the last of them is
    # nothing but numbers, and is converted at once.
    cut = text.find(",", max(map(text.rfind, _SPECIAL)) + 1) + 1
    if cut == 0 and any(mark in text for mark in _SPECIAL):
        cut = len(text) + 1
    head = _walk(text[: cut - 1].split(",") if cut else [], 0, tracks)
    tail = np.empty((0, len(channels)))
    if cut <= len(text):
        rows = _bulk(text[cut:], tracks)
        tail = _walk(text[cut:].split(","), len(head), tracks) if rows is None else rows
    samples = np.concatenate([head, tail])
    if (np.abs(samples) > LARGEST).any():
        point, column = np.argwhere(np.abs(samples) > LARGEST)[0]
        value = samples[point, column]
        raise BadTrace(f"point {point}: {channels[column].name} is {value:g}, beyond 2**53")
    return samples


class _Track:
    """One channel on its way along the trace."""

    def __init__(self, channel: TraceChannel) -> None:
        self.channel = channel
        self.modifier = "!"
        self.number: float | None = None
        self.value: float | None = None
        self.step: float | None = None

    @property
    def absent(self) -> float:
        """The value where a point leaves the channel out."""
        return self.channel.default or 0.0

    def take(self, match: re.Match[str]) -> float:
        """Return the value that a matched text stands for."""
        word = match["word"]
        if word == "?":
            return np.nan
        if word == "*" and self.number is None and self.channel.default is None:
            raise ValueError("* repeats a number, and none stands ahead of it")
        if word == "*":
            number = self.channel.default if self.number is None else self.number
        elif self.channel.boolean != (word is not None):
            raise ValueError(f"{match[0].strip()!r} is no {self._kind}")
        elif word is not None:
            number = float(word == "T")
        else:
            number = _number_of(match)
            self.modifier = match["modifier"] or self.modifier
        assert number is not None
        return self._advance(number)

    @property
    def _kind(self) -> str:
        return "T or F" if self.channel.boolean else "number"

    def _advance(self, number: float) -> float:
        value, step = self.value, self.step
        if self.modifier == "!":
            self.value, self.step = number, None if value is None else number - value
        elif value is None:
            raise ValueError("a difference, and no value stands ahead of it")
        elif self.modifier == "'":
            self.value, self.step = value + number, number
        elif step is None:
            raise ValueError("a second difference, and no two values stand ahead of it")
        else:
            self.step = step + number
            self.value = value + self.step
        self.number = number
        return self.value

    def extend(self, numbers: np.ndarray) -> np.ndarray:
        """Return the values of many numbers, as ``take`` would one by one."""
        if self.modifier == '"':
            numbers = np.cumsum(np.concatenate([[self.step], numbers]))[1:]
        if self.modifier != "!":
            numbers = np.cumsum(np.concatenate([[self.value], numbers]))[1:]
        return numbers


def _number_of(match: re.Match[str]) -> float:
    try:
        number = float(int(match["hex"], 16)) if match["hex"] else float(match["decimal"])
    except OverflowError:
        number = np.inf
    if number > LARGEST:
        raise ValueError(f"{match[0].strip()[:40]!r} is more than a pen can record")
    return -number if match["sign"] else number


def _walk(points: list[str], first: int, tracks: list[_Track]) -> np.ndarray:
    """Return the samples of some points, read value by value."""
    n_regular = sum(not track.channel.intermittent for track in tracks)
    samples = np.empty((len(points), len(tracks)))
    for row, point in enumerate(points):
        text, position, column = point.strip(), 0, 0
        while position < len(text):
            place = f"point {first + row}"
            if column == len(tracks):
                raise BadTrace(f"{place} has more than {len(tracks)} values")
            track = tracks[column]
            match = _VALUE.match(text, position)
            if match is None:
                word = text[position:].split(None, 1)[0][:40]
                raise BadTrace(f"{place}: channel {track.channel.name}: {word!r} is not a number")
            try:
                samples[row, column] = track.take(match)
            except ValueError as error:
                raise BadTrace(f"{place}: channel {track.channel.name}: {error}") from None
            position, column = match.end(), column + 1
        if column < n_regular:
            names = " ".join(track.channel.name for track in tracks[:n_regular])
            raise BadTrace(f"point {first + row} has {column} values; needed: {names}")
        for missing in range(column, len(tracks)):
            samples[row, missing] = tracks[missing].absent
    return samples


def _bulk(text: str, tracks: list[_Track]) -> np.ndarray | None:
    """Return the samples of points of plain numbers; None if they are something else."""
    n_regular = sum(not track.channel.intermittent for track in tracks)
    if "+" in text or not text.isascii():
        return None
    spaced = text.translate(_BLANKS).replace("-", " -").replace("e -", "e-").replace("E -", "E-")
    try:
        numbers, starts = parse_numbers(spaced.encode())
    except BadNumber:
        return None
    if (words_per_line(spaced.encode(), starts) != n_regular).any():
        return None
    table = numbers.reshape(-1, n_regular)
    samples = np.empty((len(table), len(tracks)))
    for column, track in enumerate(tracks):
        if track.channel.intermittent:
            samples[:, column] = track.absent
        elif track.channel.boolean:
            return None
        else:
            samples[:, column] = track.extend(table[:, column])
    return samples
