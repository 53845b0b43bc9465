"""CSV with named columns: one sample per row, a header that names what is in it.

The header needs ``x`` and ``y``. Every other column may be missing:

- ``t`` in seconds, ``pressure`` from 0 to 1, ``altitude`` and ``azimuth`` in radians, and any
  other name for a channel that is kept as recorded. ``y`` grows downwards. A channel whose
  cells are all empty was not recorded.
- ``ink``, ``stroke``: numbers or names. Where one changes, another ink or stroke begins.
- ``pen``: 1 where the pen was down, 0 where it was in the air. Where it changes, another
  stroke or movement in the air begins. Without ``stroke`` and ``pen`` an ink is one stroke.
- ``id``, ``label``, ``writer``, ``mm_per_unit``: the same in all rows of an ink, an empty cell
  where it is not known. Without ``ink``, another ink begins where ``id`` changes.

Columns are separated by commas, semicolons or tabs, whichever stands in the header; text is
quoted as spreadsheets do it, and is UTF-8. What an `Ink` has beyond that (``source``,
``repairs``, ``notes``) is not kept.
"""

from __future__ import annotations

import csv
import io
from array import array
from collections.abc import Callable, Iterable, Iterator
from itertools import chain, groupby, islice
from typing import Any, BinaryIO

import numpy as np

from strokesim.errors import ArgumentError, InkError
from strokesim.formats.bulk_numbers import BadNumber, number_text, parse_numbers, words_per_line
from strokesim.formats.format import Format
from strokesim.formats.parts import parts_in_order
from strokesim.formats.source import Source
from strokesim.ink import CHANNELS, Hover, Ink, Stroke

_TEXTS = ("id", "label", "writer")
_KEYS = ("ink", "stroke", "pen", *_TEXTS, "mm_per_unit")
_LONGEST_ROW = 1 << 16
"""Most characters of a row: split into cells it takes twenty times as much memory."""
_ROWS_AT_ONCE, _CELLS_AT_ONCE = 500, 20_000

_Row = tuple[int, list[str]]
"""A line number and the cells."""


def _sniff(head: bytes) -> bool:
    line = head.removeprefix(b"\xef\xbb\xbf").split(b"\n", 1)[0].decode("utf-8", "replace")
    return _separator(lambda: io.StringIO(line, newline="")) is not None


def _separator(lines: Callable[[], Iterable[str]]) -> str | None:
    """Return what separates the columns; None if no way of reading the header has x and y."""
    for separator in ",;\t":
        try:
            _, header = next(_rows(lines(), separator), (0, []))
        except csv.Error:
            continue
        if {"x", "y"} <= {*_names(header)}:
            return separator
    return None


def _rows(lines: Iterable[str], separator: str) -> Iterator[_Row]:
    """Yield the rows that are not blank; raise `_LongRow` ahead of one that is too long."""
    length = 0

    def measured() -> Iterator[str]:
        # Quoted text may go over many lines.
        nonlocal length
        for number, line in enumerate(lines, 1):
            length += len(line)
            if length > _LONGEST_ROW:
                reason = f"a row is longer than the {_LONGEST_ROW >> 10} KiB that it may be"
                raise _LongRow(f"{reason} (does a quote not end?)", number)
            yield line

    reader = csv.reader(measured(), delimiter=separator, strict=True)
    for row in reader:
        length = 0
        if row:
            yield reader.line_num, row


def _names(header: list[str]) -> list[str]:
    """Return the names of the columns; ``X`` and `` t`` are taken for ``x`` and ``t``."""
    if {"x", "y"} <= {*header}:
        return header
    known = {*_KEYS, *CHANNELS}
    return [folded if (folded := name.strip().lower()) in known else name for name in header]


def _read(source: Source) -> Iterator[Ink]:
    source.text()  # Refuses other encodings, and says where.

    def lines() -> Iterable[str]:
        # A StringIO would hold four bytes for each character of the whole file.
        return io.TextIOWrapper(io.BytesIO(source.data), "utf-8-sig", newline="")

    try:
        separator = _separator(lines)
        if separator is None:
            raise source.error("the header names no columns x and y", 1)
        rows = _rows(lines(), separator)
        line, header = next(rows)
        names = _names(header)
        if len({*names}) != len(names):
            raise source.error("the header has a name twice", line)
        for number, (line, group) in enumerate(_grouped(rows, names, source)):
            try:
                yield _ink_of(group, names, f"{source.stem}#{number}", source.name)
            except _LongRow:
                raise
            except _BadRow as error:
                source.skip(str(error), error.line)
            except InkError as error:
                source.skip(str(error), line)
    except _LongRow as error:
        raise source.error(str(error), error.line) from None
    except csv.Error as error:
        raise source.error(f"is no CSV behind line {line}: {error}") from None


def _grouped(
    rows: Iterator[_Row], names: list[str], source: Source
) -> Iterator[tuple[int, Iterator[_Row]]]:
    """Yield the rows of each ink while they are read, and the line of the first."""
    column = next((names.index(name) for name in ("ink", "id") if name in names), None)
    seen: set[str] = set()
    latest = ""

    def key_of(row: _Row) -> str:
        # A row that is too short for a key is one of the ink ahead of it.
        nonlocal latest
        if column is not None and column < len(row[1]):
            latest = row[1][column]
        return latest

    for key, group in groupby(rows, key_of):
        first = next(group)
        if key in seen:
            raise source.error(f"the rows of ink {key!r} do not stand together", first[0])
        seen.add(key)
        yield first[0], chain([first], group)  # noqa: B031


class _BadRow(ValueError):
    """What is wrong with a row."""

    def __init__(self, reason: str, line: int) -> None:
        super().__init__(reason)
        self.line = line


class _LongRow(_BadRow):
    """A row that is not split into cells, so that nothing behind it can be read."""


def _ink_of(rows: Iterator[_Row], names: list[str], id: str, source: str) -> Ink:
    first = next(rows)
    constant = {name: names.index(name) for name in (*_TEXTS, "mm_per_unit") if name in names}
    rows = _checked(chain([first], rows), len(names), constant)
    line, row = next(rows)
    fields: dict[str, Any] = {"id": id, "source": source}
    fields |= {name: row[column] or None for name, column in constant.items()}
    if fields.get("mm_per_unit") is not None:
        fields["mm_per_unit"] = _scale(fields["mm_per_unit"], line)
    strokes: list[Stroke] = []
    hover: list[Hover] = []
    start: float | None = None
    columns = [names.index(name) for name in ("stroke", "pen") if name in names]
    possible = {column: name for column, name in enumerate(names) if name not in _KEYS}
    # One for all strokes, because those of a short one take more memory than its samples.
    known: dict[tuple[str, ...], tuple[str, ...]] = {}
    parts = groupby(chain([(line, row)], rows), lambda row: [row[1][column] for column in columns])
    for key, part in parts:
        down = key[-1] if "pen" in names else "1"
        if down not in ("0", "1"):
            raise _BadRow(f"pen is {down!r}; 1 is down, 0 in the air", next(part)[0])
        path, start = _path(part, possible, known, start)
        if down == "1":
            strokes.append(path)
        else:
            hover.append(Hover(len(strokes), path))
    return Ink(tuple(strokes), hover=tuple(hover), **fields)


def _checked(rows: Iterator[_Row], width: int, constant: dict[str, int]) -> Iterator[_Row]:
    """Yield the rows of an ink; those in which other things change than may are errors."""
    said: list[str] | None = None
    for line, row in rows:
        if len(row) != width:
            raise _BadRow(f"{len(row)} cells; the header names {width}", line)
        says = [row[column] for column in constant.values()]
        if says != said:
            for name, ahead, cell in zip(constant, said or says, says, strict=True):
                if cell != ahead:
                    reason = f"{name} changes from {ahead!r} to {cell!r} within an ink"
                    raise _BadRow(reason, line)
            said = says
        yield line, row


def _path(
    rows: Iterator[_Row],
    possible: dict[int, str],
    known: dict[tuple[str, ...], tuple[str, ...]],
    start: float | None,
) -> tuple[Stroke, float | None]:
    """Return the samples of one part, with ``t`` from ``start`` or from its own first sample."""
    columns: list[int] = []
    values = array("d")
    # Piece by piece, because a row takes twenty times as much memory as its numbers.
    rows_at_once = max(1, min(_ROWS_AT_ONCE, _CELLS_AT_ONCE // len(possible)))
    while piece := list(islice(rows, rows_at_once)):
        filled = [column for column in possible if any(row[column].strip() for _, row in piece)]
        if not values:
            columns = filled
        elif filled != columns:
            odd = min({*filled} ^ {*columns})
            reason = "is empty in some rows of a stroke, and not in others"
            raise _BadRow(f"channel {possible[odd]}: {reason}", piece[0][0])
        cells = [row[column].strip() for _, row in piece for column in columns]
        channels = tuple(possible[column] for column in columns)
        channels = known.setdefault(channels, channels)
        if not channels:
            return Stroke(np.empty((len(piece), 0)), ()), start
        values.frombytes(_numbers(cells, piece, channels).tobytes())
    samples = np.frombuffer(values).reshape(-1, len(channels))
    if "t" in channels:
        column = channels.index("t")
        start = samples[0, column] if start is None else start
        samples[:, column] -= start
    # A stroke copies what can be written to: worth it for short ones, whose buffer takes more.
    samples.flags.writeable = len(samples) < _ROWS_AT_ONCE
    return Stroke(samples, channels), start


def _numbers(cells: list[str], rows: list[_Row], channels: tuple[str, ...]) -> np.ndarray:
    """Convert the cells of some rows; the error names the row."""
    text = "\n".join(cells).encode()
    odd = 0
    try:
        values, starts = parse_numbers(text)
        per_cell = words_per_line(text, starts)
        if len(per_cell) == len(cells) and (per_cell == 1).all():
            return values
    except BadNumber as error:
        # Cells with line feeds in them are looked for from the first on.
        if text.count(b"\n") == len(cells) - 1:
            odd = text.count(b"\n", 0, error.offset)
    for number, cell in enumerate(cells[odd:], odd):
        try:
            if len(parse_numbers(cell.encode())[0]) == 1:
                continue
            reason = f"{cell!r} is not a number"
        except BadNumber as error:
            reason = str(error)
        row, column = divmod(number, len(channels))
        raise _BadRow(f"channel {channels[column]}: {reason}", rows[row][0])
    raise AssertionError("every cell is a number")


def _scale(text: str, line: int) -> float:
    try:
        return float(text)
    except ValueError:
        raise _BadRow(f"mm_per_unit: {text!r} is not a number", line) from None


def _write(inks: Iterable[Ink], file: BinaryIO) -> None:
    inks = list(inks)
    channels = _all_channels(inks)
    keys = ["ink", "stroke", *(["pen"] if any(ink.hover for ink in inks) else []), "id"]
    for key in ("label", "writer", "mm_per_unit"):
        if any(getattr(ink, key) is not None for ink in inks):
            keys.append(key)
    text = io.TextIOWrapper(file, encoding="utf-8", newline="", write_through=True)
    writer = csv.writer(text)
    try:
        writer.writerow([*keys, *channels])
        for number, ink in enumerate(inks):
            writer.writerows(_rows_of(ink, number, keys, channels))
    except UnicodeEncodeError as error:
        raise ArgumentError(f"CSV is UTF-8, which cannot hold {error.object!r}") from None
    finally:
        text.detach()


def _all_channels(inks: list[Ink]) -> list[str]:
    """Return the channels of all inks, those of strokes first."""
    paths = [path for ink in inks for path in (*ink.strokes, *(path for _, path in ink.hover))]
    channels = list(dict.fromkeys(name for path in paths for name in path.channels))
    if taken := {*channels} & {*_KEYS}:
        raise ArgumentError(
            f"a channel is called {min(taken)!r}, which is a column of its own in CSV; "
            "write another format, such as jsonl"
        )
    return channels


def _rows_of(ink: Ink, number: int, keys: list[str], channels: list[str]) -> Iterator[list[object]]:
    cells = {key: getattr(ink, key) for key in (*_TEXTS, "mm_per_unit")} | {"ink": number}
    for part, (down, path) in enumerate(parts_in_order(ink)):
        cells |= {"stroke": part, "pen": int(down)}
        first = [cells[key] for key in keys]
        columns = [
            path.channels.index(name) if name in path.channels else None for name in channels
        ]
        for sample in path.samples.tolist():
            row = ["" if column is None else number_text(sample[column]) for column in columns]
            yield [*first, *row]


FORMAT = Format(
    name="csv",
    title="CSV with named columns",
    suffixes=(".csv", ".tsv"),
    channels=(*CHANNELS, "others by name", "hover"),
    sniff=_sniff,
    read=_read,
    write=_write,
    lenient="inks with a damaged row are left out",
    unsupported="tables without a header; what else an ink has (source, repairs, notes) is not "
    "written",
)
