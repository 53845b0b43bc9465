"""Written InkML: the elements of the Recommendation, and the same bits back."""

from dataclasses import replace
from xml.etree import ElementTree

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from ink_strategies import bits, inks, plain_texts

from strokesim.errors import ArgumentError
from strokesim.formats import read_ink, read_inks, write_ink
from strokesim.formats.inkml.differences import encoded
from strokesim.formats.inkml.values import TraceChannel, parse_trace
from strokesim.ink import LARGEST, Ink

INKML = "{http://www.w3.org/2003/InkML}"
OTHER = "a name of another namespace"
# Content models and attributes of the Recommendation's schema, as far as we write them: the
# children in their order, and whether text may stand there.
SCHEMA = {
    "ink": (("definitions", "traceGroup"), {"documentID"}, False),
    "definitions": (("context",), set(), False),
    "context": (("traceFormat", "inkSource"), {"id"}, False),
    "inkSource": (("traceFormat", "channelProperties"), {"id"}, False),
    "traceFormat": (("channel",), {"id"}, False),
    "channel": ((), {"name", "type", "units", "min", "max"}, False),
    "channelProperties": (("channelProperty",), set(), False),
    "channelProperty": ((), {"channel", "name", "value", "units"}, False),
    "traceGroup": (("annotation", "trace"), {"id"}, False),
    "annotation": ((), {"type", OTHER}, True),
    "trace": ((), {"contextRef", "type"}, True),
}
REQUIRED = {
    "channel": {"name"},
    "channelProperty": {"channel", "name", "value"},
    "inkSource": {"id"},
    "context": set(),
}
ONE_ORDER = {"context", "inkSource", "traceGroup"}

# Names that mean something in InkML, and one with a blank.
others = st.sampled_from(["P", "T", "F", "OE", "OA", "B 1"])
CLASHES = [{"t", "T"}, {"pressure", "F"}, {"altitude", "OE"}, {"azimuth", "OA"}]
ordinary = inks(texts=plain_texts, others=others).filter(
    lambda ink: not any(clash <= {*ink.channels} for clash in CLASHES)
)


def check(element):
    """Raise AssertionError unless an element is as the schema has it."""
    name = element.tag.removeprefix(INKML)
    children, attributes, has_text = SCHEMA[name]
    given = {OTHER if "urn:" in key else key.rpartition("}")[2] for key in element.attrib}
    assert given <= attributes, (name, given)
    assert given >= REQUIRED.get(name, set()), (name, given)
    inside = [child.tag.removeprefix(INKML) for child in element]
    assert {*inside} <= {*children}, (name, inside)
    if name in ONE_ORDER:
        assert [children.index(child) for child in inside] == sorted(map(children.index, inside))
    assert has_text or not (element.text or "").strip()
    if name == "channelProperty":
        # xs:decimal has neither exponent nor infinity.
        assert element.get("value").replace(".", "", 1).isdecimal()
    if name == "trace":
        assert element.get("type", "penDown") in ("penDown", "penUp")
        assert element.text
    for child in element:
        check(child)


@pytest.mark.parametrize("format", ["inkml", "inkml_differences"])
@settings(max_examples=40)
@given(given=st.lists(ordinary, min_size=1, max_size=3))
def test_what_is_written_is_valid_and_comes_back_to_the_last_bit(tmp_path_factory, format, given):
    path = tmp_path_factory.mktemp("inkml") / "inks.inkml"
    write_ink(given, path, format=format)
    root = ElementTree.parse(path).getroot()
    assert root.tag == f"{INKML}ink"
    check(root)
    ids = [element.get("{http://www.w3.org/XML/1998/namespace}id") for element in root.iter()]
    named = [id for id in ids if id is not None]
    assert len(named) == len({*named})
    again = list(read_inks(path))
    expected = [
        replace(ink, source=str(path), id=ink.id or f"inks.inkml#{i}")
        for i, ink in enumerate(given)
    ]
    assert again == expected
    assert list(map(bits, again)) == list(map(bits, expected))


@pytest.mark.parametrize(
    "text",
    ["<brush/>", "<traceGroup><trace>1 2</trace><annotation/></traceGroup>",
     "<traceGroup><trace name='a'>1 2</trace></traceGroup>",
     "<definitions><context><inkSource/></context></definitions>", "x"],
)  # fmt: skip
def test_the_check_of_what_is_valid_rejects_what_is_not(text):
    with pytest.raises((AssertionError, KeyError)):
        check(ElementTree.fromstring(f'<ink xmlns="{INKML[1:-1]}">{text}</ink>'))


@pytest.mark.parametrize(
    ("points", "text"),
    [
        ([[5, 6]], "5 6"),
        ([[-5, -6]], "-5-6"),
        ([[500, 500], [501, 499], [502, 498]], "500 500,'1'-1,1-1"),
        ([[1000, 0], [1100, 0], [1201, 0], [1303, 0]], "1000 0,'100 0,\"1 0,1 0"),
        # 0.1 + 0.1 + 0.1 is not 0.3.
        ([[100.1, 0], [100.2, 0], [100.3, 0]], "100.1 0,100.2 0,100.3 0"),
        ([[-0.0, 0], [-0.0, 0]], "-0.0 0,-0.0 0"),
        ([[LARGEST, 0], [-LARGEST, 0]], "9007199254740992 0,-9007199254740992 0"),
    ],
)
def test_each_channel_is_written_in_its_shortest_way(points, text):
    assert encoded(np.array(points, float)) == text


# Whole numbers and a few fractions, so that differences are of use.
coordinates = st.lists(
    st.tuples(st.integers(-999, 999), st.integers(-4, 4).map(lambda n: n / 4)),
    min_size=1, max_size=9,
)  # fmt: skip


@given(coordinates)
def test_differences_are_added_up_to_what_was_written(points):
    samples = np.array(points, float)
    again = parse_trace(encoded(samples), [TraceChannel("X"), TraceChannel("Y")])
    assert again.tobytes() == samples.tobytes()


def test_differences_make_a_pen_s_movement_shorter(tmp_path):
    t = np.arange(300)
    xy = np.rint(np.stack([5000 + 900 * np.sin(t / 20), 9000 + 900 * np.cos(t / 30)], axis=1))
    ink = Ink.from_arrays([xy], id="a", source=str(tmp_path / "a.inkml"))
    sizes = []
    for format in ("inkml", "inkml_differences"):
        assert write_ink(ink, tmp_path / "a.inkml", format=format) == 1
        assert read_ink(tmp_path / "a.inkml") == ink
        sizes.append((tmp_path / "a.inkml").stat().st_size)
    assert sizes[1] < 0.6 * sizes[0]


def test_a_file_s_name_does_not_ask_for_differences(tmp_path):
    with pytest.raises(ArgumentError, match=r"the suffix of .* tells no format"):
        write_ink(Ink.from_arrays([[[0, 0]]]), tmp_path / "a.inkml_differences")
    write_ink(Ink.from_arrays([[[0, 0], [1, 1], [2, 2]]]), tmp_path / "a.inkml")
    assert "'" not in (tmp_path / "a.inkml").read_text()
