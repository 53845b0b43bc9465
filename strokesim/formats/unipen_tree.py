"""UNIPEN files and what they include: sets of components, and the segments that name them.

`strokesim.formats.unipen` says what the statements mean.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np

from strokesim.formats.opening import LARGEST_FILE, naming_failures, read_within
from strokesim.formats.source import BYTES_OF_PART, Source, most_parts
from strokesim.formats.unipen_components import Block, Component, Declared, convert, delineated
from strokesim.formats.unipen_statements import (
    KNOWN,
    NOTED,
    OURS,
    Statements,
    decoded,
    segment_said,
)

MISSING = "missing include"
"""What notes and repairs call it."""

_DEEPEST_INCLUDE = 20
_MOST_AGAIN = 1 << 18
"""Bytes of files that may be included once more, or as many as all have without that."""
_MOST_OFTEN = 100
"""How often a component may be named, on average, so that a small file is not much work."""

_LARGEST_BLOCK = 1 << 16
_LONGEST_NAME = 4096
_INCLUDE_FOLDER = "include"
_HIGHEST_FOLDER = 6
"""How far above a file the folder of includes is looked for."""

_WORD = re.compile(r"\w+", re.ASCII)
_SCALE = re.compile(r"([XY])_POINTS_PER_(INCH|MM)")
_MM = {"INCH": 25.4, "MM": 1.0}


@dataclass(slots=True)
class Segment:
    """What a ``.SEGMENT`` says, and what is said about it."""

    source: Source | None
    """The file that it stands in; None for the segment of a file that has none."""
    place: int
    """Where in the file it stands."""
    hierarchy: str
    parts: str | None
    """The delineation as written; None where there is none."""
    quality: str
    label: str | None
    declared: Declared
    first: int
    """Number of components of its set that stand ahead of it."""
    comment: bytes = b""
    """The ``.COMMENT`` that directly follows."""
    ours: list[tuple[str, str]] = field(default_factory=list)
    """Statements of `unipen_statements.OURS` that follow, keyword and body."""

    @property
    def line(self) -> int | None:
        """The line in which it stands, counted from 1."""
        return None if self.source is None else self.source.line_at(self.place)


@dataclass(slots=True)
class ComponentSet:
    """What is counted together: the components and segments from one ``.START_SET`` on."""

    components: list[Component] = field(default_factory=list)
    segments: list[Segment] = field(default_factory=list)
    n_components: int = 0


class Tree:
    """Everything that a UNIPEN file and its includes say.

    Parameters
    ----------
    source : Source
        The file.
    y_sign : float, optional
        -1 where y grows upwards in the file, as UNIPEN has it. None asks the file: a LipiTk
        file has it downwards.
    root : Path, optional
        The folder that the names of included files begin at. None looks for it.

    Raises
    ------
    FormatError
        If a statement or a sample cannot be understood, or an included file is missing.
    """

    def __init__(
        self, source: Source, y_sign: float | None = None, root: Path | None = None
    ) -> None:
        self.sets = [ComponentSet()]
        self.source = source
        self.missing: list[str] = []
        """Includes that were not found."""
        self._root = root
        self._path: Path | None = None
        self._folders: Sequence[Path] = ()
        self._looked_for: dict[tuple[Path, str], tuple[bool, Path | None]] = {}
        self._included: dict[Path, int] = {}
        self._n_included = self._n_components = self._n_segments = 0
        self._n_again = 0
        self._declared: set[str] = set()
        self._channels: tuple[str, ...] | None = None
        self._scales: dict[str, float] = {}
        self._latest = Declared()
        self._blocks: list[Block] = []
        self._walk(source, ())
        segments = [segment for group in self.sets for segment in group.segments]
        self.is_lipitk = bool(segments) and all(segment.parts is None for segment in segments)
        """Whether no segment says which components it has, which is LipiTk's way."""
        self.is_ours = self._declared >= OURS.keys()
        """Whether strokesim wrote it."""
        sign = y_sign or (1.0 if self.is_lipitk else -1.0)
        steps = []
        self._blocks.reverse()
        while self._blocks:
            block = self._blocks.pop()
            if block.channels is None:
                block.channels = self._channels or ("X", "Y")
            steps.append(convert(block, sign, first_time_only=self.is_lipitk))
        self.time_steps: np.ndarray = np.concatenate(steps) if steps else np.empty(0)
        """Of all T, from sample to sample, as recorded."""

    @property
    def mm_per_unit(self) -> float | None:
        """Millimetres per unit, where X and Y have the same."""
        scales = set(self._scales.values())
        return scales.pop() if len(self._scales) == 2 and len(scales) == 1 else None

    def inks(self, level: str | None = None) -> Iterator[tuple[Segment, list[Component]]]:
        """Yield each segment, of one level of the hierarchy or of all, and what it names.

        Where there are components and no segment, all of them are one.

        Raises
        ------
        FormatError
            If a segment names what is not there, unless the source is read leniently.
        """
        for group in self.sets:
            segments = group.segments
            if not segments and group.components:
                segments = [Segment(None, 0, "", None, "?", None, Declared(), 0)]
            ends = [*(segment.first for segment in segments[1:]), len(group.components)]
            components, count = group.components, len(group.components)
            left = _MOST_OFTEN * count + 1000
            for segment, end in zip(segments, ends, strict=False):
                if level is not None and segment.hierarchy != level:
                    continue
                if left < 0:
                    raise self.source.error(
                        f"segments name components over and over, {_MOST_OFTEN} times on average"
                    )
                parts = segment.parts
                if parts is None:
                    left -= end - segment.first
                    yield segment, components[segment.first : end]
                elif parts.isdigit() and len(parts) < 10 and (only := int(parts)) < count:
                    yield segment, components[only : only + 1]
                else:
                    try:
                        named = list(delineated(parts, components))
                    except ValueError as error:
                        hint = f"; not found: {', '.join(self.missing)}" if self.missing else ""
                        self._skip(segment, f".SEGMENT: {error}{hint}")
                    else:
                        left -= len(named)
                        yield segment, named

    def _skip(self, segment: Segment, reason: str) -> None:
        (segment.source or self.source).skip(reason, segment.line)

    def _walk(self, source: Source, above: tuple[Path, ...]) -> None:
        """Take in the statements of one file."""
        statements = Statements(source)
        source = statements.source
        block: Block | None = None
        size = 0
        latest: Segment | None = None
        uncommented: Segment | None = None
        for begin, texts in statements.pieces():
            place = begin
            for text in texts:
                parts = text.split(None, 1)
                keyword = parts[0] if parts else b""
                body = parts[1] if len(parts) == 2 else b""
                end = place + len(text)
                if keyword == b"PEN_DOWN" or keyword == b"PEN_UP":
                    # What has no samples is not counted.
                    if body:
                        # Pieces, because converting takes many times the size of the text.
                        size += len(body)
                        current = self.sets[-1]
                        if (
                            block is None
                            or size > _LARGEST_BLOCK
                            or block.channels != self._channels
                            or block.target is not current.components
                        ):
                            block = self._block(source, place)
                            size = len(body)
                        block.places.extend((end - len(body), end, keyword == b"PEN_DOWN"))
                        block.declared.append(self._latest)
                        current.n_components += 1
                    uncommented = None
                elif keyword == b"SEGMENT":
                    latest = uncommented = self._segment(source, body, place)
                elif keyword == b"COMMENT":
                    if uncommented is not None:
                        uncommented.comment = body
                    uncommented = None
                elif keyword.startswith(b"INK_") and latest is not None:
                    latest.ours.append((sys.intern(decoded(keyword)), decoded(body)))
                elif keyword != b"DT":
                    self._declare(source, decoded(keyword), body, place, above)
                    uncommented = None
                    if keyword == b"INCLUDE":
                        block = None
                place = end + 2

    def _block(self, source: Source, place: int) -> Block:
        """Begin another block, unless there are too many components already."""
        if self._blocks:
            self._n_components += len(self._blocks[-1].declared)
            self._check("components", self._n_components, source, place)
        block = Block(source, self._channels, self.sets[-1].components)
        self._blocks.append(block)
        return block

    def _segment(self, source: Source, body: bytes, place: int) -> Segment | None:
        current = self.sets[-1]
        said = segment_said(body)
        if said is None:
            source.skip(
                ".SEGMENT is not followed by hierarchy, delineation, quality and label in quotes",
                source.line_at(place),
            )
            return None
        hierarchy, parts, quality, label = said
        segment = Segment(
            source, place, hierarchy, parts, quality, label, self._latest, current.n_components
        )
        current.segments.append(segment)
        self._n_segments += 1
        self._check("segments", self._n_segments, source, place)
        return segment

    def _check(self, what: str, count: int, source: Source, place: int) -> None:
        """Refuse what would take many times the files."""
        size = len(self.source.data) + self._n_included
        if count > most_parts(size):
            reason = f"more than one of the {what} for every {BYTES_OF_PART} bytes"
            raise source.error(reason, source.line_at(place))

    def _declare(
        self, source: Source, keyword: str, body: bytes, place: int, above: tuple[Path, ...]
    ) -> None:
        """Take in a statement that is neither samples nor a segment."""
        if keyword == "COORD":
            channels = tuple(decoded(body).split())
            if not {"X", "Y"} <= {*channels} or len({*channels}) != len(channels):
                source.skip(
                    f".COORD {' '.join(channels)}: X and Y are needed, and each name only once",
                    source.line_at(place),
                )
                channels = ()
            self._channels = channels
        elif keyword == "START_SET":
            if self.sets[-1].n_components or self.sets[-1].segments:
                self.sets.append(ComponentSet())
            self._note("SET", decoded(body))
        elif keyword == "WRITER_ID":
            writer = decoded(body) or None
            if writer != self._latest.writer:
                self._latest = replace(self._latest, writer=writer)
        elif match := _SCALE.fullmatch(keyword):
            try:
                per_unit = float(body)
            except ValueError:
                per_unit = 0.0
            # Zero and nonsense occur where the device was not known.
            scale = _MM[match[2]] / per_unit if per_unit else 0.0
            if 0 < scale < float("inf"):
                self._scales[match[1]] = scale
                self._latest = replace(self._latest, mm_per_unit=self.mm_per_unit)
        elif keyword == "INCLUDE":
            self._include(source, decoded(body), source.line_at(place), above)
        elif keyword == "KEYWORD":
            self._declared.update(word.removeprefix(".") for word in decoded(body).split()[:1])
        elif keyword in NOTED:
            self._note(keyword, " ".join(decoded(body).split()))
        elif keyword not in KNOWN and keyword not in self._declared and _WORD.match(keyword):
            source.skip(
                f".{keyword} is no keyword of UNIPEN; if it is no mistake, .KEYWORD declares it",
                source.line_at(place),
            )

    def _note(self, keyword: str, text: str) -> None:
        name = keyword.lower().replace("_", " ")
        if self._latest.facts.get(name) == text:
            return
        facts = {**self._latest.facts, name: text}
        # What the file says is not known is not noted.
        if text.strip("?") == "":
            del facts[name]
        self._latest = replace(self._latest, facts=facts)

    def _include(self, source: Source, name: str, line: int, above: tuple[Path, ...]) -> None:
        """Take in another file."""
        if len(name) > _LONGEST_NAME:
            source.skip(f".INCLUDE {name[:40]!r}... is longer than names of files are", line)
            return
        name = " ".join(name.strip("\"'").split()).replace("\\", "/")
        if source.path is None:
            self._miss(source, name, line, "what is no file of its own cannot include others")
            return
        with naming_failures(f"{source.name}:{line}: .INCLUDE {name}"):
            # Included files are resolved already.
            chain = (*above, source.path if above else self._first(source.path))
            roots = self._roots(chain[0])
            inside, found = self._place(chain[-1].parent, name, roots)
        if not inside:
            source.skip(f".INCLUDE {name} leaves the folder {roots[0]}", line)
        elif found is None:
            self._miss(source, name, line, f"it was looked for in {', '.join(map(str, roots))}")
        elif found in chain or len(chain) > _DEEPEST_INCLUDE:
            source.skip(f".INCLUDE {name} includes itself, or is nested too deeply", line)
        elif self._is_again_and_again(found):
            source.skip(f".INCLUDE {name} is included again and again", line)
        else:
            with naming_failures(str(found)), found.open("rb") as file:
                data = read_within(file, str(found), None)
            self._n_included += 0 if found in self._included else len(data)
            self._included[found] = len(data)
            if self._n_included > LARGEST_FILE:
                limit = LARGEST_FILE >> 20
                raise source.error(f"includes are larger than {limit} MiB together", line)
            self._walk(replace(source, data=data, name=str(found), path=found), chain)

    def _is_again_and_again(self, path: Path) -> bool:
        """Count what is included once more: declarations may be, but not without bounds."""
        self._n_again += self._included.get(path, 0)
        return path in self._included and self._n_again > max(_MOST_AGAIN, self._n_included)

    def _first(self, path: Path) -> Path:
        """Return where the file itself lies."""
        if self._path is None:
            self._path = path.resolve()
        return self._path

    def _place(self, folder: Path, name: str, roots: Sequence[Path]) -> tuple[bool, Path | None]:
        """Return whether an include stays below the roots, and where it lies, if it is there."""
        known = self._looked_for.get((folder, name))
        if known is None:
            paths = [(above / name).resolve() for above in (folder, *roots)]
            paths = [path for path in paths if any(map(path.is_relative_to, roots))]
            known = bool(paths), next((path for path in paths if path.is_file()), None)
            self._looked_for[folder, name] = known
        return known

    def _roots(self, first: Path) -> Sequence[Path]:
        """Return the folders that included files may lie below."""
        if not self._folders:
            above = [folder / _INCLUDE_FOLDER for folder in first.parents[:_HIGHEST_FOLDER]]
            below = [first.parent, *(folder for folder in above if folder.is_dir())]
            self._folders = below if self._root is None else [self._root.resolve()]
        return self._folders

    def _miss(self, source: Source, name: str, line: int, why: str) -> None:
        """Note an include that is not there."""
        self.missing.append(name)
        # By the custom of the corpora a .doc is documentation: no ink, as a rule.
        if not name.lower().endswith(".doc"):
            source.skip(f".INCLUDE {name} is missing; {why}", line)
