"""Character Trajectories (UCI 175): pen tip velocities, integrated to ink.

Reference: B. H. Williams, M. Toussaint, A. J. Storkey, "Extracting motion primitives from
natural handwriting data", ICANN 2006, and the page of the dataset.

- The published file is MATLAB's and read by `strokesim.datasets.character_trajectories`. This
  is the CSV of its excerpt, ``sample,label,k,vx,vy,force``, with one row per sample.
- Recorded at 200 Hz, smoothed, differentiated and normalised: positions and forces are
  running sums of what is in the file, without a unit, from a start of our own. ``y`` grows
  upwards and is turned round.
- Rows of zeros stand before and behind and are cut off.
- Force is differentiated too. Its running sum rises from 0, stays level while the tablet's
  range is exhausted, and falls. Behind the last sample at which it is above 0 the curves go
  on in a straight line at a constant speed: the pen was off the paper, so that is hover.
  ``pressure`` is the sum divided by its largest value in the character.
- The header of the excerpt says ``vx,vy,force``, but its columns are force, vx, vy. A pen is
  put down and lifted: force begins by rising and ends by falling, in every character. Where
  that is not so of the column named force, and is so of exactly one other, that one is force,
  the remaining two are x and y in their order, and each ink counts it as a repair.
"""

from __future__ import annotations

from array import array
from collections import defaultdict
from collections.abc import Iterable, Iterator
from typing import NamedTuple

import numpy as np

from strokesim.errors import InkError
from strokesim.formats.format import Format
from strokesim.formats.source import Source
from strokesim.ink import LARGEST, Hover, Ink, Stroke

INTERVAL_S = 0.005
"""Seconds from sample to sample."""

_HEADER = "sample,label,k,vx,vy,force"
_CHANNELS = ("x", "y", "t", "pressure")
_FORCE = 2


class _Character(NamedTuple):
    """One character; ``velocities`` (n_samples, 3) without the zeros at both ends."""

    name: str
    label: str
    velocities: np.ndarray
    n_zeros: int


def _sniff(head: bytes) -> bool:
    return head.removeprefix(b"\xef\xbb\xbf").startswith(_HEADER.encode())


def _read(source: Source) -> Iterator[Ink]:
    return integrated(_csv_rows(source), source)


def integrated(recordings: Iterable[tuple[str, str, np.ndarray]], source: Source) -> Iterator[Ink]:
    """Yield characters as ink, given as velocities.

    Parameters
    ----------
    recordings : iterable of (str, str, ndarray of shape (n_samples, 3))
        Number, label, and the velocities of x, y and force of each character.
    source : Source
        What they come from.

    Raises
    ------
    FormatError
        If a pen never moves, or further than a pen can, unless the source is read leniently.
    """
    characters = []
    for name, label, rows in recordings:
        moving = np.flatnonzero(rows.any(axis=1))
        if len(moving) == 0:
            source.skip(f"sample {name} never moves")
            continue
        velocities = rows[moving[0] : moving[-1] + 1]
        characters.append(_Character(name, label, velocities, len(rows) - len(velocities)))
    force = _force_column([character.velocities for character in characters])
    for character in characters:
        try:
            yield _ink(source, character, force)
        except InkError as error:
            source.skip(f"sample {character.name}: {error}")


def _csv_rows(source: Source) -> Iterator[tuple[str, str, np.ndarray]]:
    """Yield sample, label and rows (n_rows, 3) of each character without a damaged row."""
    lines = source.text_lines()
    header = next(lines)
    if header.strip() != _HEADER:
        raise source.error(f"begins with {header[:60]!r}; needed: {_HEADER!r}", 1)
    characters: defaultdict[tuple[str, str], array[float]] = defaultdict(lambda: array("d"))
    damaged = set()
    for number, line in enumerate(lines, 2):
        words = line.split(",", 6)
        if not line.strip():
            continue
        try:
            if len(words) > 6:
                raise ValueError("six cells are needed")
            sample, label, _, *velocities = words
            row = [float(velocity) for velocity in velocities]
            # float takes underscores and the digits of every script.
            plain = (text := "".join(velocities)).isascii() and "_" not in text
            if not plain or len(row) != 3 or not all(abs(value) <= LARGEST for value in row):
                raise ValueError("three finite numbers are needed")
        except ValueError:
            damaged.add((words[0], words[1] if len(words) > 1 else ""))
            source.skip(f"{line[:60]!r} is no row of {_HEADER}", number)
        else:
            characters[sample, label].extend(row)
    for (sample, label), rows in characters.items():
        if (sample, label) not in damaged:
            yield sample, label, np.frombuffer(rows).reshape(-1, 3)


def _force_column(velocities: list[np.ndarray]) -> int:
    """Return which column is force: the third, unless the movements say otherwise."""
    pressed = [
        all(rows[0, k] > 0 and rows[-1, k] < 0 for rows in velocities) for k in range(_FORCE + 1)
    ]
    if not pressed[_FORCE] and sum(pressed) == 1:
        return pressed.index(True)
    return _FORCE


def _ink(source: Source, character: _Character, force: int) -> Ink:
    sums = np.cumsum(character.velocities, axis=0)  # (n_samples, 3)
    x, y = (sums[:, k] for k in range(3) if k != force)
    pressed = sums[:, force]
    n_down = int(np.flatnonzero(pressed > 0).max(initial=-1)) + 1 or len(sums)
    time = np.arange(len(sums)) * INTERVAL_S
    pressure = np.clip(pressed, 0.0, None) / max(pressed.max(), np.finfo(float).tiny)
    samples = np.stack([x, 0.0 - y, time, pressure], axis=1)
    lifted = samples[n_down:]
    repairs = {"zero row cut off": character.n_zeros, "column named wrongly": 3 * (force != _FORCE)}
    return Ink(
        (Stroke(samples[:n_down], _CHANNELS),),
        label=character.label,
        id=f"{source.stem}#{character.name}",
        source=source.name,
        hover=(Hover(1, Stroke(lifted, _CHANNELS)),) if len(lifted) else (),
        repairs={what: count for what, count in repairs.items() if count},
    )


FORMAT = Format(
    name="character_trajectories",
    title="Character Trajectories (UCI), CSV excerpt",
    suffixes=(".csv",),
    channels=(*_CHANNELS, "hover"),
    sniff=_sniff,
    read=_read,
    lenient="characters with a damaged row are left out",
    unsupported="MATLAB's file (strokesim.datasets reads it)",
)
