"""Ink to InkML: a group per ink, a context per set of channels."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable
from decimal import Decimal
from typing import BinaryIO
from xml.sax.saxutils import escape, quoteattr

from strokesim.errors import ArgumentError
from strokesim.formats.bulk_numbers import number_text
from strokesim.formats.inkml.annotations import OURS
from strokesim.formats.inkml.differences import encoded
from strokesim.formats.parts import parts_in_order
from strokesim.ink import Ink, Stroke

# Name, units and range with which a channel comes back as it is in an `Ink`.
_CHANNELS = {
    "x": ("X", ""),
    "y": ("Y", ""),
    "t": ("T", ' units="s"'),
    "pressure": ("F", ' min="0" max="1"'),
    "altitude": ("OE", ' units="rad"'),
    "azimuth": ("OA", ' units="rad"'),
}
# What XML cannot hold, not even as a reference.
_FORBIDDEN = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def write_inkml(inks: Iterable[Ink], file: BinaryIO, *, differences: bool = False) -> None:
    """Write inks as one InkML document.

    Parameters
    ----------
    inks : iterable of Ink
        A ``traceGroup`` each.
    file : BinaryIO
        Open for writing.
    differences : bool
        Write the differences of samples where they are shorter and give the same bits back.

    Raises
    ------
    ArgumentError
        If a text holds a character that XML has no place for, or two channels of an ink would
        be the same in InkML.
    """
    contexts: dict[tuple[object, ...], str] = {}
    _put(file, '<?xml version="1.0" encoding="UTF-8"?>')
    _put(file, f'<ink xmlns="http://www.w3.org/2003/InkML" xmlns:strokesim="{OURS}">')
    for ink in inks:
        parts = list(parts_in_order(ink))
        for _, path in parts:
            key = path.channels, ink.mm_per_unit
            if key not in contexts:
                contexts[key] = f"c{len(contexts)}"
                _put_context(file, contexts[key], path.channels, ink.mm_per_unit)
        _put(file, "<traceGroup>")
        _put_annotations(file, ink)
        for down, path in parts:
            reference = contexts[path.channels, ink.mm_per_unit]
            kind = "" if down else ' type="penUp"'
            values = encoded(path.samples) if differences else _values(path)
            _put(file, f'<trace contextRef="#{reference}"{kind}>{values}</trace>')
        _put(file, "</traceGroup>")
    _put(file, "</ink>")


def _put(file: BinaryIO, line: str) -> None:
    file.write(line.encode() + b"\n")


def _put_context(
    file: BinaryIO, name: str, channels: tuple[str, ...], mm_per_unit: float | None
) -> None:
    _put(file, f'<definitions><context xml:id="{name}"><inkSource xml:id="{name}s">')
    _put(file, "<traceFormat>")
    # A recorded T, OE or OA that is no channel of `Ink` has a unit that only its device knows.
    named = [_CHANNELS.get(channel, (channel, ' units="dev"')) for channel in channels]
    names = [inkml for inkml, _ in named]
    if len({*names}) != len(names) or "" in names:
        raise ArgumentError(
            f"the channels {', '.join(map(repr, channels))} cannot be told apart in InkML; "
            "write another format, such as jsonl"
        )
    for inkml, facts in named:
        _put(file, f'<channel name={_attribute(inkml)} type="double"{facts}/>')
    _put(file, "</traceFormat>")
    if mm_per_unit is not None and math.isfinite(1 / mm_per_unit):
        # The schema asks for a decimal number, which has no exponent.
        value = format(Decimal(repr(1 / mm_per_unit)), "f")
        facts = f'name="resolution" value="{value}" units="1/mm"'
        properties = "".join(f'<channelProperty channel="{xy}" {facts}/>' for xy in "XY")
        _put(file, f"<channelProperties>{properties}</channelProperties>")
    _put(file, "</inkSource></context></definitions>")


def _put_annotations(file: BinaryIO, ink: Ink) -> None:
    for kind in ("id", "label", "writer"):
        if (value := getattr(ink, kind)) is not None:
            _put(file, f'<annotation type="{kind}">{_text(value)}</annotation>')
    if ink.mm_per_unit is not None:
        # The resolution is its reciprocal, which rounds.
        _put(file, f'<annotation type="mm_per_unit">{ink.mm_per_unit!r}</annotation>')
    for kind, values in (("note", ink.notes), ("repair", ink.repairs)):
        for name, value in values.items():
            named = f'type="{kind}" strokesim:name={_attribute(name)}'
            _put(file, f"<annotation {named}>{_text(str(value))}</annotation>")


def _values(path: Stroke) -> str:
    return ",".join(" ".join(map(number_text, sample)) for sample in path.samples.tolist())


def _text(text: str) -> str:
    return escape(_possible(text), {"\r": "&#13;"})


def _attribute(text: str) -> str:
    return quoteattr(_possible(text))


def _possible(text: str) -> str:
    """Refuse what XML cannot hold."""
    if match := _FORBIDDEN.search(text):
        raise ArgumentError(
            f"{text!r} holds U+{ord(match[0]):04X}, which XML has no place for; "
            "write another format, such as jsonl"
        )
    return text
