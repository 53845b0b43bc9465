"""InkML in the manner of the programs that write it. The files are our own."""

import json

import numpy as np
import pytest
from inkml_documents import document, xs

from strokesim.errors import FormatError
from strokesim.formats import read_ink, read_inks
from strokesim.formats.inkml import segments

MICROSOFT = 'xmlns:inkml="http://www.w3.org/2003/InkML"'


def office(tmp_path, body):
    text = f"\ufeff<?xml version='1.0' encoding='UTF-8' standalone='yes'?><inkml:ink {MICROSOFT}>"
    (tmp_path / "ink1.xml").write_text(text + body + "</inkml:ink>", encoding="utf-8")
    return tmp_path / "ink1.xml"


def test_word_writes_contexts_in_definitions_and_recognised_words_as_emma(tmp_path):
    body = """
    <inkml:definitions>
      <inkml:context xml:id="ctx0"><inkml:inkSource xml:id="inkSrc0">
        <inkml:traceFormat>
          <inkml:channel name="X" type="integer" max="1000" units="cm"/>
          <inkml:channel name="Y" type="integer" max="1000" units="cm"/>
          <inkml:channel name="F" type="integer" max="32767" units="dev"/>
          <inkml:channel name="OA" type="integer" max="360" units="deg"/>
          <inkml:channel name="OE" type="integer" max="90" units="deg"/>
        </inkml:traceFormat>
        <inkml:channelProperties>
          <inkml:channelProperty channel="X" name="resolution" value="1000" units="1/cm"/>
          <inkml:channelProperty channel="Y" name="resolution" value="1000" units="1/cm"/>
          <inkml:channelProperty channel="F" name="resolution" value="0" units="1/dev"/>
          <inkml:channelProperty channel="OA" name="resolution" value="1" units="1/deg"/>
          <inkml:channelProperty channel="OE" name="resolution" value="1" units="1/deg"/>
        </inkml:channelProperties>
      </inkml:inkSource>
      <inkml:timestamp xml:id="ts0" timeString="2019-03-05T12:00:00.5"/></inkml:context>
      <inkml:brush xml:id="br0"><inkml:brushProperty name="width" value="0.05" units="cm"/>
      <inkml:brushProperty name="color" value="#004F8B"/></inkml:brush>
    </inkml:definitions>
    <inkml:traceGroup>
      <inkml:annotationXML><emma:emma xmlns:emma="http://www.w3.org/2003/04/emma" version="1.0">
        <emma:interpretation id="i0"><emma:literal>l</emma:literal></emma:interpretation>
      </emma:emma></inkml:annotationXML>
      <inkml:trace contextRef="#ctx0" brushRef="#br0">100 200 16383 90 45,'1'2'8192'0'0,"0"0"0"0"0
      </inkml:trace>
    </inkml:traceGroup>"""
    ink = read_ink(office(tmp_path, body))
    assert ink.channels == ("x", "y", "pressure", "azimuth", "altitude")
    assert ink.mm_per_unit == 0.01
    np.testing.assert_allclose(
        ink.strokes[0].samples,
        [
            [100 + i, 200 + 2 * i, (16383 + 8192 * i) / 32767, np.pi / 2, np.pi / 4]
            for i in (0, 1, 2)
        ],
    )
    assert ink.notes["brush"] == "width=0.05 cm, color=#004F8B"
    assert ink.notes["timestamp"] == "2019-03-05T12:00:00.5"
    assert "<literal>l</literal>" in ink.notes["annotationXML"]
    assert not ink.repairs


def test_windows_journal_writes_tilt_along_x_and_y_and_ranges_of_all_integers(tmp_path):
    names = [("X", "himetric"), ("Y", "himetric"), ("F", "dev"), ("OTx", "deg"), ("OTy", "deg")]
    channels = "".join(
        f'<channel name="{name}" type="integer" min="-2.147E9" max="2.147E9" units="{units}"/>'
        for name, units in names
    )
    body = (
        f'<definitions><context xml:id="c"><traceFormat>{channels}</traceFormat></context>'
        '</definitions><trace contextRef="#c">2300 4100 500 -12 30, 2301 4105 510 -12 31</trace>'
    )
    ink = read_ink(document(tmp_path, body))
    assert ink.channels == ("x", "y", "F", "OTx", "OTy")
    assert ink.strokes[0].samples[1].tolist() == [2301, 4105, 510, -12, 31]
    # Whole numbers of a unit: the unit is that of the paper, and not of the numbers.
    assert ink.mm_per_unit is None


CROHME = """
<traceFormat>
<channel name="X" type="decimal"/>
<channel name="Y" type="decimal"/>
{channel}</traceFormat>
<annotation type="truth">$ a_1 $</annotation>
<annotation type="UI">2012_IVC_CROHME_F01_E01</annotation>
<annotation type="writer">CROHME1</annotation>
<annotationXML type="truth" encoding="Content-MathML">
  <math xmlns="http://www.w3.org/1998/Math/MathML"><msub xml:id="E"><mi xml:id="a_1">a</mi>
  <mn xml:id="1_1">1</mn></msub></math></annotationXML>
<trace id="0">
1 2, 3 4, 5 6
</trace>
<trace id="1">
7 8, 9 10
</trace>
<traceGroup xml:id="2"><annotation type="truth">Segmentation</annotation>
 <traceGroup xml:id="3"><annotation type="truth">a</annotation>
  <traceView traceDataRef="0"/><annotationXML href="a_1"/></traceGroup>
 <traceGroup xml:id="4"><annotation type="truth">1</annotation>
  <traceView traceDataRef="1"/><annotationXML href="1_1"/></traceGroup>
</traceGroup>"""


def test_crohme_labels_an_expression_and_its_symbols(tmp_path):
    ink = read_ink(document(tmp_path, CROHME.format(channel="")))
    assert (ink.label, ink.id, ink.writer) == ("$ a_1 $", "2012_IVC_CROHME_F01_E01", "CROHME1")
    assert xs(ink) == [[1, 3, 5], [7, 9]]
    assert [(part.label, xs(part)) for part in segments(ink)] == [
        ("a", [[1, 3, 5]]),
        ("1", [[7, 9]]),
    ]
    assert ink.notes["annotationXML truth"].startswith("<math xmlns=")
    assert not ink.repairs


def test_crohme_declares_channels_that_are_not_there(tmp_path):
    body = CROHME.format(channel='<channel name="T" type="decimal"/>')
    ink = read_ink(document(tmp_path, body))
    assert (ink.channels, xs(ink)) == (("x", "y"), [[1, 3, 5], [7, 9]])
    assert dict(ink.repairs) == {"trace without t, which is declared": 2}


def test_crohme_declares_nothing_and_may_have_more_values(tmp_path):
    body = '<trace id="0">1 2 100, 3 4 110</trace><trace id="1">5 6</trace>'
    ink = read_ink(document(tmp_path, body))
    assert (ink.channels, xs(ink)) == (("x", "y"), [[1, 3], [5]])
    assert dict(ink.repairs) == {"value that is not declared left out": 2}


@pytest.mark.parametrize(
    ("body", "message"),
    [
        ("<trace>1 2 3,4 5</trace>", "point 0 has more than 2 values"),
        ("<traceFormat><channel name='X'/><channel name='Y'/></traceFormat><trace>1 2 3</trace>",
         "point 0 has more than 2 values"),
        ("<traceFormat><channel name='X'/><channel name='T'/><channel name='Y'/></traceFormat>"
         "<trace>1 2</trace>", "point 0 has 2 values; needed: X T Y"),
        ("<traceFormat><channel name='X'/><channel name='Y'/><channel name='T'/></traceFormat>"
         "<trace>1 2,1 2 3</trace>", "point 0 has 2 values; needed: X Y T"),
    ],
)  # fmt: skip
def test_a_number_of_values_that_fits_nothing_stays_an_error(tmp_path, body, message):
    with pytest.raises(FormatError, match=message):
        read_ink(document(tmp_path, body))


def test_imadoc_nests_groups_and_begins_traces_with_blanks(tmp_path):
    body = """
    <traceGroup xml:id="page"><annotation type="truth">page</annotation>
      <traceGroup><traceGroup xml:id="line"><annotation type="truth">ab</annotation>
        <trace xml:id="t0">   12 34,   13 35,
           14 36  </trace>
        <traceGroup><annotation type="truth">b</annotation><trace>\t20 30</trace></traceGroup>
      </traceGroup></traceGroup>
    </traceGroup>"""
    ink = read_ink(document(tmp_path, body))
    assert (ink.label, xs(ink)) == ("page", [[12, 13, 14], [20]])
    assert json.loads(ink.notes["segments"]) == [
        {"label": "ab", "strokes": [0, 1]},
        {"label": "b", "strokes": [1]},
    ]


def test_inkmljs_has_resolutions_that_differ_in_x_and_y(tmp_path):
    body = """
    <definitions><context xml:id="ctx0"><inkSource xml:id="s"><traceFormat>
      <channel name="X" type="integer" max="32767" units="in"/>
      <channel name="Y" type="integer" max="32767" units="in"/></traceFormat>
      <channelProperties>
      <channelProperty channel="X" name="resolution" value="3971.75757" units="1/in"/>
      <channelProperty channel="Y" name="resolution" value="5295.24854" units="1/in"/>
      </channelProperties></inkSource></context></definitions>
    <trace contextRef="#ctx0">1 2</trace>"""
    assert read_ink(document(tmp_path, body)).mm_per_unit is None


def test_a_trace_of_12_megabytes_is_read(tmp_path):
    points = np.arange(1_200_000) % 9999
    text = ",".join(map("{0} {0}".format, points.tolist()))
    assert len(text) > 11_000_000
    ink = read_ink(document(tmp_path, f"<trace>{text}</trace>"))
    assert np.array_equal(ink.strokes[0].xy, np.stack([points, points], axis=1))


def test_a_trace_cut_off_in_the_middle_is_left_out_leniently(tmp_path):
    path = document(tmp_path, "<trace>1 2,3 4</trace>\n<trace>5 6,7 8</trace>")
    path.write_bytes(path.read_bytes()[:-20])
    with pytest.raises(FormatError, match=r"a.inkml:2: is no XML"):
        read_ink(path)
    skipped = []
    (ink,) = read_inks(path, lenient=True, skipped=skipped)
    assert xs(ink) == [[1, 3]]
    assert [error.line for error in skipped] == [2]
