"""Omniglot strokes: what a drawing is, and what its path says."""

import zipfile

import pytest

from strokesim.errors import FormatError
from strokesim.formats import read_ink, read_inks

DRAWING = """START
65.188679,-19.405622,100
65.188679,-21.405622,166
BREAK
60.5,-0,1100
60,-1e1,1050
BREAK
"""


def test_y_is_turned_round_and_time_is_seconds_as_recorded(tmp_path):
    (tmp_path / "a.txt").write_text(DRAWING)
    first, second = read_ink(tmp_path / "a.txt").strokes
    assert first.channels == ("x", "y", "t")
    assert first.samples.tolist() == [[65.188679, 19.405622, 0], [65.188679, 21.405622, 0.066]]
    assert second.samples.tolist() == [[60.5, 0, 1], [60, 10, 0.95]]
    assert str(second["y"][0]) == "0.0"


def test_nothing_is_repaired_and_nothing_is_counted(tmp_path):
    (tmp_path / "a.txt").write_text(DRAWING)
    assert dict(read_ink(tmp_path / "a.txt").repairs) == {}


def test_label_writer_and_id_stand_in_the_path(tmp_path):
    place = "strokes/Anglo-Saxon_Futhorc/character01/0908_07.txt"
    with zipfile.ZipFile(tmp_path / "a.zip", "w") as file:
        file.writestr(place, DRAWING)
        file.writestr(f"__MACOSX/{place}", DRAWING)
    (tmp_path / place).parent.mkdir(parents=True)
    (tmp_path / place).write_text(DRAWING)
    for path in (tmp_path / "a.zip", tmp_path / "a.zip" / place, tmp_path / place):
        ink = read_ink(path)
        assert ink.label == "Anglo-Saxon_Futhorc/character01"
        assert ink.writer == "Anglo-Saxon_Futhorc/drawer07"
        assert ink.id == "Anglo-Saxon_Futhorc/character01/0908_07"


def test_a_drawing_elsewhere_has_no_label(tmp_path):
    (tmp_path / "a.txt").write_text(DRAWING)
    ink = read_ink(tmp_path / "a.txt")
    assert (ink.label, ink.writer, ink.id) == (None, None, "a")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (DRAWING[:40], r"bad.txt:3: does not end with BREAK; the file is cut off"),
        (DRAWING[:-7], r"bad.txt:6: does not end with BREAK"),
        (DRAWING.replace(",100", ""), r"bad.txt:2: a line is not x, y and time"),
        (DRAWING.replace(",100", ",100,7"), r"bad.txt:2: a line is not x, y and time"),
        (DRAWING.replace(",100", " 100"), r"bad.txt:2: a line is not x, y and time"),
        (DRAWING.replace("60.5", "6O.5"), r"bad.txt:5: '6O.5' is not a number"),
        (DRAWING.replace("60.5", "nan"), r"bad.txt:5: 'nan' is not a number"),
        (DRAWING.replace("60.5", "1e300"), r"bad.txt:5: '1e300' is more than a pen"),
        (DRAWING + "BREAK\n", r"bad.txt:8: a stroke without samples"),
        ("START\nBREAK\n", r"bad.txt:2: a stroke without samples"),
        ("BREAK\n", r"bad.txt:1: does not begin with START"),
    ],
)
def test_a_damaged_drawing_is_refused_with_its_line(tmp_path, text, message):
    (tmp_path / "bad.txt").write_text(text)
    with pytest.raises(FormatError, match=message):
        list(read_inks(tmp_path / "bad.txt", format="omniglot"))


@pytest.mark.parametrize(
    ("text", "kept", "line"),
    [
        (DRAWING.replace("60.5", "6O.5"), 0, 5),
        (DRAWING.replace(",166", ""), 1, 3),
        (DRAWING.replace("BREAK\n60", "BREAK\n \nBREAK\n60"), None, 6),
        (DRAWING[:-7], 0, 6),
        (DRAWING.replace("START\n", ""), None, 1),
    ],
)
def test_leniently_only_the_damaged_stroke_is_lost(tmp_path, text, kept, line):
    (tmp_path / "a.txt").write_text(DRAWING)
    (tmp_path / "bad.txt").write_text(text)
    expected = read_ink(tmp_path / "a.txt").strokes
    skipped = []
    (ink,) = read_inks(tmp_path / "bad.txt", format="omniglot", lenient=True, skipped=skipped)
    assert [error.line for error in skipped] == [line]
    if kept is None:
        assert ink.strokes == expected
    else:
        (stroke,) = ink.strokes
        assert stroke.xy.tolist() == expected[kept].xy.tolist()
        assert stroke["t"][0] == 0
    assert dict(ink.repairs) == ({} if line == 1 else {"damaged stroke left out": 1})


def test_leniently_a_drawing_without_a_sound_stroke_is_lost(tmp_path):
    (tmp_path / "bad.txt").write_text("START\n1,2\nBREAK\n3\nBREAK\n4,5,6\n")
    skipped = []
    options = {"format": "omniglot", "lenient": True, "skipped": skipped}
    assert list(read_inks(tmp_path / "bad.txt", **options)) == []
    assert [error.line for error in skipped] == [6, 2, 4]
