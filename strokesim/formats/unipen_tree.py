"""UNIPEN files and what they include: sets of components, and the segments that name them.

`strokesim.formats.unipen` says what the statements mean.
"""

from __future__ import annotations

import re
from collections import deque
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np

from strokesim.formats.opening import LARGEST_FILE, naming_failures, read_within
from strokesim.formats.source import Source
from strokesim.formats.unipen_blocks import Block, convert
from strokesim.formats.unipen_components import Components, Declared, delineated
from strokesim.formats.unipen_statements import (
    KNOWN,
    NOTED,
    OURS,
    Statements,
    decoded,
    unquoted,
)

MISSING = "missing include"
"""What notes and repairs call it."""

_DEEPEST_INCLUDE = 20
_MOST_AGAIN = 1 << 18
"""Bytes of files that may be included once more, or as many as all have without that."""
_MOST_OFTEN = 100
"""How often a component may be named, on average, so that a small file is not much work."""

_LARGEST_BLOCK = 1 << 16
_INCLUDE_FOLDER = "include"
_HIGHEST_FOLDER = 6
"""How far above a file the folder of includes is looked for."""

_USUAL = re.compile(rb'([!-~]+)\s+(\d+)\s+([?A-Z]+)\s+"([^"\\\s\x80-\xff]*)"\s*')
_QUALITY = re.compile(r"\?+|[A-Z]+")
_PARTS = re.compile(r"\d[\d:,-]*")
_NO_BLANKS = dict.fromkeys(code for code in range(0x3001) if chr(code).isspace())
_WORD = re.compile(r"\w+", re.ASCII)
_Said = tuple[str, str | None, str, str | None]
"""Hierarchy, delineation, quality and label."""

_SCALE = re.compile(r"([XY])_POINTS_PER_(INCH|MM)")
_MM = {"INCH": 25.4, "MM": 1.0}


@dataclass(slots=True)
class Segment:
    """What a ``.SEGMENT`` says, and what is said about it."""

    source: Source
    place: int | None
    """Where in it the statement stands; None for the segment of a file that has none."""
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
    ours: list[tuple[str, str]] | None = None
    """Statements of `unipen_statements.OURS` that follow, keyword and body."""

    @property
    def line(self) -> int | None:
        """The line in which it stands, counted from 1."""
        return None if self.place is None else self.source.line_at(self.place)


@dataclass(slots=True)
class ComponentSet:
    """What is counted together: the components and segments from one ``.START_SET`` on."""

    components: Components = field(default_factory=Components)
    segments: list[Segment] = field(default_factory=list)


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
        self._n_again = 0
        self._declared: set[str] = set()
        self._channels: tuple[str, ...] | None = None
        self._scales: dict[str, float] = {}
        self._latest = Declared()
        self._blocks: deque[Block] = deque()
        self._words: dict[str, str] = {}
        """Those that stand again and again, once."""
        self._channel_sets: dict[tuple[str, ...], tuple[str, ...]] = {}
        self._walk(source, ())
        segments = [segment for group in self.sets for segment in group.segments]
        self.is_lipitk = bool(segments) and all(segment.parts is None for segment in segments)
        """Whether no segment says which components it has, which is LipiTk's way."""
        self.is_ours = self._declared >= OURS.keys()
        """Whether strokesim wrote it."""
        sign = y_sign or (1.0 if self.is_lipitk else -1.0)
        steps = []
        while self._blocks:
            block = self._blocks.popleft()
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

    def inks(self, level: str | None = None) -> Iterator[tuple[Segment, Components]]:
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
                segments = [Segment(self.source, None, "", None, "?", None, Declared(), 0)]
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
                        named = delineated(parts, components)
                    except ValueError as error:
                        hint = f"; not found: {', '.join(self.missing)}" if self.missing else ""
                        self._skip(segment, f".SEGMENT: {error}{hint}")
                    else:
                        left -= len(named)
                        yield segment, named

    def _skip(self, segment: Segment, reason: str) -> None:
        segment.source.skip(reason, segment.line)

    def _walk(self, source: Source, above: tuple[Path, ...]) -> None:
        """Take in the statements of one file."""
        statements = Statements(source)
        # One for the components of each kind of channels, so that few are converted by themselves.
        blocks: dict[tuple[str, ...] | None, Block] = {}
        block: Block | None = None
        latest: Segment | None = None
        uncommented: Segment | None = None
        for place, texts in statements:
            for text in texts:
                end = place + len(text)
                parts = text.split(None, 1)
                keyword = parts[0] if parts else b""
                body = parts[1] if len(parts) == 2 else b""
                if keyword == b"PEN_DOWN" or keyword == b"PEN_UP":
                    # What has no samples is not counted.
                    if body:
                        components = self.sets[-1].components
                        components.append(self._latest, down=keyword == b"PEN_DOWN")
                        if block is None or block.channels is not self._channels:
                            block = blocks.get(self._channels)
                        # Pieces, because converting takes many times the size of the text.
                        if block is None or block.size > _LARGEST_BLOCK - len(body):
                            block = Block(statements.source, self._channels)
                            blocks[self._channels] = block
                            self._blocks.append(block)
                        block.add(end - len(body), end, components)
                    uncommented = None
                elif keyword == b"SEGMENT":
                    latest = uncommented = self._segment(statements.source, body, place)
                elif keyword == b"COMMENT":
                    if uncommented is not None:
                        uncommented.comment = body
                    uncommented = None
                elif keyword.startswith(b"INK_") and latest is not None:
                    if latest.ours is None:
                        latest.ours = []
                    word = decoded(keyword)
                    latest.ours.append((self._words.setdefault(word, word), decoded(body)))
                elif keyword != b"DT":
                    self._declare(statements.source, decoded(keyword), body, place, above)
                    uncommented = None
                place = end + 2

    def _segment(self, source: Source, body: bytes, place: int) -> Segment | None:
        current = self.sets[-1]
        said = _segment_said(body)
        if said is None:
            source.skip(
                ".SEGMENT is not followed by hierarchy, delineation, quality and label in quotes",
                source.line_at(place),
            )
            return None
        hierarchy, parts, quality, label = said
        once = self._words.setdefault
        segment = Segment(
            source, place, once(hierarchy, hierarchy), parts, once(quality, quality), label,
            self._latest, len(current.components.down),
        )  # fmt: skip
        current.segments.append(segment)
        return segment

    def _declare(
        self,
        source: Source,
        keyword: str,
        body: bytes,
        place: int,
        above: tuple[Path, ...],
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
            self._channels = self._channel_sets.setdefault(channels, channels)
        elif keyword == "START_SET":
            self.sets.append(ComponentSet())
            self._note("SET", decoded(body))
        elif keyword == "WRITER_ID":
            self._hold(replace(self._latest, writer=decoded(body) or None))
        elif match := _SCALE.fullmatch(keyword):
            try:
                per_unit = float(body)
            except ValueError:
                per_unit = 0.0
            # Zero and nonsense occur where the device was not known.
            scale = _MM[match[2]] / per_unit if per_unit else 0.0
            if 0 < scale < float("inf"):
                self._scales[match[1]] = scale
                self._hold(replace(self._latest, mm_per_unit=self.mm_per_unit))
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
        facts = {**self._latest.facts, name: text}
        # What the file says is not known is not noted.
        if text.strip("?") == "":
            del facts[name]
        self._hold(replace(self._latest, facts=facts))

    def _hold(self, declared: Declared) -> None:
        """Take what was declared for what holds from here on, unless that held before."""
        if declared != self._latest:
            self._latest = declared

    def _include(self, source: Source, name: str, line: int, above: tuple[Path, ...]) -> None:
        """Take in another file."""
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
            self._included[found] = len(data)
            if sum(self._included.values()) > LARGEST_FILE:
                limit = LARGEST_FILE >> 20
                raise source.error(f"includes are larger than {limit} MiB together", line)
            self._walk(replace(source, data=data, name=str(found), path=found), chain)

    def _is_again_and_again(self, path: Path) -> bool:
        """Count what is included once more: declarations may be, but not without bounds."""
        self._n_again += self._included.get(path, 0)
        return path in self._included and self._n_again > max(
            _MOST_AGAIN, sum(self._included.values())
        )

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


def _segment_said(body: bytes) -> _Said | None:
    """Return what a ``.SEGMENT`` says; None if it is something else."""
    if (usual := _USUAL.fullmatch(body)) is not None:
        level, named, rank, name = map(bytes.decode, usual.groups())
        return level, named, rank, name
    text = decoded(body)
    ahead, quote, _ = text.partition('"')
    label = text[len(ahead) :] if quote else '""'
    # Not into all their words, which take fifteen times as much memory.
    words = ahead.split(None, 1)
    if not words or len(label) < 2 or not label.endswith('"'):
        return None
    parts, quality = words[1] if len(words) == 2 else "", "?"
    ends = parts.rsplit(None, 1)
    if ends and _QUALITY.fullmatch(ends[-1]):
        quality = ends.pop()
        parts = ends[0] if ends else ""
    parts = parts.translate(_NO_BLANKS)
    if parts and not _PARTS.fullmatch(parts):
        return None
    return words[0], parts or None, quality, unquoted(label) if quote else None
