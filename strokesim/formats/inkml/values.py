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
  default. Where the format states none, that is 0 or F for an intermittent channel, and an
  error for a regular one.
- ``?`` is a value that is not known, NaN here. Differences go on from the last known value.
- An intermittent channel that a point leaves out has its default, which is 0 or F where the
  format states none.

A difference needs a value ahead of it, and a second difference needs a difference: straight
behind a value as it is, ``"`` is refused. Readers that take the step between two such values
for the first difference, and those that take 0, would disagree.
"""

from __future__ import annotations

import re
from array import array
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from strokesim.formats.bulk_numbers import BadNumber, parse_numbers
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
_BLANKS = bytes.maketrans(b",;", b"  ")
# Characters of trace text that are converted together. More would take more memory, and less
# would be slower: the temporary arrays are to stay in the cache.
_BATCH = 1 << 17


class BadTrace(ValueError):
    """What is wrong with the values of a trace."""


class BadCount(BadTrace):
    """A point has more or fewer values than there are channels: ``found`` of them."""

    def __init__(self, reason: str, found: int) -> None:
        super().__init__(reason)
        self.found = found


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

    @property
    def absent(self) -> float:
        """The value where a point leaves the channel out."""
        return self.default or 0.0


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
    (samples,) = parse_traces([text], channels)
    if isinstance(samples, BadTrace):
        raise samples
    return samples


def parse_traces(
    texts: Sequence[str], channels: Sequence[TraceChannel]
) -> Iterator[np.ndarray | BadTrace]:
    """Yield for each of many traces what `parse_trace` returns or raises.

    Faster than one by one: plain numbers of neighbouring traces are converted together.
    """
    for batch in _batches(texts):
        opened = [_open(text, channels) for text in batch]
        tails = [trace.tail for trace in opened if isinstance(trace, _Open)]
        tables = iter(_tables(tails, channels))
        for trace in opened:
            yield _close(trace, next(tables), channels) if isinstance(trace, _Open) else trace


@dataclass(slots=True)
class _Open:
    """A trace of which the points up to the last modifier are read; ``tail`` is the rest."""

    head: np.ndarray
    tracks: list[_Track] | None
    tail: str | None


def _batches(texts: Sequence[str]) -> Iterator[Sequence[str]]:
    """Cut a list of texts so that each part has about `_BATCH` characters."""
    first, size = 0, 0
    for number, text in enumerate(texts):
        size += len(text)
        if size > _BATCH:
            yield texts[first : number + 1]
            first, size = number + 1, 0
    if first < len(texts):
        yield texts[first:]


def _open(text: str, channels: Sequence[TraceChannel]) -> _Open | BadTrace:
    text = text.strip()
    if text.endswith(","):
        text = text[:-1].rstrip() or ","
    # Modifiers mostly stand in the first points only. What is behind the last of them is
    # nothing but numbers.
    last = max(map(text.rfind, _SPECIAL))
    if last < 0:
        return _Open(np.empty((0, len(channels))), None, text or None)
    cut = text.find(",", last)
    tracks = [_Track(channel) for channel in channels]
    head = text if cut < 0 else text[:cut]
    try:
        return _Open(_walk(head, 0, tracks), tracks, text[cut + 1 :] if cut >= 0 else None)
    except BadTrace as error:
        return error


def _close(
    trace: _Open, table: np.ndarray | None, channels: Sequence[TraceChannel]
) -> np.ndarray | BadTrace:
    """Return the samples of a trace; ``table`` has the plain numbers of its tail."""
    tracks = trace.tracks
    try:
        if trace.tail is None:
            samples = trace.head
        elif table is None:
            tracks = tracks or [_Track(channel) for channel in channels]
            rows = _walk(trace.tail, len(trace.head), tracks)
            samples = np.concatenate([trace.head, rows])
        elif tracks is None:
            # Ordinary numbers only, which the conversion has found to be within bounds.
            return table
        else:
            rows = np.empty_like(table)
            for column, track in enumerate(tracks):
                rows[:, column] = track.extend(table[:, column])
            samples = np.concatenate([trace.head, rows])
    except BadTrace as error:
        return error
    if (np.abs(samples) > LARGEST).any():
        point, column = np.argwhere(np.abs(samples) > LARGEST)[0]
        value = samples[point, column]
        return BadTrace(f"point {point}: {channels[column].name} is {value:g}, beyond 2**53")
    return samples


def _tables(
    tails: Sequence[str | None], channels: Sequence[TraceChannel]
) -> Iterator[np.ndarray | None]:
    """Yield the values of each tail; None where it is not there or not plain numbers."""
    present = [tail for tail in tails if tail is not None]
    tables = (
        None if max(map(len, present), default=0) > _BATCH else _plain_tables(present, channels)
    )
    together = None if tables is None else iter(tables)
    for tail in tails:
        if tail is None:
            yield None
        elif together is not None:
            yield next(together)
        else:
            yield _plain_table(tail, channels)


def _plain_table(text: str, channels: Sequence[TraceChannel]) -> np.ndarray | None:
    """Return the values of one trace of plain decimal numbers, or None.

    Piece by piece, because converting takes twenty times the size of the text.
    """
    values = array("d")
    begin = 0
    while begin <= len(text):
        end = text.find(",", begin + _BATCH)
        end = len(text) if end < 0 else end
        if end - begin > 2 * _BATCH:
            # No point is so long. As one piece it would take twenty times its size after all.
            return None
        tables = _plain_tables([text[begin:end]], channels)
        if tables is None:
            return None
        if len(text) <= _BATCH:
            return tables[0]
        values.frombytes(tables[0].tobytes())
        begin = end + 1
    return np.frombuffer(values).reshape(-1, len(channels))


def _plain_tables(
    texts: Sequence[str], channels: Sequence[TraceChannel]
) -> list[np.ndarray] | None:
    """Return the values of traces of plain decimal numbers; None if one is something else.

    Intermittent channels, which such traces leave out, have their defaults.
    """
    regular = [channel for channel in channels if not channel.intermittent]
    width = len(regular)
    text = ";".join(texts)
    if not texts or any(channel.boolean for channel in regular) or "+" in text:
        return None
    if "-" in text:
        text = text.replace("-", " -")
    if "e" in text or "E" in text:
        text = text.replace("e -", "e-").replace("E -", "E-")
    if not text.isascii() or text.count(";") != len(texts) - 1:
        return None
    data = text.encode()
    codes = np.frombuffer(data, np.uint8)
    ends = np.append(np.flatnonzero((codes == ord(",")) | (codes == ord(";"))), len(codes))
    try:
        values, starts = parse_numbers(data.translate(_BLANKS))
    except BadNumber:
        return None
    if len(values) != width * len(ends):
        return None
    # Every point has as many values as there are regular channels, if the last of them stands
    # ahead of its end and the next one behind.
    if not ((starts[width - 1 :: width] < ends).all() and (starts[width::width] > ends[:-1]).all()):
        return None
    table = np.empty((len(ends), len(channels)))
    table[:, :width] = values.reshape(-1, width)
    for column in range(width, len(channels)):
        table[:, column] = channels[column].absent
    last = np.flatnonzero(codes[ends[:-1]] == ord(";")) + 1
    return np.split(table, last)


class _Track:
    """One channel on its way along the trace."""

    def __init__(self, channel: TraceChannel) -> None:
        self.channel = channel
        self.modifier = "!"
        self.number: float | None = None
        self.value: float | None = None
        self.step: float | None = None

    def take(self, match: re.Match[str]) -> float:
        """Return the value that a matched text stands for."""
        word = match["word"]
        if word == "?":
            return np.nan
        if word == "*" and self.number is None:
            if self.channel.default is None and not self.channel.intermittent:
                raise ValueError("* repeats a number, and none stands ahead of it")
            number = self.channel.absent
        elif word == "*":
            assert self.number is not None
            number = self.number
        elif self.channel.boolean != (word is not None):
            kind = "T or F" if self.channel.boolean else "number"
            raise ValueError(f"{match[0].strip()!r} is no {kind}")
        elif word is not None:
            number = float(word == "T")
        else:
            number = _number_of(match)
            self.modifier = match["modifier"] or self.modifier
        return self._advance(number)

    def _advance(self, number: float) -> float:
        value, step = self.value, self.step
        if self.modifier == "!":
            self.value, self.step = number, None
        elif value is None:
            raise ValueError("a difference, and no value stands ahead of it")
        elif self.modifier == "'":
            self.value, self.step = value + number, number
        elif step is None:
            raise ValueError("a second difference, and no difference stands ahead of it")
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


def _walk(text: str, first: int, tracks: list[_Track]) -> np.ndarray:
    """Return the samples of some points, read value by value."""
    n_regular = sum(not track.channel.intermittent for track in tracks)
    samples = np.empty((text.count(",") + 1, len(tracks)))
    for row, point in enumerate(_points(text)):
        point, position, column = point.strip(), 0, 0
        while position < len(point):
            place = f"point {first + row}"
            if column == len(tracks):
                raise BadCount(
                    f"{place} has more than {len(tracks)} values", sum(1 for _ in _words(point))
                )
            track = tracks[column]
            match = _VALUE.match(point, position)
            if match is None:
                word = point[position:].split(None, 1)[0][:40]
                raise BadTrace(f"{place}: channel {track.channel.name}: {word!r} is not a number")
            try:
                samples[row, column] = track.take(match)
            except ValueError as error:
                raise BadTrace(f"{place}: channel {track.channel.name}: {error}") from None
            position, column = match.end(), column + 1
        if column < n_regular:
            names = " ".join(track.channel.name for track in tracks[:n_regular])
            raise BadCount(f"point {first + row} has {column} values; needed: {names}", column)
        for missing in range(column, len(tracks)):
            samples[row, missing] = tracks[missing].channel.absent
    return samples


def _points(text: str) -> Iterator[str]:
    """Yield the texts between commas, one at a time, because a list takes ten times as much."""
    begin = 0
    while (end := text.find(",", begin)) >= 0:
        yield text[begin:end]
        begin = end + 1
    yield text[begin:]


def _words(text: str) -> Iterator[str]:
    """Yield the values of a point, as far as they are of the grammar."""
    position = 0
    while match := _VALUE.match(text, position):
        yield match[0]
        position = match.end()
