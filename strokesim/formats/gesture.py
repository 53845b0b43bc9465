"""Gesture XML of the $-family of recognisers: one gesture per file.

Reference: J. O. Wobbrock, A. D. Wilson, Y. Li, "Gestures without libraries, toolkits or
training: a $1 recognizer for user interface prototypes", UIST 2007; L. Anthony, J. O. Wobbrock,
"$N-Protractor", GI 2012, whose Mixed Multistroke Gestures are the files that were read. ::

    <Gesture Name="N~01" Subject="10" InputType="stylus" Speed="MEDIUM" NumPts="2">
      <Stroke index="1">
        <Point X="56" Y="54" T="1302126475064" Pressure="128" />
        <Point X="53" Y="53" T="1302126475079" Pressure="128" />
      </Stroke>
    </Gesture>

- A ``Stroke`` ends where the pen was lifted. Logs of the $1 recogniser have no ``Stroke``:
  their points stand directly in the gesture and are one.
- ``X`` and ``Y`` are pixels, ``Y`` grows downwards.
- ``T`` is in milliseconds, of a clock that ticks every 15 or 16: half of all consecutive stamps
  are equal, and a few step backwards. They are kept as recorded.
- ``Pressure`` is the same number everywhere, a placeholder; it is left out and counted. Where
  it does vary, nobody states its range, and it is kept as recorded, under its own name.
- ``Name`` is the label, and behind ``~`` the number of the repetition; in logs of $1 the number
  follows without a mark and stands in ``Number`` too. ``Subject`` is the writer.
- ``NumPts`` announces the number of points; another number is counted as a repair.
- A byte order mark and CRLF occur.
"""

from __future__ import annotations

from collections.abc import Iterator

from strokesim.formats.format import Format
from strokesim.formats.source import Source
from strokesim.formats.xml_events import Start, root_of, xml_events
from strokesim.formats.xml_points import Points, seconds_from_first, strokes_of
from strokesim.ink import Ink

_MS_PER_SECOND = 1000.0
_ROOT = "Gesture"
_NOTES = {
    "Speed": "speed", "InputType": "input", "Number": "repetition", "AppName": "program",
    "Date": "date", "TimeOfDay": "time of day", "ScreenWidth": "screen width",
    "ScreenHeight": "screen height",
}  # fmt: skip


def _sniff(head: bytes) -> bool:
    return root_of(head) == _ROOT and b"<Point" in head.replace(b"\0", b"")


def _read(source: Source) -> Iterator[Ink]:
    points = Points(source, ("X", "Y"), ("T", "Pressure"))
    gesture: dict[str, str] = {}
    unfinished = False
    for event in xml_events(source, _ROOT):
        if isinstance(event, Start):
            if event.name == _ROOT:
                gesture = event.attributes
            elif event.name == "Point":
                points.add(event.attributes, event.line)
                unfinished = True
        elif event.name == "Stroke" or (event.name == _ROOT and unfinished):
            points.end_stroke()
            unfinished = False
    yield _ink(source, points, gesture)


def _ink(source: Source, points: Points, gesture: dict[str, str]) -> Ink:
    columns, begins = points.columns()
    channels = {"x": columns["X"], "y": columns["Y"]}
    if "T" in columns:
        channels["t"] = seconds_from_first(columns["T"], _MS_PER_SECOND)
    if "Pressure" in columns:
        if columns["Pressure"].min() == columns["Pressure"].max():
            points.repairs["placeholder pressure left out"] += len(columns["Pressure"])
        else:
            channels["Pressure"] = columns["Pressure"]
    if gesture.get("NumPts", str(len(channels["x"]))) != str(len(channels["x"])):
        points.repairs["announced another number of points"] += 1
    notes = {ours: gesture[theirs] for theirs, ours in _NOTES.items() if theirs in gesture}
    label, repetition = _label(gesture)
    if repetition:
        notes["repetition"] = repetition
    return Ink(
        strokes_of(channels, begins),
        label=label,
        writer=gesture.get("Subject"),
        id=source.stem.removesuffix(".xml"),
        source=source.name,
        repairs=points.repairs,
        notes=notes,
    )


def _label(gesture: dict[str, str]) -> tuple[str | None, str]:
    """Return what was drawn, and the number of the repetition as the name writes it."""
    name, number = gesture.get("Name"), gesture.get("Number", "")
    if name is None:
        return None, number
    label, mark, repetition = name.rpartition("~")
    if mark:
        return label, repetition
    digits = name[len(name.rstrip("0123456789")) :]
    if number.isdecimal() and digits.lstrip("0") == number.lstrip("0") and digits != name:
        return name.removesuffix(digits), number
    return name, number


FORMAT = Format(
    name="gesture",
    title="$-family gesture XML",
    suffixes=(".xml",),
    channels=("x", "y", "t", "Pressure as recorded"),
    sniff=_sniff,
    read=_read,
    lenient="damaged points, and what follows a break in the XML, are left out",
    unsupported="speed, type of input and date",
)
