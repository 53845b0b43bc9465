"""IAM-OnDB: pages and lines written on a whiteboard."""

import pytest
from damaged_files import mutated, read_or_refused
from hypothesis import given, settings

from strokesim.errors import FormatError
from strokesim.formats import read_ink, read_inks

PAGE = """<?xml version="1.0" encoding="ISO-8859-1"?>
<WhiteboardCaptureSession>
  <General>
    <Form id="a01-001z" writerID="10028" saveTime="1"/>
    <Setting location="Zürich"/>
  </General>
  <Transcription>
    <Text>
He said: &amp;quot;Zürich&amp;quot; &amp;amp; more
it&amp;apos;s here
    </Text>
    <TextLine id="a01-001z-01" text="He"><Word id="w" text="He"/></TextLine>
  </Transcription>
  <WhiteboardDescription>
    <SensorLocation corner="top_left"/>
    <DiagonallyOppositeCoords x="6512" y="1376"/>
  </WhiteboardDescription>
  <StrokeSet>
    <Stroke colour="black" start_time="769.05" end_time="769.07">
      <Point x="1073" y="1058" time="769.05"/>
      <Point x="1072" y="1085" time="769.07"/>
    </Stroke>
    <Stroke colour="blue" start_time="769.70" end_time="769.70">
      <Point x="1176" y="1237" time="769.70"/>
    </Stroke>
  </StrokeSet>
</WhiteboardCaptureSession>
"""
LINE = PAGE[: PAGE.index("  <General>")] + PAGE[PAGE.index("  <WhiteboardD") :]


def written(tmp_path, text, name="a01-001z-01.xml"):
    path = tmp_path / name
    path.write_bytes(text if isinstance(text, bytes) else text.encode("latin-1"))
    return path


def test_a_page_has_text_writer_and_strokes_in_seconds(tmp_path):
    ink = read_ink(written(tmp_path, PAGE))
    assert ink.channels == ("x", "y", "t")
    first, second = ink.strokes
    assert first.xy.tolist() == [[1073, 1058], [1072, 1085]]
    assert first["t"] == pytest.approx([0, 0.02])
    assert second["t"] == pytest.approx([0.65])
    assert ink.label == 'He said: "Zürich" & more\nit\'s here'
    assert (ink.writer, ink.id) == ("10028", "a01-001z")
    assert ink.notes == {"colour": "black blue"}
    assert ink.mm_per_unit is None


def test_a_line_has_neither_text_nor_writer(tmp_path):
    ink = read_ink(written(tmp_path, LINE))
    assert (ink.label, ink.writer, ink.id) == (None, None, "a01-001z-01")
    assert ink.strokes == read_ink(written(tmp_path, PAGE)).strokes


def test_a_sensor_in_another_corner_is_refused_and_leniently_read_as_it_is(tmp_path):
    path = written(tmp_path, LINE.replace("top_left", "bottom_right"))
    with pytest.raises(FormatError, match=r"01\.xml:4: the sensor is at 'bottom_right'; only top"):
        read_ink(path)
    skipped = []
    (ink,) = read_inks(path, lenient=True, skipped=skipped)
    assert len(ink.strokes) == 2
    assert len(skipped) == 1


def test_a_point_without_time_is_refused_or_left_out(tmp_path):
    path = written(tmp_path, LINE.replace(' time="769.07"', ""))
    with pytest.raises(FormatError, match=r"01\.xml:10: a point without time"):
        read_ink(path)
    (ink,) = read_inks(path, lenient=True)
    assert [len(stroke) for stroke in ink.strokes] == [1, 1]


def test_letters_that_are_not_of_the_declared_encoding_are_refused(tmp_path):
    utf8 = PAGE.replace("ISO-8859-1", "UTF-8").encode("latin-1")
    with pytest.raises(FormatError, match=r"01\.xml:5: is no XML at column \d+: not well-formed"):
        read_ink(written(tmp_path, utf8))


def test_a_page_cut_off_gives_the_samples_ahead(tmp_path):
    path = written(tmp_path, PAGE[: PAGE.index("1176")])
    skipped = []
    (ink,) = read_inks(path, lenient=True, skipped=skipped)
    assert [len(stroke) for stroke in ink.strokes] == [2]
    assert ink.repairs == {"stroke without samples left out": 1}
    assert "is no XML at column" in str(skipped[0])


def test_a_session_without_strokes_is_refused(tmp_path):
    path = written(tmp_path, "<WhiteboardCaptureSession/>")
    with pytest.raises(FormatError, match="an ink without strokes"):
        read_ink(path)


@settings(max_examples=100)
@given(mutated(PAGE.encode("latin-1")))
def test_damaged_files_raise_nothing_but_format_errors(data):
    read_or_refused(data, "iamondb")
