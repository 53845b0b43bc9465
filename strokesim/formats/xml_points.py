"""Samples that XML writes as an element each, with a number in every attribute."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping

import numpy as np

from strokesim.errors import InkError
from strokesim.formats.bulk_numbers import BadNumber, parse_values
from strokesim.formats.source import Source
from strokesim.ink import Stroke

_UNKNOWN = "0"


class Points:
    """The points of one ink, stroke by stroke, as the words that stand in their attributes.

    Parameters
    ----------
    source : Source
        What they come from; damaged points are left out where it is lenient.
    needed : tuple of str
        Attributes that every point must have: position, in the order x, y, and others.
    optional : tuple of str
        Attributes that are channels only if every point of the ink has them.
    """

    def __init__(
        self, source: Source, needed: tuple[str, ...], optional: tuple[str, ...] = ()
    ) -> None:
        self.source, self.needed = source, needed
        self.names = (*needed, *optional)
        self.repairs: Counter[str] = Counter()
        self._stated: Counter[str] = Counter()
        self._words: list[str] = []
        self._lines: list[int] = []
        self._strokes: list[np.ndarray] = []

    def add(self, attributes: Mapping[str, str], line: int) -> None:
        """Take in a point of the stroke that is being read."""
        missing = [name for name in self.needed if name not in attributes]
        if missing:
            self.source.skip(f"a point without {missing[0]}", line)
            return
        self._words += [attributes.get(name, _UNKNOWN) for name in self.names]
        self._stated.update(name for name in self.names if name in attributes)
        self._lines.append(line)

    def end_stroke(self) -> None:
        """Finish the stroke that is being read; one without points is left out and counted."""
        rows = self._rows()
        self._words, self._lines = [], []
        if len(rows):
            self._strokes.append(rows)
        else:
            self.repairs["stroke without samples left out"] += 1

    def columns(self) -> tuple[dict[str, np.ndarray], list[int]]:
        """Return the channels, each of shape (n_samples,), and where all strokes but one begin.

        What only some points have is left out, and counted.

        Raises
        ------
        InkError
            If there is no sample.
        """
        if not self._strokes:
            raise InkError("an ink without strokes; at least one is needed")
        table = np.concatenate(self._strokes)
        columns = {}
        for name, column in zip(self.names, table.T, strict=True):
            if self._stated[name] >= len(table):
                columns[name] = column
            elif self._stated[name]:
                self.repairs[f"{name} left out"] += self._stated[name]
        return columns, np.cumsum([len(rows) for rows in self._strokes])[:-1].tolist()

    def _rows(self) -> np.ndarray:
        """Return the samples of the stroke that is being read, shape (n_samples, n_names)."""
        width = len(self.names)
        try:
            values = parse_values(" ".join(self._words).encode())
            if len(values) == len(self._words):
                return values.reshape(-1, width)
        except BadNumber:
            pass
        return np.array(list(self._good_rows())).reshape(-1, width)

    def _good_rows(self) -> Iterator[list[float]]:
        """Yield the samples one by one, and tell what is wrong with the others."""
        width = len(self.names)
        for number, line in enumerate(self._lines):
            words = self._words[number * width : (number + 1) * width]
            row = []
            for name, word in zip(self.names, words, strict=True):
                try:
                    values = parse_values(word.encode())
                    if len(values) != 1:
                        raise BadNumber(f"{word[:40]!r} is not a number", 0)
                    row.append(float(values[0]))
                except BadNumber as error:
                    self.source.skip(f"{name}: {error}", line)
            if len(row) == width:
                yield row


def strokes_of(columns: Mapping[str, np.ndarray], begins: list[int]) -> tuple[Stroke, ...]:
    """Return strokes of channels by the names they have in an `Ink`."""
    table = np.stack(list(columns.values()), axis=1)
    table.flags.writeable = False
    return tuple(Stroke(rows, tuple(columns)) for rows in np.split(table, begins))


def seconds_from_first(stamps: np.ndarray, per_second: float) -> np.ndarray:
    """Return stamps as seconds from the first one, shape (n_samples,)."""
    return (stamps - stamps[0]) / per_second
