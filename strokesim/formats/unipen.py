r"""UNIPEN 1.0: text with keywords that begin with a dot in the first column.

Reference: I. Guyon, L. Schomaker, R. Plamondon, M. Liberman, S. Janet, "UNIPEN project of
on-line data exchange and recognizer benchmarks", ICPR 1994, and the format's definition. ::

    .COORD X Y T
    .SEGMENT WORD 0-2 OK "two"
    .PEN_DOWN
    267 333 0
    ...
    .PEN_UP

- ``.PEN_DOWN`` and ``.PEN_UP`` begin a component, whose samples follow, one per line, with
  the channels that ``.COORD`` names in their order, X and Y where it does not stand. What
  follows a ``.PEN_UP`` was recorded in the air. One ``.PEN_DOWN`` may follow another.
- ``.SEGMENT hierarchy delineation quality "label"`` names components by their number, where
  only components with samples are counted, over everything included, from 0 and from 0 again
  behind ``.START_SET``: ``12``, ``3-7``, ``3,5``, ``2:10-4:0`` (component:sample), ends
  inclusive. Each segment is an ink, at every level of the hierarchy; `unipen_format` chooses a
  level, and ``ink.notes`` keeps it. A file without segments is one ink. A segment with
  nothing but movement in the air is no ink, and is listed as left out.
- A component of the one sample ``0 0`` is a dummy: it counts, and is no ink.
- ``y`` grows upwards and is turned round. ``P``, ``Z``, ``BUTTON``, ``RHO``, ``THETA`` and
  ``PHI`` have no stated range and are kept as recorded.
- ``T`` is in milliseconds. Some sets have microseconds: what the steps suggest is noted, and
  `unipen_format` converts when told. ``.POINTS_PER_SECOND`` is noted and not trusted, ``.DT``
  is passed over: it is artificial where we met it.
- In labels ``\"`` ``\\`` ``\n`` ``\t`` are escapes, any other escaped character is itself, and
  white space is a blank. Text is UTF-8, or Latin-1 where it is not, statement by statement.
- ``.WRITER_ID`` names the writer. In pendigits he stands in a comment: where a ``.COMMENT``
  that directly follows its ``.SEGMENT`` is three integers and the first is the label, the
  second is the writer, who is then named after the file, because two files number theirs
  alike.
- ``.INCLUDE`` is found beside the file that includes, beside the first file, or in a folder
  ``include`` up to six folders above it, and nowhere outside of these. One that is missing is
  an error, or a repair where reading is lenient; a missing ``.doc``, which by custom has no
  ink, is a note.
- LipiTk and programs after it write ``.SEGMENT CHARACTER`` without delineation: it has the
  components up to the next. They count ``y`` downwards, as screens do, and may give a time
  to the first sample of a component only, which is no time for the others and left out.

Not supported: word lists and alphabets, what recognisers answered (``.REC_...``,
``.TRAINING_SET`` and the like), ``.START_BOX``, and includes within archives.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from functools import partial
from os import PathLike
from pathlib import Path
from types import MappingProxyType

import numpy as np

from strokesim.errors import InkError, UnknownNameError
from strokesim.formats.format import Format
from strokesim.formats.source import Source
from strokesim.formats.unipen_components import DAMAGED, UNTIMED, Component, timeless
from strokesim.formats.unipen_statements import labels_in
from strokesim.formats.unipen_tree import MISSING, Segment, Tree
from strokesim.formats.unipen_writing import NO_HIERARCHY, write_unipen
from strokesim.ink import Hover, Ink, Stroke

PER_SECOND = {"s": 1.0, "ms": 1e3, "us": 1e6}
"""Units in which a file may count its time."""

# No pen is sampled so seldom, or so often, in milliseconds.
_LONGEST_STEP, _SHORTEST_STEP = 500.0, 0.2

_PENDIGITS_COMMENT = re.compile(r"(\d+)\s+(\d+)\s+(\d+)\s*")
_KEYWORD = re.compile(
    rb"(?:\A(?:\xef\xbb\xbf)?|[\r\n])\.(?:VERSION|DATA_SOURCE|COMMENT|COORD|HIERARCHY|INCLUDE"
    rb"|LEXICON|PEN_DOWN|PEN_UP|SEGMENT|START_BOX|START_SET|WRITER_ID)\b"
)
_Notes = Mapping[str, str]
_NOTHING: Mapping[str, int] = MappingProxyType({})


def unipen_format(
    *,
    level: str | None = None,
    time_unit: str | None = None,
    root: str | PathLike[str] | None = None,
) -> Format:
    """Return UNIPEN as it is to be read, for the ``format=`` of `strokesim.read_inks`.

    Parameters
    ----------
    level : str, optional
        The level of the hierarchy, such as "WORD", whose segments become inks; None takes
        all levels.
    time_unit : str, optional
        Unit of T: "s", "ms" or "us". None is milliseconds, as the definition says, and a note
        where the steps suggest another.
    root : path-like, optional
        The folder that the names of included files begin at. None looks for it.

    Raises
    ------
    UnknownNameError
        If there is no such unit.
    """
    if time_unit is not None and time_unit not in PER_SECOND:
        raise UnknownNameError("time unit", time_unit, PER_SECOND)
    folder = None if root is None else Path(root)
    return Format(
        name="unipen",
        title="UNIPEN 1.0",
        suffixes=(".unipen", ".upn", ".unp"),
        channels=("x", "y", "t", "others by name", "hover"),
        sniff=sniff,
        read=partial(_read, level=level, time_unit=time_unit, root=folder),
        write=write_unipen,
        lenient="damaged components and segments are left out, and so are missing includes",
    )


def sniff(head: bytes) -> bool:
    """Tell whether a keyword of UNIPEN stands at the beginning of a line."""
    # Looking for a dot first is a hundred times as fast on what is no UNIPEN.
    at_all = head.startswith((b".", b"\xef\xbb\xbf.")) or b"\n." in head or b"\r." in head
    return at_all and _KEYWORD.search(head) is not None


def _read(
    source: Source, *, level: str | None, time_unit: str | None, root: Path | None
) -> Iterator[Ink]:
    tree = Tree(source, root=root)
    maker = InkMaker(tree, time_unit)
    stem = source.stem
    for number, (segment, components) in enumerate(tree.inks(level)):
        writer = segment.declared.writer
        if segment.comment:
            numbers = _PENDIGITS_COMMENT.fullmatch(segment.comment.decode("latin-1"))
            if numbers is not None and numbers[1] == segment.label:
                writer = f"{stem}/{numbers[2]}"
        ink = maker.ink(
            segment, components, label=segment.label, writer=writer, id=f"{stem}#{number}"
        )
        if ink is not None:
            yield ink
    maker.finish(level)


class InkMaker:
    """Segments and their components to inks.

    Parameters
    ----------
    tree : Tree
        What they are of.
    time_unit : str, optional
        A name in `PER_SECOND`; None is milliseconds.
    mm_per_unit : float, optional
        The scale, where the file does not state it.
    """

    def __init__(
        self, tree: Tree, time_unit: str | None = None, mm_per_unit: float | None = None
    ) -> None:
        self._tree = tree
        self._per_second = PER_SECOND[time_unit or "ms"]
        self._mm_per_unit = mm_per_unit or tree.mm_per_unit
        self._notes: dict[tuple[object, ...], _Notes] = {}
        self._common: dict[str, str] = {}
        if tree.missing:
            self._common[MISSING] = ", ".join(tree.missing)
        if tree.is_lipitk:
            self._common["dialect"] = "LipiTk"
        if time_unit is None and not tree.is_ours:
            self._common |= _suspicion(tree.time_steps)
        # Only a lenient reader comes so far without what is not documentation.
        mended = sum(not name.lower().endswith(".doc") for name in tree.missing)
        self._repairs = MappingProxyType({MISSING: mended}) if mended else _NOTHING
        self._airborne: list[Segment] = []
        self._n_segments = self._n_inks = 0

    def ink(
        self,
        segment: Segment,
        components: Sequence[Component],
        *,
        label: str | None,
        writer: str | None,
        id: str,
        notes: _Notes | None = None,
    ) -> Ink | None:
        """Return an ink, or None if the pen was never down.

        Raises
        ------
        FormatError
            If its components differ in their channels, unless the source is read leniently.
        """
        self._n_segments += 1
        strokes: list[Stroke] = []
        hover: list[Hover] = []
        repairs: dict[str, int] = {}
        for down, path, lost, _ in components:
            if lost is not None:
                repairs[lost] = repairs.get(lost, 0) + 1
            if path is None:
                continue
            if down:
                strokes.append(path)
            else:
                hover.append(Hover(len(strokes), path))
        if not strokes:
            # Damage is listed where it is.
            if DAMAGED not in repairs:
                self._airborne.append(segment)
            return None
        if UNTIMED in repairs:
            strokes = [timeless(path) for path in strokes]
            hover = [Hover(before, timeless(path)) for before, path in hover]
        channels = strokes[0].channels
        for path in strokes:
            if path.channels != channels:
                shown = f"{', '.join(channels)} and {', '.join(path.channels)}"
                self._refuse(segment, f"strokes with the channels {shown}; an ink has one set")
                return None
        if "t" in channels or any("t" in path.channels for _, path in hover):
            strokes, hover = self._timed(components, strokes, hover)
        self._n_inks += 1
        declared = components[0].declared
        ink = Ink._trusted(
            tuple(strokes),
            label,
            writer or declared.writer,
            id,
            self._tree.source.name,
            declared.mm_per_unit or self._mm_per_unit,
            tuple(hover),
            MappingProxyType({**self._repairs, **repairs}) if repairs else self._repairs,
            self._noted(segment, declared.facts) if notes is None else notes,
        )
        return self._with_ours(ink, segment) if segment.ours else ink

    def finish(self, level: str | None = None) -> None:
        """Account for what became no ink.

        Raises
        ------
        FormatError
            If nothing did, or there is no segment of the level that was asked for.
        """
        source = self._tree.source
        if self._n_segments == 0 and level is not None:
            segments = [segment for group in self._tree.sets for segment in group.segments]
            levels = ", ".join(sorted({segment.hierarchy for segment in segments})) or "none"
            raise source.error(f"holds no segment of the level {level!r}; there are: {levels}")
        for segment in self._airborne:
            reason = "a .SEGMENT names no ink, only movement in the air"
            if self._n_inks == 0:
                self._refuse(segment, reason)
            else:
                # That is legal, so it is no error where it stands among ink.
                file = source if segment.statements is None else segment.statements.source
                source.skipped.append(file.error(reason, segment.line))

    def notes(self, segment: Segment, components: Sequence[Component]) -> dict[str, str]:
        """Return what the statements say that has no field of its own in `Ink`."""
        facts = components[0].declared.facts if components else {}
        return dict(self._noted(segment, facts))

    def _noted(self, segment: Segment, facts: _Notes) -> _Notes:
        known = segment.declared.facts
        key = segment.hierarchy, segment.quality, id(facts), id(known)
        noted = self._notes.get(key)
        if noted is None:
            found = {**facts, **known}
            if segment.hierarchy not in ("", NO_HIERARCHY):
                found["hierarchy"] = segment.hierarchy
            if segment.quality.strip("?"):
                found["quality"] = segment.quality
            noted = self._notes[key] = MappingProxyType({**found, **self._common})
        return noted

    def _timed(
        self, components: Sequence[Component], strokes: list[Stroke], hover: list[Hover]
    ) -> tuple[list[Stroke], list[Hover]]:
        """Count the time in seconds, from the first sample of the ink."""
        first = next(
            path for _, path, _, _ in components if path is not None and "t" in path.channels
        )
        start = first["t"][0]

        def timed(path: Stroke) -> Stroke:
            if "t" not in path.channels:
                return path
            samples = path.samples.copy()
            column = path.channels.index("t")
            samples[:, column] = (samples[:, column] - start) / self._per_second
            samples.flags.writeable = False
            return Stroke._trusted(samples, path.channels)

        return [timed(path) for path in strokes], [Hover(n, timed(path)) for n, path in hover]

    def _refuse(self, segment: Segment, reason: str) -> None:
        source = segment.statements.source if segment.statements else self._tree.source
        source.skip(reason, segment.line)

    def _with_ours(self, ink: Ink, segment: Segment) -> Ink | None:
        """Add what `unipen_writing` wrote about an ink."""
        notes, repairs = dict(ink.notes), dict(ink.repairs)
        id, mm_per_unit = ink.id, ink.mm_per_unit
        try:
            for keyword, body in segment.ours:
                labels = labels_in(body)
                if keyword == "INK_ID":
                    (id,) = labels
                elif keyword == "INK_SCALE":
                    mm_per_unit = float(body)
                elif keyword == "INK_NOTE":
                    name, notes_text = labels
                    notes[name] = notes_text
                elif keyword == "INK_REPAIR":
                    (name,) = labels
                    repairs[name] = int(body.rsplit('"', 1)[1])
            return Ink(
                ink.strokes, ink.label, ink.writer, id, ink.source, mm_per_unit, ink.hover,
                repairs, notes,
            )  # fmt: skip
        except (ValueError, InkError) as error:
            self._refuse(segment, f"what .INK_... says about it is damaged: {error}")
            return None


def _suspicion(steps: np.ndarray) -> dict[str, str]:
    """Return a note where the steps of T are those of another unit than milliseconds."""
    forward = steps[steps > 0]
    step = float(np.median(forward)) if len(forward) else _SHORTEST_STEP
    if _SHORTEST_STEP <= step <= _LONGEST_STEP:
        return {}
    unit = "microseconds" if step > _LONGEST_STEP else "seconds"
    return {"time": f"the median step is {step:g}, which suggests {unit}; read as milliseconds"}


FORMAT = unipen_format()
