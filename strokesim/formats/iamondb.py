"""IAM On-Line Handwriting Database: a session at a whiteboard, in XML.

Reference: M. Liwicki, H. Bunke, "IAM-OnDB, an on-line English sentence database acquired from
handwritten text on a whiteboard", ICDAR 2005, and the database's description of its format. We
have no file of it: its layout is taken from what is quoted of it in programs that read it. ::

    <?xml version="1.0" encoding="ISO-8859-1"?>
    <WhiteboardCaptureSession>
      <General><Form id="a01-001z" writerID="10028"/></General>
      <Transcription><Text>By Trevor Williams.</Text></Transcription>
      <WhiteboardDescription>
        <SensorLocation corner="top_left"/>
        <DiagonallyOppositeCoords x="6512" y="1376"/>
      </WhiteboardDescription>
      <StrokeSet>
        <Stroke colour="black" start_time="769.05" end_time="769.64">
          <Point x="1073" y="1058" time="769.05"/>
        </Stroke>
      </StrokeSet>
    </WhiteboardCaptureSession>

- A ``Stroke`` ends where the pen was lifted. A file is one ink: a page, or in ``lineStrokes`` a
  line. What was recorded in the air is not in it.
- Positions are counted from the sensor in a corner of the whiteboard, in units of the sensor
  whose size nobody states. The corner is the upper left one in every file known, and ``y``
  grows downwards; another corner is refused, because nobody says which way its axes run.
- ``time`` is in seconds, with two decimals.
- The text of a page is its label. Files of a line have none: theirs stands in the folder
  ``ascii``. Quotes are escaped twice there (``&amp;quot;``), and both times undone.
- ``writerID`` of the form is the writer, the form's ``id`` the id.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from xml.sax.saxutils import unescape

from strokesim.formats.format import Format
from strokesim.formats.source import Source
from strokesim.formats.xml_events import Start, root_of, xml_events
from strokesim.formats.xml_points import Points, seconds_from_first, strokes_of
from strokesim.ink import Ink

_ROOT = "WhiteboardCaptureSession"
_CORNER = "top_left"
_QUOTES = {"&quot;": '"', "&apos;": "'"}


@dataclass(slots=True)
class _Session:
    """What a file says beside its points."""

    form: dict[str, str] = field(default_factory=dict)
    text: str | None = None
    colours: dict[str, None] = field(default_factory=dict)


def _sniff(head: bytes) -> bool:
    return root_of(head) == _ROOT


def _read(source: Source) -> Iterator[Ink]:
    points = Points(source, ("x", "y", "time"))
    session = _Session()
    for event in xml_events(source, _ROOT):
        if isinstance(event, Start):
            _take(source, session, points, event)
        elif event.name == "Stroke":
            points.end_stroke()
        elif event.name == "Text" and event.text.strip():
            session.text = unescape(event.text.strip(), _QUOTES)
    columns, begins = points.columns()
    channels = {
        "x": columns["x"],
        "y": columns["y"],
        "t": seconds_from_first(columns["time"], 1.0),
    }
    yield Ink(
        strokes_of(channels, begins),
        label=session.text,
        writer=session.form.get("writerID"),
        id=session.form.get("id", source.stem.removesuffix(".xml")),
        source=source.name,
        repairs=points.repairs,
        notes={"colour": " ".join(session.colours)} if session.colours else {},
    )


def _take(source: Source, session: _Session, points: Points, event: Start) -> None:
    attributes = event.attributes
    if event.name == "Point":
        points.add(attributes, event.line)
    elif event.name == "Stroke" and "colour" in attributes:
        session.colours[attributes["colour"]] = None
    elif event.name == "Form":
        session.form = attributes
    elif event.name == "SensorLocation" and attributes.get("corner", _CORNER) != _CORNER:
        source.skip(
            f"the sensor is at {attributes['corner'][:40]!r}; only {_CORNER} is known to have x "
            "grow to the right and y downwards",
            event.line,
        )


FORMAT = Format(
    name="iamondb",
    title="IAM-OnDB XML",
    suffixes=(".xml",),
    channels=("x", "y", "t"),
    sniff=_sniff,
    read=_read,
    lenient="damaged points, and what follows a break in the XML, are left out; another corner "
    "of the sensor is read as the upper left one",
    unsupported="sensors in another corner than the upper left one, unless lenient; words of the "
    "transcription one by one; colours",
)
