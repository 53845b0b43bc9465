"""InkML: documents by many programs, and our own."""

import numpy as np
import pytest
from inkml_documents import NAMESPACE, document, formatted

from strokesim.errors import ArgumentError, FormatError
from strokesim.formats import read_ink, read_inks, write_ink
from strokesim.ink import Hover, Ink, Stroke


@pytest.mark.parametrize(
    ("attributes", "prefix"),
    [
        (NAMESPACE, ""),
        ("", ""),
        ('xmlns:inkml="http://www.w3.org/2003/InkML"', "inkml:"),
        ('xmlns:i="http://www.w3.org/2003/InkML"', "i:"),
    ],
)
def test_the_namespace_may_be_the_default_or_have_a_prefix_or_be_missing(
    tmp_path, attributes, prefix
):
    text = f"<{prefix}ink {attributes}><{prefix}trace>1 2,3 4</{prefix}trace></{prefix}ink>"
    (tmp_path / "a.xml").write_text(text)
    ink = read_ink(tmp_path / "a.xml")
    assert ink == Ink.from_arrays([[[1, 2], [3, 4]]], id="a.xml#0", source=str(tmp_path / "a.xml"))


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "iso-8859-1"])
def test_encodings_that_a_document_declares_are_understood(tmp_path, encoding):
    text = '<?xml version="1.0" encoding="%s"?><ink><annotation type="truth">ñ</annotation>'
    text = text % encoding.removesuffix("-sig") + "<trace>1 2</trace></ink>"
    (tmp_path / "a").write_bytes(text.encode(encoding))
    assert read_ink(tmp_path / "a").label == "ñ"


def test_elements_of_other_namespaces_are_passed_over(tmp_path):
    other = 'xmlns:o="urn:other"'
    ink = read_ink(document(tmp_path, f"<o:trace {other}>x</o:trace><trace>1 2</trace>"))
    assert len(ink.strokes) == 1


def test_channels_come_in_the_order_of_the_format_and_in_our_units(tmp_path):
    format = (
        '<traceFormat><channel name="Y" orientation="-ve"/><channel name="X"/>'
        '<channel name="T" units="ms"/><channel name="F" min="100" max="300"/>'
        '<channel name="OE" units="deg"/><channel name="OA"/><channel name="Q"/></traceFormat>'
    )
    body = f"{format}<trace>1 2 5000 200 90 180 7,2 3 5010 300 0 -90 8</trace>"
    ink = read_ink(document(tmp_path, body))
    assert ink.channels == ("y", "x", "t", "pressure", "altitude", "azimuth", "Q")
    np.testing.assert_allclose(
        ink.strokes[0].samples,
        [[-1, 2, 0, 0.5, np.pi / 2, np.pi, 7], [-2, 3, 0.01, 1, 0, -np.pi / 2, 8]],
    )


def test_a_clock_that_counts_from_1970_keeps_its_milliseconds(tmp_path):
    body = formatted('name="T"') + "<trace>0 0 1722443386312,0 0 1722443386313</trace>"
    assert read_ink(document(tmp_path, body)).strokes[0]["t"].tolist() == [0, 0.001]


def test_time_in_seconds_is_left_in_seconds(tmp_path):
    body = formatted('name="T" units="s"') + "<trace>0 0 5</trace><trace>0 0 7.5</trace>"
    assert [s["t"].tolist() for s in read_ink(document(tmp_path, body)).strokes] == [[0], [2.5]]


@pytest.mark.parametrize(
    "channel", ['name="F"', 'name="F" min="7" max="7"', 'name="T" units="dev"']
)
def test_what_has_no_stated_range_or_unit_is_kept_as_recorded(tmp_path, channel):
    ink = read_ink(document(tmp_path, formatted(channel) + "<trace>0 0 700</trace>"))
    assert (ink.channels[2], ink.strokes[0].samples[0, 2]) == (channel[6], 700)


def test_pressure_beyond_its_range_is_clipped_and_counted(tmp_path):
    body = formatted('name="F" max="100"') + "<trace>0 0 101,0 0 50,0 0 -1</trace>"
    ink = read_ink(document(tmp_path, body))
    assert ink.strokes[0]["pressure"].tolist() == [1, 0.5, 0]
    assert dict(ink.repairs) == {"pressure beyond its range": 2}


@pytest.mark.parametrize(
    ("channels", "properties", "size"),
    [
        ('type="decimal" units="cm"', "", 10),
        ('type="decimal" units="himetric"', "", 0.01),
        ('type="integer" units="in"', "", None),
        ('units="dev"', "", None),
        ('type="integer" units="in"', 'value="254" units="1/in"', 0.1),
        ('units="dev"', 'value="0" units="1/in"', None),
        ('units="dev"', 'value="1000" units="1/cm"', 0.01),
    ],
)
def test_the_scale_is_that_of_the_resolution_or_the_units(tmp_path, channels, properties, size):
    format = (
        f'<traceFormat><channel name="X" {channels}/><channel name="Y" {channels}/></traceFormat>'
    )
    both = "".join(
        f'<channelProperty channel="{xy}" name="resolution" {properties}/>' for xy in "XY"
    )
    both = f"<channelProperties>{both}</channelProperties>" if properties else ""
    body = f"<definitions><inkSource>{format}{both}</inkSource></definitions><trace>1 2</trace>"
    ink = read_ink(document(tmp_path, body))
    assert ink.mm_per_unit == (None if size is None else pytest.approx(size))


def test_a_trace_has_the_format_of_the_context_that_it_its_group_or_the_document_names(tmp_path):
    named_p = 'name="P"'
    body = (
        "<definitions>"
        f'<traceFormat xml:id="f1">{formatted()[13:-14]}</traceFormat>'
        f"<inkSource xml:id='s2'>{formatted(named_p)}</inkSource>"
        '<context xml:id="c1" traceFormatRef="#f1"/>'
        '<context xml:id="c2" inkSourceRef="#s2"/>'
        '<context xml:id="c3" contextRef="#c2"/>'
        "</definitions>"
        '<traceGroup contextRef="#c3"><trace>1 2 3</trace></traceGroup>'
        '<traceGroup contextRef="#c3"><trace contextRef="#c1">1 2</trace></traceGroup>'
        "<traceGroup><trace>1 2</trace></traceGroup>"
        '<traceGroup><trace contextRef="#DefaultContext">1 2</trace></traceGroup>'
        '<context contextRef="#c2"/>'
        "<traceGroup><traceGroup><trace>1 2 3</trace></traceGroup></traceGroup>"
    )
    channels = [len(ink.channels) for ink in read_inks(document(tmp_path, body))]
    assert channels == [3, 2, 2, 2, 3]


def test_every_group_in_the_document_is_an_ink_and_so_is_what_stands_alone(tmp_path):
    body = (
        '<annotation type="truth">all</annotation><trace>0 0</trace>'
        '<traceGroup><annotation type="truth">a</annotation><trace>1 1</trace>'
        "<traceGroup><trace>2 2</trace></traceGroup></traceGroup>"
        '<traceGroup><annotation type="writer">w</annotation><trace>3 3</trace></traceGroup>'
        "<trace>4 4</trace>"
    )
    inks = list(read_inks(document(tmp_path, body)))
    assert [[s["x"].tolist() for s in ink.strokes] for ink in inks] == [
        [[0], [4]],
        [[1], [2]],
        [[3]],
    ]
    assert [ink.label for ink in inks] == ["all", "a", None]
    assert [ink.writer for ink in inks] == [None, None, "w"]
    assert [ink.id for ink in inks] == ["a.inkml#0", "a.inkml#1", "a.inkml#2"]


def test_what_is_said_of_a_document_is_said_of_its_only_ink(tmp_path):
    body = '<annotation type="truth">$x$</annotation><traceGroup><trace>1 1</trace></traceGroup>'
    body += '<annotation type="age">30</annotation>'
    ink = read_ink(document(tmp_path, body))
    assert (ink.label, dict(ink.notes)) == ("$x$", {"age": "30"})


def test_traces_with_the_pen_up_are_kept_apart_as_hover(tmp_path):
    body = '<trace>0 0</trace><trace type="penUp">1 1</trace><trace type="penDown">2 2</trace>'
    ink = read_ink(document(tmp_path, body))
    assert len(ink.strokes) == 2
    assert ink.hover == (Hover(1, Stroke([[1, 1]])),)


def test_a_trace_that_continues_another_is_one_stroke_with_it(tmp_path):
    body = (
        '<trace xml:id="a" continuation="begin">0 0</trace><trace xml:id="x">9 9</trace>'
        '<trace xml:id="b" continuation="middle" priorRef="#a">1 1</trace>'
        '<trace continuation="end" priorRef="#b">2 2</trace>'
    )
    ink = read_ink(document(tmp_path, body))
    assert [s["x"].tolist() for s in ink.strokes] == [[0, 1, 2], [9]]


def test_what_is_not_known_is_left_out_and_counted(tmp_path):
    body = formatted('name="P"') + "<trace>0 0 1,? 1 1,2 2 ?</trace><trace>3 3 1</trace><trace/>"
    ink = read_ink(document(tmp_path, body))
    assert ink.channels == ("x", "y")
    assert [s["x"].tolist() for s in ink.strokes] == [[0, 2], [3]]
    assert dict(ink.repairs) == {
        "sample without position left out": 1,
        "empty trace left out": 1,
        "P left out": 2,
    }


@pytest.mark.parametrize(
    ("body", "message"),
    [
        ("<trace>1 2\n,1..5 2</trace>", r"bad.inkml:1: point 1: channel X: '1..5' is not a number"),
        ("\n\n<trace>1</trace>", r"bad.inkml:3: point 0 has 1 values; needed: X Y"),
        ('<trace contextRef="#c">1 2</trace>', r":1: no context, .* has the id 'c'"),
        ('<trace contextRef="b.xml#c">1 2</trace>', r":1: a reference to another document"),
        ('<trace continuation="end" priorRef="#a">1 2</trace>', "continues a trace that is not"),
        (
            "\n<traceFormat/><trace>1 2</trace>",
            r":2: traceFormat has the channels ''; needed: X, Y",
        ),
        (formatted("name='X'") + "<trace>1</trace>", "the channels 'X Y X'; needed: .* none twice"),
        (formatted("name='Q' type='text'") + "<trace>1</trace>", "channel 'Q' of type 'text'"),
        (formatted("name='Q' default='x'") + "<trace>1</trace>", "'x' in channel is not a number"),
        (formatted("name='F' max='1e999'") + "<trace>1</trace>", "'1e999' in channel is not a"),
        ("<trace/>", "bad.inkml: holds no ink"),
        ("", "bad.inkml: holds no ink"),
        ('<trace type="penUp">1 2</trace>', "bad.inkml:1: an ink without strokes"),
        ("<trace>1 2</trace", "bad.inkml:1: is no XML at column"),
        ("<trace>1 2</ink>", "bad.inkml:1: is no XML at column .*: mismatched tag"),
        ("<trace>&amp;&b;</trace>", "bad.inkml:1: is no XML at column .*: undefined entity"),
        ("<g>" * 5000 + "</g>" * 5000, "bad.inkml:1: is nested more than 256 elements deep"),
    ],
)
def test_a_damaged_document_is_refused_with_its_line(tmp_path, body, message):
    path = document(tmp_path, body, name="bad.inkml")
    with pytest.raises(FormatError, match=message):
        list(read_inks(path))


@pytest.mark.parametrize(
    "declaration",
    [
        '<!DOCTYPE ink SYSTEM "ink.dtd">',
        '<!DOCTYPE ink [<!ENTITY a SYSTEM "file:///etc/passwd">]>',
        '<!DOCTYPE ink [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;&a;&a;">]>',
    ],
)
def test_any_document_type_declaration_is_refused(tmp_path, declaration):
    (tmp_path / "bad").write_text(f"\n{declaration}\n<ink><trace>1 2</trace></ink>".lstrip())
    with pytest.raises(FormatError, match="bad:1: has a document type declaration"):
        list(read_inks(tmp_path / "bad"))


def test_bytes_that_are_not_of_the_encoding_are_refused(tmp_path):
    (tmp_path / "bad").write_bytes(b"<ink>\n<annotation>\xff</annotation><trace>1 2</trace></ink>")
    with pytest.raises(FormatError, match=r"bad:2: is no XML at column 13: not well-formed"):
        list(read_inks(tmp_path / "bad"))
    (tmp_path / "bad").write_bytes(b"<?xml version='1.0' encoding='klingon'?><ink/>")
    with pytest.raises(FormatError, match=r"bad:1: .*unknown encoding"):
        list(read_inks(tmp_path / "bad"))


def test_another_root_is_refused(tmp_path):
    (tmp_path / "a.inkml").write_text("<svg><ink/></svg>")
    with pytest.raises(FormatError, match=r"a.inkml:1: the root is <svg>; that of InkML is <ink>"):
        list(read_inks(tmp_path / "a.inkml"))


def test_leniently_only_damaged_traces_are_left_out(tmp_path):
    path = document(tmp_path, "<trace>1 2</trace>\n<trace>1 x</trace>\n<trace>3 4</trace>")
    skipped = []
    (ink,) = read_inks(path, lenient=True, skipped=skipped)
    assert [s["x"].tolist() for s in ink.strokes] == [[1], [3]]
    assert [error.line for error in skipped] == [2]


def test_a_circle_of_contexts_ends(tmp_path):
    body = '<context xml:id="a" contextRef="#b"/><context xml:id="b" contextRef="#a"/>'
    ink = read_ink(document(tmp_path, body + '<trace contextRef="#a">1 2</trace>'))
    assert ink.channels == ("x", "y")


@pytest.mark.parametrize(
    ("ink", "message"),
    [
        (Ink.from_arrays([[[0, 0]]], label="\x01"), r"'\\x01' holds U\+0001, which XML has no"),
        (Ink.from_arrays([[[0, 0]]], notes={"\ud800": "a"}), r"holds U\+D800, which XML has no"),
        (Ink.from_arrays([[[0, 0, 0, 0]]], ("x", "y", "t", "T")), "cannot be told apart in InkML"),
        (Ink.from_arrays([[[0, 0, 0]]], ("x", "y", "X")), "cannot be told apart in InkML"),
        (Ink.from_arrays([[[0, 0, 0]]], ("x", "y", "")), "cannot be told apart in InkML"),
    ],
)
def test_what_inkml_cannot_hold_is_refused_and_leaves_no_file(tmp_path, ink, message):
    with pytest.raises(ArgumentError, match=message):
        write_ink(ink, tmp_path / "a.inkml")
    assert list(tmp_path.iterdir()) == []
