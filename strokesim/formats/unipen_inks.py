"""UNIPEN segments and their components to inks.

`strokesim.formats.unipen` says what the statements mean.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from types import MappingProxyType

import numpy as np

from strokesim.formats.unipen_components import DAMAGED, UNTIMED, Component, timeless
from strokesim.formats.unipen_statements import labels_in
from strokesim.formats.unipen_tree import MISSING, Segment, Tree
from strokesim.formats.unipen_writing import NO_HIERARCHY
from strokesim.ink import Hover, Ink, Stroke

PER_SECOND = {"s": 1.0, "ms": 1e3, "us": 1e6}
"""Units in which a file may count its time."""

# No pen is sampled so seldom, or so often, in milliseconds.
_LONGEST_STEP, _SHORTEST_STEP = 500.0, 0.2

_Notes = Mapping[str, str]
_NOTHING: Mapping[str, int] = MappingProxyType({})


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
                (segment.source or source).note(reason, segment.line)

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
        (segment.source or self._tree.source).skip(reason, segment.line)

    def _with_ours(self, ink: Ink, segment: Segment) -> Ink | None:
        """Add what `unipen_writing` wrote about an ink."""
        notes: dict[str, str] = {}
        repairs: dict[str, int] = {}
        id, mm_per_unit = ink.id, ink.mm_per_unit
        try:
            for keyword, body in segment.ours:
                labels = labels_in(body)
                if keyword == "INK_ID":
                    (id,) = labels
                elif keyword == "INK_SCALE":
                    mm_per_unit = float(body)
                    if not 0 < mm_per_unit < float("inf"):
                        raise ValueError(f"a scale of {body}; needed: a positive number")
                elif keyword == "INK_NOTE":
                    name, notes_text = labels
                    notes[name] = notes_text
                elif keyword == "INK_REPAIR":
                    (name,) = labels
                    repairs[name] = int(body.rsplit('"', 1)[1])
        except ValueError as error:
            self._refuse(segment, f"what .INK_... says about it is damaged: {error}")
            return None
        return Ink._trusted(
            ink.strokes,
            ink.label,
            ink.writer,
            id,
            ink.source,
            mm_per_unit,
            ink.hover,
            MappingProxyType({**ink.repairs, **repairs}) if repairs else ink.repairs,
            MappingProxyType({**ink.notes, **notes}) if notes else ink.notes,
        )


def _suspicion(steps: np.ndarray) -> dict[str, str]:
    """Return a note where the steps of T are those of another unit than milliseconds."""
    forward = steps[steps > 0]
    step = float(np.median(forward)) if len(forward) else _SHORTEST_STEP
    if _SHORTEST_STEP <= step <= _LONGEST_STEP:
        return {}
    unit = "microseconds" if step > _LONGEST_STEP else "seconds"
    return {"time": f"the median step is {step:g}, which suggests {unit}; read as milliseconds"}
