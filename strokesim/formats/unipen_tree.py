"""UNIPEN statements, includes and components: text to labelled tables of samples.

`strokesim.formats.unipen` says what the statements mean.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np

from strokesim.formats.bulk_numbers import BadNumber, parse_numbers, words_per_line
from strokesim.formats.opening import LARGEST_FILE, naming_failures, read_within
from strokesim.formats.source import Source

_DEEPEST_INCLUDE = 20

# A dot with a digit behind it is a number at the beginning of a line.
_DOT = re.compile(rb"\n\.(?![0-9])")
_SEGMENT = re.compile(
    r"""(?P<hierarchy> \S+ )
    (?: \s+ (?P<parts> \d [\d:,\-\s]*? ) )?
    (?: \s+ (?P<quality> \? | [A-Z]+ ) )?
    (?: \s+ (?P<label> ".*" ) )?""",
    re.VERBOSE | re.DOTALL,
)
_PART = re.compile(r"(\d+)(?::(\d+))?(?:-(\d+)(?::(\d+))?)?")
_SCALE = re.compile(rb"([XY])_POINTS_PER_(INCH|MM)")
_MM = {b"INCH": 25.4, b"MM": 1.0}


@dataclass(slots=True)
class Segment:
    """What a ``.SEGMENT`` says, and what is said about it."""

    source: Source
    offset: int
    """Where it stands, in bytes."""
    hierarchy: str
    parts: str | None
    """The delineation as written; None where there is none."""
    quality: str
    label: str | None
    writer: str | None
    first: int
    """Number of components of its set that stand ahead of it."""
    comment: str | None = None
    """The ``.COMMENT`` that directly follows."""

    @property
    def line(self) -> int:
        """The line in which it stands, counted from 1."""
        return self.source.line_at(self.offset)


@dataclass(frozen=True, slots=True)
class Component:
    """The samples that follow one pen statement."""

    down: bool
    samples: np.ndarray
    """Read-only, shape (n_samples, n_channels), at least one row."""
    channels: tuple[str, ...]
    """As ``.COORD`` names them."""


@dataclass(slots=True)
class ComponentSet:
    """What is counted together: the components and segments from one ``.START_SET`` on."""

    components: list[Component] = field(default_factory=list)
    segments: list[Segment] = field(default_factory=list)
    n_components: int = 0


@dataclass(slots=True)
class _Block:
    """Components that stand one after the other in one file and have the same channels."""

    source: Source
    channels: tuple[str, ...]
    target: ComponentSet
    down: list[bool] = field(default_factory=list)
    texts: list[bytes] = field(default_factory=list)
    offsets: list[int] = field(default_factory=list)


class Tree:
    """Everything that a UNIPEN file and its includes say.

    Parameters
    ----------
    source : Source
        The file.
    y_sign : float
        -1 where y grows upwards in the file, as UNIPEN has it.

    Raises
    ------
    FormatError
        If a statement or a sample cannot be understood.
    """

    def __init__(self, source: Source, y_sign: float = -1.0) -> None:
        self.sets = [ComponentSet()]
        self._missing: dict[str, None] = {}
        self._n_included = 0
        self._source = source
        self._channels: tuple[str, ...] = ("X", "Y")
        self._scales: dict[str, float] = {}
        self._writer: str | None = None
        self._blocks: list[_Block] = []
        self._walk(source, ())
        for block in self._blocks:
            block.target.components += _components(block, y_sign)
        self.missing = ", ".join(self._missing)
        """Includes that were not found."""

    @property
    def mm_per_unit(self) -> float | None:
        """Millimetres per unit, where X and Y have the same."""
        scales = set(self._scales.values())
        return scales.pop() if len(self._scales) == 2 and len(scales) == 1 else None

    def inks(self) -> Iterator[tuple[Segment, list[Component]]]:
        """Yield each segment with the components that it names.

        Where there are components and no segment, all of them are one.

        Raises
        ------
        FormatError
            If a segment names what is not there, unless the source is read leniently.
        """
        for group in self.sets:
            segments = group.segments
            if not segments and group.components:
                segments = [Segment(self._source, 0, "", None, "?", None, self._writer, 0)]
            ends = [*(segment.first for segment in segments[1:]), len(group.components)]
            for segment, end in zip(segments, ends, strict=False):
                if segment.parts is None:
                    yield segment, group.components[segment.first : end]
                    continue
                try:
                    yield segment, _delineated(segment.parts, group.components)
                except ValueError as error:
                    hint = f"; not found: {self.missing}" if self.missing else ""
                    segment.source.skip(f".SEGMENT: {error}{hint}", segment.line)

    def _walk(self, source: Source, above: tuple[Path, ...]) -> None:
        """Take in the statements of one file."""
        if b"\0" in source.data:
            line = source.line_at(source.data.index(b"\0"))
            raise source.error("holds a NUL byte; UNIPEN is text", line)
        block: _Block | None = None
        uncommented: Segment | None = None
        for keyword, body, offset in _statements(source):
            if keyword in (b"PEN_DOWN", b"PEN_UP"):
                if not body.isspace() and body:
                    if block is None:
                        block = _Block(source, self._channels, self.sets[-1])
                        self._blocks.append(block)
                    block.down.append(keyword == b"PEN_DOWN")
                    block.texts.append(body)
                    block.offsets.append(offset)
                    block.target.n_components += 1
                uncommented = None
            elif keyword == b"SEGMENT":
                uncommented = self._segment(source, body, offset)
            elif keyword == b"COMMENT":
                if uncommented is not None:
                    uncommented.comment = _decoded(body)
                uncommented = None
            elif keyword != b"DT":
                self._declare(source, keyword, body, offset, above)
                block = uncommented = None

    def _segment(self, source: Source, body: bytes, offset: int) -> Segment:
        match = _SEGMENT.fullmatch(_decoded(body))
        if match is None:
            raise source.error(
                ".SEGMENT is not followed by hierarchy, delineation, quality and label in quotes",
                source.line_at(offset),
            )
        label = match["label"]
        current = self.sets[-1]
        segment = Segment(
            source,
            offset,
            match["hierarchy"],
            match["parts"],
            match["quality"] or "?",
            None if label is None else re.sub(r"\\(.)", r"\1", label[1:-1]),
            self._writer,
            first=current.n_components,
        )
        current.segments.append(segment)
        return segment

    def _declare(
        self, source: Source, keyword: bytes, body: bytes, offset: int, above: tuple[Path, ...]
    ) -> None:
        """Take in a statement that is neither samples nor a segment."""
        if keyword == b"COORD":
            channels = tuple(_decoded(body).split())
            if not {"X", "Y"} <= {*channels} or len({*channels}) != len(channels):
                raise source.error(
                    f".COORD {' '.join(channels)}: X and Y are needed, and each name only once",
                    source.line_at(offset),
                )
            self._channels = channels
        elif keyword == b"START_SET":
            self.sets.append(ComponentSet())
        elif keyword == b"WRITER_ID":
            self._writer = _decoded(body) or None
        elif match := _SCALE.fullmatch(keyword):
            try:
                per_unit = float(body)
            except ValueError:
                per_unit = 0.0
            # Zero and nonsense occur where the device was not known.
            if 0 < per_unit < float("inf"):
                self._scales[match[1].decode()] = _MM[match[2]] / per_unit
        elif keyword == b"INCLUDE":
            self._include(source, _decoded(body), offset, above)

    def _include(self, source: Source, name: str, offset: int, above: tuple[Path, ...]) -> None:
        """Take in another file, found below the folder of the first one."""
        name = " ".join(name.strip("\"'").split())
        if source.path is None:
            self._missing[name] = None
            return
        line = source.line_at(offset)
        with naming_failures(f"{source.name}:{line}: .INCLUDE {name}"):
            chain = (*above, source.path.resolve())
            root = chain[0].parent
            path = (chain[-1].parent / name).resolve()
            if not path.is_file():
                path = (root / name).resolve()
            found = path.is_file()
        if not path.is_relative_to(root):
            raise source.error(f".INCLUDE {name} leaves the folder {root}", line)
        if path in chain or len(chain) > _DEEPEST_INCLUDE:
            raise source.error(f".INCLUDE {name} includes itself, or is nested too deeply", line)
        if not found:
            self._missing[name] = None
            return
        with naming_failures(str(path)), path.open("rb") as file:
            data = read_within(file, str(path), None)
        # A file may be included more than once; a tree of such files grows without bounds.
        self._n_included += len(data)
        if self._n_included > LARGEST_FILE:
            raise source.error(f"includes are larger than {LARGEST_FILE >> 20} MiB together", line)
        self._walk(replace(source, data=data, name=str(path), path=path), chain)


def _statements(source: Source) -> Iterator[tuple[bytes, bytes, int]]:
    """Yield keyword, what follows it up to the next one, and where the statement begins."""
    data = source.data
    if b"\n" not in data:
        data = data.replace(b"\r", b"\n")
    ahead, *statements = _DOT.split(b"\n" + data.removeprefix(b"\xef\xbb\xbf"))
    offset = len(source.data) - sum(map(len, statements)) - 2 * len(statements)
    if ahead.strip():
        line = source.line_at(offset - len(ahead.lstrip()))
        source.skip("text ahead of the first keyword", line)
    for statement in statements:
        keyword, *body = statement.split(None, 1) or [b""]
        yield keyword, body[0] if body else b"", offset + 1
        offset += 2 + len(statement)


def _components(block: _Block, y_sign: float) -> list[Component]:
    """Convert all samples of a block at once, and cut them up again."""
    text = b"\n".join(block.texts)
    ends = np.cumsum([len(body) + 1 for body in block.texts])
    try:
        values, starts = parse_numbers(text)
        # Every line has whole samples, or a lost number would shift all that follow.
        per_line = words_per_line(text, starts)
        uneven = np.flatnonzero(per_line % len(block.channels))
        if len(uneven):
            raise BadNumber(
                f"a line has {per_line[uneven[0]]} numbers; needed: one for each of "
                + " ".join(block.channels),
                int(starts[per_line[: uneven[0]].sum()]),
            )
    except BadNumber as error:
        number = int(np.searchsorted(ends, error.offset, side="right"))
        inside = error.offset - (int(ends[number]) - len(block.texts[number]) - 1)
        keyword = re.compile(rb"\.\S+\s*").match(block.source.data, block.offsets[number])
        line = block.source.line_at((keyword.end() if keyword else 0) + inside)
        raise block.source.error(str(error), line) from None
    values = values.reshape(-1, len(block.channels))
    column = block.channels.index("Y")
    # Plus 0, because a negative zero is no place of its own.
    values[:, column] = y_sign * values[:, column] + 0.0
    values.flags.writeable = False
    rows = [0, *(np.searchsorted(starts, ends) // len(block.channels)).tolist()]
    return [
        Component(down, values[begin:end], block.channels)
        for down, begin, end in zip(block.down, rows[:-1], rows[1:], strict=True)
    ]


def _delineated(parts: str, components: list[Component]) -> list[Component]:
    """Return what a delineation names; ValueError says what of it is not there."""
    chosen = []
    for part in "".join(parts.split()).split(","):
        match = _PART.fullmatch(part)
        if match is None:
            raise ValueError(f"{part!r} is no delineation; such are 3, 3-7, 3,5 and 2:10-4:0")
        first, last = int(match[1]), int(match[3] or match[1])
        if not first <= last < len(components):
            raise ValueError(f"component {part} of {len(components)} (from 0) is not there")
        named = components[first : last + 1]
        if (end := match[4] if match[3] else match[2]) is not None:
            named[-1] = _cut(named[-1], 0, int(end) + 1)
        if match[2] is not None:
            named[0] = _cut(named[0], int(match[2]), None)
        chosen += named
    return chosen


def _cut(component: Component, begin: int, end: int | None) -> Component:
    samples = component.samples[begin:end]
    if len(samples) == 0 or (end is not None and end > len(component.samples)):
        raise ValueError(f"a component of {len(component.samples)} samples has no such part")
    return replace(component, samples=samples)


def _decoded(body: bytes) -> str:
    """Return text; what is not UTF-8 is of a time when it was Latin-1."""
    try:
        return body.decode().strip()
    except UnicodeDecodeError:
        return body.decode("latin-1").strip()
