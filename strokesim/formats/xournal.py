"""Xournal and Xournal++ notebooks: pages of strokes in XML, compressed by gzip.

Reference: Xournal++'s user guide on its file format, and the program's own writing and reading
of it; the manual of Xournal 0.4. ::

    <xournal creator="xournalpp 1.2.4" fileversion="4">
      <page width="595.275" height="841.889">
        <layer>
          <stroke tool="pen" color="#000000ff" width="1.41 0.83">100.5 200.25 101 201</stroke>
        </layer>
      </page>
    </xournal>

- A page is an ink, its layers one after the other. A ``stroke`` ends where the pen was lifted,
  or where the program cut, joined or drew it. Pages without strokes give no ink.
- Positions are pairs of x and y in points of 1/72 inch, from the upper left corner of the page;
  ``y`` grows downwards.
- There is no time: ``ts`` is a place in a sound recording.
- The first number of ``width`` is the width of the pen. If others follow, each is the width of
  the line from one sample to the next, made of pressure and width by a rule that the user
  chooses; what pressure was is not in the file. The channel ``width`` has them, in points; the
  last sample, at which no line begins, has that of the line that ends there.
  Version 1.2.0 wrote a ``-1`` behind them (xournalpp issue 5238), which is left out and
  counted; where their number is another, all samples have the width of the pen.
- The tool ``eraser`` paints white over what lies below. Such strokes are no writing; they are
  left out and counted. ``highlighter`` is kept. The tools of a page stand in ``ink.notes``.
- Text, images and backgrounds are passed over. No file beside the notebook is opened.
- The newer form, a zip archive with this XML inside, is read as any archive.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field

import numpy as np

from strokesim.errors import InkError
from strokesim.formats.bulk_numbers import BadNumber, parse_values
from strokesim.formats.format import Format
from strokesim.formats.source import Source
from strokesim.formats.xml_events import Start, root_of, xml_events
from strokesim.ink import Ink, Stroke

MM_PER_UNIT = 25.4 / 72

_ROOT = "xournal"
_CHANNELS = ("x", "y", "width")
_ERASER = "eraser"
_NO_PRESSURE = -1.0


@dataclass(slots=True)
class _Page:
    """What was read of a page."""

    number: int
    strokes: list[Stroke] = field(default_factory=list)
    tools: dict[str, None] = field(default_factory=dict)
    repairs: Counter[str] = field(default_factory=Counter)


def _sniff(head: bytes) -> bool:
    return root_of(head) == _ROOT


def _read(source: Source) -> Iterator[Ink]:
    page: _Page | None = None
    number = 0
    begun: list[Start] = []
    for event in xml_events(source, _ROOT):
        if isinstance(event, Start):
            if event.name == "page":
                number += 1
                page = _Page(number)
            elif event.name == "stroke":
                begun.append(event)
        elif event.name == "stroke":
            start = begun.pop()
            if page is None:
                source.skip("a stroke outside a page", start.line)
                continue
            try:
                _take(page, start.attributes, event.text)
            except (BadNumber, InkError) as error:
                source.skip(f"stroke of page {page.number}: {error}", start.line)
        elif event.name == "page" and page is not None:
            if page.strokes:
                yield _ink(source, page)
            page = None


def _take(page: _Page, attributes: dict[str, str], text: str) -> None:
    """Take in one stroke."""
    tool = attributes.get("tool", "pen")
    if tool == _ERASER:
        page.repairs["eraser stroke left out"] += 1
        return
    values = parse_values(text.encode())
    if len(values) == 0 or len(values) % 2:
        raise InkError(f"{len(values)} numbers; needed: pairs of x and y")
    widths = parse_values(attributes.get("width", "").encode())
    if len(widths) == 0:
        raise InkError("no width; needed: that of the pen, and those of the lines if they vary")
    n_samples = len(values) // 2
    if len(widths) == n_samples + 1 and widths[-1] == _NO_PRESSURE:
        page.repairs["superfluous width left out"] += 1
        widths = widths[:-1]
    samples = np.empty((n_samples, 3))
    samples[:, :2] = values.reshape(-1, 2)
    samples[:, 2] = widths[0]
    if len(widths) == n_samples > 1:
        samples[:-1, 2] = widths[1:]
        samples[-1, 2] = widths[-1]
    elif len(widths) > 1:
        page.repairs["widths of another number left out"] += len(widths) - 1
    samples.flags.writeable = False
    page.strokes.append(Stroke(samples, _CHANNELS))
    page.tools[tool] = None


def _ink(source: Source, page: _Page) -> Ink:
    return Ink(
        tuple(page.strokes),
        id=f"{source.stem}#{page.number}",
        source=source.name,
        mm_per_unit=MM_PER_UNIT,
        repairs=page.repairs,
        notes={"page": str(page.number), "tools": " ".join(page.tools)},
    )


FORMAT = Format(
    name="xournal",
    title="Xournal and Xournal++",
    suffixes=(".xopp", ".xoj", ".xml"),
    channels=_CHANNELS,
    sniff=_sniff,
    read=_read,
    lenient="damaged strokes, and what follows a break in the XML, are left out",
    unsupported="text, images and backgrounds; pressure, of which the file has only the width of "
    "the line",
)
