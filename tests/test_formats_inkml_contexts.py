"""What holds for an InkML trace: contexts, clocks, units, canvases, brushes, devices."""

import numpy as np
import pytest
from inkml_documents import document, formatted, xs

from strokesim.errors import FormatError
from strokesim.formats import read_ink, read_inks

T = formatted('name="T"')


def definitions(*parts):
    return f"<definitions>{''.join(parts)}</definitions>"


def sized(name, units, more=""):
    """Return a context with positions in some unit."""
    channels = "".join(f'<channel name="{xy}" type="decimal" units="{units}"/>' for xy in "XY")
    return f'<context xml:id="{name}"><traceFormat>{channels}</traceFormat>{more}</context>'


# Contexts


def test_a_context_keeps_what_the_one_before_it_said_and_changes_the_rest(tmp_path):
    brushes = "".join(
        f'<brush xml:id="b{i}"><brushProperty name="width" value="{i}"/></brush>' for i in (1, 2)
    )
    body = (
        definitions(brushes, f'<context xml:id="other">{formatted()}</context>')
        + f'<context brushRef="#b1">{T}</context><traceGroup><trace>1 1 1</trace></traceGroup>'
        + '<context brushRef="#b2"/><traceGroup><trace>2 2 2</trace></traceGroup>'
        + '<context contextRef="#other"/><traceGroup><trace>3 3</trace></traceGroup>'
    )
    inks = list(read_inks(document(tmp_path, body)))
    assert [ink.notes.get("brush") for ink in inks] == ["width=1", "width=2", None]
    assert [ink.channels for ink in inks] == [("x", "y", "t")] * 2 + [("x", "y")]


def test_a_long_chain_of_contexts_is_followed(tmp_path):
    links = [f'<context xml:id="c{i}" contextRef="#c{i + 1}"/>' for i in range(5000)]
    last = f'<context xml:id="c5000">{T}</context>'
    body = definitions(*links, last) + '<trace contextRef="#c0">1 2 3</trace>'
    assert read_ink(document(tmp_path, body)).channels == ("x", "y", "t")


def test_a_context_that_is_referred_to_does_not_take_over_from_where_it_stands(tmp_path):
    body = (
        f'<context>{T}</context><context xml:id="a" brushRef="#b"/>'
        + definitions('<brush xml:id="b"/>', formatted())
        + '<trace>1 2 3</trace><traceGroup contextRef="#a"><trace>1 2 3</trace></traceGroup>'
    )
    assert len(list(read_inks(document(tmp_path, body)))) == 2


def test_several_contexts_in_one_ink_are_brought_to_one_unit(tmp_path):
    body = (
        definitions(sized("a", "cm"), sized("b", "mm"), sized("c", "himetric"))
        + '<trace contextRef="#a">1 2</trace><trace contextRef="#b">10 20</trace>'
        + '<trace contextRef="#c">1000 2000</trace>'
    )
    ink = read_ink(document(tmp_path, body))
    np.testing.assert_allclose([s.samples[0] for s in ink.strokes], [[1, 2]] * 3, rtol=1e-15)
    assert ink.mm_per_unit == 10


@pytest.mark.parametrize(
    ("units", "size"),
    [("in", 25.4), ("cm", 10), ("mm", 1), ("himetric", 0.01), ("m", 1000), ("pt", 25.4 / 72),
     ("pc", 25.4 / 6), ("dev", None), ("px", None), ("em", None), ("", None)],
)  # fmt: skip
def test_units_of_length_tell_the_scale_and_those_of_devices_do_not(tmp_path, units, size):
    body = definitions(sized("a", units)) + '<trace contextRef="#a">1 2</trace>'
    assert read_ink(document(tmp_path, body)).mm_per_unit == size


def test_units_of_unknown_size_beside_others_are_kept_as_recorded_and_counted(tmp_path):
    body = definitions(sized("a", "cm"), sized("b", "px"))
    body += '<trace contextRef="#a">1 2</trace><trace contextRef="#b">10 20</trace>'
    ink = read_ink(document(tmp_path, body))
    assert (xs(ink), ink.mm_per_unit) == ([[1], [10]], None)
    assert dict(ink.repairs) == {"trace in units of another or unknown size": 2}


# Channels


def test_a_resolution_tells_how_fine_angles_and_time_are(tmp_path):
    format = formatted(
        'name="OA" type="integer" units="deg"', 'name="OE" units="deg"', 'name="T" units="s"'
    )
    properties = "".join(
        f'<channelProperty channel="{name}" name="resolution" value="{value}" units="{units}"/>'
        for name, value, units in [("OA", 10, "1/deg"), ("OE", 0, "1/deg"), ("T", 100, "1/s")]
    )
    source = f"<inkSource>{format}<channelProperties>{properties}</channelProperties></inkSource>"
    body = definitions(source) + "<trace>0 0 1800 90 100,0 0 900 45 150</trace>"
    stroke = read_ink(document(tmp_path, body)).strokes[0]
    np.testing.assert_allclose(stroke["azimuth"], [np.pi, np.pi / 2])
    np.testing.assert_allclose(stroke["altitude"], [np.pi / 2, np.pi / 4])
    assert stroke["t"].tolist() == [0, 0.5]


def test_a_range_as_wide_as_all_integers_is_no_range_of_pressure(tmp_path):
    channel = 'name="F" type="integer" min="-2.147E9" max="2.147E9"'
    ink = read_ink(document(tmp_path, formatted(channel) + "<trace>0 0 700</trace>"))
    assert (ink.channels[2], ink.strokes[0].samples[0, 2]) == ("F", 700)


@pytest.mark.parametrize(("orientation", "y"), [("+ve", 2), ("-ve", -2)])
def test_y_grows_downwards_unless_its_orientation_is_negative(tmp_path, orientation, y):
    format = f'<channel name="X"/><channel name="Y" orientation="{orientation}"/>'
    body = f"<traceFormat>{format}</traceFormat><trace>1 2</trace>"
    assert read_ink(document(tmp_path, body)).strokes[0].xy.tolist() == [[1, y]]


def test_intermittent_channels_and_defaults_come_from_the_format(tmp_path):
    more = (
        '<intermittentChannels><channel name="B" type="boolean" default="T"/>'
        '<channel name="W" default="3"/></intermittentChannels>'
    )
    format = f'<traceFormat><channel name="X"/><channel name="Y"/>{more}</traceFormat>'
    stroke = read_ink(document(tmp_path, format + "<trace>0 0,0 0F,0 0*5</trace>")).strokes[0]
    assert stroke["B"].tolist() == [1, 0, 0]
    assert stroke["W"].tolist() == [3, 3, 5]


# Clocks


def test_without_a_stamp_the_offset_of_a_trace_is_added_to_its_time(tmp_path):
    body = T + '<trace timeOffset="500">0 0 0,0 0 10</trace><trace timeOffset="1500">0 0 0</trace>'
    ink = read_ink(document(tmp_path, body))
    assert [s["t"].tolist() for s in ink.strokes] == [[0, 0.01], [1]]


def test_the_stamps_of_several_contexts_tell_how_far_apart_their_times_are(tmp_path):
    stamps = ['time="1000"', 'timeString="1970-01-01T00:00:03.5Z"',
              'timestampRef="#s1" timeOffset="250"', 'timestampRef="#s2"']  # fmt: skip
    contexts = [
        f'<timestamp xml:id="s{i}" {stamp}/><context xml:id="c{i}" timestampRef="#s{i}">{T}'
        "</context>"
        for i, stamp in enumerate(stamps)
    ]
    traces = [f'<trace contextRef="#c{i}">0 0 7</trace>' for i in range(4)]
    ink = read_ink(document(tmp_path, definitions(*contexts) + "".join(traces)))
    assert [s["t"].tolist() for s in ink.strokes] == [[0], [2.5], [2.75], [2.75]]
    assert ink.notes["timestamp"] == "1000; 1970-01-01T00:00:03.5Z"


def test_time_that_counts_from_a_named_stamp_counts_from_no_other(tmp_path):
    stamp = '<timestamp xml:id="s" time="5"/>'
    format = formatted('name="T" respectTo="#s"')
    body = definitions(stamp, f'<context xml:id="c">{format}</context>')
    body += '<trace contextRef="#c" timeOffset="900">0 0 5</trace>'
    body += '<trace contextRef="#c" timeOffset="3000">0 0 1005</trace>'
    assert [s["t"].tolist() for s in read_ink(document(tmp_path, body)).strokes] == [[0], [1]]


def test_no_time_is_invented_from_offsets_and_sample_rates(tmp_path):
    source = f'<inkSource>{formatted()}<sampleRate value="100"/></inkSource>'
    body = definitions(source) + '<trace timeOffset="10">1 2</trace>'
    assert read_ink(document(tmp_path, body)).channels == ("x", "y")


# Canvases


def mapped(mapping, canvas="", more=""):
    """Return a context with a mapping to a canvas, and a trace in it."""
    return (
        definitions(
            f'{more}<context xml:id="c">{canvas}<canvasTransform>{mapping}</canvasTransform>'
            '<traceFormat><channel name="X"/><channel name="Y" orientation="-ve"/></traceFormat>'
            "</context>"
        )
        + '<trace contextRef="#c">1 2,3 4</trace>'
    )


AFFINE = '<mapping type="affine"><affine>2 0 10, 0 3 20</affine></mapping>'
CANVAS = (
    '<canvas><traceFormat><channel name="X" units="mm"/>'
    '<channel name="Y" units="mm" orientation="-ve"/></traceFormat></canvas>'
)


@pytest.mark.parametrize(
    ("mapping", "canvas", "points", "size"),
    [
        ('<mapping type="identity"/>', "", [[1, -2], [3, -4]], None),
        (AFFINE, "", [[12, 26], [16, 32]], None),
        (AFFINE, CANVAS, [[12, -26], [16, -32]], 1),
        (AFFINE + '<mapping type="unknown"/>', "", [[12, 26], [16, 32]], None),
        ('<mapping type="affine">0 1 0,1 0 0</mapping>', "", [[2, 1], [4, 3]], None),
        (
            '<mapping type="affine"><bind source="Y"/><bind source="X"/><bind target="X"/>'
            "<affine>5 1 7,</affine></mapping>",
            "",
            [[18, 2], [30, 4]],
            None,
        ),
    ],
)
def test_an_affine_mapping_leads_to_the_canvas(tmp_path, mapping, canvas, points, size):
    ink = read_ink(document(tmp_path, mapped(mapping, canvas)))
    assert ink.strokes[0].xy.tolist() == points
    assert ink.mm_per_unit == size
    assert "not applied" not in ink.notes


def test_a_mapping_may_stand_elsewhere(tmp_path):
    body = mapped(
        '<mapping mappingRef="#m"/>', more='<mapping xml:id="m" type="affine">1 0 9,0 1 9</mapping>'
    )
    assert read_ink(document(tmp_path, body)).strokes[0].xy.tolist() == [[10, 11], [12, 13]]


@pytest.mark.parametrize(
    ("mapping", "what"),
    [
        ('<mapping type="lookup"><table>1 2,3 4</table></mapping>', "lookup mapping"),
        ('<mapping type="product"><mapping type="identity"/></mapping>', "product mapping"),
        ("<mapping/>", "unknown mapping"),
        (
            '<mapping type="affine"><bind source="F"/><affine>1 0,1 0</affine></mapping>',
            "affine mapping of other channels than X and Y",
        ),
    ],
)
def test_other_mappings_are_not_applied_and_a_note_says_so(tmp_path, mapping, what):
    ink = read_ink(document(tmp_path, mapped(mapping)))
    assert ink.strokes[0].xy.tolist() == [[1, -2], [3, -4]]
    assert ink.notes["not applied"] == f"canvasTransform: {what}"


def test_a_mapping_of_a_channel_is_not_applied_and_a_note_says_so(tmp_path):
    format = (
        '<traceFormat><channel name="X"><mapping type="lookup"/></channel>'
        '<channel name="Y"><mapping type="identity"/></channel></traceFormat>'
    )
    ink = read_ink(document(tmp_path, format + "<trace>1 2</trace>"))
    assert ink.notes["not applied"] == "mapping of channel X"


# Brushes and devices


def test_brushes_are_kept_with_the_strokes_that_have_them(tmp_path):
    body = (
        definitions(
            '<brush xml:id="a"><brushProperty name="width" value="0.5" units="cm"/>'
            '<brushProperty name="color" value="#ED1C24"/></brush>',
            '<brush xml:id="b" brushRef="#a"><brushProperty name="color" value="#000000"/></brush>',
            f'<context xml:id="c"><brush><brushProperty name="tip" value="ellipse"/></brush>'
            f"{formatted()}</context>",
        )
        + '<traceGroup brushRef="#a"><trace>0 0</trace><trace>1 1</trace>'
        + '<trace brushRef="#b">2 2</trace><trace>3 3</trace></traceGroup>'
        + '<traceGroup brushRef="#b"><trace>2 2</trace></traceGroup>'
        + '<traceGroup contextRef="#c"><trace>2 2</trace></traceGroup>'
    )
    assert [ink.notes["brush"] for ink in read_inks(document(tmp_path, body))] == [
        "0-1,3: width=0.5 cm, color=#ED1C24; 2: width=0.5 cm, color=#000000",
        "width=0.5 cm, color=#000000",
        "tip=ellipse",
    ]


def test_what_is_said_of_the_device_is_kept(tmp_path):
    source = (
        '<inkSource manufacturer="Acme" model="P 1" serialNo="7" description="d">'
        f'{formatted()}<sampleRate uniform="false" value="133"/><latency value="50"/>'
        '<activeArea size="A6" width="100" height="130" units="mm"/>'
        '<sourceProperty name="weight" value="100" units="g"/>'
        '<sourceProperty name="tip" value="felt"/></inkSource>'
    )
    assert read_ink(document(tmp_path, definitions(source) + "<trace>1 2</trace>")).notes == {
        "manufacturer": "Acme", "model": "P 1", "serialNo": "7", "description": "d",
        "sampleRate": "133, not uniform", "latency": "50", "activeArea": "A6 100 130 mm",
        "source": "weight=100 g, tip=felt",
    }  # fmt: skip


def test_annotations_in_xml_are_kept_as_text(tmp_path):
    math = '<math xmlns="http://www.w3.org/1998/Math/MathML"><mi xml:id="A">&lt;</mi><mo/></math>'
    body = (
        f'<annotationXML type="truth" encoding="Content-MathML">{math}</annotationXML>'
        '<annotationXML href="x.xml"/><trace>1 2</trace>'
    )
    assert read_ink(document(tmp_path, body)).notes == {
        "annotationXML truth": math.replace("xml:id", "id"),
        "annotationXML": "x.xml",
    }


def test_the_writer_of_a_document_is_that_of_each_of_its_inks(tmp_path):
    body = (
        '<annotation type="writer">w</annotation><annotation type="age">30</annotation>'
        '<annotation type="truth">page</annotation><traceGroup><trace>1 1</trace></traceGroup>'
        '<traceGroup><annotation type="writer">v</annotation><trace>2 2</trace></traceGroup>'
    )
    inks = list(read_inks(document(tmp_path, body)))
    assert [(i.writer, i.label, dict(i.notes)) for i in inks] == [
        ("w", None, {"age": "30"}),
        ("v", None, {"age": "30"}),
    ]


def test_what_is_said_of_many_inks_takes_no_more_memory_than_a_short_text_each(tmp_path):
    long = "x" * 5000
    body = (
        "".join(f'<annotation type="n{i}">a</annotation>' for i in range(30))
        + f'<annotation type="long">{long}</annotation>'
        + definitions(
            f'<inkSource description="{long}">{formatted()}</inkSource>',
            f'<brush xml:id="b"><brushProperty name="{long}" value="1"/></brush>',
        )
        + '<traceGroup brushRef="#b"><trace>1 1</trace></traceGroup>' * 2
    )
    for ink in read_inks(document(tmp_path, body)):
        assert len(ink.notes) == 22
        assert {len(ink.notes[name]) for name in ("description", "brush")} == {1000}


# Mistakes


@pytest.mark.parametrize(
    ("body", "message"),
    [
        (mapped('<mapping type="affine">1 2 3</mapping>'), "'1 2 3'; needed: 2 rows of 3 numbers"),
        (mapped('<mapping type="affine">1 2 3,4 5 x</mapping>'), "'x' in mapping is not a number"),
        (
            mapped('<mapping type="affine"><bind source="X"/><bind source="X"/></mapping>'),
            "mapping binds one source twice",
        ),
        (mapped(""), "canvasTransform without a mapping"),
        (mapped('<mapping mappingRef="#n"/>'), "has the id 'n'"),
        (mapped('<mapping type="affine">9e300 0 0,0 9e300 0</mapping>'), "beyond|at most"),
        ('<context contextRef="#n"/><trace>1 2</trace>', "has the id 'n'"),
        ('<trace brushRef="#n">1 2</trace>', "has the id 'n'"),
        ('<trace timeOffset="x">1 2</trace>', "'x' in trace is not a number"),
        (
            '<context><timestamp time="x"/></context><trace>1 2</trace>',
            "'x' in timestamp is not a number",
        ),
        (formatted('name="T" respectTo="#n"') + "<trace>1 2 3</trace>", "has the id 'n'"),
    ],
)
def test_a_declaration_that_means_nothing_is_refused_with_its_line(tmp_path, body, message):
    with pytest.raises(FormatError, match=rf"a.inkml:1: .*({message})"):
        list(read_inks(document(tmp_path, body)))


@pytest.mark.parametrize(
    ("name", "attribute"), [("brush", "brushRef"), ("timestamp", "timestampRef")]
)
def test_long_chains_of_brushes_and_stamps_are_refused(tmp_path, name, attribute):
    links = "".join(f'<{name} xml:id="l{i}" {attribute}="#l{i + 1}"/>' for i in range(99))
    body = definitions(links, f'<{name} xml:id="l99"/>') + f'<context {attribute}="#l0"/>'
    with pytest.raises(FormatError, match=f"more than 64 references, {name} to {name}"):
        read_ink(document(tmp_path, body + "<trace>1 2</trace>"))


def test_circles_of_references_end(tmp_path):
    body = (
        definitions(
            '<mapping xml:id="m" mappingRef="#m"/><brush xml:id="b" brushRef="#b"/>'
            '<timestamp xml:id="s" timestampRef="#s"/>'
            '<context xml:id="c" brushRef="#b" timestampRef="#s"><canvasTransform>'
            f'<mapping mappingRef="#m"/></canvasTransform>{T}</context>'
        )
        + '<trace contextRef="#c">1 2 3</trace>'
    )
    assert read_ink(document(tmp_path, body)).notes == {
        "not applied": "canvasTransform: unknown mapping"
    }
