"""InkML that nobody would write: refused by our own errors, or read, but never anything else."""

import io

from hypothesis import given, settings
from hypothesis import strategies as st

from strokesim.errors import FormatError
from strokesim.formats import read_inks
from strokesim.formats.inkml import segments

NAMES = [
    "affine", "annotation", "annotationXML", "bind", "brush", "brushProperty", "canvas",
    "canvasTransform", "channel", "channelProperties", "channelProperty", "context",
    "definitions", "inkSource", "intermittentChannels", "latency", "mapping", "sampleRate",
    "sourceProperty", "timestamp", "trace", "traceFormat", "traceGroup", "traceView", "other",
]  # fmt: skip
ATTRIBUTES = [
    "id", "xml:id", "name", "type", "units", "value", "min", "max", "default", "orientation",
    "channel", "source", "target", "continuation", "from", "to", "time", "timeString",
    "timeOffset", "contextRef", "brushRef", "canvasRef", "canvasTransformRef", "traceFormatRef",
    "inkSourceRef", "timestampRef", "mappingRef", "respectTo", "traceDataRef", "priorRef",
]  # fmt: skip
VALUES = [
    "", "X", "Y", "T", "F", "OA", "a", "b", "#a", "#b", "#DefaultContext", "0", "1", "2:1", "-1",
    "1e999", "nan", "boolean", "integer", "text", "affine", "identity", "resolution", "1/in",
    "mm", "s", "-ve", "penUp", "begin", "middle", "end", "truth", "writer", "repair",
    "mm_per_unit", "2001-02-03T04:05:06Z",
]  # fmt: skip
attributes = st.dictionaries(st.sampled_from(ATTRIBUTES), st.sampled_from(VALUES), max_size=4)
TOKENS = ["1", "2", "-3", ".5", "1e3", "#F", "'", '"', "!", "*", "?", "T", "F", " ", ",", "9e15"]
texts = st.lists(st.sampled_from(TOKENS), max_size=9).map("".join) | st.sampled_from(
    ["1 2,3 4", "1 2", "1 2 3", "0 0,'1'1,\"1\"1", "1 0 5,0 1 5"]
)


def element(name, given, inside):
    """Return an element as text; the values of ours need no escapes."""
    return (
        f"<{name}{''.join(f' {key}={value!r}' for key, value in given.items())}>{inside}</{name}>"
    )


elements = st.recursive(
    st.builds(element, st.sampled_from(NAMES), attributes, texts),
    lambda inner: st.builds(
        element, st.sampled_from(NAMES), attributes, st.lists(inner, max_size=4).map("".join)
    ),
    max_leaves=12,
)
documents = st.lists(elements, max_size=6).map(lambda parts: f"<ink>{''.join(parts)}</ink>")


def read(data):
    """Read a document both ways; return how many inks there are."""
    skipped = []
    counts = []
    for lenient in (False, True):
        try:
            inks = list(
                read_inks(io.BytesIO(data), format="inkml", lenient=lenient, skipped=skipped)
            )
        except FormatError:
            counts.append(0)
        else:
            counts.append(len(inks))
            for ink in inks:
                segments(ink)
    strict, lenient = counts
    assert lenient >= strict
    return lenient


@settings(max_examples=60)
@given(documents)
def test_any_elements_anywhere_are_read_or_refused(text):
    read(text.encode())


WHOLE = b"""<ink xmlns="http://www.w3.org/2003/InkML"><definitions><context xml:id="c"><traceFormat>
<channel name="X" units="cm"/><channel name="Y"/><channel name="T"/></traceFormat>
<timestamp time="5"/></context>
<brush xml:id="b"><brushProperty name="width" value="1"/></brush></definitions>
<traceGroup contextRef="#c" brushRef="#b"><annotation type="truth">ab</annotation>
<trace xml:id="t">1 2 3, '1'-1'2, "0 5 6</trace><traceGroup><annotation type="truth">b</annotation>
<trace continuation="end" priorRef="#t">7 8 9</trace></traceGroup><trace type="penUp">1 2 3</trace>
</traceGroup><traceView traceDataRef="#t" from="1" to="2"><annotation type="truth">a</annotation>
</traceView></ink>"""


def test_the_document_that_is_damaged_below_is_whole():
    assert read(WHOLE) == 1


@given(
    st.lists(
        st.tuples(
            st.integers(0, len(WHOLE)),
            st.integers(0, 20),
            st.sampled_from([b"", b"0", b"-", b"#", b"?", b"*", b'"', b"<", b"</trace>", b"\0"])
            | st.binary(max_size=3),
        ),
        min_size=1,
        max_size=4,
    )
)
def test_any_damage_is_read_or_refused(damages):
    data = WHOLE
    for begin, size, piece in damages:
        data = data[:begin] + piece + data[begin + size :]
    read(data)
