"""InkML: XML with traces of samples.

Reference: Ink Markup Language (InkML), W3C Recommendation 20 September 2011.

- What stands directly in the document is one ink; every group of traces directly in it is one
  more, with the groups inside it. A ``traceView`` of traces that stand among the
  ``definitions`` is an ink, too. Elements may be in the namespace of InkML, with any prefix,
  or in none.
- A labelled group or ``traceView`` inside an ink tells what a part of it is, as the ground
  truth of CROHME does. `segments` cuts an ink into these parts.
- ``y`` grows downwards, unless the channel's orientation is ``-ve``. ``T`` is in milliseconds
  unless its units say seconds, and counts from the time stamp that ``respectTo`` names; where
  it names none, from the time stamp of the context and the ``timeOffset`` of the trace. ``F``
  is the pressure where the channel states its ``max``; otherwise it is kept as recorded.
  ``OE`` and ``OA`` are altitude and azimuth. The scale is that of the resolution, or of units
  of length; "px" and "dev" have no size of their own.
- A trace of type ``penUp`` was recorded in the air; any other is a stroke. ``continuation``
  goes on with the trace that ``priorRef`` names.
- A ``canvasTransform`` that is affine or the identity is applied. Other mappings are not, and
  the note "not applied" names them.
- A sample without a position is left out, and so is a channel that is not known everywhere in
  an ink. Channels at the end of a format that a trace does not have, and values of a trace in
  addition to X and Y where nothing is declared, are left out. All are counted.
- Annotations give label (``truth``, ``label``), ``writer`` and ``id``; others are kept in
  ``ink.notes``, with brush, device, sample rate, latency and time stamp.

`strokesim.formats.inkml.values` has the grammar of the samples,
`strokesim.formats.inkml.channels` and `strokesim.formats.inkml.contexts` what they mean.
"""

from __future__ import annotations

from collections.abc import Iterator

from strokesim.errors import InkError
from strokesim.formats.format import Format
from strokesim.formats.inkml.annotations import shared
from strokesim.formats.inkml.assembling import ink_of
from strokesim.formats.inkml.document import groups_of
from strokesim.formats.inkml.segments import segments
from strokesim.formats.inkml.writing import write_inkml
from strokesim.formats.source import Source
from strokesim.formats.xml_events import root_of
from strokesim.formats.xml_tree import parse_xml
from strokesim.ink import CHANNELS, Ink

__all__ = ["FORMAT", "segments"]

# What is read; anything else would only take memory.
_ELEMENTS = frozenset({
    "activeArea", "affine", "annotation", "annotationXML", "bind", "brush", "brushProperty",
    "canvas", "canvasTransform", "channel", "channelProperties", "channelProperty", "context",
    "definitions", "inkSource", "intermittentChannels", "latency", "mapping", "sampleRate",
    "sourceProperty", "timestamp", "trace", "traceFormat", "traceGroup", "traceView",
})  # fmt: skip


def _sniff(head: bytes) -> bool:
    return root_of(head) == "ink"


def _read(source: Source) -> Iterator[Ink]:
    root = parse_xml(source, _ELEMENTS, whole=("annotationXML",))
    if root.name.rpartition("}")[2] != "ink":
        raise source.error(f"the root is <{root.name}>; that of InkML is <ink>", root.line)
    alone, *groups = groups_of(source, root)
    written = [group for group in (alone, *groups) if not group.is_empty]
    for_all = shared(alone.annotations)
    for number, group in enumerate(written):
        if group is not alone:
            said = alone.annotations if len(written) == 1 else for_all
            group.annotations = said + group.annotations
        try:
            ink = ink_of(group, f"{source.stem}#{number}", source.name)
        except InkError as error:
            source.skip(str(error), group.line)
        else:
            yield ink


FORMAT = Format(
    name="inkml",
    title="InkML",
    suffixes=(".inkml", ".ink"),
    channels=(*CHANNELS, "others by name", "hover"),
    sniff=_sniff,
    read=_read,
    write=write_inkml,
    lenient="damaged traces and views, and what follows a break in the XML, are left out",
    unsupported="mappings other than the identity and affine ones, which are noted and not "
    "applied; brushes, sample rate and latency are noted and change no sample; references into "
    "other documents; OTx and OTy are kept as recorded and not turned into angles",
)
