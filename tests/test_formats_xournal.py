"""Xournal and Xournal++: notebooks of pages."""

import gzip
import zipfile

import pytest
from damaged_files import mutated, read_or_refused
from hypothesis import given, settings

from strokesim.errors import FormatError
from strokesim.formats import read_ink, read_inks

NOTEBOOK = """<?xml version="1.0" standalone="no"?>
<xournal creator="xournalpp 1.2.4" fileversion="4">
<title>Xournal++ document - see https://xournalpp.github.io/</title>
<preview>iVBORw0KGgo=</preview>
<page width="595.27559100" height="841.88976400">
<background type="solid" color="#ffffffff" style="lined"/>
<layer>
<stroke tool="pen" ts="0ll" fn="" color="#000000ff" width="1.41 0.5 0.75">1 2 3.5 4 5 6</stroke>
<stroke tool="eraser" color="#ffffffff" width="8.5">1 2 3 4</stroke>
<text font="Sans" size="12" x="1" y="2" color="#000000ff">hello 1 2</text>
</layer>
<layer name="upper">
<stroke tool="highlighter" color="#ffff007f" width="19.84">
-1 -2
</stroke>
</layer>
</page>
<page width="595.27559100" height="841.88976400"><background type="pdf" pageno="1"/><layer/></page>
<page width="1" height="1"><layer><stroke tool="pen" width="2">7 8 9 10</stroke></layer></page>
</xournal>
"""


def written(tmp_path, text, name="notes.xopp"):
    path = tmp_path / name
    path.write_bytes(gzip.compress(text if isinstance(text, bytes) else text.encode()))
    return path


def test_a_page_is_an_ink_of_all_its_layers(tmp_path):
    first, third = read_inks(written(tmp_path, NOTEBOOK))
    assert first.channels == ("x", "y", "width")
    assert [stroke.samples.tolist() for stroke in first.strokes] == [
        [[1, 2, 0.5], [3.5, 4, 0.75], [5, 6, 0.75]],
        [[-1, -2, 19.84]],
    ]
    assert first.notes == {"page": "1", "tools": "pen highlighter"}
    assert first.repairs == {"eraser stroke left out": 1}
    assert first.mm_per_unit == pytest.approx(0.35278, abs=1e-5)
    assert [stroke.samples.tolist() for stroke in third.strokes] == [[[7, 8, 2], [9, 10, 2]]]
    assert (first.id, third.id) == ("notes.xopp#1", "notes.xopp#3")


def test_a_notebook_is_known_by_its_content_plain_and_zipped(tmp_path):
    expected = [ink.strokes for ink in read_inks(written(tmp_path, NOTEBOOK))]
    (tmp_path / "plain.xml").write_text(NOTEBOOK)
    assert [ink.strokes for ink in read_inks(tmp_path / "plain.xml")] == expected
    with zipfile.ZipFile(tmp_path / "new.xopz", "w") as archive:
        archive.writestr("META-INF/version", "current=1\nmin=1\n")
        archive.writestr("content.xml", NOTEBOOK)
        archive.writestr("thumbnails/thumbnail.png", b"\x89PNG")
    assert [ink.strokes for ink in read_inks(tmp_path / "new.xopz")] == expected


def test_the_superfluous_width_of_version_1_2_is_left_out_and_counted(tmp_path):
    ink, _ = read_inks(written(tmp_path, NOTEBOOK.replace("0.5 0.75", "0.5 0.75 -1")))
    assert ink.strokes[0]["width"].tolist() == [0.5, 0.75, 0.75]
    assert ink.repairs["superfluous width left out"] == 1


@pytest.mark.parametrize("widths", ["1.41 0.5", "1.41 0.5 0.75 0.8", "1.41 1 1 1 1 1"])
def test_widths_of_another_number_give_way_to_that_of_the_pen(tmp_path, widths):
    ink, _ = read_inks(written(tmp_path, NOTEBOOK.replace("1.41 0.5 0.75", widths)))
    assert ink.strokes[0]["width"].tolist() == [1.41] * 3
    assert ink.repairs["widths of another number left out"] == len(widths.split()) - 1


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("3.5 4 5 6", "3.5 4 5", "5 numbers; needed: pairs of x and y"),
        ("1 2 3.5 4 5 6", "", "0 numbers; needed: pairs"),
        ("3.5", "3,5", "'3,5' is not a number"),
        ("3.5", "nan", "'nan' is not a number"),
        ("3.5", "1e400", "'1e400' is more than a pen can record"),
        ('width="1.41 0.5 0.75"', "", "no width; needed"),
        ("1.41", "-nan", "'-nan' is not a number"),
    ],
)
def test_a_damaged_stroke_is_refused_or_left_out(tmp_path, old, new, message):
    path = written(tmp_path, NOTEBOOK.replace(old, new, 1))
    with pytest.raises(FormatError, match=rf"notes\.xopp:8: stroke of page 1: {message}"):
        list(read_inks(path))
    skipped = []
    first, _ = read_inks(path, lenient=True, skipped=skipped)
    assert len(first.strokes) == 1
    assert len(skipped) == 1


def test_a_notebook_cut_off_gives_the_strokes_that_are_whole(tmp_path):
    path = written(tmp_path, NOTEBOOK[: NOTEBOOK.index(" 10</stroke>")])
    with pytest.raises(FormatError, match=r"notes\.xopp:19: is no XML"):
        list(read_inks(path))
    skipped = []
    (first,) = read_inks(path, lenient=True, skipped=skipped)
    assert len(first.strokes) == 2
    assert "is no XML" in str(skipped[0])


def test_a_notebook_without_strokes_holds_no_ink(tmp_path):
    with pytest.raises(FormatError, match=r"holds no ink \(Xournal and Xournal\+\+\)"):
        read_ink(written(tmp_path, "<xournal><page><layer/></page></xournal>"))


def test_a_stroke_outside_a_page_is_refused(tmp_path):
    text = '<xournal>\n<stroke width="1">1 2</stroke></xournal>'
    with pytest.raises(FormatError, match=r"notes\.xopp:2: a stroke outside a page"):
        read_ink(written(tmp_path, text))


@settings(max_examples=100)
@given(mutated(NOTEBOOK.encode()))
def test_damaged_files_raise_nothing_but_format_errors(data):
    read_or_refused(data, "xournal")


@settings(max_examples=40)
@given(mutated(gzip.compress(NOTEBOOK.encode(), mtime=0)))
def test_damaged_archives_raise_nothing_but_format_errors(data):
    read_or_refused(data, None)
