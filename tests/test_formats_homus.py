"""HOMUS: a label and its strokes."""

import pytest
from damaged_files import mutated, read_or_refused
from hypothesis import given, settings
from hypothesis import strategies as st

from strokesim.errors import FormatError
from strokesim.formats import homus, read_ink, read_inks
from strokesim.formats.table import format_of_file

SYMBOL = b"Quarter-Rest\r\n10,20;11,22;11,22;\r\n5,5;\r\n\r\n"


def written(tmp_path, content):
    (tmp_path / "W1-3.txt").write_bytes(content)
    return tmp_path / "W1-3.txt"


def test_a_symbol_has_its_label_and_its_strokes(tmp_path):
    ink = read_ink(written(tmp_path, SYMBOL))
    assert (ink.label, ink.id, ink.channels) == ("Quarter-Rest", "W1-3", ("x", "y"))
    assert [stroke.xy.tolist() for stroke in ink.strokes] == [
        [[10, 20], [11, 22], [11, 22]],
        [[5, 5]],
    ]


@pytest.mark.parametrize(
    ("line", "message"),
    [
        (b"1,2;3;", "'3' is no point; needed: x,y"),
        (b"1,2;3,4,5;", "'3,4,5' is no point"),
        (b"1,2;,4;", "a point lacks a number"),
        (b"1,2;;", "'' is no point"),
        (b"1,2;a,4;", "'a' is not a number"),
        (b"1,nan;", "'nan' is not a number"),
        (b"1,1e400;", "'1e400' is more than a pen can record"),
        (b"1,\0;", r"'\\x00' is not a number"),
    ],
)
def test_a_damaged_stroke_is_refused_with_its_line_or_left_out(tmp_path, line, message):
    path = written(tmp_path, b"C-Clef\n1,2;\n" + line + b"\n")
    with pytest.raises(FormatError, match=f"W1-3.txt:3: {message}"):
        read_ink(path)
    skipped = []
    (ink,) = read_inks(path, lenient=True, skipped=skipped)
    assert (ink.repairs, len(skipped)) == ({"damaged stroke left out": 1}, 1)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"\n1,2;\n", "begins with ''; needed: the label"),
        (b"1,2;\n", "begins with '1,2;'; needed: the label"),
        (b"C-Clef\n", "has no stroke"),
        (b"C-Clef\xff\n1,2;\n", "byte 6 is not utf-8 text"),
    ],
)
def test_what_is_no_symbol_is_refused(tmp_path, content, message):
    with pytest.raises(FormatError, match=f"W1-3.txt:1: {message}"):
        read_ink(written(tmp_path, content), format="homus")


@given(st.lists(st.lists(st.tuples(*[st.integers(-999, 999)] * 2), min_size=1), min_size=1))
def test_every_point_comes_back(tmp_path_factory, strokes):
    path = tmp_path_factory.mktemp("homus") / "a.txt"
    lines = ["".join(f"{x},{y};" for x, y in stroke) for stroke in strokes]
    path.write_text("\n".join(["Dot", *lines]))
    assert format_of_file(path.read_bytes(), "a.txt", named=False).name == "homus"
    assert [stroke.xy.tolist() for stroke in read_ink(path).strokes] == [
        [[x, y] for x, y in stroke] for stroke in strokes
    ]


@settings(max_examples=400)
@given(mutated(SYMBOL))
def test_damaged_files_are_read_or_refused(data):
    read_or_refused(data, "homus")


def test_more_strokes_than_a_symbol_has_are_refused_also_leniently(tmp_path, monkeypatch):
    monkeypatch.setattr(homus, "MOST_STROKES", 2)
    assert len(read_ink(written(tmp_path, SYMBOL)).strokes) == 2
    path = written(tmp_path, SYMBOL + b"1,1;\n")
    with pytest.raises(FormatError, match=r"W1-3.txt:5: has more than 2 strokes"):
        read_ink(path)
    skipped = []
    assert list(read_inks(path, lenient=True, skipped=skipped)) == []
    assert "W1-3.txt:5: has more than 2 strokes" in str(skipped[0])
